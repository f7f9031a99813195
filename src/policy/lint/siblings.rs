//! Patterns that go on within their last segment: `matches-siblings`.
//!
//! `/api/public(.*)` matches `/api/publications`. Where that opens a page which would be closed without the pattern it is a
//! warning; where it protects, or makes an API of it, a note. Where it changes nothing for an open page it is not reported.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding, name, witness},
};
use crate::policy::{
    Access,
    pattern::{Pattern, language::Scope},
};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    for at in (0..view.entries.len()).filter(|at| live.get(*at) == Some(&true)) {
        findings.extend(of_entry(view, at));
    }
    for (setting, pattern) in view.api.clone() {
        let Some((path, narrow)) = sibling(view, pattern, &[]) else { continue };
        findings.push(Finding {
            what: format!("{} also matches `{path}`", name(pattern, &setting)),
            why: "a page there would answer 401 as a problem document instead of sending its visitor to sign in".into(),
            help: help(narrow.as_ref(), "nothing to do if there is no page of such a name"),
            witness: witness("GET", &path),
            ..finding(Kind::MatchesSiblings, Severity::Note, &setting)
        });
    }
}

fn of_entry(view: &mut View<'_>, at: usize) -> Option<Finding> {
    let entry = view.entry(at)?;
    let pattern = entry.pattern;
    let method = view.method_of(entry);
    let before = view.patterns(&view.before(at, &method));
    let (path, narrow) = sibling(view, pattern, &before)?;
    let entry = view.entry(at)?;
    let opens = entry.access == Access::Public;
    if opens && view.policy.access_of(without(view, at, &method, &path)) == Access::Public {
        return None;
    }
    let (severity, verb, why) = if opens {
        (Severity::Warning, "opens", "a page of such a name, now or later, is public though nobody listed it".to_owned())
    } else {
        (
            Severity::Note,
            "matches",
            format!("it is {}, too, which is harmless unless the page was meant to be open", View::word(entry.access)),
        )
    };
    let otherwise = if opens { "list the open paths one by one" } else { "nothing to do where more protection does no harm" };
    Some(Finding {
        what: format!("{} also {verb} `{path}`", entry.name()),
        why,
        help: help(narrow.as_ref(), otherwise),
        witness: witness(&method, &path),
        ..entry.finding(Kind::MatchesSiblings, severity)
    })
}

/// A sibling that a pattern matches, and the pattern that would stop at the segment.
fn sibling(view: &mut View<'_>, pattern: &Pattern, before: &[&Pattern]) -> Option<(String, Option<Pattern>)> {
    if !pattern.opens_siblings() {
        return None;
    }
    let narrow = pattern.as_str().strip_suffix("(.*)").map(|base| format!("{base}/:path*"));
    let narrow = narrow.and_then(|narrow| Pattern::parse(&narrow).ok());
    // Any longer name will do where nothing says how the pattern would stop at the segment.
    let segment = Pattern::parse(&format!("{}(/.*)?", Pattern::escape(&pattern.literal_prefix()))).ok();
    let none_of: Vec<&Pattern> = before.iter().copied().chain(narrow.as_ref().or(segment.as_ref())).collect();
    let path = view.search(&[pattern], &none_of, Scope::Ordinary).path()?;
    Some((path, narrow))
}

/// What would decide a path if there were no such entry.
fn without(view: &View<'_>, at: usize, method: &str, path: &str) -> crate::policy::Source {
    let others = view.entries.iter().enumerate().filter(|(index, other)| *index != at && view.has_method(other, method));
    let decides = others.map(|(_, other)| other).find(|other| other.pattern.is_match(path));
    decides.map_or(crate::policy::Source::Default, |other| other.source)
}

fn help(narrow: Option<&Pattern>, otherwise: &str) -> String {
    match narrow {
        Some(narrow) => format!("write `{narrow}` to stop at the segment; {otherwise}"),
        None => format!("end the pattern with `/:path*` to stop at the segment; {otherwise}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, assert_none, one};
    use super::*;

    #[test]
    fn a_public_pattern_that_opens_siblings_is_a_warning_with_its_replacement() {
        let found = one(Kind::MatchesSiblings, r#"public = ["/", "/api/public(.*)"]"#);
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "public[1]"));
        assert!(found.help.contains("`/api/public/:path*`"), "{}", found.help);
        assert_eq!(found.witness.unwrap().path, "/api/publicx");
        assert_none(Kind::MatchesSiblings, r#"public = ["/", "/api/public/:path*", "/x/(.*)"]"#);
    }

    #[test]
    fn a_protecting_pattern_that_matches_siblings_is_a_note() {
        let found = one(Kind::MatchesSiblings, r#"protected = ["/dashboard(.*)"]"#);
        assert_eq!(found.severity, Severity::Note);
        assert!(found.help.contains("`/dashboard/:path*`"), "{}", found.help);
        assert_none(Kind::MatchesSiblings, r#"protected = ["/dashboard/:path*"]"#);
    }

    #[test]
    fn a_public_rule_opens_siblings_for_its_methods() {
        let found = one(Kind::MatchesSiblings, r#"rules = [{ match = ["/hooks(.*)"], methods = ["POST"], access = "public" }]"#);
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "rules[0].match[0]"));
        assert_eq!(found.witness.unwrap().method, "POST");
    }

    #[test]
    fn siblings_that_are_open_anyway_or_decided_before_are_not_reported() {
        assert_none(Kind::MatchesSiblings, "default = 'public'\npublic = ['/docs(.*)']");
        let admin = "admin_requires = { claim = 'role', equals = 'admin' }\n";
        assert_eq!(all(Kind::MatchesSiblings, &format!("{admin}admin = ['/docs:more(.+)']\npublic = ['/docs(.*)']")), []);
    }

    #[test]
    fn an_api_pattern_that_matches_a_page_is_a_note() {
        let found = one(Kind::MatchesSiblings, r#"api = ["/api(.*)"]"#);
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Note, "api[0]"));
    }
}
