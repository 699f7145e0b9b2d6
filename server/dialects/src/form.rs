//! Reading a multipart form as it passes: small fields are noted, files are not kept.
//!
//! The reader is strict where servers differ in what they take for a field: whoever could make the gateway see another
//! `model` than the provider sees would be charged for the wrong one. A field that counts may be there once, wherever it
//! is, so that the reader stays on duty after the file has begun.

use std::ops::Range;

use memchr::memmem;

/// A part's head may have so many bytes.
const MAX_PART_HEAD: usize = 16 * 1024;

/// A field's value may have so many bytes: prompts are the longest.
const MAX_VALUE: usize = 256 * 1024;

/// Parts of a form.
const MAX_PARTS: usize = 256;

/// What is wrong with a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error("The body must be `multipart/form-data`, its `content-type` with a boundary of 1 to 70 bytes.")]
    NotAForm,
    #[error("The form is broken: {0}.")]
    Broken(&'static str),
    #[error("The form has the field `{0}` twice.")]
    Twice(&'static str),
    #[error("The form's field `{field}` must be {expected}.")]
    Wrong { field: &'static str, expected: &'static str },
    #[error("The form has no field `model`.")]
    NoModel,
}

impl FormError {
    /// The field to name as `param`.
    pub fn param(&self) -> Option<&'static str> {
        match self {
            Self::NoModel => Some("model"),
            Self::Twice(field) | Self::Wrong { field, .. } => Some(field),
            _ => None,
        }
    }
}

/// The fields that the gateway looks at.
pub const FIELDS: [&str; 7] = ["model", "n", "size", "quality", "response_format", "stream", "user"];

/// What was found so far.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// As in [`FIELDS`].
    values: [Option<String>; FIELDS.len()],
    /// Where the model's name is, in bytes from the form's beginning.
    pub model_range: Range<u64>,
    /// All values together, in bytes.
    pub text_bytes: u64,
    /// Files that have begun.
    pub files: u64,
}

impl Found {
    pub fn get(&self, name: &str) -> Option<&str> {
        FIELDS.iter().position(|known| *known == name).and_then(|at| self.values.get(at)?.as_deref())
    }
}

enum State {
    /// Nothing was read yet.
    Begin,
    /// A boundary was read: an end of line follows, or the form's end.
    Boundary,
    Head,
    Value(Option<usize>),
    File,
    End,
}

/// Reads a form piece by piece, and holds as much of it as one part's head or value has.
pub struct Scanner {
    /// The end of a line and the boundary.
    delimiter: Vec<u8>,
    held: Vec<u8>,
    /// How many bytes of the form are before `held`.
    passed: u64,
    parts: usize,
    state: State,
    pub found: Found,
}

