//! What came of a run, as the text that JavaScript reads, and how texts are put together.

use crate::json::push_string;

/// The end of a run.
pub(super) struct Outcome {
    /// As a step: 0: failed, 1: done, or what [`run`](super::run) says more.
    pub(super) step: u32,
    pub(super) text: String,
}

impl Outcome {
    #[cfg(feature = "js-session")]
    pub(super) fn failed(text: String) -> Self {
        Self { step: 0, text }
    }

    pub(super) fn done(text: String) -> Self {
        Self { step: 1, text }
    }
}

pub(super) fn push_member(out: &mut String, name: &str, value: &str) {
    out.push(',');
    push_string(out, name);
    out.push(':');
    push_string(out, value);
}

/// A list of lists of two.
pub(super) fn push_pairs<'a>(out: &mut String, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    out.push('[');
    for (at, (name, value)) in pairs.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push('[');
        push_string(out, name);
        out.push(',');
        push_string(out, value);
        out.push(']');
    }
    out.push(']');
}
