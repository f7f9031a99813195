//! The rewrites: what one step of one origin may make of a path. Each takes a reading and gives none, one or a few others.
//!
//! A rewrite is applied to the whole path at once, never to one place of several: a server that strips `;` strips every `;`.
//! Each is linear in the path, and is only tried on paths that have what it looks for ([`Traits`]).

use super::{
    encoding::{decode, escape_after_percent, escape_at, must_escape, render},
    readings::{ReadingKind, ReadingKinds},
};
use crate::text::ByAny as _;

mod characters;
mod conventions;
mod separators;

pub(super) use conventions::{query_routes, without_locale};

/// How far a step, or a chain of steps, goes from the path that it began with. Ordered: the nearer to a place of its own, the less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Distance {
    /// To another place: separators, dot segments, a shorter path.
    Elsewhere,
    /// To the same place in other letters.
    Respelled,
    /// To a page that goes by both names where the origin has such a convention, and to nothing where it has not.
    Alias,
}

impl Distance {
    /// The distance after one more step.
    ///
    /// Letters that a decoding or folding brought about may be the dots of the step after; so a step to another place ends there,
    /// however the path was respelled before. What began with a convention stays one.
    pub(super) fn then(self, step: Self) -> Self {
        match (self, step) {
            (Self::Alias, _) => Self::Alias,
            (_, Self::Elsewhere) => Self::Elsewhere,
            (before, step) => before.max(step),
        }
    }
}

/// What a rewrite made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewrite {
    pub path: String,
    pub kind: ReadingKind,
    pub step: Distance,
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
    fn elsewhere(&mut self, path: String) {
        self.put(path, Distance::Elsewhere);
    }

    fn alias(&mut self, path: String) {
        self.put(path, Distance::Alias);
    }

    /// Elsewhere, unless the path goes the same way as before, in other letters.
    fn by_shape(&mut self, path: String) {
        if path != self.out.of {
            let step = if shape(&path) == shape(self.out.of) { Distance::Respelled } else { Distance::Elsewhere };
            self.put(path, step);
        }
    }

    fn put(&mut self, mut path: String, step: Distance) {
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        uppercase_escapes(&mut path);
        let is_known = path == self.out.of || self.out.made.last().is_some_and(|last| last.path == path && last.step == step);
        if !is_known {
            self.out.made.push(Rewrite { path, kind: self.kind, step });
        }
    }
}

/// Spells escapes in upper case: a decoding may have brought forth others, and their case makes no other reading.
fn uppercase_escapes(path: &mut String) {
    let is_lower = |at: usize| {
        path.as_bytes()
            .get(at..at + 3)
            .is_some_and(|escape| escape_at(escape).is_some() && escape.iter().any(u8::is_ascii_lowercase))
    };
    let lower: Vec<usize> = path.match_indices('%').map(|(at, _)| at).filter(|at| is_lower(*at)).collect();
    for at in lower {
        if let Some(escape) = path.get_mut(at..at + 3) {
            escape.make_ascii_uppercase();
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
            Some(byte) if must_escape(byte) || is_mere_letter(byte) => ('x', 3),
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

/// Reserved bytes that separate nothing for any rewrite here: escaped or not, they are part of a name.
const fn is_mere_letter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'\'' | b')' | b'*' | b',' | b'=' | b'@' | b'[' | b']' | b'|')
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
        let mut found = if conventions::has_index(path) { Self::INDEX } else { 0 };
        let mut before = 0;
        let mut rest = path.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = tail;
            // One look-up for the letters and digits that most paths are made of.
            match OF_BYTES.get(usize::from(*first)) {
                None | Some(0) => {}
                Some(&Self::PERCENT) => match escape_after_percent(tail) {
                    None => found |= Self::PERCENT,
                    Some(byte) => {
                        found |= Self::of_escape(byte);
                        rest = tail.get(2..).unwrap_or_default();
                    }
                },
                Some(&Self::DOUBLE_SLASH) if before != b'/' => {}
                Some(&Self::UNDERSCORE) if before != b'/' => {}
                Some(bits) => found |= bits,
            }
            before = *first;
        }
        Self(found)
    }

    fn of_escape(byte: u8) -> u32 {
        match byte {
            0x80.. => Self::HIGH,
            b' ' => Self::SPACE,
            _ if byte.is_ascii_control() => Self::CONTROL,
            // Quotes, braces and their like are spelled as escapes in every reading.
            _ if must_escape(byte) => 0,
            _ => Self::ESCAPED_ASCII,
        }
    }

    /// Whether no rewrite can change such a path.
    pub(super) fn is_plain(self) -> bool {
        self.0 == 0
    }

    fn has(self, wanted: u32) -> bool {
        self.0 & wanted != 0
    }
}

/// What each byte may be a trait of.
const OF_BYTES: [u32; 256] = {
    let mut bits = [0; 256];
    bits[b'%' as usize] = Traits::PERCENT;
    bits[b'+' as usize] = Traits::PLUS;
    bits[b'.' as usize] = Traits::DOT;
    bits[b'/' as usize] = Traits::DOUBLE_SLASH;
    bits[b'\\' as usize] = Traits::BACKSLASH;
    bits[b';' as usize] = Traits::DELIMITER;
    bits[b'?' as usize] = Traits::DELIMITER;
    bits[b'#' as usize] = Traits::DELIMITER;
    bits[b'&' as usize] = Traits::DELIMITER;
    bits[b':' as usize] = Traits::COLON;
    bits[b'(' as usize] = Traits::PARENTHESIS;
    bits[b'_' as usize] = Traits::UNDERSCORE;
    bits
};

/// A decoded text as characters, where it is UTF-8; what is not comes out as `None`, byte by byte.
fn characters(bytes: &[u8]) -> impl Iterator<Item = Result<char, u8>> + '_ {
    bytes.utf8_chunks().flat_map(|chunk| chunk.valid().chars().map(Ok).chain(chunk.invalid().iter().copied().map(Err)))
}

/// Maps each segment of `path`, leaving the slashes between them.
fn map_segments<'a>(path: &'a str, mut map: impl FnMut(&'a str) -> &'a str) -> String {
    let mut out = String::with_capacity(path.len());
    for (index, segment) in path.pieces(b"/").enumerate() {
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
        out.into_iter().map(|made| (made.path, made.kind.as_str(), made.step == Distance::Elsewhere)).collect()
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
    fn a_step_elsewhere_ends_there_unless_it_began_with_a_convention() {
        use Distance::{Alias, Elsewhere, Respelled};
        assert_eq!(Elsewhere.then(Respelled), Respelled);
        assert_eq!(Respelled.then(Elsewhere), Elsewhere);
        assert_eq!(Respelled.then(Alias), Alias);
        assert_eq!(Alias.then(Elsewhere), Alias);
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
        assert_eq!(shape("/o%27b"), shape("/o'b"));
        assert_ne!(shape("/a%26b"), shape("/a&b"));
        assert_eq!(shape("/a.b/../c%2F%20;d"), "/x/../x%x;x");
        assert_eq!(shape("/..a/.../"), "/x/.../");
    }
}