impl Scanner {
    pub fn new(content_type: Option<&str>) -> Result<Self, FormError> {
        let text = content_type.ok_or(FormError::NotAForm)?;
        let (kind, parameters) = text.split_once(';').ok_or(FormError::NotAForm)?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Err(FormError::NotAForm);
        }
        let boundary = only(parameters, "boundary").ok_or(FormError::NotAForm)?;
        if boundary.is_empty() || boundary.len() > 70 || !boundary.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(FormError::NotAForm);
        }
        Ok(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            held: Vec::new(),
            passed: 0,
            parts: 0,
            state: State::Begin,
            found: Found::default(),
        })
    }

    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::End)
    }

    /// Reads on. An error stays one: nothing may be pushed after it.
    pub fn push(&mut self, data: &[u8]) -> Result<(), FormError> {
        self.held.extend_from_slice(data);
        while self.step()? {}
        Ok(())
    }

    /// What is held is what a part's head or value has, or the end of a file that may be a boundary: little is moved.
    fn skip(&mut self, bytes: usize) {
        self.held.drain(..bytes);
        self.passed += bytes as u64;
    }

    /// Whether there is more to do with what is held.
    fn step(&mut self) -> Result<bool, FormError> {
        match self.state {
            State::Begin => {
                // The first boundary has no line before it; what some allow before it is not taken.
                let first = self.delimiter.len() - 2;
                if self.held.len() < first {
                    return Ok(false);
                }
                if self.held[..first] != self.delimiter[2..] {
                    return Err(FormError::Broken("it does not begin with its boundary"));
                }
                self.skip(first);
                self.state = State::Boundary;
            }
            State::Boundary => match self.held.get(..2) {
                None => return Ok(false),
                Some(b"\r\n") => {
                    self.skip(2);
                    self.parts += 1;
                    if self.parts > MAX_PARTS {
                        return Err(FormError::Broken("it has too many parts"));
                    }
                    self.state = State::Head;
                }
                Some(b"--") => {
                    self.skip(2);
                    self.state = State::End;
                }
                Some(_) => return Err(FormError::Broken("a boundary is not followed by the end of its line")),
            },
            State::Head => {
                let Some(end) = memmem::find(&self.held, b"\r\n\r\n") else {
                    if self.held.len() > MAX_PART_HEAD {
                        return Err(FormError::Broken("a part's head is too long"));
                    }
                    return Ok(false);
                };
                let head = std::str::from_utf8(&self.held[..end])
                    .map_err(|_| FormError::Broken("a part's head is not text"))?;
                self.state = part(head)?;
                self.found.files += u64::from(matches!(self.state, State::File));
                // The line's end before the next boundary may be the very one that ends the head.
                self.skip(end + 2);
            }
            State::Value(field) => {
                let Some(end) = memmem::find(&self.held, &self.delimiter) else {
                    if self.held.len() > MAX_VALUE {
                        return Err(FormError::Broken("a field's value is too long"));
                    }
                    return Ok(false);
                };
                // `held` begins with the end of the head's last line.
                let value = self.held.get(2..end).ok_or(FormError::Broken("a part has no empty line"))?;
                self.found.text_bytes += value.len() as u64;
                if let Some(field) = field {
                    let name = FIELDS[field];
                    let wrong = FormError::Wrong { field: name, expected: "a text of at most 512 bytes" };
                    let text = std::str::from_utf8(value).map_err(|_| wrong.clone())?;
                    if text.len() > 512 {
                        return Err(wrong);
                    }
                    if self.found.values[field].is_some() {
                        return Err(FormError::Twice(name));
                    }
                    if field == 0 {
                        self.found.model_range = self.passed + 2..self.passed + end as u64;
                    }
                    self.found.values[field] = Some(text.to_owned());
                }
                self.skip(end + self.delimiter.len());
                self.state = State::Boundary;
            }
            State::File => {
                if let Some(end) = memmem::find(&self.held, &self.delimiter) {
                    self.skip(end + self.delimiter.len());
                    self.state = State::Boundary;
                    return Ok(true);
                }
                // A boundary may have begun at the end of what is there.
                let whole = self.held.len().saturating_sub(self.delimiter.len() - 1);
                self.skip(whole);
                return Ok(false);
            }
            State::End => {
                if self.held.iter().any(|b| !matches!(b, b'\r' | b'\n')) {
                    return Err(FormError::Broken("something comes after its end"));
                }
                let all = self.held.len();
                self.skip(all);
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What a part is, by its head.
fn part(head: &str) -> Result<State, FormError> {
    let mut disposition = None;
    for line in head.split("\r\n") {
        if line.contains(['\n', '\r', '\0']) || line.contains("\\\"") || line.starts_with([' ', '\t']) {
            return Err(FormError::Broken("a part's head has a line that can be read in two ways"));
        }
        let (name, value) =
            line.split_once(':').ok_or(FormError::Broken("a part's head has a line without a colon"))?;
        if name.trim().eq_ignore_ascii_case("content-disposition") && disposition.replace(value).is_some() {
            return Err(FormError::Broken("a part has two names"));
        }
        if name.trim().eq_ignore_ascii_case("content-transfer-encoding")
            && !["binary", "8bit", "7bit"].iter().any(|plain| value.trim().eq_ignore_ascii_case(plain))
        {
            return Err(FormError::Broken("a part is encoded"));
        }
    }
    let unnamed = FormError::Broken("a part has no name that can be read in only one way");
    let (kind, parameters) = disposition.and_then(|value| value.split_once(';')).ok_or_else(|| unnamed.clone())?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(unnamed);
    }
    let name = only(parameters, "name").filter(|name| !name.contains(['\\', '%'])).ok_or(unnamed)?;
    let field = FIELDS.iter().position(|known| *known == name);
    if has_file_name(parameters) {
        // Some take a field that comes as a file for its value.
        return match field {
            Some(field) => Err(FormError::Wrong { field: FIELDS[field], expected: "a text, and no file" }),
            None => Ok(State::File),
        };
    }
    Ok(State::Value(field))
}

/// Names and values: `; name="a"; filename="b"`.
fn parameters(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        text = text.trim_start_matches([' ', '\t', ';']);
        let (name, rest) = text.split_once('=')?;
        let value;
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"')?;
            (value, text) = (&quoted[..end], &quoted[end + 1..]);
        } else {
            let end = rest.find(';').unwrap_or(rest.len());
            (value, text) = (rest[..end].trim(), &rest[end..]);
        }
        Some((name.trim(), value))
    })
}

/// The value of a parameter that is there once, and not in the encoded form that not all know.
fn only<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let encoded = |given: &str| given.split('*').next().is_some_and(|given| given.eq_ignore_ascii_case(name));
    let mut found = parameters(text).filter(|(given, _)| encoded(given));
    let (given, value) = found.next()?;
    (found.next().is_none() && !given.contains('*')).then_some(value)
}

