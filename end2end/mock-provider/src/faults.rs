//! What can be asked of the mock: one small language, the same in a header, a model's name and a script.

use std::time::Duration;

/// How an answer departs from a plain one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for by itself, in any combination")]
pub struct Faults {
    pub status: Option<u16>,
    /// Seconds, for the `Retry-After` header.
    pub retry_after: Option<u64>,
    pub delay: Duration,
    pub first_token_delay: Duration,
    pub chunk_delay: Duration,
    pub tokens: Option<u64>,
    /// Each piece of content is padded to this many bytes.
    pub chunk_bytes: usize,
    /// The stream is handed out in pieces of this many bytes.
    pub split: usize,
    pub crlf: bool,
    pub comments: bool,
    pub multiline: bool,
    /// Ends the connection after this many pieces of content.
    pub cut_after: Option<u64>,
    pub reset: bool,
    pub error_after: Option<u64>,
    pub broken_chunk: Option<u64>,
    pub broken_body: bool,
    pub usage: UsagePlace,
    pub no_done: bool,
    /// The answer's text is this many bytes long.
    pub huge: usize,
    pub claim_more: usize,
    pub claim_less: usize,
    pub html: bool,
    pub no_answer: bool,
    pub echo: bool,
    pub tool_call: bool,
    /// The client's limit is not kept.
    pub over: bool,
    pub prompt: Option<u64>,
    pub cached: u64,
    pub reasoning: u64,
    pub audio_in: u64,
    pub audio_out: u64,
}

/// Where the usage is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UsagePlace {
    /// As OpenAI: in the body, or in a stream's own last chunk if `include_usage` asked for it.
    #[default]
    Normal,
    Missing,
    /// In a stream: on the chunk with the finish reason, asked for or not.
    OnLast,
    /// In a stream: the own last chunk, asked for or not.
    Always,
    /// In a stream: a running count on every chunk, asked for or not.
    Each,
}

