//! Text across the boundary, at the price that it has to cost.
//!
//! The ordinary way copies a string character by character, 3 µs for a token, and builds the name of a header anew for each look
//! at it. Here names are made once an isolate, and long values are encoded by the platform.

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::request::{HeaderName, HeaderSource};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Headers)]
    type RawHeaders;
    #[wasm_bindgen(method, js_class = "Headers", js_name = get)]
    fn get_raw(this: &RawHeaders, name: &JsString) -> JsValue;

    #[wasm_bindgen(js_name = TextEncoder)]
    type Encoder;
    #[wasm_bindgen(constructor, js_class = "TextEncoder")]
    fn new() -> Encoder;
    #[wasm_bindgen(method, js_class = "TextEncoder")]
    fn encode(this: &Encoder, text: &JsString) -> Uint8Array;
}

/// Up to this length the ordinary way is the cheaper one.
const SHORT_CHARS: u32 = 48;

thread_local! {
    static NAMES: Vec<JsString> = HeaderName::ALL.iter().map(|name| JsString::from(name.as_str())).collect();
    static ENCODER: Encoder = Encoder::new();
}

/// A request's headers, read one by one as the core asks for them.
pub(super) struct JsHeaders(web_sys::Headers);

impl JsHeaders {
    pub(super) fn new(headers: web_sys::Headers) -> Self {
        Self(headers)
    }
}

impl HeaderSource for JsHeaders {
    fn header(&self, name: HeaderName) -> Option<String> {
        let value =
            NAMES.with(|names| names.get(name as usize).map(|name| self.0.unchecked_ref::<RawHeaders>().get_raw(name)))?;
        value.dyn_ref::<JsString>().map(to_string)
    }
}

/// A JavaScript string as UTF-8.
pub(super) fn to_string(text: &JsString) -> String {
    if text.length() <= SHORT_CHARS {
        return String::from(text);
    }
    // The encoder writes UTF-8 and nothing else.
    String::from_utf8(ENCODER.with(|encoder| encoder.encode(text)).to_vec()).unwrap_or_default()
}
