//! A request as the loop hands it in: method and URL as text, headers one by one as the core asks for them.

use std::{cell::OnceCell, rc::Rc};

use wasm_bindgen::prelude::wasm_bindgen;

use super::{take_scratch, tell};
use crate::{
    request::{HeaderName, HeaderSource, RequestView},
    text::ByAny as _,
};

#[wasm_bindgen]
extern "C" {
    /// A request's headers, on JavaScript's side (`npm/header-reader.js`). Each call writes into the buffer and says how many bytes it wrote.
    pub type HeaderReader;

    /// The value of the header at this place in [`HeaderName::ALL`]; -1 where it is absent.
    #[wasm_bindgen(method)]
    fn read(this: &HeaderReader, index: u32) -> i32;

    /// The value of the header whose name is the [text](super::text_place); -1 where it is absent.
    #[wasm_bindgen(method, js_name = readNamed)]
    fn read_named(this: &HeaderReader) -> i32;

    /// Every header as `name:value`, a line each.
    #[wasm_bindgen(method, js_name = readAll)]
    fn read_all(this: &HeaderReader) -> usize;
}

/// Reads the method and the URL, a line each. No line break can stand in either.
pub(super) fn read(text: &str, headers: HeaderReader) -> RequestView {
    let (method, url) = text.cut(b"\n").unwrap_or((text, ""));
    RequestView { method: method.into(), url: url.into(), headers: Rc::new(Headers::new(headers)) }
}

/// Headers that were read once stay as they were: a decision looks at one request, whatever becomes of the object meanwhile.
struct Headers {
    reader: HeaderReader,
    known: [OnceCell<Option<String>>; HeaderName::ALL.len()],
}

impl Headers {
    fn new(reader: HeaderReader) -> Self {
        Self { reader, known: [const { OnceCell::new() }; HeaderName::ALL.len()] }
    }
}

impl HeaderSource for Headers {
    fn header(&self, name: HeaderName) -> Option<&str> {
        let read = || usize::try_from(self.reader.read(name as u32)).ok().map(take_scratch);
        self.known.get(name as usize)?.get_or_init(read).as_deref()
    }

    fn named(&self, name: &str) -> Option<String> {
        tell(name.to_owned(), 0);
        usize::try_from(self.reader.read_named()).ok().map(take_scratch)
    }

    fn all(&self) -> Vec<(String, String)> {
        let text = take_scratch(self.reader.read_all());
        let mut pairs = Vec::new();
        for line in text.pieces(b"\n") {
            if let Some((name, value)) = line.cut(b":") {
                pairs.push((name.to_owned(), value.to_owned()));
            }
        }
        pairs
    }
}
