//! Methods that a rule leaves out: `method-gap`.
//!
//! A rule for POST, PUT and DELETE says nothing of PATCH, which then gets what comes after. That is a warning where it gets
//! through to everyone, a note where it only has to meet less. Rules that leave out reading are common and not reported.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding, listed, witness},
};
use crate::policy::{Access, Source};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    for rule in 0..view.policy.rules.len() {
        findings.extend(gap(view, live, rule));
    }
}

fn gap(view: &mut View<'_>, live: &[bool], index: usize) -> Option<Finding> {
    let rule = view.policy.rules.get(index).filter(|rule| rule.access > Access::Public)?;
    let named = rule.methods.as_ref()?;
    let missing: Vec<&str> = CHANGING.into_iter().filter(|method| !rule.has_method(method)).collect();
    if missing.len() == CHANGING.len() {
        return None;
    }
    let source = Source::Rule(index);
    let entries: Vec<_> =
        (0..view.entries.len()).filter(|at| view.entry(*at).is_some_and(|entry| entry.source == source)).collect();
    for at in entries.into_iter().filter(|at| live.get(*at) == Some(&true)) {
        let method = named.iter().find(|method| CHANGING.contains(&method.as_str()))?;
        let Some(path) = view.decided_by(at, method) else { continue };
        let demands = missing.iter().filter_map(|method| Some((*method, view.demand(method, &path)?)));
        let less: Vec<_> = demands.filter(|(_, demand)| view.demands_less(demand, source)).collect();
        let Some((method, demand)) = less.iter().min_by_key(|(_, demand)| demand.access) else { continue };
        let names: Vec<String> = less.iter().map(|(method, _)| format!("`{method}`")).collect();
        let entry = view.entry(at)?;
        let severity = if demand.access == Access::Public { Severity::Warning } else { Severity::Note };
        let setting = format!("rules[{index}].methods");
        let verb = if less.len() == 1 { "gets" } else { "get" };
        return Some(Finding {
            what: format!(
                "{} to {} {verb} less than the rule asks for: it is {} by `{}`",
                listed(&names),
                entry.name(),
                View::word(demand.access),
                view.policy.name_of(demand.source)
            ),
            why: "an origin that takes this method, too, changes things for whoever does not meet the rule".into(),
            help: format!("add {} to `methods`, or leave `methods` out", listed(&names)),
            related: vec![entry.setting.clone()],
            witness: witness(method, &path),
            ..finding(Kind::MethodGap, severity, &setting)
        });
    }
    None
}

/// The methods by which origins change things (RFC 9110 section 9.3, RFC 5789).
const CHANGING: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn a_method_that_was_forgotten_is_a_warning_where_it_is_open() {
        let rule = "rules = [{ match = '/items/:id', methods = ['POST', 'PUT', 'DELETE'] }]";
        let found = one(Kind::MethodGap, &format!("public = ['/items/:path*']\n{rule}"));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "rules[0].methods"));
        let shown = found.witness.unwrap();
        assert_eq!((shown.method.as_str(), shown.path.as_str()), ("PATCH", "/items/x"));
        assert_none(Kind::MethodGap, rule);
        assert_none(
            Kind::MethodGap,
            "public = ['/items/:path*']\nrules = [{ match = '/items/:id', methods = ['POST', 'PUT', 'PATCH', 'DELETE'] }]",
        );
    }

    #[test]
    fn a_method_that_has_to_meet_less_is_a_note() {
        let rule = "rules = [{ match = '/items/:id', methods = ['POST', 'PUT', 'DELETE'], require = { role = 'org:admin' } }]";
        assert_eq!(one(Kind::MethodGap, rule).severity, Severity::Note);
    }

    #[test]
    fn a_rule_about_reading_leaves_out_no_change() {
        assert_none(Kind::MethodGap, "public = ['/items/:path*']\nrules = [{ match = '/items/:id', methods = ['GET'] }]");
        assert_none(Kind::MethodGap, "rules = [{ match = '/items/:id', methods = ['GET', 'POST'], access = 'public' }]");
    }
}
