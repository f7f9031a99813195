//! The rewrites: what one step of one origin may make of a path. Each takes a reading and gives none, one or a few others.
//!
//! A rewrite is applied to the whole path at once, never to one place of several: a server that strips `;` strips every `;`.
//! Each is linear in the path, and is only tried on paths that have what it looks for ([`Traits`]).

use core::cell::OnceCell;
use std::string::FromUtf8Error;

use super::{
    encoding::{bytes_of, decode, escape_after_percent, render, segments},
    readings::{ReadingKind, ReadingKinds},
};
use crate::text::{self, ByAny as _};

mod characters;
mod conventions;
mod query;
mod separators;
mod shape;
mod traits;

pub(super) use self::{conventions::each_without_locale, query::Query, traits::Traits};

use self::shape::shape;

/// How far a step goes from the path that it is applied to.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    /// To another place: separators, dot segments, a shorter path.
    Elsewhere,
    /// Elsewhere, unless the path goes the same way as before, in other letters. That is looked at only where it matters.
    ByShape(&'a Subject<'a>),
    /// To a page that goes by both names where the origin has such a convention, and to nothing where it has not.
    Alias,
    /// The same, and the path has the access of that page where it is not listed itself: what a locale stands before.
    Unprefixed,
}

impl Step<'_> {
    /// Whether the path that the step made is another place.
    pub(super) fn is_elsewhere(self, made: &str) -> bool {
        match self {
            Self::Elsewhere => true,
            Self::ByShape(before) => shape(made) != *before.shape(),
            Self::Alias | Self::Unprefixed => false,
        }
    }
}

/// Who is given what rewrites make.
pub(super) trait Take {
    /// Told before so many bytes are looked through; whether to go on.
    fn works(&mut self, bytes: usize) -> bool;
    /// A path that a step made: another than it was applied to, perhaps one that was made before.
    fn take(&mut self, path: &str, kind: ReadingKind, step: Step<'_>);
}

/// A path that is rewritten, and what several rewrites want to know of it, found out once.
pub(super) struct Subject<'a> {
    path: &'a str,
    traits: Traits,
    decoded: OnceCell<Result<String, FromUtf8Error>>,
    shape: OnceCell<Vec<u8>>,
}

impl<'a> Subject<'a> {
    fn of(path: &'a str) -> Self {
        let mut subject = Self { path, traits: Traits::of(path), decoded: OnceCell::new(), shape: OnceCell::new() };
        if subject.has(Traits::HIGH) {
            subject.traits.0 |= subject.traits_of_letters();
        }
        subject
    }

    /// What of its characters past ASCII some rewrite looks for.
    fn traits_of_letters(&self) -> u32 {
        let mut found = if self.text().is_ok() { 0 } else { Traits::INVALID };
        each_part(self.text(), &mut |part| {
            if let Part::Character(character, _) = part {
                found |= characters::traits_of_letter(character);
            }
        });
        found
    }

    /// The bytes behind the path, as text where they are UTF-8.
    fn text(&self) -> Result<&str, &[u8]> {
        let decoded = self.decoded.get_or_init(|| String::from_utf8(bytes_of(self.path)));
        decoded.as_deref().map_err(FromUtf8Error::as_bytes)
    }

    fn bytes(&self) -> &[u8] {
        self.text().map_or_else(|bytes| bytes, str::as_bytes)
    }

    fn shape(&self) -> &Vec<u8> {
        self.shape.get_or_init(|| shape(self.path))
    }

    fn has(&self, wanted: u32) -> bool {
        self.traits.has(wanted)
    }
}

/// Applies every rewrite of `enabled` kinds to `path`, once each, until `take` has had enough.
pub(super) fn rewrite(path: &str, enabled: ReadingKinds, take: &mut dyn Take) {
    if !take.works(path.len()) {
        return;
    }
    let subject = Subject::of(path);
    for (wanted, kind, apply) in REWRITES {
        if subject.has(*wanted) && enabled.contains(*kind) {
            if !take.works(path.len()) {
                return;
            }
            apply(path, &mut Sink { kind: *kind, subject: &subject, take });
        }
    }
}

