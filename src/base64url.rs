//! Base64 to bytes and back, strictly.
//!
//! The crate that native code takes has a decoder, tables and errors for each alphabet; JOSE needs one alphabet and one answer, and
//! keys in the other alphabet are read once. In the package's module that is 2 KB gzipped.
//!
//! Source: RFC 4648 sections 4 and 5; RFC 7515 section 2.

use crate::text::ByAny;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Of what is no letter; its highest bit is set, as that of no value is.
const NO_VALUE: u8 = 0xFF;

static VALUES: [u8; 256] = values();

#[allow(clippy::cast_possible_truncation)] // below 64
const fn values() -> [u8; 256] {
    let mut values = [NO_VALUE; 256];
    let mut value = 0;
    while value < LETTERS.len() {
        values[LETTERS[value] as usize] = value as u8;
        value += 1;
    }
    values
}

/// The bytes of a text in base64url without padding. `None` where anything else stands in it, or where bits are left over that are
/// not zero: two texts never mean the same bytes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    read(text.as_bytes(), false)
}

/// The bytes of a text in the standard alphabet. Padding has to be right where `is_padded` asks for it, else it may be short or
/// missing.
pub(crate) fn decode_standard(text: &str, is_padded: bool) -> Option<Vec<u8>> {
    let letters = text.trim_end_any(b"=");
    let (last, padding) = (letters.len() % 4, text.len() - letters.len());
    let is_right = if padding == 0 {
        last == 0 || !is_padded
    } else {
        last >= 2 && (if is_padded { last + padding == 4 } else { last + padding <= 4 })
    };
    if is_right { read(&translated(letters), false) } else { None }
}

/// The bytes of a text in the standard alphabet, without padding, whatever bits are left over.
pub(crate) fn decode_forgiving(text: &str) -> Option<Vec<u8>> {
    read(&translated(text), true)
}

/// The standard alphabet's letters as those of base64url. What is a letter of the latter only, is none.
fn translated(text: &str) -> Vec<u8> {
    let letter = |byte| match byte {
        b'+' => b'-',
        b'/' => b'_',
        b'-' | b'_' => b'=',
        other => other,
    };
    text.bytes().map(letter).collect()
}

fn read(text: &[u8], takes_leftover_bits: bool) -> Option<Vec<u8>> {
    let quads = text.chunks_exact(4);
    let rest = quads.remainder();
    let mut out = vec![0; text.len() / 4 * 3];
    // All are looked at before anything is said: the highest bit remembers what was no letter.
    let mut seen = 0;
    for (to, from) in out.chunks_exact_mut(3).zip(quads) {
        if let ([x, y, z], [a, b, c, d]) = (to, from) {
            let [a, b, c, d] = [a, b, c, d].map(|byte| VALUES[usize::from(*byte)]);
            seen |= a | b | c | d;
            [*x, *y, *z] = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        }
    }
    let value = |byte: &u8| VALUES[usize::from(*byte)];
    let leftover = match rest {
        [] => 0,
        [a, b] => {
            let [a, b] = [a, b].map(value);
            seen |= a | b;
            out.push(a << 2 | b >> 4);
            b << 4
        }
        [a, b, c] => {
            let [a, b, c] = [a, b, c].map(value);
            seen |= a | b | c;
            out.extend([a << 2 | b >> 4, b << 4 | c >> 2]);
            c << 6
        }
        _ => return None,
    };
    (seen < 0x80 && (leftover == 0 || takes_leftover_bits)).then_some(out)
}

/// Bytes in base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().zip([16, 8, 0]).fold(0, |bits, (byte, shift)| bits | usize::from(*byte) << shift);
        for shift in [18, 12, 6, 0].into_iter().take(chunk.len() + 1) {
            out.push(char::from(LETTERS[bits >> shift & 63]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _, alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
    };
    use proptest::prelude::*;

    use super::*;

    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new();
    const ANY_PADDING: GeneralPurpose =
        GeneralPurpose::new(&alphabet::STANDARD, CONFIG.with_decode_padding_mode(DecodePaddingMode::Indifferent));
    const FORGIVING: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        CONFIG.with_decode_padding_mode(DecodePaddingMode::RequireNone).with_decode_allow_trailing_bits(true),
    );

    fn check(text: &str) {
        assert_eq!(decode(text), general_purpose::URL_SAFE_NO_PAD.decode(text).ok(), "{text:?}");
        assert_eq!(decode_standard(text, true), general_purpose::STANDARD.decode(text).ok(), "{text:?}");
        assert_eq!(decode_standard(text, false), ANY_PADDING.decode(text).ok(), "{text:?}");
        assert_eq!(decode_forgiving(text), FORGIVING.decode(text).ok(), "{text:?}");
    }

    #[test]
    fn every_character_is_a_letter_or_none_wherever_it_stands() {
        for byte in 0..=255_u8 {
            let char = char::from(byte);
            for at in 0..7 {
                let mut text: Vec<char> = "AAAAAAA".chars().collect();
                text[at] = char;
                let text: String = text.into_iter().collect();
                for length in 0..=7 {
                    check(&text.chars().take(length).collect::<String>());
                }
            }
        }
    }

    #[test]
    fn two_texts_never_mean_the_same_bytes() {
        assert_eq!(decode("AQ"), Some(vec![1]));
        for text in ["AR", "AQ=", "AQ==", "A Q", "AQ\n", "A", "AQI=", "AQJ"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode_forgiving("AR"), Some(vec![1]));
    }

    proptest! {
        #[test]
        fn texts_are_read_as_the_native_decoder_reads_them(text in "[A-Za-z0-9+/_-]{0,12}[ =\u{fc}A-D]{0,4}") {
            check(&text);
        }

        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let text = encode(&bytes);
            prop_assert_eq!(&text, &general_purpose::URL_SAFE_NO_PAD.encode(&bytes));
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }
}
