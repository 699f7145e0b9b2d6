//! Amazon's events, in binary frames.

use super::{Events, Moment};
use crate::answer::converse::{stop_reason, usage};
use crate::answer::{Content, quoted};

impl Events {
    pub(super) fn frames(&self, moment: Moment<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        match moment {
            Moment::Start => {
                frame("event", "messageStart", r#"{"role":"assistant"}"#, &mut out);
                if let Content::Call(name) = &self.answer.content {
                    let start = format!(
                        r#"{{"contentBlockIndex":0,"start":{{"toolUse":{{"toolUseId":"tooluse_{}","name":{}}}}}}}"#,
                        self.answer.id,
                        quoted(name)
                    );
                    frame("event", "contentBlockStart", &start, &mut out);
                }
            }
            Moment::Piece(piece) => {
                let delta = match &self.answer.content {
                    Content::Call(_) => format!(r#"{{"toolUse":{{"input":{}}}}}"#, quoted(piece)),
                    _ => format!(r#"{{"text":{}}}"#, quoted(piece)),
                };
                let json = format!(r#"{{"contentBlockIndex":0,"delta":{delta},"p":"abcdefgh"}}"#);
                frame("event", "contentBlockDelta", &json, &mut out);
            }
            Moment::Finish => {
                frame("event", "contentBlockStop", r#"{"contentBlockIndex":0}"#, &mut out);
                let reason = stop_reason(self.answer.finish_reason);
                frame("event", "messageStop", &format!(r#"{{"stopReason":"{reason}"}}"#), &mut out);
            }
            Moment::Stop => {
                let usage = if self.reports_usage() {
                    format!(r#""usage":{},"#, usage(&self.answer.usage))
                } else {
                    String::new()
                };
                frame("event", "metadata", &format!(r#"{{{usage}"metrics":{{"latencyMs":5}}}}"#), &mut out);
            }
            Moment::Error => {
                frame("exception", "serviceUnavailableException", r#"{"message":"Too busy."}"#, &mut out);
            }
        }
        out
    }
}

/// One frame: lengths, headers, payload, and a checksum of each.
fn frame(kind: &str, name: &str, payload: &str, out: &mut Vec<u8>) {
    let mut headers = Vec::new();
    let named = if kind == "event" { ":event-type" } else { ":exception-type" };
    for (name, value) in [(named, name), (":content-type", "application/json"), (":message-type", kind)] {
        headers.push(u8::try_from(name.len()).unwrap_or_default());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let size = |length: usize| u32::try_from(length).unwrap_or_default().to_be_bytes();
    let start = out.len();
    out.extend_from_slice(&size(16 + headers.len() + payload.len()));
    out.extend_from_slice(&size(headers.len()));
    out.extend_from_slice(&crc32fast::hash(&out[start..]).to_be_bytes());
    out.extend_from_slice(&headers);
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(&crc32fast::hash(&out[start..]).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the dialects' own test has, made with Python's `struct` and `zlib`.
    const GOLDEN: &str = "0000006300000051a7dcb3960b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b7d6c401bbd";

    #[test]
    fn frames_are_amazons() {
        let mut out = Vec::new();
        frame("event", "messageStop", "{}", &mut out);
        let hex: String = out
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|half| char::from(b"0123456789abcdef"[usize::from(half)]))
            .collect();
        assert_eq!(hex, GOLDEN);
    }
}
