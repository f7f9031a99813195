//! Entries that never decide: `unreachable`, `shadowed`, `public-inside-admin`, `matches-nothing`.
//!
//! An entry decides a path for a method if no entry before it matches the path and takes the method. So for each way in which
//! the rules tell methods apart, the entry is held against all of those before it together; it is dead only if it is under
//! every method that it takes.

use super::{
    finding::{Finding, Kind, Severity},
    spelling::misspelt,
    view::{Entry, Unit, View, finding, listed, witness},
};
use crate::policy::{
    Access,
    pattern::language::{Scope, Search},
};

/// Reports entries that never decide, and returns for each entry whether it decides an ordinary path.
pub(super) fn check(view: &mut View<'_>, findings: &mut Vec<Finding>) -> Vec<bool> {
    let fates: Vec<Fate> = (0..view.entries.len()).map(|at| fate(view, at)).collect();
    for rule in 0..view.policy.rules.len() {
        report_rule(view, rule, &fates, findings);
    }
    for (entry, fate) in view.entries.iter().zip(&fates) {
        match fate {
            Fate::Covered(cover) if !is_rule_covered(view, entry.unit, &fates) => {
                findings.push(covered(view, entry, &entry.setting, &entry.name(), cover))
            }
            Fate::MatchesNothing { odd } => findings.push(matches_nothing(entry, odd.as_deref())),
            Fate::Misspelt(finding) => findings.push(finding.as_ref().clone()),
            Fate::Covered(_) | Fate::Decides => {}
        }
    }
    fates.into_iter().map(|fate| matches!(fate, Fate::Decides)).collect()
}

enum Fate {
    /// It decides some ordinary path, or it is not known that it does not.
    Decides,
    Covered(Cover),
    /// No path is spelled so when it is judged.
    Misspelt(Box<Finding>),
    /// No ordinary path matches it, and no other path but perhaps this one.
    MatchesNothing {
        odd: Option<String>,
    },
}

/// What takes all paths from an entry.
#[derive(Clone)]
struct Cover {
    by: Vec<usize>,
    /// A path that comes through after all, though not an ordinary one.
    odd: Option<String>,
}

fn fate(view: &mut View<'_>, at: usize) -> Fate {
    let Some(entry) = view.entry(at) else { return Fate::Decides };
    if let Some(finding) = misspelt(view, entry) {
        return Fate::Misspelt(Box::new(finding));
    }
    let pattern = entry.pattern;
    if view.search(&[pattern], &[], Scope::Ordinary) == Search::Nothing {
        return match view.search(&[pattern], &[], Scope::Every) {
            Search::Nothing => Fate::MatchesNothing { odd: None },
            Search::Found(odd) => Fate::MatchesNothing { odd: Some(odd) },
            Search::Unknown => Fate::Decides,
        };
    }
    let methods = view.methods.clone();
    let methods = methods.iter().filter(|method| view.entry(at).is_some_and(|entry| view.has_method(entry, method)));
    cover(view, at, &methods.map(String::as_str).collect::<Vec<_>>()).map_or(Fate::Decides, Fate::Covered)
}

/// What takes all paths from an entry for all of these methods, if anything does.
fn cover(view: &mut View<'_>, at: usize, methods: &[&str]) -> Option<Cover> {
    let pattern = view.entry(at)?.pattern;
    let mut known: Vec<Vec<usize>> = Vec::new();
    let mut all = Cover { by: Vec::new(), odd: None };
    for method in methods {
        let before = view.before(at, method);
        if before.is_empty() {
            return None;
        }
        if known.contains(&before) {
            continue;
        }
        let stronger = view.patterns(&before);
        if view.search(&[pattern], &stronger, Scope::Ordinary) != Search::Nothing {
            return None;
        }
        match view.search(&[pattern], &stronger, Scope::Every) {
            Search::Nothing => {}
            Search::Found(odd) => all.odd = Some(odd),
            Search::Unknown => return None,
        }
        for culprit in culprits(view, at, &before) {
            if !all.by.contains(&culprit) {
                all.by.push(culprit);
            }
        }
        known.push(before);
    }
    Some(all).filter(|cover| !cover.by.is_empty())
}

