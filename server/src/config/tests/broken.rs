//! Files with mistakes: each is reported where it is, with what would be right, and all of them at once.

use proptest::prelude::*;

use super::*;

/// A file, and its one error (`line path: message`) and help.
const CASES: &[(&str, &str, &str)] = &[
    ("- a\n", "1 : needs a mapping at the top, this is a list", "begin with `model_list:`"),
    (
        "model_list: 3\n",
        "1 model_list: needs a list, this is a number",
        "write `- ` before each item, indented below this key",
    ),
    (
        "model_list:\n- gpt-4o\n",
        "2 model_list[0]: needs a mapping, this is text",
        "write `key: value` lines, indented below this key",
    ),
    (
        "model_list:\n- litellm_params: {model: simulator/echo}\n",
        "2 model_list[0].model_name: is missing",
        "what callers ask for: `model_name: gpt-4o`",
    ),
    (
        "model_list:\n- model_name: a\n  litellm_params: {api_key: x}\n",
        "3 model_list[0].litellm_params.model: is missing",
        "the provider's model: `model: openai/gpt-4o`",
    ),
    (
        "model_list:\n- {model_name: \"a*b*\", litellm_params: {model: simulator/echo}}\n",
        "2 model_list[0].model_name: more than one `*`",
        "one `*` at most, and 256 characters: `openai/*`",
    ),
    (
        "model_list:\n- {model_name: [a], litellm_params: {model: simulator/echo}}\n",
        "2 model_list[0].model_name: needs text, this is a list",
        "write one value after the colon",
    ),
    ("general_settings: {litellm_key_header_name: \"\"}\n", "1 general_settings.litellm_key_header_name: is empty", {
        "write a value, or take the key away"
    }),
    (
        "general_settings: {litellm_key_header_name: \"X Key\"}\n",
        "1 general_settings.litellm_key_header_name: not the name of a header: `X Key`",
        "letters, digits and `-`: `X-Gateway-Key`",
    ),
    (
        "general_settings:\n  max_request_size_mb: 10 MB\n",
        "2 general_settings.max_request_size_mb: needs a number of megabytes, not `10 MB`",
        "above 0 and at most 10240, without a unit: `100`",
    ),
    (
        "general_settings: {disable_simulator: 1}\n",
        "1 general_settings.disable_simulator: needs true or false, not `1`",
        "write `true` or `false`",
    ),
    (
        "general_settings: {database_url: mysql://x}\n",
        "1 general_settings.database_url: not the address of a PostgreSQL or SQLite database",
        "`postgresql://user:password@host:5432/name` or `sqlite://data/tollgate.db`",
    ),
    (
        "general_settings:\n  master_key: os.environ/MASTER\n",
        "2 general_settings.master_key: the environment variable `MASTER` is not set",
        "set `MASTER`, or write the value here",
    ),
    (
        "general_settings:\n  master_key: ${MASTER KEY}\n",
        "2 general_settings.master_key: `MASTER KEY` is not the name of an environment variable",
        "letters, digits and `_`: `os.environ/OPENAI_API_KEY`",
    ),
    (
        "general_settings:\n  master_key: ${MASTER\n",
        "2 general_settings.master_key: `${` without its `}`",
        "write `${NAME}`; for the letters themselves `$${`",
    ),
    (
        "general_settings:\n  master_key: password\n",
        "2 general_settings.master_key: a master key must start with `sk-`",
        "make one with `echo \"sk-$(openssl rand -hex 32)\"` and keep it in the environment",
    ),
    (
        "general_settings:\n  master_key: sk-1234\n",
        "2 general_settings.master_key: the master key of LiteLLM's examples: everybody knows it",
        "make one with `echo \"sk-$(openssl rand -hex 32)\"` and keep it in the environment",
    ),
    (
        "litellm_settings: {request_timeout: 10m}\n",
        "1 litellm_settings.request_timeout: needs a number of seconds, not `10m`",
        "above 0 and at most 86400, without a unit: `60` or `0.5`",
    ),
    (
        "router_settings: {model_group_alias: [a]}\n",
        "1 router_settings.model_group_alias: needs a mapping, this is a list",
        "write `key: value` lines, indented below this key",
    ),
    ("environment_variables: {A: [b]}\n", "1 environment_variables.A: needs text, this is a list", {
        "write one value after the colon"
    }),
    ("a: b: c\n", "1 : not valid YAML: mapping values are not allowed in this context", {
        "check the indentation, the quotes and the colons around this line"
    }),
];

