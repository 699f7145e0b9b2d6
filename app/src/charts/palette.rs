//! Colours of series: the same name has the same colour on every page.

/// How many colours there are for names.
const COLOURS: u32 = 8;

/// How many textures tell apart names of the same colour: none, and three kinds of lines.
const TEXTURES: u8 = 4;

/// What a series is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of eight, and a texture where several names of a plot share the colour.
    Name {
        colour: u8,
        texture: u8,
    },
    Accent,
    Good,
    Warning,
    Bad,
    Neutral,
}

impl Colour {
    pub fn class(self) -> &'static str {
        match self {
            Self::Name { colour, .. } => {
                ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"].get(usize::from(colour)).copied().unwrap_or("s1")
            }
            Self::Accent => "s-accent",
            Self::Good => "s-good",
            Self::Warning => "s-warning",
            Self::Bad => "s-bad",
            Self::Neutral => "s-neutral",
        }
    }

    /// 0: none.
    pub fn texture(self) -> u8 {
        match self {
            Self::Name { texture, .. } => texture,
            _ => 0,
        }
    }

    /// The colours of the names of one plot. A name's colour depends on the name alone; only the texture depends on
    /// which others are there.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let mut used = [0_u8; COLOURS as usize];
        let colours = names.into_iter().map(|name| {
            let colour = hash(name) % COLOURS;
            let seen = used.get_mut(colour as usize).map_or(0, |used| {
                let seen = *used;
                *used = seen.saturating_add(1);
                seen
            });
            Self::Name { colour: u8::try_from(colour).unwrap_or_default(), texture: seen % TEXTURES }
        });
        colours.collect()
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
    fn a_name_keeps_its_colour_whoever_is_beside_it() {
        let alone = Colour::of_names(["gpt-4o"]);
        let later = Colour::of_names(["claude-sonnet-4-5", "gpt-4o-mini", "gpt-4o"]);
        assert_eq!(alone[0].class(), later[2].class());
    }

    #[test]
    fn names_of_the_same_colour_differ_in_texture() {
        let names: Vec<_> = (0..16).map(|i| format!("model-{i}")).collect();
        let colours = Colour::of_names(names.iter().map(String::as_str));
        for (i, a) in colours.iter().enumerate() {
            for b in &colours[i + 1..] {
                let repeats = colours.iter().filter(|c| c.class() == a.class()).count() > usize::from(TEXTURES);
                assert!(a != b || repeats, "{a:?}");
            }
        }
    }

    #[test]
    fn names_spread_over_the_colours() {
        let names: Vec<_> = (0..400).map(|i| format!("provider/model-{i}")).collect();
        let mut counts = [0; COLOURS as usize];
        for name in &names {
            counts[(hash(name) % COLOURS) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (25..=80).contains(count)), "{counts:?}");
    }
}