/// The first entry that alone takes all ordinary paths; else all that take some.
fn culprits(view: &mut View<'_>, at: usize, before: &[usize]) -> Vec<usize> {
    let Some(pattern) = view.entry(at).map(|entry| entry.pattern) else { return Vec::new() };
    let mut some = Vec::new();
    for culprit in before {
        let Some(stronger) = view.entry(*culprit).map(|entry| entry.pattern) else { continue };
        if view.search(&[pattern], &[stronger], Scope::Ordinary) == Search::Nothing {
            return vec![*culprit];
        }
        if view.search(&[pattern, stronger], &[], Scope::Ordinary) != Search::Nothing {
            some.push(*culprit);
        }
    }
    some
}

fn of_unit<'v>(view: &'v View<'_>, unit: Unit, fates: &'v [Fate]) -> impl Iterator<Item = (usize, &'v Fate)> {
    view.entries.iter().zip(fates).enumerate().filter(move |(_, (entry, _))| entry.unit == unit).map(|(at, (_, fate))| (at, fate))
}

/// Whether a rule is reported as a whole.
fn is_rule_covered(view: &View<'_>, unit: Unit, fates: &[Fate]) -> bool {
    matches!(unit, Unit::Rule(_)) && of_unit(view, unit, fates).all(|(_, fate)| matches!(fate, Fate::Covered(_)))
}

fn report_rule(view: &mut View<'_>, rule: usize, fates: &[Fate], findings: &mut Vec<Finding>) {
    let unit = Unit::Rule(rule);
    let Some(first) = of_unit(view, unit, fates).next().map(|(at, _)| at) else { return };
    let setting = format!("rules[{rule}]");
    if is_rule_covered(view, unit, fates) {
        let mut all = Cover { by: Vec::new(), odd: None };
        for (_, fate) in of_unit(view, unit, fates) {
            if let Fate::Covered(cover) = fate {
                all.by.extend(cover.by.iter().filter(|culprit| !all.by.contains(culprit)).copied().collect::<Vec<_>>());
                all.odd = all.odd.or_else(|| cover.odd.clone());
            }
        }
        if let Some(entry) = view.entry(first) {
            let subject = format!("the rule for `{}` in `{setting}`", crate::table::quote(entry.pattern.as_str()));
            findings.push(covered(view, entry, &setting, &subject, &all));
        }
        return;
    }
    // A method that is named, though other rules take it wherever this one matches.
    let Some(methods) = view.policy.rules.get(rule).and_then(|rule| rule.methods.as_ref()).filter(|methods| methods.len() > 1)
    else {
        return;
    };
    for (index, method) in methods.iter().enumerate() {
        let follows = (method == "GET" && !methods.iter().any(|method| method == "HEAD")).then_some("HEAD");
        let asked: Vec<&str> = [method.as_str()].into_iter().chain(follows).collect();
        let live: Vec<_> =
            of_unit(view, unit, fates).filter(|(_, fate)| matches!(fate, Fate::Decides)).map(|(at, _)| at).collect();
        let covers: Option<Vec<Cover>> = live.into_iter().map(|at| cover(view, at, &asked)).collect();
        let Some(covers) = covers.filter(|covers| !covers.is_empty()) else { continue };
        let mut all = Cover { by: Vec::new(), odd: covers.iter().find_map(|cover| cover.odd.clone()) };
        all.by.extend(covers.into_iter().flat_map(|cover| cover.by));
        all.by.dedup();
        if let Some(entry) = view.entry(first) {
            let subject = format!("method `{method}` in `{setting}.methods[{index}]`");
            findings.push(covered(view, entry, &format!("{setting}.methods[{index}]"), &subject, &all));
        }
    }
}