/// The value of `litellm_params`, and the one error below it and its help.
const PARAMS: &[(&str, &str, &str)] = &[
    ("model: my-model", "model: no provider is known for `my-model`", {
        "write `provider/model`; for a server of your own `openai/…` and its `api_base`"
    }),
    ("model: claude-3-haiku", "model: no provider is known for `claude-3-haiku`", {
        "write `anthropic/claude-3-haiku`; for a server of your own `openai/…` and its `api_base`"
    }),
    ("model: opnai/gpt-4o", "model: unknown provider `opnai`", "did you mean `openai/gpt-4o`?"),
    ("model: acme/llama", "model: unknown provider `acme`", {
        "write `provider/model`; for a server of your own `openai/acme/llama` and its `api_base`"
    }),
    ("model: openai/", "model: names a provider and no model", "write `provider/model`: `openai/gpt-4o`"),
    (
        "model: openai/x, custom_llm_provider: grok",
        "custom_llm_provider: unknown provider `grok`",
        "did you mean `groq`?",
    ),
    ("model: hosted_vllm/x", "model: `hosted_vllm` needs an `api_base`", {
        "write `api_base: http://host:8000/v1` beside `model`, or set `HOSTED_VLLM_API_BASE`"
    }),
    ("model: openai/x, api_base: localhost", "api_base: not an address: `localhost`", {
        "write it in full, such as `https://host/v1`"
    }),
    (
        "model: openai/x, api_base: ftp://host",
        "api_base: an address must begin with `https://` or `http://`: `ftp://host`",
        { "write it in full, such as `https://host/v1`" },
    ),
    ("model: openai/x, api_base: https://me:pw@host/v1", "api_base: an address with a user or a password in it", {
        "write the key as `api_key`, and the address without it"
    }),
    ("model: openai/x, api_base: https://host/v1?key=1", "api_base: an address with a query in it", {
        "write it without `?` and `#`; keys go into `api_key` or `extra_headers`"
    }),
    (
        "model: openai/x, api_base: https://host/v1/chat/completions",
        "api_base: the address of one operation: `https://host/v1/chat/completions`",
        "end it before `/chat/completions`: `https://host/v1`",
    ),
    ("model: openai/x, api_key: os.environ/NOPE", "api_key: the environment variable `NOPE` is not set", {
        "set `NOPE`, or write the value here"
    }),
    ("model: openai/x, api_key: oidc/google/x", "api_key: `oidc/` tokens are not supported yet", {
        "use a key: `os.environ/NAME`"
    }),
    ("model: openai/x, api_key: \"a\\nb\"", "api_key: the key has characters that can't be sent", {
        "a key is one line of printable ASCII: check how it was copied"
    }),
    ("model: openai/x, weight: 0.5", "weight: needs a whole number, not `0.5`", "from 0 to 1000000"),
    ("model: openai/x, timeout: 0", "timeout: needs a number of seconds, not `0`", {
        "above 0 and at most 86400, without a unit: `60` or `0.5`"
    }),
    ("model: openai/x, stream_timeout: soon", "stream_timeout: needs a number of seconds, not `soon`", {
        "above 0 and at most 86400, without a unit: `60` or `0.5`"
    }),
    (
        "model: openai/x, input_cost_per_token: cheap",
        "input_cost_per_token: needs a price, not `cheap`: not a decimal number",
        { "write dollars a unit, such as `0.0000025` or `2.5e-06` for $2.50 per million tokens" },
    ),
    ("model: openai/x, output_cost_per_token: -1e-6", "output_cost_per_token: a price can't be negative", {
        "write dollars a unit, such as `0.0000025` or `2.5e-06` for $2.50 per million tokens"
    }),
    ("model: openai/x, extra_headers: [a]", "extra_headers: needs a mapping, this is a list", {
        "write `key: value` lines, indented below this key"
    }),
    ("model: openai/x, extra_headers: {Host: a}", "extra_headers.Host: `Host` can't be set here", {
        "a header's name has letters, digits and `-`, and is none that says how the request is sent"
    }),
    (
        "model: openai/x, extra_headers: {X: \"a\\r\\nb\"}",
        "extra_headers.X: has characters that a header can't have",
        { "write one line of printable ASCII" },
    ),
    ("model: \"openai/*\"", "model: a `*` here needs one in `model_name` to stand for", {
        "`model_name: \"openai/*\"` with `model: \"openai/*\"`"
    }),
    ("model: \"*\"", "model: `*` as the model needs `*` as the `model_name`", {
        "`model_name: \"openai/*\"` with `model: \"openai/*\"`"
    }),
];

