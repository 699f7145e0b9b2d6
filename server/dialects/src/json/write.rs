//! Writing a tree.

use std::{borrow::Cow, fmt};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Json, Object};

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Pieces(pieces) => serializer.collect_str(&Joined(pieces)),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key.as_ref(), value)?;
        }
        map.end()
    }
}

struct Joined<'p>(&'p [Cow<'p, str>]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl Json<'_> {
    /// About how many bytes its text takes: right for text without escapes. A buffer that grows by doubling would hold
    /// twice a picture.
    fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 5,
            Self::Number(_) => 8,
            Self::Text(text) => text.len() + 3,
            Self::Pieces(pieces) => pieces.iter().map(|piece| piece.len()).sum::<usize>() + 3,
            Self::Array(items) => items.iter().map(Json::size).sum::<usize>() + 3,
            Self::Object(object) => object.size(),
        }
    }

    /// Appends the compact text.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Writing to a Vec doesn't fail, and every value of this type has a JSON text.
        let _ = serde_json::to_writer(out, self);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size() + self.size() / 32);
        self.write(&mut out);
        out
    }
}

impl Object<'_> {
    fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + 4 + value.size()).sum::<usize>() + 3
    }

    /// Appends the compact text.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = serde_json::to_writer(out, self);
    }

    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size() + self.size() / 32);
        self.write(&mut out);
        out
    }
}

/// The compact text.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

/// The compact text.
impl fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}