/// For `--help`, in the order of [`Faults::set`].
pub const HELP: &str = "\
Faults are asked for in three places, later ones on top of earlier ones:
  a script      POST /__mock/script {\"model\": \"gpt-4o\", \"times\": 2, \"faults\": \"status-429+retry-after-7\"}
                (no model: every model; no times: until POST /__mock/reset)
  the model     mock-status-429+retry-after-7 (what comes before a `/` is ignored)
  a header      x-mock-status: 429

  status-N              answer with this status and an error body
  retry-after-N         with `Retry-After: N`
  delay-N               N ms before the headers
  first-token-delay-N   N ms between the headers and the stream's first chunk
  chunk-delay-N         N ms before each further chunk
  tokens-N              N tokens: the text is `1 2 3 ... N `, one chunk a token
  chunk-bytes-N         pad each token to N bytes
  split-N               hand out the stream N bytes at a time
  crlf                  line ends are CR LF
  comments              a comment line before each event
  multiline             each event's data on two `data:` lines
  cut-after-N           close the connection after N tokens (0: after the first chunk, which has none)
  rst                   with cut-after, no-answer: reset the connection
  error-after-N         send an error event after N tokens and end
  broken-chunk-N        the Nth token's chunk isn't JSON
  broken-body           the body isn't JSON
  no-usage              report no usage
  usage-on-last         stream: usage on the chunk with the finish reason
  usage-always          stream: the usage chunk though nobody asked for it
  usage-each            stream: a running count on each chunk
  no-done               stream: no `data: [DONE]`
  huge-N                the answer's text has N bytes
  claim-more-N          a content-length of N bytes more than the body
  claim-less-N          a content-length of N bytes less than the body
  html                  status 200 and a page of HTML
  no-answer             close the connection instead of answering
  hang                  answer after an hour
  echo                  the answer's text is the request's body, byte for byte; an error's message
                        quotes all that came
  tool-call             answer with a tool call, whatever the last message is
  over                  as many tokens as there are to be, whatever the client's limit
  prompt-N cached-N reasoning-N audio-in-N audio-out-N
                        token counts of the usage

The mock's own routes: GET /__mock/books, /__mock/requests, /__mock/stats; POST /__mock/script, /__mock/reset.";

impl Faults {
    /// The faults in a model's name: none unless it starts with `mock-`.
    pub fn apply_model(&mut self, model: &str) -> Result<(), String> {
        let name = model.rsplit_once('/').map_or(model, |(_, name)| name);
        name.strip_prefix("mock-").map_or(Ok(()), |clauses| self.apply(clauses))
    }

    /// Clauses with `+` between them: `status-429+retry-after-7`.
    pub fn apply(&mut self, clauses: &str) -> Result<(), String> {
        clauses.split('+').try_for_each(|clause| {
            match clause.rsplit_once('-').map(|(key, number)| (key, number.parse::<u64>())) {
                Some((key, Ok(number))) => self.set(key, Some(number)),
                _ => self.set(clause, None),
            }
        })
    }

    pub fn set(&mut self, key: &str, number: Option<u64>) -> Result<(), String> {
        let needed = || number.ok_or_else(|| format!("mock provider: the fault `{key}` needs a number"));
        let size = || needed().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let millis = || needed().map(Duration::from_millis);
        match key {
            "status" => {
                let status = u16::try_from(needed()?).ok().filter(|status| (400..600).contains(status));
                self.status = Some(status.ok_or("mock provider: the status must be 400 to 599")?);
            }
            "retry-after" => self.retry_after = Some(needed()?),
            "delay" => self.delay = millis()?,
            "first-token-delay" => self.first_token_delay = millis()?,
            "chunk-delay" => self.chunk_delay = millis()?,
            "tokens" => self.tokens = Some(needed()?),
            "chunk-bytes" => self.chunk_bytes = size()?,
            "split" => self.split = size()?,
            "crlf" => self.crlf = true,
            "comments" => self.comments = true,
            "multiline" => self.multiline = true,
            "cut-after" => self.cut_after = Some(needed()?),
            "rst" => self.reset = true,
            "error-after" => self.error_after = Some(needed()?),
            "broken-chunk" => self.broken_chunk = Some(needed()?),
            "broken-body" => self.broken_body = true,
            "no-usage" => self.usage = UsagePlace::Missing,
            "usage-on-last" => self.usage = UsagePlace::OnLast,
            "usage-always" => self.usage = UsagePlace::Always,
            "usage-each" => self.usage = UsagePlace::Each,
            "no-done" => self.no_done = true,
            "huge" => self.huge = size()?,
            "claim-more" => self.claim_more = size()?,
            "claim-less" => self.claim_less = size()?,
            "html" => self.html = true,
            "no-answer" => self.no_answer = true,
            "hang" => self.delay = Duration::from_hours(1),
            "echo" => self.echo = true,
            "tool-call" => self.tool_call = true,
            "over" => self.over = true,
            "prompt" => self.prompt = Some(needed()?),
            "cached" => self.cached = needed()?,
            "reasoning" => self.reasoning = needed()?,
            "audio-in" => self.audio_in = needed()?,
            "audio-out" => self.audio_out = needed()?,
            _ => return Err(format!("mock provider: unknown fault `{key}`")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_may_ask_for_several_faults() {
        let mut faults = Faults::default();
        faults.apply_model("openai/mock-status-429+retry-after-7+crlf").unwrap();
        assert_eq!(faults, Faults { status: Some(429), retry_after: Some(7), crlf: true, ..Faults::default() });
        assert_eq!(Faults::default().apply_model("gpt-4o"), Ok(()));
        assert!(Faults::default().apply_model("mock-status-200").is_err());
        assert!(Faults::default().apply_model("mock-cut-after").is_err());
        assert!(Faults::default().apply_model("mock-typo-3").is_err());
    }

    #[test]
    fn the_help_names_every_fault_it_should() {
        let mut faults = 0;
        for line in HELP.lines().skip_while(|line| !line.is_empty()).take_while(|line| !line.starts_with("The mock")) {
            let key = line.trim_start().split(' ').next().unwrap_or_default();
            if line.starts_with("   ") || key.is_empty() {
                continue;
            }
            let clause = key.replace("-N", "-404");
            Faults::default().apply(&clause).unwrap();
            faults += 1;
        }
        assert_eq!(faults, 31);
    }
}
