//! Programs that call the gateway, ready to be pasted, one for each client that people use. They are files of their own
//! (`examples/`) with three words to be filled in, so that the tests run the very text that is shown.

/// What an example is filled in with.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Without the `/v1`.
    pub base_url: &'a str,
    pub key: &'a str,
    pub model: &'a str,
}

/// A client that people point at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// In the page's address.
    pub name: &'static str,
    pub label: &'static str,
    /// What it is asked in.
    pub dialect: &'static str,
    /// What to know besides the text.
    pub note: &'static str,
    /// Where its maker tells more.
    pub docs: &'static str,
    pub examples: &'static [Example],
}

/// A program, or what is typed into a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    pub label: &'static str,
    language: Language,
    text: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Shell,
    /// Python and JavaScript.
    Program,
}

const fn shell(label: &'static str, text: &'static str) -> Example {
    Example { label, language: Language::Shell, text }
}

const fn program(label: &'static str, text: &'static str) -> Example {
    Example { label, language: Language::Program, text }
}

/// OpenAI's dialect with nothing but a shell.
pub const CURL: Example = shell("curl", include_str!("examples/chat.sh"));
/// OpenAI's official packages.
pub const OPENAI_PYTHON: Example = program("Python, with the package openai", include_str!("examples/openai_chat.py"));
pub const OPENAI_NODE: Example = program("Node, with the package openai", include_str!("examples/openai_chat.mjs"));

/// In the order of the page; the first is shown where none is chosen.
pub const CLIENTS: [Client; 8] = [
    Client {
        name: "openai",
        label: "OpenAI",
        dialect: "OpenAI's",
        note: "Everything that is built on these packages has the same two settings, often as the environment's OPENAI_BASE_URL and OPENAI_API_KEY.",
        docs: "https://platform.openai.com/docs/libraries",
        examples: &[CURL, OPENAI_PYTHON, OPENAI_NODE],
    },
    Client {
        name: "anthropic",
        label: "Anthropic",
        dialect: "Anthropic's",
        note: "Any model can be asked in this dialect, not only Anthropic's own.",
        docs: "https://docs.claude.com/en/api/client-sdks",
        examples: &[
            program("Python, with the package anthropic", include_str!("examples/anthropic_messages.py")),
            program("Node, with the package @anthropic-ai/sdk", include_str!("examples/anthropic_messages.mjs")),
        ],
    },
    Client {
        name: "google",
        label: "Google Gen AI",
        dialect: "Gemini's",
        note: "Any model can be asked in this dialect, not only Gemini.",
        docs: "https://googleapis.github.io/python-genai/",
        examples: &[
            program("Python, with the package google-genai", include_str!("examples/google_genai.py")),
            program("Node, with the package @google/genai", include_str!("examples/google_genai.mjs")),
        ],
    },
    Client {
        name: "langchain",
        label: "LangChain",
        dialect: "OpenAI's",
        note: "Chains, agents and tools use the model as any other.",
        docs: "https://docs.langchain.com/oss/python/integrations/chat/openai",
        examples: &[program("Python, with the package langchain-openai", include_str!("examples/langchain.py"))],
    },
    Client {
        name: "llamaindex",
        label: "LlamaIndex",
        dialect: "OpenAI's",
        note: "Without is_chat_model the package asks for completions, which few models have.",
        docs: "https://developers.llamaindex.ai/python/examples/llm/openai_like/",
        examples: &[program(
            "Python, with the package llama-index-llms-openai-like",
            include_str!("examples/llama_index.py"),
        )],
    },
    Client {
        name: "vercel",
        label: "Vercel AI SDK",
        dialect: "OpenAI's",
        note: "streamText and generateObject take the same model.",
        docs: "https://ai-sdk.dev/providers/openai-compatible-providers",
        examples: &[program("Node, with ai and @ai-sdk/openai-compatible", include_str!("examples/vercel_ai.mjs"))],
    },
    Client {
        name: "litellm",
        label: "LiteLLM",
        dialect: "OpenAI's",
        note: "For programs that have LiteLLM's package built in.",
        docs: "https://docs.litellm.ai/docs/providers/openai_compatible",
        examples: &[program("Python, with the package litellm", include_str!("examples/litellm.py"))],
    },
    Client {
        name: "claude-code",
        label: "Claude Code",
        dialect: "Anthropic's",
        note: "The three can be set for everybody in its settings file, too.",
        docs: "https://docs.claude.com/en/docs/claude-code/llm-gateway",
        examples: &[shell("Shell", include_str!("examples/claude_code.sh"))],
    },
];

