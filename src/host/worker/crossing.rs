//! The few calls by which text and requests cross the boundary, at the price that they have to cost.
//!
//! The ordinary way copies a string character by character, 3 µs for a token, builds the name of a header anew for each look at it,
//! and pays for each step of making a request. `crossing.mjs` has the other half.

use std::{
    cell::{OnceCell, Ref, RefCell},
    ops::Range,
    rc::Rc,
};

use js_sys::{JsString, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};

use super::settle::settle;
use crate::{
    headers::{Field, NETWORK_CACHE_CONTROL, is_hop_by_hop, is_reserved, private_cache_control, private_vary},
    request::{HeaderList, HeaderName, HeaderSource, RequestView},
    text::ByAny as _,
};

#[wasm_bindgen(module = "/src/host/worker/crossing.mjs")]
extern "C" {
    fn register(names: &str, memory: &JsValue, networks: &str, may_pass: &MayPass, make_private: &MakePrivate);
    #[wasm_bindgen(js_name = readRequest)]
    fn read_request(request: &web_sys::Request, at: *mut u8, room: usize, lengths: *mut i32) -> i32;
    #[wasm_bindgen(js_name = readHeader)]
    fn read_header(request: &web_sys::Request, index: u32, at: *mut u8, room: usize) -> i32;
    #[wasm_bindgen(js_name = verify, catch)]
    fn verify_bytes(
        algorithm: &JsValue,
        key: &JsValue,
        signature: *const u8,
        signature_bytes: usize,
        data: *const u8,
        data_bytes: usize,
    ) -> Result<Promise, JsValue>;
    /// The answer where no other can be made; the log says why.
    pub(super) fn failed(error: &JsValue) -> web_sys::Response;
    #[wasm_bindgen(js_name = toFrontendApi, catch)]
    fn make_proxied(url: &str, request: &web_sys::Request, fields: &str) -> Result<web_sys::Request, JsValue>;
    #[wasm_bindgen(js_name = delivered, catch)]
    fn make_delivered(request: &web_sys::Request, body: &Uint8Array, signed: &str) -> Result<web_sys::Request, JsValue>;
    #[wasm_bindgen(js_name = privateAnswer, catch)]
    fn make_private_answer(response: &web_sys::Response) -> Result<web_sys::Response, JsValue>;
    #[wasm_bindgen(js_name = withoutBody, catch)]
    fn make_without_body(response: &web_sys::Response, kept: &str) -> Result<web_sys::Response, JsValue>;
    #[wasm_bindgen(js_name = outgoing, catch)]
    fn make_outgoing(url: &str, request: &web_sys::Request, fields: &str) -> Result<web_sys::Request, JsValue>;
    #[wasm_bindgen(js_name = fetchForOne, catch)]
    fn fetch_for_one(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch_request(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

/// Room for what is read of a request; it grows for longer ones. A cookie header with a token has 1 to 4 KB, three bytes a character at most.
const TEXT_BYTES: usize = 12 * 1024;

/// What is read of each request at once, as `crossing.mjs` writes it: these headers, then the method and the URL.
const READ_AT_ONCE: [HeaderName; 5] =
    [HeaderName::Cookie, HeaderName::SecFetchDest, HeaderName::Referer, HeaderName::Authorization, HeaderName::NextUrl];

/// The lengths in bytes of those headers, the method and the URL.
type Lengths = [i32; READ_AT_ONCE.len() + 2];

/// In the place of the length of a header that was not looked at. -1: it is absent.
const NOT_READ: i32 = -2;

thread_local! {
    static CROSSING: Crossing = Crossing::open();
}

/// Whether a request header of that name goes on to the origin.
type MayPass = Closure<dyn Fn(JsString) -> bool>;
/// `Cache-Control` and `Vary` of an answer to one user, name and value a line each, for those of the origin.
type MakePrivate = Closure<dyn Fn(JsString, JsString) -> String>;

/// This side of what `crossing.mjs` was told; made by the first call of an instance.
struct Crossing {
    scratch: RefCell<Vec<u8>>,
    lengths: RefCell<Box<Lengths>>,
    /// The last request's; most have the same.
    method: RefCell<Rc<str>>,
    /// Held for as long as JavaScript may call them.
    _called: (MayPass, MakePrivate),
}

impl Crossing {
    fn open() -> Self {
        let may_pass = MayPass::new(|name: JsString| {
            let name = String::from(name);
            !is_reserved(&name) && !is_hop_by_hop(&name)
        });
        let make_private = MakePrivate::new(|cache_control: JsString, vary: JsString| {
            let cache_control = private_cache_control(Some(&String::from(cache_control)));
            let vary = private_vary(Some(&String::from(vary)));
            let fields = lines_of([("cache-control", &*cache_control), ("vary", &*vary)].into_iter());
            fields.unwrap_or_else(|_| "cache-control\nno-store\n".to_owned())
        });
        let names: Vec<&str> = HeaderName::ALL.iter().map(|name| name.as_str()).collect();
        register(&names.join(","), &wasm_bindgen::memory(), &NETWORK_CACHE_CONTROL.join(","), &may_pass, &make_private);
        Self {
            scratch: RefCell::new(vec![0; TEXT_BYTES]),
            lengths: RefCell::default(),
            method: RefCell::new("GET".into()),
            _called: (may_pass, make_private),
        }
    }

    /// What `write` puts into the scratch, which grows where it asks for more room; `None` where there is nothing.
    fn read(&self, write: &dyn Fn(*mut u8, usize) -> i32) -> Option<Ref<'_, [u8]>> {
        let mut scratch = self.scratch.borrow_mut();
        loop {
            let written = write(scratch.as_mut_ptr(), scratch.len());
            match usize::try_from(written) {
                Ok(written) => {
                    drop(scratch);
                    return Ref::filter_map(self.scratch.borrow(), |scratch| scratch.get(..written)).ok();
                }
                Err(_) if written == -1 => return None,
                Err(_) => scratch.resize(usize::try_from(-2 - written).ok()?, 0),
            }
        }
    }

    fn request(&self, request: &web_sys::Request) -> Option<RequestView> {
        let lengths = &mut **self.lengths.borrow_mut();
        let lengths_at = lengths.as_mut_ptr();
        let bytes = self.read(&|text, room| read_request(request, text, room, lengths_at))?;
        // The encoder writes UTF-8 and nothing else.
        let text = core::str::from_utf8(&bytes).ok()?;
        let (method, url) = (range_of(lengths, READ_AT_ONCE.len()), range_of(lengths, READ_AT_ONCE.len() + 1));
        let headers = JsHeaders {
            request: Clone::clone(request),
            text: text.get(..method.start)?.into(),
            lengths: *lengths,
            others: OnceCell::new(),
        };
        Some(RequestView { method: self.method(text.get(method)?), url: text.get(url)?.into(), headers: Rc::new(headers) })
    }

    fn method(&self, method: &str) -> Rc<str> {
        let mut last = self.method.borrow_mut();
        if **last != *method {
            *last = method.into();
        }
        last.clone()
    }

    fn header(&self, request: &web_sys::Request, name: HeaderName) -> Option<Box<str>> {
        let bytes = self.read(&|text, room| read_header(request, name as u32, text, room))?;
        core::str::from_utf8(&bytes).ok().map(Box::from)
    }
}

/// Where a part of those lengths stands.
fn range_of(lengths: &[i32], index: usize) -> Range<usize> {
    let bytes = |length: &i32| usize::try_from(*length).unwrap_or_default();
    let start = lengths.iter().take(index).map(bytes).sum();
    start..start + lengths.get(index).map_or(0, bytes)
}

/// A request as the core sees it; where it cannot be read without a URL, which is refused.
pub(super) fn view_of(request: &web_sys::Request) -> RequestView {
    CROSSING.with(|crossing| crossing.request(request)).unwrap_or_else(unreadable)
}

#[cold]
fn unreadable() -> RequestView {
    RequestView { method: "".into(), url: "".into(), headers: Rc::new(HeaderList::default()) }
}

/// A request's headers: those that nearly every decision looks at were read at once, the others are read as the core asks for them.
struct JsHeaders {
    request: web_sys::Request,
    /// Those that were, one behind the other.
    text: Box<str>,
    lengths: Lengths,
    others: OnceCell<Box<Others>>,
}

/// By [`HeaderName`].
type Others = [OnceCell<Option<Box<str>>>; HeaderName::ALL.len()];

impl HeaderSource for JsHeaders {
    fn header(&self, name: HeaderName) -> Option<&str> {
        if let Some(index) = READ_AT_ONCE.iter().position(|read| *read == name) {
            match self.lengths.get(index) {
                Some(&NOT_READ) | None => {}
                Some(..0) => return None,
                Some(_) => return self.text.get(range_of(&self.lengths, index)),
            }
        }
        let read = || CROSSING.with(|crossing| crossing.header(&self.request, name));
        self.others.get_or_init(Box::default).get(name as usize)?.get_or_init(read).as_deref()
    }

    fn named(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
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

/// A delivery with the body that was read to be checked, and of its own header fields with those that were, by their names.
///
/// # Errors
///
/// The platform's exception where there can be no such request.
pub(super) fn delivered(request: &web_sys::Request, body: &Uint8Array, signed: [&str; 3]) -> Result<web_sys::Request, JsValue> {
    CROSSING.with(|_| make_delivered(request, body, &signed.join(",")))
}

/// The origin's answer, as it is for one user; its body streams on.
///
/// # Errors
///
/// The platform's exception where an answer like this cannot be made.
pub(super) fn private_answer(response: &web_sys::Response) -> Result<web_sys::Response, JsValue> {
    CROSSING.with(|_| make_private_answer(response))
}

/// An answer without its body, and with those of its headers whose names are given.
///
/// # Errors
///
/// The platform's exception where an answer like this cannot be made.
pub(super) fn without_body(response: &web_sys::Response, kept: &[&str]) -> Result<web_sys::Response, JsValue> {
    make_without_body(response, &kept.join(","))
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
    settle(fetch_request(request)?).await?.dyn_into()
}

/// The same for one user: no cache of the platform keeps the answer, or answers.
///
/// # Errors
///
/// As [`send`].
pub(super) async fn send_for_one(request: &web_sys::Request) -> Result<web_sys::Response, JsValue> {
    settle(fetch_for_one(request)?).await?.dyn_into()
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
