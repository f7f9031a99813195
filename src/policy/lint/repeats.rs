//! Patterns of one list that say what another one of it says: `duplicate`, `redundant`.

use super::{
    finding::{Finding, Kind, Severity},
    view::{Entry, Unit, View, finding, name},
};
use crate::policy::pattern::{
    Pattern,
    language::{Scope, Search},
};

pub(super) fn check(view: &mut View<'_>, findings: &mut Vec<Finding>) {
    let mut units: Vec<Unit> = view.entries.iter().map(|entry| entry.unit).collect();
    units.dedup();
    let placed = |entry: &Entry<'_>| entry.setting.clone();
    let mut lists: Vec<Vec<(String, &Pattern)>> = units
        .into_iter()
        .map(|unit| view.entries.iter().filter(|entry| entry.unit == unit).map(|entry| (placed(entry), entry.pattern)).collect())
        .collect();
    lists.push(view.api.clone());
    for list in lists {
        for at in 0..list.len() {
            findings.extend(repeat(view, &list, at));
        }
    }
}

fn repeat(view: &mut View<'_>, list: &[(String, &Pattern)], at: usize) -> Option<Finding> {
    let (setting, pattern) = list.get(at)?;
    for (index, (other_setting, other)) in list.iter().enumerate() {
        if index == at || !pattern.may_overlap(other) || view.search(&[pattern], &[other], Scope::Every) != Search::Nothing {
            continue;
        }
        let is_same = view.search(&[other], &[pattern], Scope::Every) == Search::Nothing;
        let (kind, verb) = match (is_same, index < at) {
            (true, true) => (Kind::Duplicate, "matches the same paths as"),
            // Reported where the later one stands.
            (true, false) => continue,
            (false, _) => (Kind::Redundant, "matches nothing that is not matched by"),
        };
        return Some(Finding {
            what: format!("{} {verb} {}", name(pattern, setting), name(other, other_setting)),
            why: "a change of one of them has no effect while the other stands".into(),
            help: format!("remove `{setting}`"),
            related: vec![other_setting.clone()],
            ..finding(kind, Severity::Note, setting)
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, assert_none, one};
    use super::*;

    #[test]
    fn a_pattern_within_another_one_of_its_list_is_redundant() {
        let found = one(Kind::Redundant, "protected = ['/a/b', '/a(.*)']");
        assert_eq!((found.setting.as_str(), found.related.as_slice()), ("protected[0]", ["protected[1]".to_owned()].as_slice()));
        assert_none(Kind::Redundant, "protected = ['/a/b', '/a/:x(\\d+)']");
        assert_none(Kind::Redundant, "public = ['/a/b']\nprotected = ['/a(.*)']");
    }

    #[test]
    fn patterns_that_match_the_same_paths_are_duplicates_however_they_are_written() {
        let table = "public = ['/a', '/A', '/:x', '/:y', '/b']";
        assert_eq!(
            all(Kind::Duplicate, table).iter().map(|found| found.setting.as_str()).collect::<Vec<_>>(),
            ["public[1]", "public[3]"]
        );
        assert_eq!(one(Kind::Duplicate, "api = ['/a/:x*', '/a/:y*']").setting, "api[1]");
        assert_eq!(one(Kind::Duplicate, "rules = [{ match = ['/a', '/a'] }]").setting, "rules[0].match[1]");
        assert_none(Kind::Duplicate, "public = ['/a', '/b']\nprotected = ['/a']");
    }
}
