//! Base64 (RFC 4648): read by a crate that looks at many letters at once where the platform can, and written in little code.
//!
//! Each token is read once, as base64url without padding (RFC 7515 section 2); keys, secrets and webhook signatures are standard base64.
//! Written is little and seldom, and a writer made for much would be 2 KB that V8 compiles before a first answer.

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};

/// The bytes of base64url without padding. Bits that no byte has must be zero.
#[inline(never)]
pub(crate) fn decode_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode_to_vec(text).ok()
}

/// The bytes of standard base64 as it is written: padded, and bits that no byte has are zero.
#[inline(never)]
pub(crate) fn decode_strict(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(text).ok()
}

/// The bytes of standard base64 as browsers' `atob` reads it, since dashboards and key files show it in more ways than one: blanks
/// anywhere, padding right or absent, and bits that no byte has may be anything.
///
/// Source: Infra Standard, "forgiving-base64 decode".
#[inline(never)]
pub(crate) fn decode_forgiving(text: &str) -> Option<Vec<u8>> {
    base64_simd::forgiving_decode_to_vec(text.as_bytes()).ok()
}

/// The bytes as base64url without padding.
#[inline(never)]
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        // A byte is two letters, and each one more is one more.
        for place in 0..=chunk.len() {
            text.push(letter(bits >> (18 - 6 * place) & 63));
        }
    }
    text
}

fn letter(sextet: u32) -> char {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char::from(ALPHABET[sextet as usize & 63])
}

#[cfg(test)]
mod tests {
    use base64::{
        Engine as _, alphabet,
        engine::{
            DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
            general_purpose::{STANDARD, URL_SAFE_NO_PAD},
        },
    };
    use proptest::prelude::*;

    use super::{decode_forgiving, decode_strict, decode_url, encode_url};

    #[test]
    fn it_is_what_the_standard_shows() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode_url(bytes.as_bytes()), text);
            assert_eq!(decode_url(text).unwrap(), bytes.as_bytes());
            assert_eq!(decode_forgiving(text).unwrap(), bytes.as_bytes());
            let padded = STANDARD.encode(bytes);
            assert_eq!(decode_forgiving(&padded).unwrap(), bytes.as_bytes());
            assert_eq!(decode_strict(&padded).unwrap(), bytes.as_bytes());
        }
        assert_eq!(encode_url(&[0xFB, 0xEF, 0xFF]), "--__");
        assert_eq!(decode_url("--__").unwrap(), [0xFB, 0xEF, 0xFF]);
        assert_eq!(decode_forgiving("++//").unwrap(), [0xFB, 0xEF, 0xFF]);
        assert_eq!(decode_forgiving(" Zm\t9v\nYm\x0cFy\r\n").unwrap(), b"foobar");
    }

    #[test]
    fn what_is_none_is_refused() {
        // Padding, the other alphabet, one letter too many, blanks, bits past the last byte, letters past ASCII.
        for text in ["Zg==", "Zg=", "=", "++//", "Z", "Zm9vY", "Zm 9v", "Zm9v\n", "Zh", "Zm9", "é", "Zm9v.", "\0"] {
            assert_eq!(decode_url(text), None, "{text}");
        }
        for text in ["Zg===", "Zg=", "=", "====", "--__", "Z", "Zm9vY", "Z===", "Zg==Zg==", "Zg=\x0b=", "é"] {
            assert_eq!(decode_forgiving(text), None, "{text}");
            assert_eq!(decode_strict(text), None, "{text}");
        }
        for text in ["Zg", "Zh==", "Zm9", " Zm9v", "Zm9v\n"] {
            assert_eq!(decode_strict(text), None, "{text}");
        }
    }

    /// The same by another library: it knows neither blanks nor that padding is all or nothing.
    fn atob(text: &str) -> Option<Vec<u8>> {
        let lenient = GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone);
        let text: String = text.chars().filter(|char| !char.is_ascii_whitespace()).collect();
        let unpadded = match text.len() % 4 {
            0 => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(&text),
            _ => &text,
        };
        GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(unpadded).ok()
    }

    proptest! {
        #[test]
        fn it_is_written_as_another_library_writes_it(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(encode_url(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
        }

        #[test]
        fn it_is_read_as_another_library_reads_it(bytes in prop::collection::vec(any::<u8>(), 0..300), at in any::<usize>(), other in any::<u8>()) {
            let mut text = URL_SAFE_NO_PAD.encode(&bytes).into_bytes();
            prop_assert_eq!(decode_url(str::from_utf8(&text).unwrap()), Some(bytes));
            // Any other byte at any place: in a block of many letters, and in what is left at the end.
            if let Some(place) = at.checked_rem(text.len()) {
                text[place] = other & 0x7F;
                let text = String::from_utf8(text).unwrap();
                prop_assert_eq!(decode_url(&text), URL_SAFE_NO_PAD.decode(&text).ok());
                prop_assert_eq!(decode_forgiving(&text), atob(&text));
                prop_assert_eq!(decode_strict(&text), STANDARD.decode(&text).ok());
                let (before, after) = text.split_at(place);
                prop_assert_eq!(decode_url(&format!("{before}é{after}")), None);
            }
        }

        #[test]
        fn any_text_is_read_as_another_library_reads_it(text in "[A-Za-z0-9+/]{0,80}[A-Za-z0-9+/=_ -]{0,9}") {
            prop_assert_eq!(decode_url(&text), URL_SAFE_NO_PAD.decode(&text).ok());
            prop_assert_eq!(decode_forgiving(&text), atob(&text));
            prop_assert_eq!(decode_strict(&text), STANDARD.decode(&text).ok());
        }
    }
}
