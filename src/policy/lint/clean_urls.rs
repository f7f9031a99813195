//! Pages that are listed by the file that they are in: `clean-url`.
//!
//! Servers with clean URLs (most static hosts, `try_files $uri.html` of nginx, `MultiViews` of Apache) serve `/members` from
//! `members.html`, and every server serves `/members/` from `members/index.html`. The gate reads the path of the file as that of the
//! page, but the path of the page as nothing else: which files there are, it does not know. So it is a warning where the page gets less
//! than its file.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, witness},
};
use crate::{path::ReadingKind, policy::pattern::Pattern, policy::pattern::language::Scope};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    for (at, _) in live.iter().enumerate().filter(|(_, is_live)| **is_live) {
        findings.extend(file(view, at));
    }
}

fn file(view: &mut View<'_>, at: usize) -> Option<Finding> {
    let entry = view.entry(at)?;
    let (pattern, source) = (entry.pattern, entry.pattern.as_str());
    let extension = EXTENSIONS.iter().find(|extension| strip(source, extension).is_some())?;
    let stem = strip(source, extension)?.trim_end_matches('\\').strip_suffix('.')?.trim_end_matches('\\');
    let index = strip(stem, "/index");
    let method = view.method_of(entry);
    // Some path that the pattern decides, with a name before the extension.
    let named = Pattern::parse(&format!("(.*[^/.])\\.{extension}")).ok()?;
    let before = view.patterns(&view.before(at, &method));
    let path = view.search(&[pattern, &named], &before, Scope::Ordinary).path()?;
    let page = strip(&path, extension)?.strip_suffix('.')?;
    let page = strip(page, "/index").map_or_else(|| page.to_owned(), |directory| format!("{directory}/"));

    let entry = view.entry(at)?;
    let demand = view.demand(&method, &page)?;
    if !view.demands_less(&demand, entry.source) {
        return None;
    }
    let replacement = index.unwrap_or(stem);
    let replacement = if replacement.is_empty() { "/" } else { replacement };
    let kind = if index.is_some() { ReadingKind::IndexFile } else { ReadingKind::FormatSuffix };
    let help = if view.paths.readings.contains(kind) {
        format!("write `{replacement}`, which `{path}` is read as, too")
    } else {
        format!("add `{replacement}` beside it")
    };
    let what = format!(
        "{} does not match `{page}`, which is {} by `{}`",
        entry.name(),
        View::word(demand.access),
        view.policy.name_of(demand.source)
    );
    let why = "servers with clean URLs serve the same page without the ending of its file".into();
    Some(Finding { what, why, help, witness: witness(&method, &page), ..entry.finding(Kind::CleanUrl, Severity::Warning) })
}

fn strip<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (start, found) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    found.eq_ignore_ascii_case(end).then_some(start)
}

/// Of pages, as servers look for them behind a path without one. An index page may have any of them.
const EXTENSIONS: &[&str] = &["html", "htm", "php", "aspx"];

#[cfg(test)]
mod tests {
    use super::super::testing::{all, assert_none, one};
    use super::*;

    #[test]
    fn a_page_that_gets_less_than_its_file_is_a_warning() {
        let found = one(Kind::CleanUrl, "default = 'public'\nprotected = ['/members.html']");
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "protected[0]"));
        assert_eq!(found.help, "write `/members`, which `/members.html` is read as, too");
        assert_eq!(found.witness.unwrap().path, "/members");
        assert_none(Kind::CleanUrl, "default = 'public'\nprotected = ['/members']");
        assert_none(Kind::CleanUrl, "default = 'public'\nprotected = ['/members.html', '/members']");
        assert_none(Kind::CleanUrl, "protected = ['/members.html']");
        assert_none(Kind::CleanUrl, "public = ['/members.html']");
    }

    #[test]
    fn an_index_page_is_its_directory() {
        let found = one(Kind::CleanUrl, "default = 'public'\nprotected = ['/secret/index.html']");
        assert_eq!(found.help, "write `/secret`, which `/secret/index.html` is read as, too");
        assert_eq!(found.witness.unwrap().path, "/secret/");
        assert_eq!(one(Kind::CleanUrl, "default = 'public'\nprotected = ['/INDEX.PHP']").witness.unwrap().path, "/");
        assert_none(Kind::CleanUrl, "default = 'public'\nprotected = ['/secret(.*)', '/secret/index.html']");
    }

    #[test]
    fn what_is_advised_ends_the_finding() {
        for pattern in
            ["/members.html", "/members\\\\.htm", "/docs/:page.php", "/docs/(.*).aspx", "/:lang/index.html", "/index.htm"]
        {
            let found = one(Kind::CleanUrl, &format!("default = 'public'\nprotected = [\"{pattern}\"]"));
            let better = found.help.split('`').nth(1).unwrap();
            assert!(all(Kind::CleanUrl, &format!("default = 'public'\nprotected = ['{better}']")).is_empty(), "{better}");
        }
    }

    #[test]
    fn a_way_to_read_paths_that_is_off_is_not_relied_on() {
        let table = "default = 'public'\nprotected = ['/members.html']\npath_readings = ['all', '-format-suffix']";
        assert_eq!(one(Kind::CleanUrl, table).help, "add `/members` beside it");
    }
}
