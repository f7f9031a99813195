//! The exports of `createRouteMatcher`: patterns, and whether a path is one of theirs under its readings.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Slots, take_scratch, tell};
use crate::{
    json::{Document, push_string},
    path::{self, Ambiguity, JudgedTarget, PathSettings, Reading},
    policy::pattern::{Pattern, PatternSet},
};

/// Patterns, compiled.
pub(super) struct Matcher(PatternSet);

impl Matcher {
    fn parse(json: &str) -> Result<Self, String> {
        let document = Document::parse(json).map_err(|_| "the patterns are no JSON".to_owned())?;
        let texts = document.root().as_strings().ok_or_else(|| "the patterns are no texts".to_owned())?;
        let patterns = texts.iter().map(|text| {
            Pattern::parse(text).map_err(|error| format!("invalid pattern `{}`: {error}", crate::table::quote(text)))
        });
        Ok(Self(PatternSet::new(patterns.collect::<Result<_, _>>()?)))
    }

    /// Patterns are written in letters or in escapes, so both forms of a reading are looked for.
    fn matches(&self, reading: &Reading) -> bool {
        self.0.first_match(&reading.path).is_some() || self.0.first_match(&reading.text()).is_some()
    }
}

thread_local! {
    static MATCHERS: RefCell<Slots<Matcher>> = const { RefCell::new(Slots::new()) };
}

/// Compiles the patterns in the buffer, a JSON list of texts. A handle, or 0 where one is wrong.
#[wasm_bindgen]
#[must_use]
pub fn make_matcher(bytes: usize) -> u32 {
    match Matcher::parse(&take_scratch(bytes)) {
        Ok(matcher) => MATCHERS.with_borrow_mut(|matchers| matchers.put(matcher)),
        Err(message) => tell(message, 0),
    }
}

/// Forgets a matcher.
#[wasm_bindgen]
pub fn free_matcher(handle: u32) {
    MATCHERS.with_borrow_mut(|matchers| matchers.take(handle));
}

/// The readings of the URL or path in the buffer. 1: the text is a JSON list of `[isFirm, isMatched, path, decoded]`; 0: it cannot
/// be judged, and the text is the reason and a message, a line each.
#[wasm_bindgen]
#[must_use]
pub fn match_readings(handle: u32, bytes: usize) -> u32 {
    match judge(&take_scratch(bytes)) {
        Err(ambiguity) => tell([ambiguity.kind(), "\n", &ambiguity.to_string()].concat(), 0),
        Ok(target) => {
            let text = MATCHERS.with_borrow(|matchers| describe(&target, matchers.get(handle)));
            tell(text, 1)
        }
    }
}

/// A path alone is one of some host.
fn judge(text: &str) -> Result<JudgedTarget, Ambiguity> {
    let settings = PathSettings::default();
    if text.starts_with('/') {
        path::judge(&["https://path.invalid", text].concat(), &settings)
    } else {
        path::judge(text, &settings)
    }
}

fn describe(target: &JudgedTarget, matcher: &Matcher) -> String {
    let mut out = String::from("[");
    for reading in target.readings() {
        out.push_str(if out.len() > 1 { ",[" } else { "[" });
        out.push_str(if reading.firm { "true," } else { "false," });
        out.push_str(if matcher.matches(reading) { "true," } else { "false," });
        push_string(&mut out, &reading.path);
        out.push(',');
        push_string(&mut out, &reading.text());
        out.push(']');
    }
    out.push(']');
    out
}
