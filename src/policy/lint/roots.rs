//! The path above a tree, and the path without the slash: `tree-without-root`, `trailing-slash`.
//!
//! A pattern without a slash at its end matches with one, too, but not the other way round: `/dashboard/` does not match
//! `/dashboard`, and neither do `/dashboard/(.*)` and `/dashboard/:path+`. It is a warning where the path that is left out gets
//! less than the pattern gives, a note where it stays closed though the pattern opens. Where it makes no difference, and for
//! `/users/:id`, which is no tree, nothing is said.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, witness},
};
use crate::policy::Access;

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    for (entry, _) in view.entries.iter().zip(live).filter(|(_, is_live)| **is_live) {
        let root = entry.root();
        if root.is_empty() || entry.pattern.is_match(&root) {
            continue;
        }
        let source = entry.pattern.as_str();
        let is_tree = ["x", "x/x"].iter().all(|below| entry.pattern.is_match(&format!("{root}/{below}")));
        // What a `where` ties to the token is named below the root, not by it.
        if is_tree && !view.policy.ties_of(entry.source).is_empty() {
            continue;
        }
        let (kind, replacement) = if is_tree {
            let base = ["/(.*)", "/:path+", "(.*)"].iter().find_map(|tail| source.strip_suffix(tail));
            (Kind::TreeWithoutRoot, base.map(|base| format!("{}/:path*", base.trim_end_matches('/'))))
        } else if entry.pattern.is_match(&format!("{root}/")) {
            (Kind::TrailingSlash, source.strip_suffix('/').map(str::to_owned))
        } else {
            continue;
        };
        let method = view.method_of(entry);
        let Some(demand) = view.demand(&method, &root) else { continue };
        let is_less = view.demands_less(&demand, entry.source);
        let stays_closed = entry.access == Access::Public && demand.access > Access::Public;
        if !is_less && !stays_closed {
            continue;
        }
        let what = format!(
            "{} does not match `{root}` itself, which is {} by `{}`",
            entry.name(),
            View::word(demand.access),
            view.policy.name_of(demand.source)
        );
        let why = match (kind, stays_closed) {
            (_, true) => "the pattern opens what is below it, and the page above stays closed",
            (Kind::TrailingSlash, false) => "origins serve the same page with and without the slash at the end",
            (_, false) => "the page at the top of the tree is most often a part of it",
        };
        let help = match replacement {
            Some(replacement) => format!("write `{replacement}`, which matches both"),
            None => format!("add `{root}` beside it"),
        };
        let severity = if is_less { Severity::Warning } else { Severity::Note };
        findings.push(Finding { what, why: why.into(), help, witness: witness(&method, &root), ..entry.finding(kind, severity) });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    const ADMIN: &str = "admin_requires = { claim = 'role', equals = 'admin' }\n";

    #[test]
    fn a_tree_whose_root_gets_less_is_a_warning() {
        let found = one(Kind::TreeWithoutRoot, &format!("{ADMIN}admin = ['/admin/(.*)']"));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "admin[0]"));
        assert_eq!(found.help, "write `/admin/:path*`, which matches both");
        assert_eq!(found.witness.unwrap().path, "/admin");
        assert_none(Kind::TreeWithoutRoot, &format!("{ADMIN}admin = ['/admin/:path*']"));
        assert_none(Kind::TreeWithoutRoot, &format!("{ADMIN}admin = ['/admin/(.*)', '/admin']"));
    }

    #[test]
    fn a_root_that_gets_the_same_is_not_reported() {
        assert_none(Kind::TreeWithoutRoot, "protected = ['/dashboard/(.*)']");
        one(Kind::TreeWithoutRoot, "default = 'public'\nprotected = ['/dashboard/(.*)']");
        one(Kind::TreeWithoutRoot, "default = 'public'\nprotected = ['/dashboard/:path+']");
    }

    #[test]
    fn the_root_of_what_is_tied_to_a_claim_names_nobody() {
        let rule = "[[rules]]\nmatch = '/orgs/:slug/:path*'\n";
        assert_none(Kind::TreeWithoutRoot, &format!("{rule}where = {{ slug = 'org.slug' }}"));
        one(Kind::TreeWithoutRoot, &format!("{rule}require = {{ role = 'org:admin' }}"));
    }

    #[test]
    fn a_page_with_a_parameter_is_no_tree() {
        assert_none(Kind::TreeWithoutRoot, "default = 'public'\nprotected = ['/users/:id']");
    }

    #[test]
    fn an_open_tree_whose_root_stays_closed_is_a_note() {
        assert_eq!(one(Kind::TreeWithoutRoot, "public = ['/docs/(.*)']").severity, Severity::Note);
    }

    #[test]
    fn a_slash_at_the_end_of_a_pattern_leaves_out_the_path_without_it() {
        let found = one(Kind::TrailingSlash, "default = 'public'\nprotected = ['/dashboard/']");
        assert_eq!(found.severity, Severity::Warning);
        assert_eq!(found.help, "write `/dashboard`, which matches both");
        assert_none(Kind::TrailingSlash, "default = 'public'\nprotected = ['/dashboard', '/']");
        assert_none(Kind::TrailingSlash, "protected = ['/dashboard/']");
        assert_eq!(one(Kind::TrailingSlash, "public = ['/about/']").severity, Severity::Note);
    }

    /// What the lint says of path-to-regexp, by the patterns themselves.
    #[test]
    fn a_slash_is_forgiven_in_one_direction_only() {
        use crate::policy::pattern::Pattern;
        let is_match = |pattern: &str, path: &str| Pattern::parse(pattern).unwrap().is_match(path);
        assert!(is_match("/dashboard", "/dashboard/"));
        assert!(!is_match("/dashboard/", "/dashboard"));
        assert!(is_match("/dashboard/(.*)", "/dashboard/"));
        assert!(!is_match("/dashboard/(.*)", "/dashboard"));
    }
}
