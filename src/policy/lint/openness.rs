//! Policies that open by default: `default-open`, `opens-everything`.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding, witness},
};
use crate::policy::{
    Access,
    pattern::{
        Pattern,
        language::{Scope, Search},
    },
};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    for (at, _) in live.iter().enumerate().filter(|(_, is_live)| **is_live) {
        findings.extend(opens_everything(view, at));
    }
    if view.policy.default == Access::Public {
        findings.extend(default_open(view));
    }
}

fn opens_everything(view: &mut View<'_>, at: usize) -> Option<Finding> {
    let entry = view.entry(at).filter(|entry| entry.access == Access::Public)?;
    let pattern = entry.pattern;
    if !pattern.literal_prefix().trim_matches('/').is_empty() || view.search(&[], &[pattern], Scope::Ordinary) != Search::Nothing
    {
        return None;
    }
    let entry = view.entry(at)?;
    Some(Finding {
        what: format!("{} matches every path", entry.name()),
        why: "whatever nothing before it names is open, pages that are yet to be written, too".into(),
        help: "list what is open, and leave the rest to `default = \"protected\"`".into(),
        ..entry.finding(Kind::OpensEverything, Severity::Warning)
    })
}

fn default_open(view: &mut View<'_>) -> Option<Finding> {
    let method = view.methods.first()?.clone();
    let asked: Vec<&Pattern> =
        view.entries.iter().filter(|entry| view.has_method(entry, &method)).map(|entry| entry.pattern).collect();
    // Best shown beside what is protected: a tree of nearly the same name.
    let roots = view.entries.iter().filter(|entry| entry.access > Access::Public).map(|entry| entry.root());
    let beside = roots.collect::<Vec<_>>().into_iter().take(20).filter(|root| !root.is_empty()).find_map(|root| {
        let tree = Pattern::parse(&format!("{}(.*)", Pattern::escape(&root))).ok()?;
        Some((view.search(&[&tree], &asked, Scope::Ordinary).path()?, root))
    });
    let any = match &beside {
        Some(_) => None,
        None => match view.search(&[], &asked, Scope::Ordinary) {
            // Every path is listed, so the default is never asked.
            Search::Nothing => return None,
            search => search.path(),
        },
    };
    let why = match &beside {
        Some((path, root)) => format!("a page that nobody thought of is public: `{path}` is open beside `{root}`"),
        None => "a page that nobody thought of is public".to_owned(),
    };
    let path = beside.map(|(path, _)| path).or(any);
    Some(Finding {
        what: "`default` is `public`: what nothing names is open".into(),
        why,
        help: "write `default = \"protected\"` and list what is public".into(),
        witness: path.and_then(|path| witness(&method, &path)),
        ..finding(Kind::DefaultOpen, Severity::Warning, "default")
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn an_open_default_is_a_warning_with_a_tree_of_nearly_the_same_name() {
        let found = one(Kind::DefaultOpen, "default = 'public'\nprotected = ['/dashboard/:path*']");
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "default"));
        assert_eq!(found.witness.unwrap().path, "/dashboardx");
        assert_eq!(one(Kind::DefaultOpen, "default = 'public'\nprotected = ['/dashboard(.*)']").witness.unwrap().path, "/");
        assert_none(Kind::DefaultOpen, "default = 'protected'\nprotected = ['/dashboard/:path*']");
        assert_none(Kind::DefaultOpen, "protected = ['/dashboard/:path*']");
    }

    #[test]
    fn a_default_that_is_never_asked_is_no_matter() {
        assert_none(Kind::DefaultOpen, "default = 'public'\nprotected = ['/(.*)']");
    }

    #[test]
    fn a_public_pattern_that_matches_everything_is_a_warning() {
        for pattern in ["/(.*)", "(.*)", "/:path*"] {
            assert_eq!(one(Kind::OpensEverything, &format!("public = ['{pattern}']")).setting, "public[0]");
        }
        assert_eq!(
            one(Kind::OpensEverything, "rules = [{ match = '/:path*', methods = ['GET'], access = 'public' }]").setting,
            "rules[0].match"
        );
        assert_none(Kind::OpensEverything, "public = ['/:page', '/a/:path*']\nprotected = ['/b(.*)']");
    }
}