fn errors(text: &str) -> Vec<(String, String)> {
    let findings = load_text("config.yaml", text, &env(&[])).map(|_| ()).unwrap_err();
    let errors = findings.0.into_iter().filter(|f| f.severity == Severity::Error);
    errors.map(|f| (format!("{} {}: {}", f.line, f.path, f.message), f.help.unwrap_or_default())).collect()
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    for (text, expected, help) in CASES {
        assert_eq!(errors(text), [((*expected).to_owned(), (*help).to_owned())], "{text}");
    }
}

#[test]
fn every_mistake_of_a_deployment_is_told() {
    for (params, expected, help) in PARAMS {
        let text = format!("model_list:\n- model_name: m\n  litellm_params:\n    {{{params}}}\n");
        let expected = format!("4 model_list[0].litellm_params.{expected}");
        assert_eq!(errors(&text), [(expected, (*help).to_owned())], "{params}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_lines() {
    let text = r"model_list:
  - model_name: one
    litellm_params: {model: opnai/x, timeout: never, weight: heavy}
    model_info: {max_tokens: many}
  - model_name: two
    litellm_params: {model: openai/x, api_key: os.environ/A_KEY}
    model_info: {id: same}
  - model_name: three
    litellm_params: {model: simulator/echo}
    model_info: {id: same}
  - model_name: four
    litellm_params: {model: simulator/echo}
    model_info: {id: same}
router_settings:
  model_group_alias: {a: thre, b: a, c: {hidden: true}, d: [x]}
general_settings: {max_response_size_mb: -1}
";
    let messages: Vec<String> = errors(text).into_iter().map(|(message, _)| message).collect();
    assert_eq!(
        messages,
        [
            "3 model_list[0].litellm_params.model: unknown provider `opnai`",
            "3 model_list[0].litellm_params.timeout: needs a number of seconds, not `never`",
            "3 model_list[0].litellm_params.weight: needs a whole number, not `heavy`",
            "4 model_list[0].model_info.max_tokens: needs a whole number, not `many`",
            "6 model_list[1].litellm_params.api_key: the environment variable `A_KEY` is not set",
            "13 model_list[3].model_info.id: the id is there twice: already at config.yaml:10",
            "15 router_settings.model_group_alias.a: no model is called `thre`",
            "15 router_settings.model_group_alias.b: `a` is an alias itself",
            "15 router_settings.model_group_alias.c.model: is missing",
            "15 router_settings.model_group_alias.d: needs a model's name, this is a list",
            "16 general_settings.max_response_size_mb: needs a number of megabytes, not `-1`",
        ]
    );
}

#[test]
fn doubts_are_warnings() {
    let text = r"
model_list:
  - model_name: m
    litellm_params: {model: simulator/echo, input_cost_per_token: 2.5, output_cost_per_token: 1.23456789e-7}
    model_info: {mode: chatt}
  - model_name: n
    litellm_params: {model: simulator/echo}
router_settings: {model_group_alias: {m: n}}
general_settings: {master_key: sk-short}
environment_variables: {A: from-file, B: os.environ/NOT_THERE}
";
    let loaded = load_with(text, &[("A", "from-process")]);
    assert_eq!(
        of(&loaded.findings, Severity::Warning),
        [
            "4 warning model_list[0].litellm_params.input_cost_per_token: $2.5 for one token [prices are dollars for one \
         token: `2.5e-06` for $2.50 per million tokens]",
            "4 warning model_list[0].litellm_params.output_cost_per_token: finer than a pico-dollar: rounded up to \
         0.000000123457 [write at most 12 decimals]",
            "5 warning model_list[0].model_info.mode: unknown mode `chatt` [did you mean `chat`?]",
            "8 warning router_settings.model_group_alias.m: `m` is a model too: the alias hides it [give one of the two \
         another name]",
            "9 warning general_settings.master_key: a weak master key: shorter than 16 characters [make one with `echo \
         \"sk-$(openssl rand -hex 32)\"` and keep it in the environment]",
            "10 warning environment_variables.A: replaces the value of `A` in the process's environment [set it in one \
         place only]",
            "10 warning environment_variables.B: the environment variable `NOT_THERE` is not set [set it, or take this \
         line away]",
        ]
    );
}

#[test]
fn the_files_variables_win_over_the_processs() {
    let text = "environment_variables: {URL: sqlite:file.db}\ngeneral_settings: {database_url: os.environ/URL}\n";
    let loaded = load_with(text, &[("URL", "sqlite:process.db")]);
    assert_eq!(loaded.config.database_url.unwrap().expose(), "sqlite:file.db");
    assert_eq!(of(&loaded.findings, Severity::Notice), [""; 0]);
}

#[test]
fn no_secret_is_ever_told() {
    let canary = "CANARY-7d1f";
    let names =
        ["KEY", "BASE", "SECONDS", "PRICE", "MODEL", "MASTER", "DB", "TRUTH", "HEADER", "NAME", "OPENAI_BASE_URL"];
    let variables: Vec<(&str, String)> = names.iter().map(|name| (*name, format!("{canary}-{name}"))).collect();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let text = r#"model_list:
  - {model_name: a, litellm_params: {model: openai/x, api_key: [os.environ/KEY], api_base: os.environ/BASE}}
  - {model_name: b, litellm_params: {model: os.environ/MODEL, timeout: os.environ/SECONDS, api_key: CANARY-7d1f}}
  - {model_name: c, litellm_params: {model: openai/x, custom_llm_provider: "${NAME}"}}
  - {model_name: d, litellm_params: {model: openai/x}}
  - {model_name: e, litellm_params: {model: openai/x, weight: os.environ/KEY, api_key: "CANARY-7d1f\n1"}}
  - {model_name: f, litellm_params: {model: openai/x, api_base: "https://u:CANARY-7d1f@h"}}
  - {model_name: g, litellm_params: {model: openai/x, extra_headers: {X: "${HEADER}\n1", Host: CANARY-7d1f}}}
  - {model_name: h, litellm_params: {model: sk-CANARY-7d1f, api_keys: CANARY-7d1f}}
  - {model_name: i, litellm_params: {model: openai/x, api_base: "https://h/v1?key=CANARY-7d1f"}}
  - {model_name: j, litellm_params: {model: hosted_vllm/x, api_base: http://h, input_cost_per_token: "${PRICE}"}}
general_settings:
  master_key: os.environ/MASTER
  database_url: os.environ/DB
  disable_simulator: os.environ/TRUTH
  litellm_key_header_name: "${NAME} ${KEY}"
  sk-CANARY-7d1f: 1
environment_variables: {OTHER: CANARY-7d1f}
"#;
    let findings = load_text("config.yaml", text, &env(&variables)).unwrap_err();
    assert!(of(&findings, Severity::Error).len() >= 15, "{findings}");
    let shown = format!("{findings} {findings:?}");
    assert!(!shown.contains(canary), "{findings}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = load_text("c", &text, &env(&[]));
    }

    /// A file with some of its bytes lost or replaced.
    #[test]
    fn no_damaged_file_panics(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[-a-z0-9:{}\\[\\]*&!'\"$ \n]{0,4}"), 0..4),
    ) {
        let mut text = appendix::CONFIG.to_owned();
        for (at, length, new) in cuts {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, &new);
        }
        match load_text("c", &text, &env(&appendix::VARIABLES)) {
            Ok(loaded) => prop_assert!(!loaded.findings.has_errors()),
            Err(findings) => prop_assert!(findings.has_errors()),
        }
    }
}
