//! The rewrites: what one step of one origin may make of a path. Each takes a reading and gives none, one or a few others.
//!
//! A rewrite is applied to the whole path at once, never to one place of several: a server that strips `;` strips every `;`.
//! Each is linear in the path, and is only tried on paths that have what it looks for ([`Traits`]).

use super::{
    encoding::{decode, escape_at, must_escape, render},
    readings::{ReadingKind, ReadingKinds},
};

mod characters;
mod conventions;
mod separators;

pub(super) use conventions::{query_routes, without_locale};

/// Whether a reading counts where the policy does not name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Firmness {
    /// It does: the rewrite leads to another place.
    Firm,
    /// It does not: the rewrite only spells the same place otherwise.
    Soft,
}

/// What a rewrite made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewrite {
    pub path: String,
    pub kind: ReadingKind,
    pub firmness: Firmness,
}

/// Applies every rewrite of `enabled` kinds to `path`, once each. May give `path` itself, and the same path twice.
pub(super) fn rewrite(path: &str, enabled: ReadingKinds, made: &mut Vec<Rewrite>) {
    let traits = Traits::of(path);
    let mut out = Out { of: path, made };
    for (wanted, kind, apply) in REWRITES {
        if traits.has(*wanted) && enabled.contains(*kind) {
            apply(path, &mut Sink { kind: *kind, out: &mut out });
        }
    }
}

type Apply = fn(&str, &mut Sink<'_, '_>);

/// What to look for, the kind, the rewrite.
const REWRITES: &[(u32, ReadingKind, Apply)] = &[
    (Traits::ESCAPED_ASCII, ReadingKind::Decoded, characters::decoded),
    (Traits::PERCENT, ReadingKind::LenientPercent, characters::lenient_percent),
    (Traits::HIGH, ReadingKind::InvalidUtf8, characters::invalid_utf8),
    (Traits::HIGH, ReadingKind::UnicodeCompatibility, characters::unicode_compatibility),
    (Traits::HIGH, ReadingKind::CaseFolding, characters::case_folding),
    (Traits::HIGH | Traits::CONTROL, ReadingKind::IgnoredCharacters, characters::ignored),
    (Traits::HIGH | Traits::CONTROL | Traits::SPACE, ReadingKind::Trimmed, characters::trimmed),
    (Traits::PLUS, ReadingKind::PlusAsSpace, characters::plus_as_space),
    (Traits::DOT, ReadingKind::DotSegments, separators::dot_segments),
    (Traits::DOUBLE_SLASH, ReadingKind::MergedSlashes, separators::merged_slashes),
    (Traits::DOUBLE_SLASH, ReadingKind::ProtocolRelative, separators::protocol_relative),
    (Traits::COLON, ReadingKind::ProtocolRelative, separators::absolute_form),
    (Traits::BACKSLASH, ReadingKind::Backslash, separators::backslash),
    (Traits::DELIMITER, ReadingKind::MatrixParams, separators::matrix_params),
    (Traits::DELIMITER | Traits::CONTROL | Traits::SPACE, ReadingKind::CutShort, separators::cut_short),
    (Traits::DOT | Traits::SPACE | Traits::COLON, ReadingKind::WindowsNames, separators::windows_names),
    (Traits::PARENTHESIS, ReadingKind::CookielessSession, conventions::cookieless_session),
    (Traits::DOT, ReadingKind::PathInfo, conventions::path_info),
    (Traits::DOT | Traits::INDEX, ReadingKind::IndexFile, conventions::index_file),
    (Traits::DOT, ReadingKind::FormatSuffix, conventions::format_suffix),
    (Traits::DOT | Traits::UNDERSCORE, ReadingKind::DataRoute, conventions::data_route),
];

/// Where a rewrite puts what it made.
struct Sink<'a, 'b> {
    kind: ReadingKind,
    out: &'a mut Out<'b>,
}

struct Out<'a> {
    of: &'a str,
    made: &'a mut Vec<Rewrite>,
}

impl Sink<'_, '_> {
    fn firm(&mut self, path: String) {
        self.put(path, Firmness::Firm);
    }

    fn soft(&mut self, path: String) {
        self.put(path, Firmness::Soft);
    }

    /// Soft if the path goes the same way as before, in other letters.
    fn by_shape(&mut self, path: String) {
        let firmness = if shape(&path) == shape(self.out.of) { Firmness::Soft } else { Firmness::Firm };
        self.put(path, firmness);
    }

    fn put(&mut self, mut path: String, firmness: Firmness) {
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        if path != self.out.of {
            self.out.made.push(Rewrite { path, kind: self.kind, firmness });
        }
    }
}

/// What of a path decides where it leads: its separators, dot segments and escapes, with everything else as `x`.
fn shape(path: &str) -> String {
    let mut out = String::with_capacity(16);
    let mut only_dots = 0_usize;
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let (mark, length) = match escape_at(rest) {
            Some(byte) if must_escape(byte) => ('x', 3),
            Some(_) => ('%', 3),
            None if matches!(first, b'/' | b'\\' | b';' | b'?' | b'#' | b'&' | b'%') => (char::from(*first), 1),
            None if *first == b'.' => ('.', 1),
            None => ('x', 1),
        };
        let after_separator = out.ends_with(['/', '\\']) || only_dots > 0;
        match mark {
            '.' if after_separator => only_dots += 1,
            '.' | 'x' => {
                // Dots before or between other characters are part of a name.
                only_dots = 0;
                if !out.ends_with('x') {
                    out.push('x');
                }
            }
            separator => {
                out.extend(core::iter::repeat_n('.', only_dots));
                only_dots = 0;
                out.push(separator);
            }
        }
        rest = rest.get(length..).unwrap_or(tail);
    }
    out.extend(core::iter::repeat_n('.', only_dots));
    out
}

