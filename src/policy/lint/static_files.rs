//! Names of files that open paths beside protected ones: `static-file-open`.
//!
//! `static_files = "public"` opens unlisted paths by their extension. A listed path stays what it is, `/admin/chart.png` too,
//! where the matchers of most frameworks let it through unseen. What remains open: files below a page that is listed without
//! what is below it (a note), and files in a tree that a rule lists for other methods only (a warning).

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, witness},
};
use crate::policy::{Access, Source};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    if !view.policy.static_files_public || view.policy.default == Access::Public {
        return;
    }
    let mut roots: Vec<String> = Vec::new();
    for (entry, _) in view.entries.iter().zip(live).filter(|(entry, is_live)| **is_live && entry.access > Access::Public) {
        let root = entry.root();
        if root.is_empty() || roots.contains(&root) {
            continue;
        }
        let opened = [format!("{root}/chart.png"), format!("{root}/x/chart.png")]
            .into_iter()
            .find(|path| view.demand("GET", path).is_some_and(|demand| demand.source == Source::StaticFiles));
        let Some(path) = opened else { continue };
        roots.push(root.clone());
        // For its own methods the rule names the file.
        let is_listed = entry.pattern.is_match(&path);
        let (severity, why) = if is_listed {
            (
                Severity::Warning,
                "the rule protects this path for other methods, and for GET nothing names it, so its extension opens it",
            )
        } else {
            (Severity::Note, "the page is listed and what is below it is not, so an extension opens it")
        };
        findings.push(Finding {
            what: format!("`{path}` is public by `static_files`, below {}", entry.name()),
            why: why.into(),
            help: format!("add `{root}/:path*` to `protected`; a listed path stays what it is. Nothing to do if these files are for everyone"),
            related: vec!["static_files".into()],
            witness: witness("GET", &path),
            ..entry.finding(Kind::StaticFileOpen, severity)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one, settings};
    use super::*;
    use crate::policy::pattern::language::Budget;

    const STATIC: &str = "static_files = 'public'\n";

    #[test]
    fn a_tree_that_a_rule_protects_for_some_methods_has_open_files() {
        let rule = "rules = [{ match = '/reports/:path*', methods = ['POST'] }]\n";
        let found = one(Kind::StaticFileOpen, &format!("{STATIC}{rule}"));
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "rules[0].match"));
        assert_eq!(found.witness.unwrap().path, "/reports/chart.png");
        assert_none(Kind::StaticFileOpen, &format!("{STATIC}protected = ['/reports/:path*']\n{rule}"));
        assert_none(Kind::StaticFileOpen, rule);
        assert_none(
            Kind::StaticFileOpen,
            &format!("{STATIC}rules = [{{ match = '/reports/:path*', methods = ['GET', 'POST'] }}]"),
        );
    }

    #[test]
    fn files_below_a_page_that_is_listed_alone_are_a_note() {
        assert_eq!(one(Kind::StaticFileOpen, &format!("{STATIC}protected = ['/dashboard']")).severity, Severity::Note);
        assert_none(Kind::StaticFileOpen, &format!("{STATIC}protected = ['/', '/dashboard(.*)', '/users/:path*']"));
        assert_none(Kind::StaticFileOpen, "protected = ['/dashboard']");
    }

    /// The trap of the usual extension matcher, which this gate does not have: nothing to report.
    #[test]
    fn a_listed_path_stays_what_it_is_whatever_its_extension() {
        let table = format!("{STATIC}admin = ['/admin(.*)']\nadmin_requires = {{ claim = 'role', equals = 'admin' }}");
        assert_none(Kind::StaticFileOpen, &table);
        let settings = settings(&table);
        let mut budget = Budget::default();
        let view = View::of(&settings.policy, &settings.path, &mut budget);
        for path in ["/admin/report.csv", "/admin/chart.png", "/admin.css"] {
            assert_eq!(view.demand("GET", path).unwrap().access, Access::Admin, "{path}");
        }
    }
}
