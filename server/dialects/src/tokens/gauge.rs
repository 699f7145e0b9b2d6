//! Tokens guessed from bytes as they pass: words, numbers, marks and scripts have tokens of their usual lengths.

/// A running guess. Thirty bytes, however much passes; the same however it is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    /// Thousandths of a token.
    thousandths: u64,
    /// What the last byte belonged to, and how much of that came before.
    class: Class,
    run: u32,
    /// Within an escape: how many more bytes belong to it, the next one deciding where it is `None`.
    escape: Escape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Class {
    #[default]
    Nothing,
    Small,
    Capital,
    Digit,
    Space,
    Line,
    Mark,
    Foreign,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After a backslash.
    Begun,
    /// Hexadecimal digits to come.
    Code(u8),
}

impl Gauge {
    /// Takes the inside of a JSON text, with its escapes.
    pub fn text(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match self.escape {
                Escape::None if byte == b'\\' => self.escape = Escape::Begun,
                Escape::None => self.byte(byte),
                Escape::Begun => {
                    self.escape = Escape::None;
                    match byte {
                        b'n' | b'r' => self.byte(b'\n'),
                        b't' => self.byte(b' '),
                        b'u' => {
                            self.escape = Escape::Code(4);
                            self.foreign(600);
                        }
                        other => self.byte(other),
                    }
                }
                Escape::Code(left) => self.escape = if left > 1 { Escape::Code(left - 1) } else { Escape::None },
            }
        }
    }

    /// A text ends here: what comes next is no part of its last word.
    pub fn end(&mut self) {
        (self.class, self.run, self.escape) = (Class::Nothing, 0, Escape::None);
    }

    /// The guess, rounded up.
    pub fn tokens(&self) -> u64 {
        self.thousandths.div_ceil(1000)
    }

    fn byte(&mut self, byte: u8) {
        match byte {
            b'a'..=b'z' => self.letter(Class::Small),
            b'A'..=b'Z' => self.letter(Class::Capital),
            // Numbers come in threes.
            b'0'..=b'9' => self.extend(Class::Digit, |run| if run % 3 == 0 { 1000 } else { 0 }),
            // One space belongs to the word after it, and so does the last of several.
            b' ' | b'\t' => self.extend(Class::Space, |run| if run == 1 { 700 } else { 0 }),
            b'\n' | b'\r' => self.extend(Class::Line, |run| if run == 0 { 700 } else { 0 }),
            0x21..=0x7e => self.extend(Class::Mark, |run| if run == 0 { 850 } else { 400 }),
            // The first byte of a character tells its script, roughly; the others come with it.
            0xc0..=0xdf => self.foreign(420),
            0xe0..=0xef => self.foreign(720),
            0xf0..=0xff => self.foreign(1700),
            _ => {}
        }
    }

    fn letter(&mut self, class: Class) {
        let goes_on = match (self.class, class) {
            (Class::Small | Class::Capital, Class::Small) => true,
            // A word in capitals has shorter tokens; a capital within a word begins another.
            (Class::Capital, Class::Capital) => {
                self.thousandths += 300;
                true
            }
            _ => false,
        };
        if goes_on {
            self.run = self.run.saturating_add(1);
            // Few words of up to seven letters are more than one token.
            self.thousandths += if self.run > 6 { 160 } else { 20 };
        } else {
            self.run = 0;
            self.thousandths += 930;
        }
        self.class = class;
    }

    fn foreign(&mut self, thousandths: u64) {
        (self.class, self.run) = (Class::Foreign, 0);
        self.thousandths += thousandths;
    }

    fn extend(&mut self, class: Class, price: impl Fn(u32) -> u64) {
        self.run = if self.class == class { self.run.saturating_add(1) } else { 0 };
        self.class = class;
        self.thousandths += price(self.run);
    }
}
