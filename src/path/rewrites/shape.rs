//! The shape of a path: what of it decides where it leads.

use crate::path::encoding::{escape_after_percent, must_escape};

/// What of a path decides where it leads: its separators, dot segments and escapes, with everything else as `x`.
pub(super) fn shape(path: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    let mut last = 0;
    // Dots of a segment that has nothing else so far.
    let mut only_dots = 0_usize;
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let mut mark = MARKS[usize::from(*first)];
        if mark == b'%'
            && let Some(byte) = escape_after_percent(tail)
        {
            rest = tail.get(2..).unwrap_or_default();
            mark = if must_escape(byte) || is_mere_letter(byte) { b'x' } else { b'%' };
        }
        if mark == b'x' && last == b'x' && only_dots == 0 {
            continue;
        }
        match mark {
            b'.' if only_dots > 0 || matches!(last, b'/' | b'\\') => only_dots += 1,
            b'.' | b'x' => {
                // Dots before or between other characters are part of a name.
                only_dots = 0;
                if last != b'x' {
                    out.push(b'x');
                    last = b'x';
                }
            }
            separator => {
                out.extend(core::iter::repeat_n(b'.', only_dots));
                only_dots = 0;
                out.push(separator);
                last = separator;
            }
        }
    }
    out.extend(core::iter::repeat_n(b'.', only_dots));
    out
}

/// What each byte is in a [`shape`], where it begins no escape.
const MARKS: [u8; 256] = {
    let mut marks = [b'x'; 256];
    let mut rest: &[u8] = b"/\\;?#&.%";
    while let [first, tail @ ..] = rest {
        marks[*first as usize] = *first;
        rest = tail;
    }
    marks
};

/// Reserved bytes that separate nothing for any rewrite here: escaped or not, they are part of a name.
const fn is_mere_letter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'\'' | b')' | b'*' | b',' | b'=' | b'@' | b'[' | b']' | b'|')
}
