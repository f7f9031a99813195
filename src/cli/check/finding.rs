//! One thing that `check` found.

use super::kind::Kind;
use crate::{cli::source::Place, policy::lint::Severity};

/// What, where, why it matters, how to fix it.
#[derive(Debug)]
pub(super) struct Finding {
    /// In kebab-case; it stays what it is.
    pub kind: &'static str,
    /// What findings of this kind are, in one sentence.
    pub about: &'static str,
    pub severity: Severity,
    pub place: Option<Place>,
    /// One sentence, lower case, without a period.
    pub what: String,
    pub why: String,
    pub help: String,
}

/// A finding that is collected with a builder's brevity: most checks have exactly these parts.
pub(super) fn finding(kind: Kind, severity: Severity, place: Option<Place>, [what, why, help]: [&str; 3]) -> Finding {
    Finding {
        kind: kind.as_str(),
        about: kind.about(),
        severity,
        place,
        what: what.to_owned(),
        why: why.to_owned(),
        help: help.to_owned(),
    }
}
