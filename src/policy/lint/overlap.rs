//! Paths that two entries match: `overlap`, `public-inside-protected`.
//!
//! Overlaps are legal, and the earlier entry decides. Which of them are reported, and how gravely:
//! 1. Both ask for the same: nothing.
//! 2. The earlier one asks for less and lies within the later one: a note, since exceptions are written like that.
//! 3. The earlier one asks for less and only crosses the later one (`/:lang/docs` and `/admin/:page` share `/admin/docs`): a
//!    warning, since neither pattern says so.
//! 4. The earlier one asks for more: a note. None for a rule within a later entry: that is what rules are for.

use super::{
    finding::{Finding, Kind, Severity},
    view::{Entry, View, listed, witness},
};
use crate::policy::{
    Access,
    pattern::language::{Scope, Search},
};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    for winner in 0..view.entries.len() {
        let mut met: Vec<Meeting> = Vec::new();
        for loser in winner + 1..view.entries.len() {
            if [winner, loser].iter().all(|at| live.get(*at) == Some(&true))
                && let Some(meeting) = meet(view, winner, loser)
            {
                met.push(meeting);
            }
        }
        // One finding for each thing to say about the earlier entry, however many it says it of.
        while let Some(first) = met.first() {
            let (kind, severity, is_inside) = (first.kind, first.severity, first.is_inside);
            let (same, rest) =
                met.into_iter().partition(|other| (other.kind, other.severity, other.is_inside) == (kind, severity, is_inside));
            met = rest;
            findings.extend(report(view, winner, same));
        }
    }
}

/// Two entries that share paths.
struct Meeting {
    loser: usize,
    method: String,
    /// A path that both match and the earlier entry decides.
    path: String,
    /// Whether the earlier one matches nothing that the later one does not.
    is_inside: bool,
    kind: Kind,
    severity: Severity,
}

fn meet(view: &mut View<'_>, winner: usize, loser: usize) -> Option<Meeting> {
    let (one, other) = (view.entry(winner)?, view.entry(loser)?);
    if one.unit == other.unit || !one.pattern.may_overlap(other.pattern) {
        return None;
    }
    let asks_less = view.asks_less(one.source, other.source);
    if !asks_less && !view.asks_less(other.source, one.source) {
        return None;
    }
    let is_public = one.access == Access::Public;
    let is_rule = one.is_rule();
    let method = view.methods.iter().find(|method| view.has_method(one, method) && view.has_method(other, method))?.clone();
    let patterns = [one.pattern, other.pattern];
    let before = view.patterns(&view.before(winner, &method));
    let path = view.search(&patterns, &before, Scope::Ordinary).path()?;
    let [one, other] = patterns;
    let is_inside = view.search(&[one], &[other], Scope::Ordinary) == Search::Nothing;
    let (kind, severity) = match (asks_less, is_inside) {
        (true, true) if is_public => (Kind::PublicInsideProtected, Severity::Note),
        (true, true) => (Kind::Overlap, Severity::Note),
        (true, false) => (Kind::Overlap, Severity::Warning),
        (false, true) if is_rule => return None,
        (false, _) => (Kind::Overlap, Severity::Note),
    };
    Some(Meeting { loser, method, path, is_inside, kind, severity })
}

