//! Capital letters in patterns: `letter-case`.
//!
//! Patterns match in any case, and a path in other letters has the access of its pattern: `/ADMIN` is `/admin`. So two patterns
//! cannot tell letters apart, and an origin that does serves pages that the policy cannot name.

use std::collections::HashMap;

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding, name},
};
use crate::policy::pattern::Pattern;

pub(super) fn check(view: &View<'_>, findings: &mut Vec<Finding>) {
    let entries = view.entries.iter().map(|entry| (entry.setting.as_str(), entry.pattern, entry.access.as_str()));
    let api = view.api.iter().map(|(setting, pattern)| (setting.as_str(), *pattern, "api"));
    let mut seen: HashMap<String, (&str, &Pattern, &str)> = HashMap::new();
    for (setting, pattern, access) in entries.chain(api) {
        let (first_setting, first, first_access) = *seen.entry(pattern.folded()).or_insert((setting, pattern, access));
        // What a path is and whether it is an API are two questions: the same path may be named for both.
        let is_pair = first != pattern && (first_access == "api") == (access == "api");
        if is_pair {
            let severity = if first_access == access { Severity::Note } else { Severity::Warning };
            findings.push(Finding {
                what: format!("{} differs from {} only in capital letters", name(pattern, setting), name(first, first_setting)),
                why: "patterns match in any case, so both name the same paths".into(),
                help: "keep one of them".into(),
                related: vec![first_setting.to_owned()],
                ..finding(Kind::LetterCase, severity, setting)
            });
        } else if pattern.plain_text().chars().any(char::is_uppercase) {
            findings.push(Finding {
                what: format!("{} has capital letters, and matches in any case", name(pattern, setting)),
                why: "a page that differs from it only in letters, for an origin that tells them apart, has the same access"
                    .into(),
                help: format!("write `{}`, so that nobody expects otherwise", lower_case(pattern)),
                ..finding(Kind::LetterCase, Severity::Note, setting)
            });
        }
    }
}

/// The pattern with its plain text in lower case, if it has neither names nor expressions whose case means something.
fn lower_case(pattern: &Pattern) -> String {
    let source = pattern.as_str();
    let has_names = source.contains(':');
    let has_expressions = source.replace("(.*)", "").contains(['(', '\\']);
    if has_names || has_expressions { "it in lower case".to_owned() } else { source.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, assert_none, one};
    use super::*;

    #[test]
    fn patterns_that_differ_only_in_letters_cannot_mean_different_things() {
        let found = one(Kind::LetterCase, "public = ['/docs']\nprotected = ['/Docs']");
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "protected[0]"));
        assert_eq!(found.related, ["public[0]"]);
        assert_none(Kind::LetterCase, "public = ['/docs']\nprotected = ['/docs']");
    }

    #[test]
    fn capital_letters_are_a_note_but_for_names_and_expressions() {
        let found = one(Kind::LetterCase, "protected = ['/Dashboard(.*)', '/users/:userId(\\D+)/:Tab?']");
        assert_eq!(
            (found.severity, found.help.as_str()),
            (Severity::Note, "write `/dashboard(.*)`, so that nobody expects otherwise")
        );
        assert_eq!(all(Kind::LetterCase, "protected = ['/users/:id/Edit', '/É']").len(), 2);
    }
}