fn has_file_name(text: &str) -> bool {
    parameters(text).any(|(name, _)| name.split('*').next().is_some_and(|name| name.eq_ignore_ascii_case("filename")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &[u8] = b"--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"prompt\"\r\n\r\nhello\r\n--XX\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"a; name=model; b.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n\
        \r\n--X\r\n--XY\r\n--XX\r\nContent-Disposition: form-data; name=n\r\n\r\n\r\n--XX--\r\n";

    fn scanner() -> Scanner {
        Scanner::new(Some("multipart/form-data; charset=x; boundary=\"XX\"")).unwrap()
    }

    fn read(form: &[u8]) -> Result<Scanner, FormError> {
        let mut scanner = scanner();
        scanner.push(form)?;
        Ok(scanner)
    }

    fn form(parts: &[&str]) -> Vec<u8> {
        let parts: Vec<_> = parts.iter().map(|part| format!("--XX\r\n{part}\r\n")).collect();
        format!("{}--XX--", parts.concat()).into_bytes()
    }

    #[test]
    fn a_boundary_that_goes_on_is_none() {
        // `\r\n--XY` is content; `\r\n--XX` that is followed by something else is a form that can be read in two ways.
        let good: Vec<u8> = FORM.to_vec();
        assert!(read(&good).is_ok());
        let bad = String::from_utf8(good).unwrap().replace("--XY", "--XXY");
        assert!(matches!(read(bad.as_bytes()), Err(FormError::Broken(_))));
    }

    #[test]
    fn a_field_is_there_once_wherever_it_is() {
        let field = "Content-Disposition: form-data; name=\"model\"\r\n\r\na";
        let file = "Content-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nsound";
        assert_eq!(read(&form(&[field, file])).unwrap().found.get("model"), Some("a"));
        assert_eq!(read(&form(&[field, file, field])).err(), Some(FormError::Twice("model")));
        for trick in [
            "Content-Disposition: form-data; name*=utf-8''model\r\n\r\nb",
            "Content-Disposition: form-data; name=\"mod\\el\"\r\n\r\nb",
            "Content-Disposition: form-data; name=\"x\"; name=\"model\"\r\n\r\nb",
            "Content-Disposition: form-data; name=\"model\"; filename=\"x\"\r\n\r\nb",
            "Content-Disposition: form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nb",
            "Content-Disposition: form-data;\r\n name=\"model\"\r\n\r\nb",
            "Content-Disposition: form-data; name=\"x\"\r\nContent-Transfer-Encoding: base64\r\n\r\nb",
            "Content-Disposition: form-data; name=\"x\"; filename=\"y\\\"; name=\"model\"\r\n\r\nb",
            "Content-Disposition: form-data\r\n\r\nb",
        ] {
            assert!(read(&form(&[field, file, trick])).is_err(), "{trick}");
        }
        assert!(read(b"before\r\n--XX--").is_err());
        assert!(read(b"--XX--\r\nafter").is_err());
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut scanner = scanner();
        scanner.push(b"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n").unwrap();
        for _ in 0..1000 {
            scanner.push(&[b'\r'; 4096]).unwrap();
            assert!(scanner.held.len() <= 8, "{}", scanner.held.len());
        }
        let mut scanner = read(b"--XX\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n").unwrap();
        assert!((0..1000).any(|_| scanner.push(&[b'x'; 4096]).is_err()));
        let mut scanner = read(b"--XX\r\n").unwrap();
        assert!((0..1000).any(|_| scanner.push(&[b'x'; 4096]).is_err()));
    }

    #[test]
    fn only_forms_are_forms() {
        for kind in
            ["application/json", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a"]
        {
            assert!(Scanner::new(Some(kind)).is_err(), "{kind}");
        }
        assert!(Scanner::new(None).is_err());
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_say_the_same(cuts in prop::collection::vec(0..FORM.len(), 0..12)) {
            let mut cuts = cuts;
            cuts.extend([0, FORM.len()]);
            cuts.sort_unstable();
            let mut scanner = scanner();
            for pair in cuts.windows(2) {
                scanner.push(&FORM[pair[0]..pair[1]]).unwrap();
            }
            prop_assert!(scanner.is_complete());
            let found = &scanner.found;
            prop_assert_eq!((found.get("model"), found.get("n"), found.files), (Some("whisper-1"), Some(""), 1));
            prop_assert_eq!(found.text_bytes, 14);
            let range = usize::try_from(found.model_range.start).unwrap()..usize::try_from(found.model_range.end).unwrap();
            prop_assert_eq!(&FORM[range], b"whisper-1");
        }

        #[test]
        fn nonsense_does_not_panic(bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'X'), any::<u8>()], 0..200)) {
            let _ = read(&[b"--XX\r\n".as_slice(), &bytes].concat());
        }
    }
}