impl Client {
    /// The first where there is none of this name.
    pub fn named(name: Option<&str>) -> Self {
        let found = CLIENTS.iter().find(|client| Some(client.name) == name);
        found.copied().unwrap_or(CLIENTS[0])
    }
}

impl Example {
    /// The text with the call's particulars in it.
    pub fn filled(self, call: Call<'_>) -> String {
        let escaped = |text: &str| match self.language {
            // Within double quotes of JSON, within single quotes of a shell.
            Language::Shell => escaped(text).replace('\'', r"'\''"),
            Language::Program => escaped(text),
        };
        // In this order: a model may be called YOUR_KEY, an address can hold no such word.
        let text = self.text.trim_end().replace("BASE_URL", &escaped(call.base_url));
        let text = put(&text, "MODEL", &escaped(call.model));
        put(&text, "YOUR_KEY", &escaped(call.key))
    }
}

/// Fills in a word where it is not a part of another: `ANTHROPIC_MODEL` stays.
fn put(text: &str, word: &str, value: &str) -> String {
    let is_part = |before: &str| before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len() + value.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        out.push_str(before);
        out.push_str(if is_part(before) { word } else { value });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The inside of a text in double quotes, of JSON, Python and JavaScript alike. Control characters are dropped: no name
/// has any.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'_> = Call { base_url: "http://gate:4000", key: "sk-1234", model: "gpt-4o" };

    #[test]
    fn curl_is_one_command() {
        assert_eq!(
            CURL.filled(CALL),
            "curl 'http://gate:4000/v1/chat/completions' \\\n  -H 'Authorization: Bearer sk-1234' \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'"
        );
    }

    #[test]
    fn every_example_gets_address_key_and_model() {
        for example in CLIENTS.iter().flat_map(|client| client.examples) {
            let text = example.filled(CALL);
            for part in ["http://gate:4000", "sk-1234", "gpt-4o"] {
                assert!(text.contains(part), "{text}");
            }
            for word in ["YOUR_KEY", "'BASE_URL", "\"BASE_URL", "\"MODEL", "'MODEL"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
        assert!(Client::named(Some("claude-code")).examples[0].filled(CALL).contains("ANTHROPIC_MODEL='gpt-4o'"));
    }

    #[test]
    fn clients_are_told_apart() {
        assert_eq!(Client::named(None).name, "openai");
        assert_eq!(Client::named(Some("no such")).name, "openai");
        for client in CLIENTS {
            assert_eq!(Client::named(Some(client.name)), client);
        }
    }

    #[test]
    fn a_name_with_quotes_breaks_out_of_nothing() {
        let call = Call { model: "a\"b\\c'd\n", ..CALL };
        assert!(OPENAI_PYTHON.filled(call).contains(r#"model="a\"b\\c'd","#));
        assert!(OPENAI_NODE.filled(call).contains(r#"model: "a\"b\\c'd","#));
        assert!(CURL.filled(call).contains(r#"{"model": "a\"b\\c'\''d", "#));
        // What is put in is not filled in again.
        let call = Call { key: "MODEL", ..CALL };
        assert!(OPENAI_PYTHON.filled(call).contains("api_key=\"MODEL\""));
    }
}