fn covered(view: &View<'_>, entry: &Entry<'_>, setting: &str, subject: &str, cover: &Cover) -> Finding {
    let culprits: Vec<&Entry<'_>> = cover.by.iter().filter_map(|at| view.entry(*at)).collect();
    let names: Vec<String> = culprits.iter().map(|culprit| culprit.name()).collect();
    let weaker = culprits.iter().find(|culprit| view.asks_less(culprit.source, entry.source));
    let is_never_public = entry.unit == Unit::Public && culprits.iter().all(|culprit| culprit.unit == Unit::Admin);
    let kind = match cover.odd {
        _ if is_never_public => Kind::PublicInsideAdmin,
        None => Kind::Unreachable,
        Some(_) => Kind::Shadowed,
    };
    let verb = if culprits.len() == 1 { "decides" } else { "decide" };
    let extent = match &cover.odd {
        None => "whatever it matches".to_owned(),
        Some(odd) => format!("whatever it matches but for odd paths such as `{}`", crate::table::quote(odd)),
    };
    let what = if is_never_public {
        format!("{subject} is never public: {} {verb} {extent}, and admin wins", listed(&names))
    } else {
        format!("{subject} is never asked: {} {verb} {extent}", listed(&names))
    };
    let (severity, why) = match weaker {
        Some(weaker) if weaker.access < entry.access => (
            Severity::Error,
            format!("it says that its paths are {}, and they are {}", View::word(entry.access), View::word(weaker.access)),
        ),
        Some(_) => (Severity::Error, "what it requires is never required".to_owned()),
        None => (Severity::Warning, "it has no effect, and whoever reads the policy thinks that it has".to_owned()),
    };
    let help = match (entry.unit, weaker) {
        (Unit::Rule(_), _) if culprits.iter().any(|culprit| culprit.is_rule()) => {
            "put the narrower rule first: the first that matches path and method wins"
        }
        (Unit::Rule(_), _) => "remove it",
        (_, Some(weaker)) if weaker.is_rule() => "rules come before the lists: narrow the rule's `match` or its `methods`",
        (_, Some(_)) => "narrow the public pattern, or put this one into a rule, which comes before the lists",
        (_, None) if is_never_public => "narrow the admin pattern, or open these paths by a rule with `access = \"public\"`",
        (_, None) => "remove it",
    };
    let related = culprits.iter().map(|culprit| culprit.setting.clone()).collect();
    Finding { what, why, help: help.to_owned(), related, ..finding(kind, severity, setting) }
}

