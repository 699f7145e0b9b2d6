//! Shared by the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tollgate_dialects::neutral::{Dialect, Error, Event};
use tollgate_dialects::{Codec, ReadStream, Stamp, Target, codec};

pub const STAMP: Stamp<'static> = Stamp { id: "made-up", created: 1_700_000_000, model: None, stream_usage: true };
pub const TARGET: Target<'static> = Target { model: "target", max_output: None, reasons: None, old_max_tokens: false };

pub fn codecs() -> Vec<(Dialect, &'static dyn Codec)> {
    Dialect::ALL.into_iter().filter_map(|dialect| Some((dialect, codec(dialect)?))).collect()
}

pub fn of(dialect: Dialect) -> &'static dyn Codec {
    codec(dialect).unwrap()
}

/// The golden files of a dialect whose names begin so, by name.
pub fn golden(dialect: Dialect, kind: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(dialect.as_str());
    let Ok(files) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let files = files.map(|file| file.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    files
        .map(|path| (name(&path), path))
        .filter(|(name, _)| name.starts_with(kind))
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect()
}

pub fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(bytes)))
}

/// All that a stream says, cut into these chunks; the error at its end, if there is one.
pub fn events<'c>(
    reader: &mut dyn ReadStream,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> (Vec<Event<'static>>, Option<Error>) {
    let mut found = Vec::new();
    let mut each = |event: Event<'_>| found.push(event.into_owned());
    for chunk in chunks {
        if let Err(error) = reader.feed(chunk, &mut each) {
            return (found, Some(error));
        }
    }
    let error = reader.end(&mut each).err();
    (found, error)
}

/// Whether events come in the order that is promised.
pub fn check_order(events: &[Event<'_>]) {
    let mut started = false;
    let mut over = false;
    let mut parts: BTreeMap<u32, (Option<u32>, u32)> = BTreeMap::new();
    let mut finished = Vec::new();
    for event in events {
        assert!(!over, "{event:?} after the end: {events:#?}");
        match event {
            Event::Start { .. } => assert!(!std::mem::replace(&mut started, true), "two starts"),
            Event::Error(_) => over = true,
            _ => assert!(started, "{event:?} before the start"),
        }
        match event {
            Event::PartStart { choice, part, .. } => {
                let (open, next) = parts.entry(*choice).or_default();
                assert_eq!((*open, *part), (None, *next), "{event:?} in {events:#?}");
                (*open, *next) = (Some(*part), *next + 1);
            }
            // Late arguments for an earlier call are possible where calls are told apart by number.
            Event::Delta { choice, part, .. } => assert!(*part < parts[choice].1, "{event:?}"),
            Event::PartEnd { choice, part } => {
                let open = &mut parts.get_mut(choice).unwrap().0;
                assert_eq!(open.take(), Some(*part), "{event:?}");
            }
            Event::Finish { choice, .. } => {
                assert!(!finished.contains(choice), "two ends of choice {choice}");
                finished.push(*choice);
                assert_eq!(parts.get(choice).and_then(|(open, _)| *open), None, "finished with a part open");
            }
            Event::End => {
                assert!(parts.values().all(|(open, _)| open.is_none()), "the end with a part open");
                over = true;
            }
            _ => {}
        }
    }
}
