//! Bytes to base64url without padding (RFC 4648 section 5), as JOSE writes them.
//!
//! The `base64` crate reads it, on the way of every token. Written is little and seldom, and the crate's writer is made for much: it is
//! 2 KB that V8 would compile before a first answer.

/// The bytes as text.
#[inline(never)]
pub(crate) fn encode(bytes: &[u8]) -> String {
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
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_what_the_standard_shows() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(encode(&[0xFB, 0xEF, 0xFF]), "--__");
    }

    proptest! {
        #[test]
        fn it_is_what_the_crate_writes(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes));
        }
    }
}
