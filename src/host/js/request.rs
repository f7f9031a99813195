//! A request as the loop hands it in: method and URL as text, headers one by one as the core asks for them.

use std::{cell::OnceCell, rc::Rc};

use wasm_bindgen::prelude::wasm_bindgen;

use super::{take_scratch, tell};
use crate::{
    request::{HeaderName, HeaderSource, RequestView},
    text::ByAny as _,
};

// The headers of the request that a call is about, as `npm/instance.js` has them: a run is gone on with beside its own. Each call writes into the
// buffer and says how many bytes it wrote. Numbers are signed, as they are in JavaScript's hands without a script between.
#[wasm_bindgen(module = "host")]
extern "C" {
    /// The value of the header at this place in [`HeaderName::ALL`]; -1 where it is absent.
    fn read_header(index: i32) -> i32;

    /// The value of the header whose name is the [text](super::text_place); -1 where it is absent.
    fn read_named_header() -> i32;

    /// Every header as `name:value`, a line each.
    fn read_all_headers() -> usize;
}

/// Reads the method and the URL, a line each. No line break can stand in either.
pub(super) fn read(text: &str) -> RequestView {
    let (method, url) = text.cut(b"\n").unwrap_or((text, ""));
    let known = [const { OnceCell::new() }; HeaderName::ALL.len()];
    RequestView { method: method.into(), url: url.into(), headers: Rc::new(Headers { known }) }
}

/// Headers that were read once stay as they were: a decision looks at one request, whatever becomes of the object meanwhile.
struct Headers {
    known: [OnceCell<Option<String>>; HeaderName::ALL.len()],
}

impl HeaderSource for Headers {
    fn header(&self, name: HeaderName) -> Option<&str> {
        let read = || usize::try_from(read_header(name as i32)).ok().map(take_scratch);
        self.known.get(name as usize)?.get_or_init(read).as_deref()
    }

    fn named(&self, name: &str) -> Option<String> {
        tell(name.to_owned(), 0);
        usize::try_from(read_named_header()).ok().map(take_scratch)
    }

    fn all(&self) -> Vec<(String, String)> {
        let text = take_scratch(read_all_headers());
        let mut pairs = Vec::new();
        for line in text.pieces(b"\n") {
            if let Some((name, value)) = line.cut(b":") {
                pairs.push((name.to_owned(), value.to_owned()));
            }
        }
        pairs
    }
}
