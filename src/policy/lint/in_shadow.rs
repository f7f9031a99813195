//! Rules that are only tried: `in-shadow`.
//!
//! Trying a rule is right; forgetting that it is only tried is not. So each is a note, whatever it asks for.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding},
};

pub(super) fn check(view: &View<'_>, findings: &mut Vec<Finding>) {
    for (index, _) in view.policy.rules.iter().enumerate().filter(|(_, rule)| !rule.enforce) {
        let setting = format!("rules[{index}].enforce");
        findings.push(Finding {
            what: format!("`rules[{index}]` is in shadow: what it asks for is logged and not asked for"),
            why: "its paths have the access of what comes after it, as if the rule were not there".into(),
            help: "remove `enforce = false` when the log shows no `would-deny` that should have passed".into(),
            ..finding(Kind::InShadow, Severity::Note, &setting)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn a_rule_that_is_only_tried_is_named() {
        let found = one(Kind::InShadow, "rules = [{ match = '/a' }, { match = '/b', enforce = false }]");
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Note, "rules[1].enforce"));
        assert_none(Kind::InShadow, "rules = [{ match = '/a' }, { match = '/b', enforce = true }]");
    }
}
