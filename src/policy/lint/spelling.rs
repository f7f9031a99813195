//! Patterns in a spelling that no path has when it is judged: `matches-nothing`.
//!
//! Paths are matched in their canonical form: escapes of unreserved characters are decoded, dot segments and backslashes are gone. So
//! `/%61dmin` and `/./admin` match no path that anybody links to, and at best a reading of one that somebody made up.

use super::{
    finding::{Finding, Kind, Severity},
    view::{Entry, View, escape, finding},
};
use crate::{
    path::{self, Ambiguity},
    policy::{Access, pattern::Pattern},
    table::quote,
};

pub(super) fn misspelt(view: &View<'_>, entry: &Entry<'_>) -> Option<Finding> {
    let example = entry.pattern.example();
    // The others match nothing for a reason of their own.
    if !example.starts_with('/') || example.contains(['?', '#']) {
        return None;
    }
    let has_control = example.contains(|c: char| c.is_ascii_control());
    if !has_control && is_canonical(view, &example) {
        return None;
    }
    let source = entry.pattern.as_str();
    let help = match respelt(view, source) {
        Some(better) => format!("write `{}`", quote(&better)),
        None => "write it without escapes of letters, dot segments, backslashes and control characters".to_owned(),
    };
    let severity = if entry.access == Access::Public { Severity::Warning } else { Severity::Error };
    Some(Finding {
        what: format!("{} matches no ordinary path, for none is spelled so when it is judged", entry.name()),
        why: "escapes of letters, digits and `-._~` are decoded, dot segments and backslashes resolved before a path is matched"
            .into(),
        help,
        ..finding(Kind::MatchesNothing, severity, &entry.setting)
    })
}

/// Whether a path is judged as it is spelled here, or with what no URL can hold as itself. Patterns match in any case.
fn is_canonical(view: &View<'_>, path: &str) -> bool {
    match path::judge(&format!("https://gate.invalid{}", escape(path)), view.paths) {
        Ok(target) => {
            target.path().as_str().eq_ignore_ascii_case(path)
                || target.readings().first().is_some_and(|canonical| canonical.text() == path)
        }
        Err(ambiguity) => !matches!(ambiguity, Ambiguity::EncodedNul { .. }),
    }
}

/// The pattern as paths are spelled, where its text can be told from its parameters.
fn respelt(view: &View<'_>, source: &str) -> Option<String> {
    if source.contains(['\\', '?', '#', '{']) {
        return None;
    }
    let bare: String = source.chars().filter(|c| !c.is_ascii_control()).collect();
    let target = path::judge(&format!("https://gate.invalid{}", escape(&bare)), view.paths).ok()?;
    let better = target.readings().first()?.text().into_owned();
    let pattern = Pattern::parse(&better).ok()?;
    (better != source && is_canonical(view, &pattern.example())).then_some(better)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn a_pattern_that_no_path_is_spelled_like_matches_nothing() {
        for (pattern, help) in [
            ("/%61dmin(.*)", "write `/admin(.*)`"),
            ("/:lang/%61dmin", "write `/:lang/admin`"),
            ("/./admin(.*)", "write `/admin(.*)`"),
            ("/x/../admin", "write `/admin`"),
            ("/x/%2e%2E/admin/:id", "write `/admin/:id`"),
            ("/admin\\t", "write `/admin`"),
            ("/caf%C3%A9 au lait", "write `/café au lait`"),
        ] {
            let found = one(Kind::MatchesNothing, &format!("protected = [\"{pattern}\"]"));
            assert_eq!((found.severity, found.help.as_str()), (Severity::Error, help), "{pattern}");
        }
        for pattern in ["/%61dmin/:id(\\\\d+)", "/a\\\\\\\\b", "/a%00"] {
            let found = one(Kind::MatchesNothing, &format!("public = [\"{pattern}\"]"));
            assert_eq!(found.severity, Severity::Warning, "{pattern}");
            assert!(found.help.starts_with("write it without escapes of letters"), "{pattern}: {}", found.help);
        }
    }

    #[test]
    fn a_spelling_that_paths_have_is_not_reported() {
        for pattern in [
            "/admin",
            "/caf%c3%a9",
            "/café au lait",
            "/a%20b",
            "/c%2B%2B/:id",
            "/100%",
            "/a%2Fb",
            "/..(.*)",
            "/:a..:b",
            "/v1.0/...",
            "/@me/~x/(a|b)",
            "/x{/../y}?",
        ] {
            assert_none(Kind::MatchesNothing, &format!("protected = ['{pattern}']"));
        }
    }
}
