//! A form on its way through: read until the model is known, then passed on as it comes.
//!
//! Where `model` comes before the file, nothing of the file is kept. Some clients send the file first (OpenAI's for
//! Node, in the order of the fields that it was given): such a form is written to a temporary file without a name until
//! it is complete, for the model decides where it goes and what is set aside. Refusing it would break clients that work
//! elsewhere; holding it in memory would not be bounded. So many at once are written down; others wait.

use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::stream;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use tollgate_dialects::form::{FormError, Found, Scanner};

use crate::openai::error::CallError;
use crate::openai::request::MAX_MODEL;

/// Forms that are on the disk at once.
static SPOOLS: Semaphore = Semaphore::const_new(32);

/// What comes before the first file is held so far, in bytes; all else is of bounded size anyway.
const MAX_HELD: usize = 1024 * 1024;

/// What is read from a temporary file at once, in bytes.
const READ: usize = 64 * 1024;

/// A form whose model is known.
pub struct Upload {
    pub found: Found,
    /// The whole form was read: no field comes after those in `found`.
    pub whole: bool,
    /// The form's length in bytes, if it is known.
    pub length: Option<u64>,
    kept: Kept,
}

enum Kept {
    /// What was read, and what is to come.
    Held(Bytes, Box<(Scanner, Body)>),
    Spooled(File, SemaphorePermit<'static>),
}

/// Bounds of an upload.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// The whole form, in bytes.
    pub most: u64,
    /// How long the client may send nothing.
    pub pause: Duration,
}

fn bad(error: &FormError) -> CallError {
    CallError::untranslatable(error.to_string(), error.param().map(str::to_owned))
}

fn too_large(bounds: Bounds) -> CallError {
    CallError::body_too_large(usize::try_from(bounds.most).unwrap_or(usize::MAX))
}

/// The next piece; `None`: the form's end.
async fn piece(body: &mut Body, pause: Duration) -> Result<Option<Bytes>, CallError> {
    loop {
        let frame = tokio::time::timeout(pause, body.frame()).await.map_err(|_| CallError::body_too_slow())?;
        let Some(frame) = frame else { return Ok(None) };
        if let Ok(data) = frame.map_err(|_| CallError::body_broken())?.into_data() {
            return Ok(Some(data));
        }
    }
}

/// Reads a form until it can be said where it goes.
pub async fn receive(headers: &HeaderMap, mut body: Body, bounds: Bounds) -> Result<Upload, CallError> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(CallError::encoded_body(&String::from_utf8_lossy(encoding.as_bytes())));
    }
    let length: Option<u64> =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if length.is_some_and(|length| length > bounds.most) {
        return Err(too_large(bounds));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut scanner = Scanner::new(kind).map_err(|error| bad(&error))?;
    let mut held = BytesMut::new();
    while !scanner.is_complete() {
        let Some(data) = piece(&mut body, bounds.pause).await? else {
            return Err(bad(&FormError::Broken("it ends too early")));
        };
        scanner.push(&data).map_err(|error| bad(&error))?;
        held.extend_from_slice(&data);
        let known = scanner.found.get("model").is_some();
        if known && scanner.found.files > 0 {
            break;
        }
        if scanner.found.files > 0 {
            return spool(scanner, held, body, bounds).await;
        }
        if held.len() > MAX_HELD {
            return Err(bad(&FormError::Broken("too much comes before its file")));
        }
    }
    let whole = scanner.is_complete();
    let found = checked(&scanner)?;
    Ok(Upload { found, whole, length, kept: Kept::Held(held.freeze(), Box::new((scanner, body))) })
}

/// What was found; the scanner keeps it too, to know what may not come again.
fn checked(scanner: &Scanner) -> Result<Found, CallError> {
    let wrong = || bad(&FormError::Wrong { field: "model", expected: "a text of 1 to 512 bytes" });
    match scanner.found.get("model") {
        None => Err(bad(&FormError::NoModel)),
        Some(model) if model.is_empty() || model.len() > MAX_MODEL => Err(wrong()),
        Some(_) => Ok(scanner.found.clone()),
    }
}

