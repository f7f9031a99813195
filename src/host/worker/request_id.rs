//! Names for requests: 128 random bits, drawn from a pool so that the platform is asked once in a while.

use std::cell::RefCell;

use wasm_bindgen::JsValue;

use super::log;

/// Ids that one draw fills; Web Crypto gives at most 64 KB a call.
const IDS_PER_DRAW: usize = 64;
const ID_BYTES: usize = 16;

thread_local! {
    static POOL: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A fresh id in hexadecimal. Without randomness the request goes on, named by zeros.
pub(super) fn next() -> String {
    draw().unwrap_or_else(|| {
        log::error("no-randomness", "request ids are zero");
        hexadecimal(&[0; ID_BYTES])
    })
}

/// A fresh nonce for a content policy, which is worth nothing where it can be known beforehand.
///
/// # Errors
///
/// An exception where there is no randomness.
pub(super) fn nonce() -> Result<String, JsValue> {
    draw().ok_or_else(|| js_sys::Error::new("there is no randomness for the nonce of the content policy").into())
}

fn draw() -> Option<String> {
    POOL.with_borrow_mut(|pool| {
        if pool.len() < ID_BYTES {
            pool.resize(IDS_PER_DRAW * ID_BYTES, 0);
            if getrandom::fill(pool).is_err() {
                pool.clear();
                return None;
            }
        }
        let rest = pool.len() - ID_BYTES;
        let id = hexadecimal(pool.get(rest..).unwrap_or_default());
        pool.truncate(rest);
        Some(id)
    })
}

/// Bytes as people read them.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    let mut text = Vec::with_capacity(2 * bytes.len());
    text.extend(digits);
    String::from_utf8(text).unwrap_or_default()
}