type Apply = fn(&str, &mut Sink<'_>);

/// What to look for, the kind, the rewrite.
const REWRITES: &[(u32, ReadingKind, Apply)] = &[
    (Traits::ESCAPED_ASCII, ReadingKind::Decoded, characters::decoded),
    (Traits::PERCENT, ReadingKind::LenientPercent, characters::lenient_percent),
    (Traits::INVALID, ReadingKind::InvalidUtf8, characters::invalid_utf8),
    (Traits::COMPATIBLE | Traits::MARKED, ReadingKind::UnicodeCompatibility, characters::unicode_compatibility),
    (Traits::CASED, ReadingKind::CaseFolding, characters::case_folding),
    (Traits::INVISIBLE | Traits::CONTROL, ReadingKind::IgnoredCharacters, characters::ignored),
    (Traits::WHITE | Traits::INVISIBLE | Traits::CONTROL | Traits::SPACE, ReadingKind::Trimmed, characters::trimmed),
    (Traits::PLUS, ReadingKind::PlusAsSpace, characters::plus_as_space),
    (Traits::DOT_AT_START | Traits::DOT_AT_END, ReadingKind::DotSegments, separators::dot_segments),
    (Traits::DOUBLE_SLASH, ReadingKind::MergedSlashes, separators::merged_slashes),
    (Traits::DOUBLE_SLASH, ReadingKind::ProtocolRelative, separators::protocol_relative),
    (Traits::COLON, ReadingKind::ProtocolRelative, separators::absolute_form),
    (Traits::BACKSLASH, ReadingKind::Backslash, separators::backslash),
    (Traits::DELIMITER, ReadingKind::MatrixParams, separators::matrix_params),
    (Traits::DELIMITER | Traits::CONTROL | Traits::SPACE, ReadingKind::CutShort, separators::cut_short),
    (Traits::DOT_AT_END | Traits::SPACE | Traits::COLON, ReadingKind::WindowsNames, separators::windows_names),
    (Traits::PARENTHESIS, ReadingKind::CookielessSession, conventions::cookieless_session),
    (Traits::DOT_INSIDE, ReadingKind::PathInfo, conventions::path_info),
    (Traits::DOT | Traits::INDEX, ReadingKind::IndexFile, conventions::index_file),
    (Traits::DOT, ReadingKind::FormatSuffix, conventions::format_suffix),
    (Traits::DOT | Traits::UNDERSCORE | Traits::BELOW_TRPC, ReadingKind::DataRoute, conventions::data_route),
];

/// Where a rewrite puts what it made.
struct Sink<'a> {
    kind: ReadingKind,
    subject: &'a Subject<'a>,
    take: &'a mut dyn Take,
}

impl Sink<'_> {
    /// A piece of the path, or pieces of it that stood apart by slashes and do so still.
    fn elsewhere(&mut self, path: &str) {
        self.put(path, Step::Elsewhere);
    }

    /// The same, by a convention.
    fn alias(&mut self, path: &str) {
        self.put(path, Step::Alias);
    }

    /// See [`Step::ByShape`]. In the path escapes may stand that were none before.
    fn by_shape(&mut self, path: &str) {
        self.put_respelled(path, Step::ByShape(self.subject));
    }

    /// Escapes are spelled in upper case: their case makes no other reading.
    fn put_respelled(&mut self, path: &str, step: Step<'_>) {
        if path.len() == self.subject.path.len() && path == self.subject.path {
            return;
        }
        if has_lower_escape(path) {
            let mut spelled = path.to_owned();
            uppercase_escapes(&mut spelled);
            self.put(&spelled, step);
        } else {
            self.put(path, step);
        }
    }

    fn put(&mut self, path: &str, step: Step<'_>) {
        if !path.starts_with('/') {
            self.put(&text::concat(&["/", path]), step);
        } else if path.len() != self.subject.path.len() || path != self.subject.path {
            self.take.take(path, self.kind, step);
        }
    }
}