/// Writes the whole form to a temporary file.
async fn spool(mut scanner: Scanner, held: BytesMut, mut body: Body, bounds: Bounds) -> Result<Upload, CallError> {
    let failed = |error: io::Error| {
        tracing::error!(%error, "a form could not be written to a temporary file");
        CallError::overloaded()
    };
    let permit = tokio::time::timeout(bounds.pause, SPOOLS.acquire()).await;
    let permit = permit.ok().and_then(Result::ok).ok_or_else(CallError::overloaded)?;
    let file = tokio::task::spawn_blocking(tempfile::tempfile).await.map_err(|error| failed(error.into()))?;
    let mut file = File::from_std(file.map_err(failed)?);
    file.write_all(&held).await.map_err(failed)?;
    let mut length = held.len() as u64;
    drop(held);
    while let Some(data) = piece(&mut body, bounds.pause).await? {
        length += data.len() as u64;
        if length > bounds.most {
            return Err(too_large(bounds));
        }
        scanner.push(&data).map_err(|error| bad(&error))?;
        file.write_all(&data).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    if !scanner.is_complete() {
        return Err(bad(&FormError::Broken("it ends too early")));
    }
    let found = checked(&scanner)?;
    Ok(Upload { found, whole: true, length: Some(length), kept: Kept::Spooled(file, permit) })
}

impl Upload {
    /// Reads what is still to come, for nobody.
    pub async fn read_to_end(self, bounds: Bounds) -> Result<(), String> {
        let (_, rest, _) = self.into_body("", bounds);
        let Some(mut rest) = rest else { return Ok(()) };
        while let Some(frame) = rest.frame().await {
            frame.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The form for the provider, its model exchanged, and its length in bytes if that is known.
    pub fn into_body(self, upstream_model: &str, bounds: Bounds) -> (Vec<Bytes>, Option<Body>, Option<u64>) {
        let range = self.found.model_range.clone();
        let new = Bytes::copy_from_slice(upstream_model.as_bytes());
        let length = self.length.map(|length| length - (range.end - range.start) + new.len() as u64);
        match self.kept {
            Kept::Held(held, rest) => {
                // It was found in what is held.
                let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(held.len());
                let pieces = vec![held.slice(..at(range.start)), new, held.slice(at(range.end)..)];
                let passed = held.len() as u64;
                let (scanner, body) = *rest;
                if scanner.is_complete() && self.length.is_none_or(|length| length <= passed) {
                    let length = pieces.iter().map(|piece| piece.len() as u64).sum();
                    return (pieces, None, Some(length));
                }
                (pieces, Some(following(scanner, body, passed, bounds)), length)
            }
            Kept::Spooled(file, permit) => {
                let segments = vec![
                    Segment::File(0, range.start),
                    Segment::Text(new),
                    Segment::File(range.end, self.length.unwrap_or(range.end)),
                ];
                (Vec::new(), Some(from_file(file, segments, permit)), length)
            }
        }
    }
}

/// What comes after that which was read. A field that may be there once and comes again breaks it off, before the
/// provider has the whole form.
fn following(scanner: Scanner, body: Body, passed: u64, bounds: Bounds) -> Body {
    let state = (scanner, body, passed);
    Body::from_stream(stream::try_unfold(state, move |(mut scanner, mut body, passed)| async move {
        let data = piece(&mut body, bounds.pause).await.map_err(|error| io::Error::other(error.message))?;
        let Some(data) = data else {
            return if scanner.is_complete() { Ok(None) } else { Err(io::Error::other("the form ends too early")) };
        };
        let passed = passed + data.len() as u64;
        if passed > bounds.most {
            return Err(io::Error::other("the form is too large"));
        }
        scanner.push(&data).map_err(io::Error::other)?;
        Ok(Some((data, (scanner, body, passed))))
    }))
}

enum Segment {
    /// From one place to another.
    File(u64, u64),
    Text(Bytes),
}

fn from_file(file: File, mut segments: Vec<Segment>, permit: SemaphorePermit<'static>) -> Body {
    segments.reverse();
    let state = (file, segments, permit);
    Body::from_stream(stream::try_unfold(state, |(mut file, mut segments, permit)| async move {
        loop {
            match segments.pop() {
                None => return Ok::<_, io::Error>(None),
                Some(Segment::Text(text)) => return Ok(Some((text, (file, segments, permit)))),
                Some(Segment::File(from, to)) if from >= to => {}
                Some(Segment::File(from, to)) => {
                    file.seek(io::SeekFrom::Start(from)).await?;
                    let mut room = BytesMut::with_capacity(READ);
                    (&mut file).take((to - from).min(READ as u64)).read_buf(&mut room).await?;
                    if room.is_empty() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    segments.push(Segment::File(from + room.len() as u64, to));
                    return Ok(Some((room.freeze(), (file, segments, permit))));
                }
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const BOUNDS: Bounds = Bounds { most: 1 << 20, pause: Duration::from_secs(5) };

    fn model(name: &str) -> String {
        format!("--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{name}\r\n")
    }

    fn file(content: &str) -> String {
        format!("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n{content}\r\n")
    }

    async fn receive_in_pieces(form: &str, size: usize, declared: bool) -> Result<Upload, CallError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=B"));
        if declared {
            headers.insert(header::CONTENT_LENGTH, form.len().into());
        }
        let pieces: Vec<io::Result<Bytes>> =
            form.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        receive(&headers, Body::from_stream(stream::iter(pieces)), BOUNDS).await
    }

    async fn sent(upload: Upload, model: &str) -> Result<String, String> {
        let (pieces, rest, length) = upload.into_body(model, BOUNDS);
        let mut all = pieces.concat();
        if let Some(rest) = rest {
            all.extend_from_slice(&rest.collect().await.map_err(|error| error.to_string())?.to_bytes());
        }
        if let Some(length) = length {
            assert_eq!(all.len() as u64, length);
        }
        Ok(String::from_utf8(all).unwrap())
    }

    #[tokio::test]
    async fn the_model_is_exchanged_wherever_it_is() {
        let content = "s".repeat(200_000);
        let before = format!("{}{}--B--\r\n", model("mine"), file(&content));
        let after = format!("{}{}--B--\r\n", file(&content), model("mine"));
        for (form, spooled) in [(&before, false), (&after, true)] {
            for (size, declared) in [(7, true), (50_000, false), (1 << 20, true)] {
                let upload = receive_in_pieces(form, size, declared).await.unwrap();
                assert_eq!(upload.found.get("model"), Some("mine"));
                assert_eq!(matches!(upload.kept, Kept::Spooled(..)), spooled && size < 1 << 20);
                assert_eq!(sent(upload, "theirs-1").await.unwrap(), form.replace("mine", "theirs-1"));
            }
        }
    }

    #[tokio::test]
    async fn a_second_model_after_the_file_does_not_arrive() {
        let form = format!("{}{}{}--B--", model("cheap"), file(&"s".repeat(100_000)), model("dear"));
        let upload = receive_in_pieces(&form, 1000, true).await.unwrap();
        assert!(sent(upload, "cheap").await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused_with_the_reason() {
        let refused = async |form: &str, declared| receive_in_pieces(form, 1000, declared).await.err().unwrap();
        let none = refused(&format!("{}--B--", file("x")), true).await;
        assert_eq!((none.status.as_u16(), none.param.as_deref()), (400, Some("model")));
        let early = refused(&model("x"), true).await;
        assert!(early.message.contains("too early"), "{}", early.message);
        let large = file(&"s".repeat(2 << 20));
        for declared in [true, false] {
            assert_eq!(refused(&large, declared).await.status.as_u16(), 413);
        }
        assert_eq!(refused(&format!("{}--B--", model("")), true).await.param.as_deref(), Some("model"));
    }
}
