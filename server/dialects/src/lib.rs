//! The wire formats of callers and providers, and how one becomes another.
//!
//! Pure functions over bytes and values: no clock, no network, no database, no randomness. It knows the domain's types
//! and nothing of people, keys or limits.
//!
//! Every dialect is read into and written from one [`neutral`] form, so that N dialects need N translations and not
//! N × N. [`codec`] gives what reads and writes a dialect. Where caller and provider speak the same one, nothing needs
//! to be translated: the bytes are forwarded.
//!
//! A caller who speaks OpenAI's dialect, and a model that speaks Anthropic's:
//!
//! ```
//! use tollgate_dialects::neutral::{Dialect, Event};
//! use tollgate_dialects::{Stamp, Target, Url, codec};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let front = codec(Dialect::Chat).ok_or("no such dialect")?;
//! let back = codec(Dialect::Messages).ok_or("no such dialect")?;
//!
//! // The request, there.
//! let body = br#"{"model":"fast","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
//! let request = front.read_request(body, Url::default())?;
//! let written = back.write_request(&request, Target::new("claude-haiku-4-5"))?;
//! if let Some(lost) = written.lost.refusal(false) {
//!     return Err(lost.to_string().into()); // For the caller, with status 400.
//! }
//! assert_eq!(written.path, "/v1/messages");
//! assert_eq!(
//!     String::from_utf8(written.body)?,
//!     r#"{"model":"claude-haiku-4-5","messages":[{"role":"user","content":"Hi"}],"max_tokens":4096,"stream":true}"#
//! );
//!
//! // The stream, back.
//! let stamp = Stamp { id: "chatcmpl-1", created: 1, model: Some("fast"), stream_usage: request.stream_usage };
//! let (mut reader, mut writer) = (back.stream_reader(), front.stream_writer(stamp));
//! let mut out = Vec::new();
//! for chunk in [
//!     &b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-haiku-4-5\"}}\n\nda"[..],
//!     b"ta: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
//!     b"data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Ho\"}}\n\n",
//! ] {
//!     reader.feed(chunk, &mut |event: Event<'_>| writer.write(&event, &mut out))?;
//! }
//! assert!(String::from_utf8(out)?.ends_with(
//!     "data: {\"id\":\"msg_1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"fast\",\
//!      \"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ho\"},\"finish_reason\":null}]}\n\n"
//! ));
//!
//! // An error, back.
//! let error = back.read_error(529, None, br#"{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}"#);
//! assert_eq!(front.write_error(&error).0, 503);
//! # Ok(())
//! # }
//! ```

pub mod azure;
pub mod bedrock;
pub mod chat;
pub mod completions;
mod counted;
mod errors;
#[cfg(test)]
mod fold;
pub mod form;
pub mod gemini;
pub mod json;
pub mod messages;
pub mod neutral;
pub mod providers;
pub mod replicate;
pub mod responses;
mod rest;
pub mod sse;
pub mod tokens;
pub mod usage;
pub mod watsonx;
mod wire;

pub use wire::{Codec, ReadStream, Stamp, Target, Url, WriteStream, Written, codec};
