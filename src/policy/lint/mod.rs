//! Lints: what a policy says that its author may not have meant, each finding with its place, its reason and what to do.
//!
//! [`lint`] is a pure function of a policy that was read without errors; no gate calls it. Which pattern takes what from which is
//! not guessed from how patterns begin: the patterns are run against each other (`pattern::language`), so that
//! 1. [`Kind::Unreachable`], [`Kind::Redundant`] and their like are proved. What rests on a lookaround or `\b` of the *stronger*
//!    pattern is not proved and so not reported; neither is what lies beyond the limits, which [`Kind::NotCompared`] then says;
//! 2. a [`Witness`] is a path that the patterns were asked about, not one that looks as if it matched.
//!
//! Methods that neither a rule nor a standard names are left out: they take the strictest of all rules (see the policy room), so
//! for them every rule counts.
//!
//! The work is bounded by [`LINT_STEPS`](crate::limits::LINT_STEPS), whatever the policy.
//!
//! What each kind means, with an example: `docs/lints.md`. What is wrong rather than odd is a
//! [`SettingError`](crate::table::SettingError) and never gets here.

mod api;
mod clean_urls;
mod coverage;
mod finding;
mod in_shadow;
mod letter_case;
mod methods;
mod openness;
mod other_syntax;
mod overlap;
mod readings;
mod repeats;
mod requirements;
mod roots;
mod siblings;
mod spelling;
mod static_files;
#[cfg(test)]
mod testing;
mod view;

pub use self::finding::{Finding, Kind, Severity, Witness};
use self::view::{View, finding};
use super::{Policy, pattern::language::Budget};
use crate::path::PathSettings;

/// Returns all findings, the gravest first, those of equal weight in the order of the settings that decide first.
///
/// `paths` is how the gate reads paths: a witness is judged under all its readings, as a request would be.
#[must_use]
pub fn lint(policy: &Policy, paths: &PathSettings) -> Vec<Finding> {
    let mut budget = Budget::default();
    lint_within(policy, paths, &mut budget)
}

fn lint_within(policy: &Policy, paths: &PathSettings, budget: &mut Budget) -> Vec<Finding> {
    let mut view = View::of(policy, paths, budget);
    let mut findings = Vec::new();
    // What is never asked is reported once, as that, and left alone by the others.
    let live = coverage::check(&mut view, &mut findings);
    overlap::check(&mut view, &live, &mut findings);
    siblings::check(&mut view, &live, &mut findings);
    roots::check(&mut view, &live, &mut findings);
    clean_urls::check(&mut view, &live, &mut findings);
    openness::check(&mut view, &live, &mut findings);
    static_files::check(&mut view, &live, &mut findings);
    methods::check(&mut view, &live, &mut findings);
    api::check(&mut view, &live, &mut findings);
    repeats::check(&mut view, &mut findings);
    letter_case::check(&view, &mut findings);
    other_syntax::check(&view, &mut findings);
    requirements::check(&view, &mut findings);
    readings::check(paths, &mut findings);
    in_shadow::check(&view, &mut findings);
    if view.budget.unanswered > 0 {
        findings.push(not_compared(view.budget.unanswered));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn not_compared(unanswered: u32) -> Finding {
    let plural = if unanswered == 1 { "comparison" } else { "comparisons" };
    Finding {
        what: format!("{unanswered} {plural} of patterns ended at a limit without an answer"),
        why: "what these would have found is missing from the report".into(),
        help: "write expressions with counts and alternatives as plain patterns, and split very long lists".into(),
        ..finding(Kind::NotCompared, Severity::Note, "rules")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::LINT_STEPS;

    /// Those with most alike: text, siblings, a parameter before the text, locales, and all under one prefix.
    fn everyday(index: usize) -> String {
        match index % 5 {
            0 => format!("'/team-{index}/settings(.*)'"),
            1 => format!("'/api/v1/resource-{index}/:path*'"),
            2 => format!("'/:org/section-{index}/:id'"),
            3 => format!("'/:lang(en|fr)/page-{index}/:id(\\d+)'"),
            _ => format!("'/area-{index}/:tab?'"),
        }
    }

    fn policy(count: usize, pattern: impl Fn(usize) -> String) -> String {
        let list = |first: usize| (0..count / 2).map(|index| pattern(first + index)).collect::<Vec<_>>().join(", ");
        format!("public = [{}]\nprotected = [{}]", list(0), list(count / 2))
    }

    #[test]
    fn a_thousand_patterns_take_a_tenth_of_the_steps() {
        let settings = testing::settings(&policy(1000, everyday));
        let mut budget = Budget::default();
        lint_within(&settings.policy, &settings.path, &mut budget);
        let taken = LINT_STEPS - budget.left();
        println!("{taken} steps");
        assert_eq!(budget.unanswered, 0);
        assert!(taken < LINT_STEPS / 10, "{taken}");
    }

    #[test]
    fn a_policy_made_to_be_slow_ends_and_says_that_something_was_left_out() {
        let settings = testing::settings(&policy(40, |index| format!("'/((?:a|b)*a(?:a|b){{{}}}c)'", 14 + index % 7)));
        let mut budget = Budget::of(200_000);
        let findings = lint_within(&settings.policy, &settings.path, &mut budget);
        assert_eq!(budget.left(), 0);
        assert_eq!(findings.iter().filter(|finding| finding.kind == Kind::NotCompared).count(), 1);
    }

    #[test]
    fn an_empty_policy_has_nothing_to_report() {
        assert_eq!(testing::findings(""), []);
    }
}
