//! Programs to try a new key with, ready to be pasted.

/// What the snippets are filled in with.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Without the `/v1`.
    pub base_url: &'a str,
    pub key: &'a str,
    pub model: &'a str,
}

impl Call<'_> {
    pub fn curl(self) -> String {
        let body = format!(
            "{{\"model\": {}, \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}",
            quoted(self.model)
        );
        format!(
            "curl {} \\\n  -H {} \\\n  -H 'Content-Type: application/json' \\\n  -d {}",
            shell_quoted(&format!("{}/v1/chat/completions", self.base_url)),
            shell_quoted(&format!("Authorization: Bearer {}", self.key)),
            shell_quoted(&body),
        )
    }

    /// With OpenAI's official package.
    pub fn python(self) -> String {
        format!(
            "from openai import OpenAI\n\n\
             client = OpenAI(\n    base_url={},\n    api_key={},\n)\n\
             answer = client.chat.completions.create(\n    model={},\n    \
             messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n)\n\
             print(answer.choices[0].message.content)",
            quoted(&format!("{}/v1", self.base_url)),
            quoted(self.key),
            quoted(self.model),
        )
    }

    /// With OpenAI's official package.
    pub fn node(self) -> String {
        format!(
            "import OpenAI from \"openai\";\n\n\
             const client = new OpenAI({{\n  baseURL: {},\n  apiKey: {},\n}});\n\
             const answer = await client.chat.completions.create({{\n  model: {},\n  \
             messages: [{{ role: \"user\", content: \"Hello\" }}],\n}});\n\
             console.log(answer.choices[0].message.content);",
            quoted(&format!("{}/v1", self.base_url)),
            quoted(self.key),
            quoted(self.model),
        )
    }
}

/// A text as a literal of JSON, Python and JavaScript alike. Control characters are dropped: no name has any.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A text as one word of a shell.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'_> = Call { base_url: "http://gate:4000", key: "sk-1234", model: "gpt-4o" };

    #[test]
    fn curl_is_one_command() {
        assert_eq!(
            CALL.curl(),
            "curl 'http://gate:4000/v1/chat/completions' \\\n  -H 'Authorization: Bearer sk-1234' \\\n  \
             -H 'Content-Type: application/json' \\\n  \
             -d '{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}'"
        );
    }

    #[test]
    fn the_sdks_get_address_key_and_model() {
        for text in [CALL.python(), CALL.node()] {
            for part in ["\"http://gate:4000/v1\"", "\"sk-1234\"", "\"gpt-4o\""] {
                assert!(text.contains(part), "{text}");
            }
        }
    }

    #[test]
    fn no_name_breaks_out_of_its_quotes() {
        assert_eq!(shell_quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c""#);
        let call = Call { model: "x'; rm -rf /; '", ..CALL };
        assert!(call.curl().contains(r"x'\''; rm -rf /; '\''"));
    }
}
