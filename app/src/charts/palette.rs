//! Colours of series: the same name has the same colour on every page.

use std::collections::{BTreeSet, HashMap};

/// How many colours there are for names.
const COLOURS: usize = 8;

/// How many shades of a colour tell apart names that share it: full, light, hollow.
const SHADES: usize = 3;

/// What a series is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// A name's own: one of eight colours, in one of three shades.
    Name {
        colour: usize,
        shade: usize,
    },
    Accent,
    Good,
    Warning,
    Bad,
    Neutral,
}

impl Colour {
    /// Classes of the style sheet.
    pub fn class(self) -> &'static str {
        const NAMES: [[&str; SHADES]; COLOURS] = [
            ["s1", "s1 light", "s1 hollow"],
            ["s2", "s2 light", "s2 hollow"],
            ["s3", "s3 light", "s3 hollow"],
            ["s4", "s4 light", "s4 hollow"],
            ["s5", "s5 light", "s5 hollow"],
            ["s6", "s6 light", "s6 hollow"],
            ["s7", "s7 light", "s7 hollow"],
            ["s8", "s8 light", "s8 hollow"],
        ];
        match self {
            Self::Name { colour, shade } => {
                NAMES.get(colour).and_then(|shades| shades.get(shade)).copied().unwrap_or("s-neutral")
            }
            Self::Accent => "s-accent",
            Self::Good => "s-good",
            Self::Warning => "s-warning",
            Self::Bad => "s-bad",
            Self::Neutral => "s-neutral",
        }
    }
}

/// The colours of names. A name would have the colour of its hash; where several names would have the same, all but
/// the first in the alphabet move on to the next that is free. Who is given all names there are, and not only those in
/// sight, gives a name the same colour everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette(HashMap<String, Colour>);

impl Palette {
    /// `known` come first; `others` (models that are not configured any more, say) take what is left.
    pub fn new<'a>(known: impl IntoIterator<Item = &'a str>, others: impl IntoIterator<Item = &'a str>) -> Self {
        let known: BTreeSet<_> = known.into_iter().collect();
        let others: BTreeSet<_> = others.into_iter().filter(|name| !known.contains(name)).collect();
        let mut colours = HashMap::with_capacity(known.len() + others.len());
        let mut used = [false; COLOURS];
        let mut round = 0;
        for name in known.into_iter().chain(others) {
            if used.iter().all(|used| *used) {
                used = [false; COLOURS];
                round += 1;
            }
            let first = hash(name) as usize % COLOURS;
            let probes = (first..COLOURS).chain(0..first);
            let colour = probes.into_iter().find(|slot| used.get(*slot) == Some(&false)).unwrap_or(first);
            if let Some(used) = used.get_mut(colour) {
                *used = true;
            }
            colours.insert(name.to_owned(), Colour::Name { colour, shade: round % SHADES });
        }
        Self(colours)
    }

    /// The rest's colour for a name that was not among those given.
    pub fn of(&self, name: &str) -> Colour {
        self.0.get(name).copied().unwrap_or(Colour::Neutral)
    }
}

/// FNV-1a: the same on every machine and in every version, unlike the standard library's.
fn hash(name: &str) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for byte in name.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    // The low bits of FNV mix little.
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour_whatever_else_is_plotted() {
        let configured = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "o3"];
        let one = Palette::new(configured, ["gpt-4o"]);
        let other = Palette::new(configured, ["removed-model", "o3", "another"]);
        for name in configured {
            assert_eq!(one.of(name), other.of(name), "{name}");
        }
    }

    #[test]
    fn as_many_names_as_there_are_colours_and_shades_all_differ() {
        let names: Vec<_> = (0..COLOURS * SHADES).map(|i| format!("provider/model-{i}")).collect();
        let palette = Palette::new(names.iter().map(String::as_str), []);
        let classes: BTreeSet<_> = names.iter().map(|name| palette.of(name).class()).collect();
        assert_eq!(classes.len(), COLOURS * SHADES);
        let first: BTreeSet<_> = Palette::new(names[..COLOURS].iter().map(String::as_str), [])
            .0
            .values()
            .map(|colour| colour.class())
            .collect();
        assert!(first.iter().all(|class| !class.contains(' ')), "{first:?}");
    }

    #[test]
    fn a_lone_name_has_the_colour_of_its_hash() {
        let names: Vec<_> = (0..400).map(|i| format!("provider/model-{i}")).collect();
        let mut counts = HashMap::<_, usize>::new();
        for name in &names {
            *counts.entry(Palette::new([name.as_str()], []).of(name).class()).or_default() += 1;
        }
        assert!(counts.len() == COLOURS && counts.values().all(|count| (25..=80).contains(count)), "{counts:?}");
    }

    #[test]
    fn an_unknown_name_is_grey() {
        assert_eq!(Palette::default().of("x"), Colour::Neutral);
    }
}