fn matches_nothing(entry: &Entry<'_>, odd: Option<&str>) -> Finding {
    let severity = if entry.access == Access::Public { Severity::Warning } else { Severity::Error };
    let pattern = entry.pattern.as_str();
    let (what, why) = match odd {
        None => (
            format!("{} matches no path", entry.name()),
            "a path begins with `/`, and this pattern with something else".to_owned(),
        ),
        Some(odd) => (
            format!("{} matches no ordinary path, only such as `{}`", entry.name(), crate::table::quote(odd)),
            "no link has an empty segment, and what follows `#` or `?` is no part of a path".to_owned(),
        ),
    };
    let help = if pattern.starts_with('/') || pattern.starts_with(['{', '(']) {
        "write the path as it stands in the address bar, from its first `/` up to `?` or `#`".to_owned()
    } else {
        format!("write `/{}`", crate::table::quote(pattern))
    };
    Finding { what, why, help, witness: odd.and_then(|odd| witness("GET", odd)), ..entry.finding(Kind::MatchesNothing, severity) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn a_protected_page_inside_a_public_tree_is_an_error() {
        let found = one(
            Kind::Unreachable,
            r#"public = ["/docs(.*)"]
            protected = ["/docs/internal/:path*"]"#,
        );
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Error, "protected[0]"));
        assert_eq!(found.related, ["public[0]"]);
        assert_none(
            Kind::Unreachable,
            r#"public = ["/docs/public/:path*"]
            protected = ["/docs(.*)"]"#,
        );
    }

    #[test]
    fn a_tree_that_only_odd_paths_leave_is_shadowed() {
        let found = one(
            Kind::Shadowed,
            r#"public = ["/docs/:path*"]
            protected = ["/docs/internal/(.*)"]"#,
        );
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Error, "protected[0]"));
        assert!(found.what.contains("//"), "{}", found.what);
        assert_none(
            Kind::Shadowed,
            r#"public = ["/docs/:page"]
            protected = ["/docs/internal/(.*)"]"#,
        );
    }

    #[test]
    fn several_patterns_can_cover_one_together() {
        let found = one(
            Kind::Unreachable,
            r#"public = ["/:lang(en|fr)/about"]
            rules = [{ match = ["/en/about", "/fr/about"], access = "protected" }]"#,
        );
        assert_eq!(found.setting, "public[0]");
        assert_eq!(found.severity, Severity::Warning, "they ask for more");
        assert_eq!(found.related, ["rules[0].match[0]", "rules[0].match[1]"]);
        assert_none(
            Kind::Unreachable,
            r#"public = ["/:lang(en|fr|de)/about"]
            rules = [{ match = ["/en/about", "/fr/about"], access = "protected" }]"#,
        );
    }

    #[test]
    fn a_rule_is_unreachable_only_for_the_methods_that_are_taken_from_it() {
        let rules = |first: &str, second: &str| {
            format!(
                r#"rules = [
                    {{ match = "/a/:path*", {first} access = "public" }},
                    {{ match = "/a/b", {second} require = {{ role = "org:admin" }} }},
                ]"#
            )
        };
        let found = one(Kind::Unreachable, &rules("", ""));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Error, "rules[1]"));
        assert_eq!(found.related, ["rules[0].match"]);
        for (first, second) in [
            ("methods = ['GET'],", ""),
            ("methods = ['GET'],", "methods = ['POST'],"),
            ("methods = ['HEAD'],", "methods = ['GET'],"),
        ] {
            assert_none(Kind::Unreachable, &rules(first, second));
        }
        one(Kind::Unreachable, &rules("methods = ['GET'],", "methods = ['HEAD'],"));
        one(Kind::Unreachable, &rules("methods = ['GET', 'POST'],", "methods = ['GET'],"));
        let every = "methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],";
        one(Kind::Unreachable, &rules(every, ""));
        assert_none(Kind::Unreachable, &rules(&every.replace(", 'OPTIONS'", ""), ""));
        one(Kind::Unreachable, &rules(&every.replace("'HEAD', ", ""), ""));
    }

    #[test]
    fn a_method_that_is_named_and_never_asked_is_reported_at_its_place() {
        let found = one(
            Kind::Unreachable,
            r#"rules = [
            { match = "/a/:path*", methods = ["POST"], access = "public" },
            { match = "/a/b", methods = ["PUT", "POST"] },
        ]"#,
        );
        assert_eq!(found.setting, "rules[1].methods[1]");
        assert_none(
            Kind::Unreachable,
            r#"rules = [
            { match = "/a/b/:path*", methods = ["POST"], access = "public" },
            { match = "/a/:path*", methods = ["PUT", "POST"] },
        ]"#,
        );
    }

    #[test]
    fn a_requirement_that_an_earlier_rule_waives_is_an_error() {
        let found = one(
            Kind::Unreachable,
            r#"rules = [
            { match = "/api/:path*" },
            { match = "/api/billing/:path*", require = { permission = "org:billing:manage" } },
        ]"#,
        );
        assert_eq!(found.severity, Severity::Error);
        assert!(found.help.contains("narrower rule first"));
    }

    #[test]
    fn public_inside_admin_is_another_thing_than_public_inside_protected() {
        let admin = r#"admin_requires = { claim = "role", equals = "admin" }"#;
        let found = one(Kind::PublicInsideAdmin, &format!("{admin}\nadmin = ['/admin(.*)']\npublic = ['/admin/login']"));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "public[0]"));
        assert_none(Kind::PublicInsideAdmin, &format!("{admin}\nadmin = ['/admin/:path+']\npublic = ['/admin/:path*']"));
    }

    #[test]
    fn a_pattern_that_begins_with_no_slash_matches_nothing() {
        let found = one(Kind::MatchesNothing, r#"protected = ["dashboard(.*)"]"#);
        assert_eq!(found.severity, Severity::Error);
        assert_eq!(found.help, "write `/dashboard(.*)`");
        let found = one(Kind::MatchesNothing, r#"public = ["/page#top"]"#);
        assert_eq!(found.witness.unwrap().path, "/page#top");
        assert_none(Kind::MatchesNothing, r#"protected = ["/dashboard(.*)", "(.*)", "{/x}?/y", ""]"#);
    }

    #[test]
    fn one_string_in_place_of_a_list_has_the_name_of_the_setting() {
        let found = one(
            Kind::Unreachable,
            r#"public = "/docs(.*)"
            protected = "/docs/internal""#,
        );
        assert_eq!(found.setting, "protected");
        assert_eq!(found.related, ["public"]);
    }
}