/// What a path has that some rewrite looks for; found in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Traits(u32);

impl Traits {
    /// An escape that a decoding changes: of a separator, of `%`, of a letter.
    const ESCAPED_ASCII: u32 = 1;
    /// Any `%` that is no well-formed escape.
    const PERCENT: u32 = 1 << 1;
    /// A byte past ASCII.
    const HIGH: u32 = 1 << 2;
    /// A control byte.
    const CONTROL: u32 = 1 << 3;
    const SPACE: u32 = 1 << 4;
    const PLUS: u32 = 1 << 5;
    const DOT: u32 = 1 << 6;
    const DOUBLE_SLASH: u32 = 1 << 7;
    const BACKSLASH: u32 = 1 << 8;
    /// One of `;?#&`.
    const DELIMITER: u32 = 1 << 9;
    const COLON: u32 = 1 << 10;
    const PARENTHESIS: u32 = 1 << 11;
    /// A segment that begins with `_`.
    const UNDERSCORE: u32 = 1 << 12;
    /// A first or last segment `index`.
    const INDEX: u32 = 1 << 13;

    pub(super) fn of(path: &str) -> Self {
        let mut found = 0;
        let mut before = 0;
        let mut rest = path.as_bytes();
        while let [first, tail @ ..] = rest {
            let (bits, length) = match (*first, escape_at(rest)) {
                (_, Some(0x80..)) => (Self::HIGH, 3),
                (_, Some(b' ')) => (Self::SPACE, 3),
                (_, Some(byte)) if byte.is_ascii_control() => (Self::CONTROL, 3),
                // Quotes, braces and their like are spelled as escapes in every reading.
                (_, Some(byte)) if must_escape(byte) => (0, 3),
                (_, Some(_)) => (Self::ESCAPED_ASCII, 3),
                (b'%', None) => (Self::PERCENT, 1),
                (b'+', _) => (Self::PLUS, 1),
                (b'.', _) => (Self::DOT, 1),
                (b'/', _) if before == b'/' => (Self::DOUBLE_SLASH, 1),
                (b'\\', _) => (Self::BACKSLASH, 1),
                (b';' | b'?' | b'#' | b'&', _) => (Self::DELIMITER, 1),
                (b':', _) => (Self::COLON, 1),
                (b'(', _) => (Self::PARENTHESIS, 1),
                (b'_', _) if before == b'/' => (Self::UNDERSCORE, 1),
                _ => (0, 1),
            };
            found |= bits;
            before = *first;
            rest = rest.get(length..).unwrap_or(tail);
        }
        if conventions::has_index(path) {
            found |= Self::INDEX;
        }
        Self(found)
    }

    /// Whether no rewrite can change such a path.
    pub(super) fn is_plain(self) -> bool {
        self.0 == 0
    }

    fn has(self, wanted: u32) -> bool {
        self.0 & wanted != 0
    }
}

/// A decoded text as characters, where it is UTF-8; what is not comes out as `None`, byte by byte.
fn characters(bytes: &[u8]) -> impl Iterator<Item = Result<char, u8>> + '_ {
    bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars().map(Ok).chain(chunk.invalid().iter().copied().map(Err)))
}

/// Maps each segment of `path`, leaving the slashes between them.
fn map_segments<'a>(path: &'a str, mut map: impl FnMut(&'a str) -> &'a str) -> String {
    let mut out = String::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        out.push_str(map(segment));
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

    fn made(path: &str) -> Vec<(String, &'static str, bool)> {
        let mut out = Vec::new();
        rewrite(path, ReadingKinds::ALL, &mut out);
        out.into_iter().map(|made| (made.path, made.kind.as_str(), made.firmness == Firmness::Firm)).collect()
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
    fn a_plus_between_dots_is_a_firm_space() {
        assert!(made("/c++").contains(&("/c%20%20".into(), "plus-as-space", false)));
        assert!(made("/x/..+/y").contains(&("/x/..%20/y".into(), "plus-as-space", true)));
    }

    #[test]
    fn dot_segments_are_resolved_or_cut_out() {
        assert_made("/x/../admin", "dot-segments", &["/admin", "/x/admin"]);
        assert_made("/x/....//admin", "dot-segments", &["/x/..//admin", "/x/../admin"]);
        assert_made("/x/.../admin", "dot-segments", &["/x/../admin", "/x/.admin"]);
        assert_made("/v1.0...v1.1", "dot-segments", &[]);
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
        assert_made("/a.b/c", "path-info", &[]);
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
    }

    #[test]
    fn shapes_ignore_letters_and_keep_separators() {
        assert_eq!(shape("/a.b/../c%2F%20;d"), "/x/../x%x;x");
        assert_eq!(shape("/..a/.../"), "/x/.../");
    }
}
