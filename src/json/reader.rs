//! Walks over a JSON text and checks it: the grammar of RFC 8259, nothing more and nothing less.

use std::ops::Range;

use super::JsonError;
use crate::{limits, text};

/// The name of a member.
pub(super) struct Name {
    /// Where it stands, without its quotes.
    pub(super) at: Range<usize>,
    /// Whether it is spelled with a `\\`.
    pub(super) has_escapes: bool,
}

/// Walks over a text and checks it.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    pub(super) fn error(&self) -> JsonError {
        JsonError { at: self.at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.error());
        }
        self.at += 1;
        Ok(())
    }

    /// An object, its members handed to `see`: its name, and where the value stands.
    pub(super) fn members(&mut self, mut see: impl FnMut(Name, Range<usize>)) -> Result<(), JsonError> {
        self.take(b'{')?;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.blanks();
            self.take(b':')?;
            self.blanks();
            let start = self.at;
            self.value()?;
            see(key, start..self.at);
            self.blanks();
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(());
            }
            self.take(b',')?;
        }
    }

    /// An array, its elements handed to `see` as ranges.
    pub(super) fn elements(&mut self, mut see: impl FnMut(Range<usize>)) -> Result<(), JsonError> {
        self.take(b'[')?;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.blanks();
            let start = self.at;
            self.value()?;
            see(start..self.at);
            self.blanks();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(());
            }
            self.take(b',')?;
        }
    }

    /// One value, whatever it is; ends behind it.
    pub(super) fn value(&mut self) -> Result<(), JsonError> {
        let mut nesting = Nesting::default();
        loop {
            self.blanks();
            let opened = match self.peek() {
                Some(b'{') => Some(true),
                Some(b'[') => Some(false),
                Some(b'"') => self.string().map(|_| None)?,
                Some(b'-' | b'0'..=b'9') => self.number().map(|()| None)?,
                Some(b't') => self.literal(b"true").map(|()| None)?,
                Some(b'f') => self.literal(b"false").map(|()| None)?,
                Some(b'n') => self.literal(b"null").map(|()| None)?,
                _ => return Err(self.error()),
            };
            if let Some(is_object) = opened {
                if !nesting.enter(is_object) {
                    return Err(self.error());
                }
                self.at += 1;
                self.blanks();
                let empty = self.peek() == Some(if is_object { b'}' } else { b']' });
                if !empty {
                    if is_object {
                        self.name()?;
                    }
                    continue;
                }
            }
            loop {
                let Some(in_object) = nesting.in_object() else { return Ok(()) };
                self.blanks();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if in_object {
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ => return Err(self.error()),
                }
                self.at += 1;
                nesting.depth -= 1;
            }
        }
    }

    fn name(&mut self) -> Result<(), JsonError> {
        self.blanks();
        self.string()?;
        self.blanks();
        self.take(b':')
    }

    fn string(&mut self) -> Result<Name, JsonError> {
        self.take(b'"')?;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at += text::plain_in_json(rest);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Name { at: start..self.at - 1, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.at += 1;
                    match self.peek() {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
                        Some(b'u') => {
                            self.at += 1;
                            let digits = self.bytes.get(self.at..self.at.saturating_add(4)).unwrap_or_default();
                            if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                                return Err(self.error());
                            }
                            self.at += 4;
                        }
                        _ => return Err(self.error()),
                    }
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.error());
        }
        self.at += word.len();
        Ok(())
    }
}

/// Which of the open brackets are objects: a bit each, set for an object, so that depth costs no stack and no memory.
#[derive(Default)]
struct Nesting {
    objects: [u64; limits::JSON_DEPTH.div_ceil(64)],
    depth: usize,
}

impl Nesting {
    /// Goes one level deeper; false at the limit.
    fn enter(&mut self, object: bool) -> bool {
        let Some(word) = self.objects.get_mut(self.depth / 64).filter(|_| self.depth < limits::JSON_DEPTH) else { return false };
        let bit = 1 << (self.depth % 64);
        *word = if object { *word | bit } else { *word & !bit };
        self.depth += 1;
        true
    }

    /// Whether the innermost bracket is an object; `None` outside of all.
    fn in_object(&self) -> Option<bool> {
        let at = self.depth.checked_sub(1)?;
        self.objects.get(at / 64).map(|word| word >> (at % 64) & 1 == 1)
    }
}
