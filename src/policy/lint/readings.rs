//! Readings that are switched off: `reading-off`.
//!
//! What each costs while it is on stands in the last column of the table in `docs/paths.md`; what it costs to switch it off is here.

use super::{
    finding::{Finding, Kind, Severity},
    view::finding,
};
use crate::path::{PathSettings, ReadingKind};

pub(super) fn check(paths: &PathSettings, findings: &mut Vec<Finding>) {
    for kind in ReadingKind::ALL.iter().filter(|kind| !paths.readings.contains(**kind)) {
        let Some((example, read_as)) = example(*kind) else { continue };
        findings.push(Finding {
            what: format!("`path_readings` leaves out `{kind}`"),
            why: format!(
                "an origin that reads `{example}` as `{read_as}` then serves it to whoever may see `{example}` as it is spelled"
            ),
            help: "leave it out only if neither the origin nor anything before it reads paths so, and if it costs you something"
                .into(),
            ..finding(Kind::ReadingOff, Severity::Warning, "path_readings")
        });
    }
}

/// A path, and what an origin with that habit makes of it.
fn example(kind: ReadingKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        // The canonical path is always looked at; a locale is only where `locales` names it.
        ReadingKind::Canonical | ReadingKind::Locale => return None,
        ReadingKind::AsWritten => ("/x/..\\admin", "/x/..\\admin"),
        ReadingKind::Decoded => ("/%2561dmin", "/admin"),
        ReadingKind::LenientPercent => ("/%u0061dmin", "/admin"),
        ReadingKind::InvalidUtf8 => ("/x%C0%AFadmin", "/x/admin"),
        ReadingKind::UnicodeCompatibility => ("/%EF%BD%81dmin", "/admin"),
        ReadingKind::CaseFolding => ("/u%C5%BFers", "/users"),
        ReadingKind::IgnoredCharacters => ("/ad%C2%ADmin", "/admin"),
        ReadingKind::Trimmed => ("/admin%20", "/admin"),
        ReadingKind::DotSegments => ("/x/..%2Fadmin", "/admin"),
        ReadingKind::MergedSlashes => ("/x//admin", "/x/admin"),
        ReadingKind::ProtocolRelative => ("//x/admin", "/admin"),
        ReadingKind::Backslash => ("/x%5Cadmin", "/x/admin"),
        ReadingKind::MatrixParams => ("/admin;v=1", "/admin"),
        ReadingKind::CutShort => ("/admin%3Fx", "/admin"),
        ReadingKind::PlusAsSpace => ("/a+b", "/a%20b"),
        ReadingKind::WindowsNames => ("/admin.", "/admin"),
        ReadingKind::CookielessSession => ("/(S(x))/admin", "/admin"),
        ReadingKind::PathInfo => ("/index.php/admin", "/admin"),
        ReadingKind::IndexFile => ("/admin/index.html", "/admin/"),
        ReadingKind::FormatSuffix => ("/admin.json", "/admin"),
        ReadingKind::DataRoute => ("/_next/data/build/admin.json", "/admin"),
        ReadingKind::QueryRoute => ("/index.php?_url=/admin", "/admin"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{all, assert_none};
    use super::*;
    use crate::path::{ReadingKinds, judge};

    #[test]
    fn every_reading_that_is_off_is_named_and_no_other() {
        let found = all(Kind::ReadingOff, "path_readings = ['all', '-matrix-params', '-data-route']");
        let what: Vec<_> = found.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(what, ["`path_readings` leaves out `matrix-params`", "`path_readings` leaves out `data-route`"]);
        assert_eq!(all(Kind::ReadingOff, "path_readings = ['locale']").len(), ReadingKind::ALL.len() - 2);
        assert_none(Kind::ReadingOff, "");
        assert_none(Kind::ReadingOff, "path_readings = ['all', '-locale']");
    }

    #[test]
    fn each_example_is_read_so_with_the_reading_and_not_without() {
        for kind in ReadingKind::ALL {
            let Some((path, read_as)) = example(*kind) else { continue };
            let url = format!("https://a.example{path}");
            let is_read = |readings| {
                let settings = PathSettings { readings, ..PathSettings::default() };
                judge(&url, &settings).unwrap().readings().iter().any(|reading| reading.path == read_as)
            };
            assert!(is_read(ReadingKinds::ALL), "{kind}");
            assert!(!is_read(ReadingKinds::NONE), "{kind}");
        }
    }
}
