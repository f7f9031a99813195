//! What a path has that some rewrite looks for, so that the others need not be tried.

use super::conventions;
use crate::path::encoding::{escape_after_percent, is_unreserved, must_escape};

/// What a path has that some rewrite looks for; found in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Traits(pub(super) u32);

impl Traits {
    /// An escape of an unreserved byte.
    pub(super) const ESCAPED_UNRESERVED: u32 = 1;
    /// An escape of a slash or a backslash.
    pub(super) const ESCAPED_SLASH: u32 = 1 << 14;
    /// An escape of `%` or of another byte that a path may hold.
    pub(super) const ESCAPED_OTHER: u32 = 1 << 15;
    /// Bytes that are no UTF-8. This and what follows is not found by [`of`](Self::of), but when there is something past ASCII.
    pub(super) const INVALID: u32 = 1 << 16;
    /// A character that is compatible with ASCII.
    pub(super) const COMPATIBLE: u32 = 1 << 17;
    /// A letter with an accent, or a combining mark.
    pub(super) const MARKED: u32 = 1 << 18;
    /// A combining mark.
    pub(super) const COMBINING: u32 = 1 << 23;
    /// A letter of a script that has upper and lower case.
    pub(super) const CASED: u32 = 1 << 19;
    /// An invisible character.
    pub(super) const INVISIBLE: u32 = 1 << 21;
    /// White space past ASCII.
    pub(super) const WHITE: u32 = 1 << 22;
    /// An escape that a decoding changes.
    pub(super) const ESCAPED_ASCII: u32 = Self::ESCAPED_UNRESERVED | Self::ESCAPED_SLASH | Self::ESCAPED_OTHER;
    /// Any `%` that is no well-formed escape.
    pub(super) const PERCENT: u32 = 1 << 1;
    /// A byte past ASCII.
    pub(super) const HIGH: u32 = 1 << 2;
    /// A control character.
    pub(super) const CONTROL: u32 = 1 << 3;
    pub(super) const SPACE: u32 = 1 << 4;
    pub(super) const PLUS: u32 = 1 << 5;
    pub(super) const DOT: u32 = 1 << 6;
    pub(super) const DOUBLE_SLASH: u32 = 1 << 7;
    pub(super) const BACKSLASH: u32 = 1 << 8;
    /// One of `;?#&`.
    pub(super) const DELIMITER: u32 = 1 << 9;
    pub(super) const COLON: u32 = 1 << 10;
    pub(super) const PARENTHESIS: u32 = 1 << 11;
    /// A segment that begins with `_`.
    pub(super) const UNDERSCORE: u32 = 1 << 12;
    /// A segment that begins with a dot.
    pub(super) const DOT_AT_START: u32 = 1 << 20;
    /// A segment that ends with a dot.
    pub(super) const DOT_AT_END: u32 = 1 << 24;
    /// A dot before the last slash.
    pub(super) const DOT_INSIDE: u32 = 1 << 25;
    /// More than one segment behind one that is `trpc`.
    pub(super) const BELOW_TRPC: u32 = 1 << 26;
    /// A first or last segment `index`.
    pub(super) const INDEX: u32 = 1 << 13;

    pub(in super::super) fn of(path: &str) -> Self {
        let mut found = if conventions::has_index(path) { Self::INDEX } else { 0 };
        let mut before = 0;
        let mut rest = path.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = tail;
            // One look-up for the letters and digits that most paths are made of.
            match OF_BYTES.get(usize::from(*first)) {
                None | Some(0) => {}
                Some(&Self::PERCENT) => match escape_after_percent(tail) {
                    None => found |= Self::PERCENT,
                    Some(byte) => {
                        found |= Self::of_escape(byte);
                        rest = tail.get(2..).unwrap_or_default();
                    }
                },
                Some(&Self::DOUBLE_SLASH) => {
                    found |= match before {
                        b'/' => Self::DOUBLE_SLASH,
                        b'.' => Self::DOT_AT_END,
                        _ => 0,
                    };
                    found |= if found & Self::DOT == 0 { 0 } else { Self::DOT_INSIDE };
                    found |= if conventions::is_below_trpc(tail) { Self::BELOW_TRPC } else { 0 };
                }
                Some(&Self::DOT) if before == b'/' => found |= Self::DOT | Self::DOT_AT_START,
                Some(&Self::UNDERSCORE) if before != b'/' => {}
                Some(bits) => found |= bits,
            }
            before = *first;
        }
        Self(if before == b'.' { found | Self::DOT_AT_END } else { found })
    }

    fn of_escape(byte: u8) -> u32 {
        match byte {
            0x80.. => Self::HIGH,
            b' ' => Self::SPACE,
            _ if byte.is_ascii_control() => Self::CONTROL,
            // Quotes, braces and their like are spelled as escapes in every reading.
            _ if must_escape(byte) => 0,
            b'/' | b'\\' => Self::ESCAPED_SLASH,
            _ if is_unreserved(byte) => Self::ESCAPED_UNRESERVED,
            _ => Self::ESCAPED_OTHER,
        }
    }

    /// Whether no rewrite can change such a path.
    pub(in super::super) fn is_plain(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has(self, wanted: u32) -> bool {
        self.0 & wanted != 0
    }
}

/// What each byte may be a trait of.
const OF_BYTES: [u32; 256] = {
    let mut bits = [0; 256];
    bits[b'%' as usize] = Traits::PERCENT;
    bits[b'+' as usize] = Traits::PLUS;
    bits[b'.' as usize] = Traits::DOT;
    bits[b'/' as usize] = Traits::DOUBLE_SLASH;
    bits[b'\\' as usize] = Traits::BACKSLASH;
    bits[b';' as usize] = Traits::DELIMITER;
    bits[b'?' as usize] = Traits::DELIMITER;
    bits[b'#' as usize] = Traits::DELIMITER;
    bits[b'&' as usize] = Traits::DELIMITER;
    bits[b':' as usize] = Traits::COLON;
    bits[b'(' as usize] = Traits::PARENTHESIS;
    bits[b'_' as usize] = Traits::UNDERSCORE;
    bits
};