fn has_lower_escape(path: &str) -> bool {
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' && is_lower_escape(tail) {
            return true;
        }
        rest = tail;
    }
    false
}

fn is_lower_escape(digits: &[u8]) -> bool {
    matches!(digits, [high, low, ..] if (high.is_ascii_lowercase() || low.is_ascii_lowercase()) && escape_after_percent(digits).is_some())
}

/// Spells escapes in upper case.
fn uppercase_escapes(path: &mut String) {
    let mut from = 0;
    while let Some(at) = path.get(from..).and_then(|rest| rest.find_any(b"%")) {
        from += at + 1;
        if is_lower_escape(path.as_bytes().get(from..).unwrap_or_default())
            && let Some(digits) = path.get_mut(from..from + 2)
        {
            digits.make_ascii_uppercase();
        }
    }
}

/// A part of a decoded text.
enum Part<'a> {
    /// ASCII characters, as many as there are side by side.
    Ascii(&'a str),
    /// A character past ASCII, and its text.
    Character(char, &'a str),
    /// A byte that is no UTF-8.
    Bad(u8),
}

/// Hands over a decoded text part by part.
fn each_part(text: Result<&str, &[u8]>, see: &mut dyn FnMut(Part<'_>)) {
    match text {
        Ok(text) => each_part_of_text(text, see),
        Err(bytes) => {
            for chunk in bytes.utf8_chunks() {
                each_part_of_text(chunk.valid(), see);
                chunk.invalid().iter().for_each(|byte| see(Part::Bad(*byte)));
            }
        }
    }
}

fn each_part_of_text(text: &str, see: &mut dyn FnMut(Part<'_>)) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii() {
            rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        see(if first.is_ascii() { Part::Ascii(part) } else { Part::Character(first, part) });
        rest = tail;
    }
}

/// Shortens each segment of `path`, leaving the slashes between them; `None` where that changes nothing, as it mostly does.
fn shorten_segments<'a>(path: &'a str, shorten: &dyn Fn(&'a str) -> &'a str) -> Option<String> {
    let mut out: Option<String> = None;
    let mut start = 0;
    for segment in segments(path) {
        let short = shorten(segment);
        if out.is_none() && short.len() != segment.len() {
            let mut begun = String::with_capacity(path.len());
            begun.push_str(path.get(..start).unwrap_or_default());
            out = Some(begun);
        }
        start += segment.len() + 1;
        if let Some(out) = &mut out {
            out.push_str(short);
            out.push_str(if start <= path.len() { "/" } else { "" });
        }
    }
    out
}

/// Decodes a name or value of a query (`application/x-www-form-urlencoded`) and spells it as a reading.
fn decode_query_text(text: &str) -> String {
    render(&decode(&text.replace('+', "%20")))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Take for Vec<(String, &'static str, bool)> {
        fn works(&mut self, _bytes: usize) -> bool {
            true
        }

        fn take(&mut self, path: &str, kind: ReadingKind, step: Step<'_>) {
            let made = (path.to_owned(), kind.as_str(), step.is_elsewhere(path));
            if self.last() != Some(&made) {
                self.push(made);
            }
        }
    }

    fn made(path: &str) -> Vec<(String, &'static str, bool)> {
        let mut out = Vec::new();
        rewrite(path, ReadingKinds::ALL, &mut out);
        out
    }

    #[track_caller]
    fn assert_made(path: &str, kind: &str, expected: &[&str]) {
        let found: Vec<String> = made(path).into_iter().filter(|(_, of, _)| *of == kind).map(|(path, ..)| path).collect();
        assert_eq!(found, expected, "{kind} of {path}");
    }

    #[test]
    fn plain_paths_have_nothing_to_rewrite() {
        for path in ["/", "/admin/users/7", "/BLOG/hello-world_2", "/users/@me", "/a~b/c,d=e!f*'g$", "/x%22%7B%7D"] {
            assert!(Traits::of(path).is_plain(), "{path}");
            assert_eq!(made(path), [], "{path}");
        }
    }

    #[test]
    fn decoding_changes_more_than_the_spelling() {
        assert_made("/a%2F..%2Fb", "decoded", &["/a/../b"]);
        assert_made("/%2561%2Fb", "decoded", &["/%61%2Fb", "/%61/b"]);
        assert_made("/a%3Bb%23c%3F", "decoded", &["/a;b#c?"]);
        assert_made("/caf%C3%A9%20x", "decoded", &[]);
    }

    #[test]
    fn percent_signs_that_escape_nothing_are_read_leniently() {
        assert_made("/%u0061dmin", "lenient-percent", &["/admin", "/u0061dmin"]);
        assert_made("/%uFF0F", "lenient-percent", &["/%EF%BC%8F", "/uFF0F"]);
        assert_made("/ad%mi%n", "lenient-percent", &["/admin"]);
        assert_made("/%u00", "lenient-percent", &["/u00"]);
    }

    #[test]
    fn overlong_forms_are_decoded_dropped_or_latin_1() {
        assert_made("/x/..%C0%AFa", "invalid-utf8", &["/x/../a", "/x/..a", "/x/..%C3%80%C2%AFa"]);
        assert_made("/%E0%81%A1", "invalid-utf8", &["/a", "/", "/%C3%A0%C2%81%C2%A1"]);
        assert_made("/%F0%80%81%A1", "invalid-utf8", &["/a", "/", "/%C3%B0%C2%80%C2%81%C2%A1"]);
        assert_made("/a%FF", "invalid-utf8", &["/a", "/a%C3%BF"]);
        assert_made("/caf%C3%A9", "invalid-utf8", &[]);
    }

    #[test]
    fn compatible_letters_are_soft_and_compatible_separators_firm() {
        assert!(made("/%EF%BD%81dmin").contains(&("/admin".into(), "unicode-compatibility", false)));
        assert!(made("/x%EF%BC%8Fy").contains(&("/x/y".into(), "unicode-compatibility", true)));
        assert!(made("/x/%EF%BC%8E%EF%BC%8E/y").contains(&("/x/../y".into(), "unicode-compatibility", true)));
        assert!(made("/%C3%A1dmin").contains(&("/admin".into(), "unicode-compatibility", false)));
        assert!(made("/e%CC%81tude").contains(&("/%C3%A9tude".into(), "unicode-compatibility", false)));
        assert!(made("/%EF%AC%81le").contains(&("/file".into(), "unicode-compatibility", false)));
    }

    #[test]
    fn case_is_folded_where_a_letter_has_another_case() {
        assert_made("/u%C5%BFers", "case-folding", &["/uSers"]);
        assert_made("/%E2%84%AA", "case-folding", &["/k"]);
        assert_made("/%C3%89t%C3%A9", "case-folding", &["/%C3%A9t%C3%A9", "/%C3%89t%C3%89"]);
    }

    #[test]
    fn invisible_characters_are_left_out() {
        assert_made("/ad%E2%80%8Bmin", "ignored-characters", &["/admin"]);
        assert_made("/ad%0Amin", "ignored-characters", &["/admin"]);
        assert!(made("/x/.%C2%AD./y").contains(&("/x/../y".into(), "ignored-characters", true)));
        assert!(made("/ad%C2%ADmin").contains(&("/admin".into(), "ignored-characters", false)));
    }

    #[test]
    fn white_space_is_trimmed_from_segments_and_from_the_path() {
        assert_made("/%20admin%C2%A0/x%09", "trimmed", &["/admin/x", "/%20admin%C2%A0/x"]);
        assert_made("/a%20b", "trimmed", &[]);
    }

    #[test]
    fn a_plus_is_a_space_that_may_be_trimmed() {
        assert_eq!(made("/c++"), [("/c%20%20".into(), "plus-as-space", false)]);
        assert!(made("/x/..%20/y").contains(&("/x/../y".into(), "trimmed", true)));
    }

    #[test]
    fn dot_segments_are_resolved_or_cut_out() {
        assert_made("/x/../admin", "dot-segments", &["/admin", "/x/admin"]);
        assert_made("/x/....//admin", "dot-segments", &["/x/..//admin", "/x/../admin"]);
        assert_made("/x/.../admin", "dot-segments", &["/x/../admin", "/x/.admin"]);
        assert_made("/v1.0...v1.1", "dot-segments", &[]);
        assert_made("/static../private/x", "dot-segments", &["/private/x", "/staticprivate/x"]);
        assert_made("/a/static..", "dot-segments", &["/a/"]);
        assert!(made("/static../private/x").contains(&("/private/x".into(), "dot-segments", false)));
    }

    #[test]
    fn slashes_and_backslashes_are_separators() {
        assert_made("//a///b", "merged-slashes", &["/a/b"]);
        assert_made("//h/admin", "protocol-relative", &["/admin"]);
        assert_made("///h", "protocol-relative", &["/"]);
        assert_made("/a//b", "protocol-relative", &[]);
        assert_made("/http://h/admin", "protocol-relative", &["/admin"]);
        assert_made("/proxy/http://h/admin", "protocol-relative", &[]);
        assert_made("/a\\..\\b", "backslash", &["/a/../b", "/a..b"]);
    }

    #[test]
    fn parameters_are_cut_out_of_segments() {
        assert_made("/x;a=1/..;/b;c", "matrix-params", &["/x/../b"]);
        assert_made("/a&b", "matrix-params", &[]);
    }

    #[test]
    fn paths_end_at_delimiters() {
        assert_made("/a;b?c#d&e", "cut-short", &["/a;b", "/a;b?c", "/a", "/a;b?c#d"]);
        assert_made("/a%0A/b", "cut-short", &["/a", "/b"]);
        assert_made("/a%00b", "cut-short", &["/a"]);
        assert!(made("/a%20HTTP/1.1").contains(&("/a".into(), "cut-short", true)));
        assert!(made("/Inter%20Var.woff2").contains(&("/Inter".into(), "cut-short", false)));
    }

    #[test]
    fn windows_ignores_trailing_dots_spaces_and_streams() {
        assert_made("/admin./users%20.%20", "windows-names", &["/admin/users"]);
        assert_made("/x/..%20/y", "windows-names", &["/x/../y"]);
        assert_made("/x/.../y", "windows-names", &["/x//y"]);
        assert_made("/admin::$DATA", "windows-names", &["/admin"]);
        assert_made("/admin:$i30:$INDEX_ALLOCATION/x", "windows-names", &["/admin/x"]);
        assert_made("/wiki/User:Admin", "windows-names", &[]);
        assert_made("/x/../y", "windows-names", &[]);
    }

    #[test]
    fn cookieless_sessions_are_taken_out() {
        assert_made("/(S(abc))/admin", "cookieless-session", &["/admin"]);
        assert_made("/x/(A(1)F(2))/admin", "cookieless-session", &["/x/admin"]);
        assert_made("/odata/Products(1)", "cookieless-session", &[]);
        assert_made("/blog/(draft)-post", "cookieless-session", &[]);
    }

    #[test]
    fn what_follows_a_script_is_its_path() {
        assert_made("/index.php/admin/x", "path-info", &["/admin/x", "/index.php"]);
        assert_made("/admin.php/x.css", "path-info", &["/x.css", "/admin.php"]);
        assert_made("/shop/index.php/admin", "path-info", &["/shop/admin", "/admin", "/shop/index.php"]);
        assert_made("/a.rb/b/c.php/d", "path-info", &["/b/c.php/d", "/a.rb/b/d", "/a.rb/b/c.php"]);
        assert_made("//index.php/admin", "path-info", &["/admin", "//index.php"]);
        // Below its directory for certain; at the root where the application is not told of that.
        let is_firm =
            |path: &str, of: &str| made(path).iter().any(|(made, kind, firm)| made == of && *kind == "path-info" && *firm);
        assert!(is_firm("/index.php/admin", "/admin"));
        assert!(is_firm("/shop/index.php/admin", "/shop/admin"));
        assert!(!is_firm("/shop/index.php/admin", "/admin"));
        assert_made("/a.b/c", "path-info", &[]);
        for script in ["index.cfm", "app.wsgi", "index.php7", "a.PHP8", "a.phar", "s.asmx", "s.ashx", "s.svc"] {
            assert!(made(&["/", script, "/admin"].concat()).contains(&("/admin".into(), "path-info", true)), "{script}");
        }
        assert_made("/index.shtml/admin", "path-info", &[]);
        assert_made("/index.php", "path-info", &[]);
    }

    #[test]
    fn index_files_are_their_directory() {
        for path in ["/admin/index.html", "/admin/INDEX", "/admin/default.aspx"] {
            assert_made(path, "index-file", &["/admin/"]);
        }
        assert_made("/index/admin", "index-file", &["/admin"]);
        assert_made("/index", "index-file", &["/"]);
        assert_made("/reindex", "index-file", &[]);
        assert_made("/admin/index.js", "index-file", &[]);
    }

    #[test]
    fn a_format_suffix_has_a_name_before_it() {
        assert_made("/admin.json", "format-suffix", &["/admin"]);
        assert_made("/admin.json/", "format-suffix", &["/admin"]);
        assert_made("/a.tar.gz", "format-suffix", &["/a.tar", "/a"]);
        assert_made("/blog/.net-core", "format-suffix", &[]);
        assert_made("/hmm...", "format-suffix", &[]);
        assert_made("/v1.2/x", "format-suffix", &[]);
    }

    #[test]
    fn data_routes_are_the_page_that_they_describe() {
        for path in [
            "/_next/data/BUILD/admin.json",
            "/_next/data/x/index/admin.json",
            "/_next/data/BUILD/admin",
            "/admin/__data.json",
            "/admin/__route.js",
            "/admin.html__data.json",
            "/admin/_payload.json",
            "/admin.segments/_tree.segment.rsc",
            "/admin.segments/a/b.segment.rsc",
            "/admin.prefetch.rsc",
            "/admin/__PAGE__.txt",
            "/admin/__next._tree.txt",
            "/page-data/admin/page-data.json",
            "/admin/_.rsc",
            "/admin/q-loader-a1B2.c3D4.json",
            "/RSC/R/admin.txt",
            "/RSC/_R/admin_.txt",
            "/_analog/pages/admin",
            "/api/_analog/pages/admin",
            "/api/_analog/pages/-auth-/admin",
        ] {
            assert!(
                made(path).iter().any(|(made, kind, _)| made == "/admin" && *kind == "data-route"),
                "{path}: {:?}",
                made(path)
            );
        }
        assert_made("/_next/data/b/index.json", "data-route", &["/"]);
        assert_made("/docs/_next/data/b/admin.json", "data-route", &["/docs/admin"]);
        assert_made("/_root.data", "data-route", &["/"]);
        assert_made("/_next/static/a.js", "data-route", &[]);
        assert_made("/page-data/index/page-data.json", "data-route", &["/"]);
        assert_made("/blog/page-data/admin/page-data.json", "data-route", &["/blog/admin"]);
        assert_made("/blog/PAGE-DATA/a/b/page-data.json", "data-route", &["/blog/a/b"]);
        assert_made("/page-data/app-data.json", "data-route", &[]);
        assert_made("/_ipx/w_200/uploads/a.png", "data-route", &["/uploads/a.png"]);
        assert_made("/docs/_ipx/_/a.png", "data-route", &["/docs/a.png"]);
        assert_made("/_ipx/w_200/https://cdn.example/a.png", "data-route", &[]);
        assert_made("/__nuxt_island/page_admin_a1.json", "data-route", &["/admin"]);
        assert_made("/docs/__nuxt_island/PAGE_my_team_a1.json", "data-route", &["/docs/my_team"]);
        let pages = ["/my-team-list", "/my/team-list", "/my-team/list", "/my/team/list"];
        assert_made("/__nuxt_island/page_my-team-list_a1", "data-route", &pages);
        let many: Vec<_> = made("/__nuxt_island/page_a-b-c-d-e-f_a").into_iter().map(|(path, ..)| path).collect();
        assert_eq!(many.len(), 16);
        assert!(["/a-b-c-d-e-f", "/a-b/c/d/e/f", "/a/b-c-d-e-f"].iter().all(|page| many.iter().any(|made| made == page)));
        assert_made("/__nuxt_island/Header_a1.json", "data-route", &[]);
        assert_made("/docs/assets/internal.md.DwHLW-HF.lean.js", "data-route", &["/docs/internal"]);
        assert_made(
            "/assets/internal_my_plan.md.DwHLW-HF.js",
            "data-route",
            &["/internal_my_plan", "/internal/my_plan", "/internal_my/plan", "/internal/my/plan"],
        );
        assert_made("/assets/index.md.x.js", "data-route", &["/"]);
        assert!(made("/docs/assets/a_index.md.x.js").contains(&("/docs/a/".into(), "data-route", true)));
        assert_made("/assets/reindex.md.x.js", "data-route", &["/reindex"]);
        // What is nobody's page but the one in that directory, unless it is listed.
        assert!(made("/assets/a_b.md.x.js").contains(&("/a/b".into(), "data-route", true)));
        assert!(made("/assets/a_b.md.x.js").contains(&("/a_b".into(), "data-route", false)));
        for other in ["/assets/app.mdx.x.js", "/assets/app.3f2a.js", "/a.md.x.js", "/assets/a.md.x.css"] {
            assert_made(other, "data-route", &[]);
        }
        assert_made("/docs/RSC/R/__a/b.txt", "data-route", &["/docs/_a/b"]);
        assert_made("/RSC/R/_root.txt", "data-route", &["/"]);
        assert_made("/RSC/F/_/actions.ts/remove.txt", "data-route", &[]);
        assert_made("/docs/api/_analog/pages/a/b", "data-route", &["/docs/a/b"]);
        assert_made("/api/trpc/x/admin.remove", "data-route", &["/api/trpc/admin.remove"]);
        assert_made("/trpc/post.list/y/admin.remove", "data-route", &["/trpc/admin.remove"]);
        assert_made("/api/trpc/admin.remove", "data-route", &[]);
        assert_made("/api/trpc/admin.remove/", "data-route", &[]);
        assert_made("/_actions/news/_actions/admin.remove", "data-route", &["/_actions/admin.remove"]);
        assert_made("/docs/_actions//_ACTIONS/a", "data-route", &["/docs/_actions/a"]);
        assert_made("/_actions/_actions/a", "data-route", &["/_actions/a"]);
        assert_made("/_actions/admin.remove", "data-route", &[]);
    }

    #[test]
    fn shapes_ignore_letters_and_keep_separators() {
        assert_eq!(shape("/o%27b"), shape("/o'b"));
        assert_ne!(shape("/a%26b"), shape("/a&b"));
        assert_eq!(shape("/a.b/../c%2F%20;d"), b"/x/../x%x;x");
        assert_eq!(shape("/..a/.../"), b"/x/.../");
    }
}
