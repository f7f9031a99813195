//! What came of a run, as the text that JavaScript reads, and how texts are put together.

use crate::json::push_string;

/// The end of a run.
pub(super) struct Outcome {
    pub(super) is_ok: bool,
    pub(super) text: String,
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