fn report(view: &View<'_>, winner: usize, met: Vec<Meeting>) -> Option<Finding> {
    let entry = view.entry(winner)?;
    let losers: Vec<&Entry<'_>> = met.iter().filter_map(|meeting| view.entry(meeting.loser)).collect();
    let names = listed(&losers.iter().map(|loser| loser.name()).collect::<Vec<_>>());
    let first = met.first()?;
    let loser = losers.first()?;
    let asks_less = view.asks_less(entry.source, loser.source);
    let relation = match (asks_less, first.is_inside) {
        (true, true) => "is an exception to",
        (true, false) => "takes paths from",
        (false, true) => "lies within",
        (false, false) => "shares paths with",
    };
    let what = format!("{} {relation} {names}", entry.name());
    let why = if entry.access == loser.access {
        format!("`{}` has to meet what the first requires, not what the other does", first.path)
    } else {
        format!("`{}` is {}, not {}", first.path, View::word(entry.access), View::word(loser.access))
    };
    let help = match (asks_less, first.is_inside) {
        (true, true) => "nothing to do if it is meant; write it as narrow as the exception is",
        (true, false) => "narrow the first pattern, or list the shared paths in a rule of their own",
        (false, _) => "nothing to do if the stricter one is meant to win",
    };
    Some(Finding {
        what,
        why,
        help: help.to_owned(),
        related: losers.iter().map(|loser| loser.setting.clone()).collect(),
        witness: witness(&first.method, &first.path),
        ..entry.finding(first.kind, first.severity)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    const ADMIN: &str = "admin_requires = { claim = 'role', equals = 'admin' }\n";

    #[test]
    fn an_exception_is_a_note_with_the_path_that_it_opens() {
        let found = one(
            Kind::PublicInsideProtected,
            r#"protected = ["/api(.*)"]
            public = ["/api/webhooks/:path*"]"#,
        );
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Note, "public[0]"));
        assert_eq!(found.related, ["protected[0]"]);
        assert_eq!(found.witness.unwrap().path, "/api/webhooks");
        assert_none(
            Kind::PublicInsideProtected,
            r#"protected = ["/api/private(.*)"]
            public = ["/api/webhooks/:path*"]"#,
        );
    }

    #[test]
    fn patterns_that_cross_are_a_warning_where_the_weaker_one_wins() {
        let found = one(
            Kind::Overlap,
            r#"protected = ["/account/:page"]
            public = ["/:any/docs"]"#,
        );
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "public[0]"));
        assert_eq!(found.witness.unwrap().path, "/account/docs");
        assert_none(
            Kind::Overlap,
            r#"protected = ["/account/:page"]
            public = ["/:any/docs/:more"]"#,
        );
    }

    #[test]
    fn a_stricter_list_that_takes_paths_is_a_note() {
        let found = one(Kind::Overlap, &format!("{ADMIN}public = ['/docs(.*)']\nadmin = ['/docs/drafts(.*)']"));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Note, "admin[0]"));
    }

    #[test]
    fn a_stricter_rule_within_a_list_is_what_rules_are_for() {
        assert_none(
            Kind::Overlap,
            r#"protected = ["/api(.*)"]
            rules = [{ match = "/api/billing/:path*", require = { role = "org:admin" } }]"#,
        );
        one(
            Kind::Overlap,
            r#"protected = ["/api/:path*"]
            rules = [{ match = "/:any/billing", require = { role = "org:admin" } }]"#,
        );
    }

    #[test]
    fn a_path_that_a_third_entry_decides_is_no_overlap() {
        let lists = "public = ['/:any/docs']\nprotected = ['/account/:page']\n";
        assert_eq!(one(Kind::Overlap, lists).severity, Severity::Warning);
        let found = one(Kind::Overlap, &format!("{ADMIN}{lists}admin = ['/account/docs']"));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Note, "admin[0]"));
    }

    #[test]
    fn rules_that_share_no_method_do_not_overlap() {
        let rules = |method| {
            format!(
                "rules = [{{ match = '/a/:x', methods = ['GET'], access = 'public' }}, {{ match = '/:y/b', methods = ['{method}'] }}]"
            )
        };
        assert_none(Kind::Overlap, &rules("POST"));
        assert_eq!(one(Kind::Overlap, &rules("HEAD")).witness.unwrap().method, "HEAD");
    }

    #[test]
    fn many_losers_make_one_finding() {
        let found = one(
            Kind::PublicInsideProtected,
            r#"protected = ["/a/(.*)", "/a/b(.*)", "/a/:x/c", "/(.*)"]
            public = ["/a/b/c"]"#,
        );
        assert_eq!(found.related.len(), 4);
        assert!(found.what.contains("1 more"), "{}", found.what);
    }
}
