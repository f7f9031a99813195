//! The few calls by which text and requests cross the boundary, at the price that they have to cost.
//!
//! The ordinary way copies a string character by character, 3 µs for a token, builds the name of a header anew for each look at it,
//! and pays for each step of making a request. `crossing.mjs` has the other half.

use std::cell::{OnceCell, RefCell};

use js_sys::{JsString, Promise};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};

use super::settle::settle;
use crate::{
    headers::{Field, is_hop_by_hop, is_reserved},
    request::{HeaderName, HeaderSource},
    text::ByAny as _,
};

#[wasm_bindgen(module = "/src/host/worker/crossing.mjs")]
extern "C" {
    fn register(names: &str, memory: &JsValue, may_pass: &Closure<dyn Fn(JsString) -> bool>);
    #[wasm_bindgen(js_name = readHeader)]
    fn read_header(headers: &web_sys::Headers, index: u32, at: *mut u8, room: usize) -> i32;
    #[wasm_bindgen(js_name = verify, catch)]
    fn verify_bytes(
        algorithm: &JsValue,
        key: &JsValue,
        signature: *const u8,
        signature_bytes: usize,
        data: *const u8,
        data_bytes: usize,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = owe)]
    fn owe_outcome(place: u32) -> JsValue;
    /// Keeps the promise of that place.
    pub(super) fn pay(place: u32, outcome: &JsValue);
    /// The answer where no other can be made; the log says why.
    pub(super) fn failed(error: &JsValue) -> web_sys::Response;
    /// A promise that is kept when so much time has passed, or when it is stopped.
    #[wasm_bindgen(js_name = startTimer)]
    pub(super) fn start_timer(milliseconds: f64) -> Promise;
    #[wasm_bindgen(js_name = stopTimer)]
    pub(super) fn stop_timer(timer: &Promise);
    #[wasm_bindgen(js_name = toFrontendApi, catch)]
    fn make_proxied(url: &str, request: &web_sys::Request, fields: &str) -> Result<web_sys::Request, JsValue>;
    #[wasm_bindgen(js_name = outgoing, catch)]
    fn make_outgoing(url: &str, request: &web_sys::Request, fields: &str) -> Result<web_sys::Request, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch_request(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

/// Room for one header's value; it grows for longer ones. A cookie header with a token has 1 to 4 KB, three bytes a character at most.
const HEADER_BYTES: usize = 12 * 1024;

thread_local! {
    static CROSSING: Crossing = Crossing::open();
}

/// This side of what `crossing.mjs` was told; made by the first call of an instance.
struct Crossing {
    scratch: RefCell<Vec<u8>>,
    /// Held for as long as JavaScript may call it.
    _may_pass: Closure<dyn Fn(JsString) -> bool>,
}

impl Crossing {
    fn open() -> Self {
        let may_pass = Closure::new(|name: JsString| {
            let name = String::from(name);
            !is_reserved(&name) && !is_hop_by_hop(&name)
        });
        let names: Vec<&str> = HeaderName::ALL.iter().map(|name| name.as_str()).collect();
        register(&names.join(","), &wasm_bindgen::memory(), &may_pass);
        Self { scratch: RefCell::new(vec![0; HEADER_BYTES]), _may_pass: may_pass }
    }

    fn header(&self, headers: &web_sys::Headers, name: HeaderName) -> Option<String> {
        let scratch = &mut *self.scratch.borrow_mut();
        loop {
            let written = read_header(headers, name as u32, scratch.as_mut_ptr(), scratch.len());
            match usize::try_from(written) {
                // The encoder writes UTF-8 and nothing else.
                Ok(written) => return core::str::from_utf8(scratch.get(..written)?).ok().map(str::to_owned),
                Err(_) if written == -1 => return None,
                Err(_) => scratch.resize(usize::try_from(-2 - written).ok()?, 0),
            }
        }
    }
}

/// A request's headers, read one by one as the core asks for them.
pub(super) struct JsHeaders {
    headers: web_sys::Headers,
    /// `Sec-Fetch-Dest`, which several look at.
    destination: OnceCell<Option<String>>,
}

impl JsHeaders {
    pub(super) fn new(headers: web_sys::Headers) -> Self {
        Self { headers, destination: OnceCell::new() }
    }
}

impl HeaderSource for JsHeaders {
    fn header(&self, name: HeaderName) -> Option<String> {
        let read = || CROSSING.with(|crossing| crossing.header(&self.headers, name));
        match name {
            HeaderName::SecFetchDest => self.destination.get_or_init(read).clone(),
            _ => read(),
        }
    }

    fn named(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }
}

/// A request for the origin: the one that came, under another URL, without the headers that a client may not send through, and with
/// `headers` instead.
///
/// # Errors
///
/// The platform's exception where the URL or a header is none.
pub(super) fn outgoing(url: &str, request: &web_sys::Request, headers: &[Field]) -> Result<web_sys::Request, JsValue> {
    let fields = lines_of(headers.iter().map(|(name, value)| (*name, &**value)))?;
    CROSSING.with(|_| make_outgoing(url, request, &fields))
}

/// The same for Clerk's Frontend API, which also gets Clerk's own headers. Only of use for that address: `headers` hold a secret.
///
/// # Errors
///
/// As for the origin.
pub(super) fn proxied<'a>(
    url: &str,
    request: &web_sys::Request,
    headers: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<web_sys::Request, JsValue> {
    let fields = lines_of(headers)?;
    CROSSING.with(|_| make_proxied(url, request, &fields))
}

/// A promise of what comes of the task at `place`, kept by [`pay`].
pub(super) fn owe(place: u32) -> JsValue {
    CROSSING.with(|_| owe_outcome(place))
}

/// Begins to check a signature with an imported key.
///
/// # Errors
///
/// The platform's exception where the key does not fit the algorithm.
pub(super) fn verify(algorithm: &JsValue, key: &JsValue, signature: &[u8], data: &[u8]) -> Result<Promise, JsValue> {
    CROSSING.with(|_| verify_bytes(algorithm, key, signature.as_ptr(), signature.len(), data.as_ptr(), data.len()))
}

/// Sends a request out. Its answer begins; the body streams.
///
/// # Errors
///
/// The platform's exception when there was no answer.
pub(super) async fn send(request: &web_sys::Request) -> Result<web_sys::Response, JsValue> {
    settle(&fetch_request(request)?).await?.dyn_into()
}

fn lines_of<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String, JsValue> {
    let mut fields = String::new();
    for (name, value) in headers {
        for text in [name, value] {
            // INVARIANT: a line each. The core gives visible ASCII only; what is none must not become a header of its own.
            if text.contains_any(b"\n") {
                return Err(js_sys::Error::new("a header value has a line break").unchecked_into());
            }
            fields.push_str(text);
            fields.push('\n');
        }
    }
    Ok(fields)
}
