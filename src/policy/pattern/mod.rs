//! Route patterns: text such as `/orgs/:slug/(.*)` to something that tells which paths it matches.
//!
//! The syntax and its meaning are those of path-to-regexp 6.3 with its default options, with which Clerk compiles patterns:
//! 1. A pattern matches whole paths, in any case. One `/`, `#` or `?` may follow: `/about` matches `/About/` too.
//! 2. `:name` takes one segment or a part of one, `(expression)` what the expression says, `:name(expression)` both.
//! 3. `?`, `*` and `+` after a parameter repeat it together with the `/` or `.` before it: `/docs/:path*` matches `/docs`,
//!    `/docs/a` and `/docs/a/b`, but not `/docsearch`.
//! 4. `{prefix:name(expression)suffix}` repeats more than that, or just text: `/blog{/page}?`.
//! 5. `\` makes the next character plain.
//!
//! What differs, on purpose:
//! - `.` matches every character, line terminators too, so that no decoded `%0A` slips past `(.*)`.
//! - Expressions that do not mean what they seem to are errors: `\1` and other references or octal escapes, letters without a
//!   meaning (`\p{L}`, `\u{41}`), named groups, and a class or group that ends outside of its own parentheses.
//! - A pattern has a limit in bytes, nesting and states ([`limits`](crate::limits)).
//!
//! What does not: an expression sees UTF-16 code units, so `(.)` is half of a character above U+FFFF and `(.*)` all of it; and
//! upper and lower case are JavaScript's, one unit to one unit.
//!
//! A pattern is compiled once: text → tokens (`tokenizer`) → parts (`parser`, `expression`) → a plain form where there is one (`shape`)
//! and a program (`program`, `matcher`). Matching takes time linear in the path, whatever the pattern is. Many patterns at once are a
//! [`PatternSet`].
//!
//! Not here: which path to judge (the path room), and what a match means (the rules).
//!
//! Source: path-to-regexp 6.3; `createPathMatcher` in `@clerk/shared`, which bundles it unchanged.

mod error;
mod expression;
mod fold;
pub(crate) mod language;
mod matcher;
mod parser;
mod program;
mod set;
mod shape;
mod tokenizer;

use core::cell::OnceCell;
use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

use self::expression::Look;
use self::matcher::Matcher;
use self::parser::{Param, Part, Value};
use self::shape::Shape;
use self::tokenizer::Modifier;
use crate::limits::{PATTERN_BYTES, PATTERN_STATES};

pub use self::error::{Found, PatternError};
pub use self::set::PatternSet;

/// A compiled route pattern.
///
/// ```
/// use portcullis::policy::pattern::Pattern;
///
/// let pattern = Pattern::parse("/orgs/:slug/:path*")?;
/// assert!(pattern.is_match("/orgs/acme"));
/// assert!(pattern.is_match("/ORGS/acme/projects/7/"));
/// assert!(!pattern.is_match("/orgs"));
///
/// let params = pattern.params("/orgs/acme/projects/7").unwrap();
/// assert_eq!(params, [("slug", "acme".into()), ("path", "projects/7".into())]);
/// # Ok::<(), portcullis::policy::pattern::PatternError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    shapes: Vec<Shape>,
    /// Made when first asked for: most patterns are told by their shapes alone.
    program: OnceCell<Matcher>,
}

impl Pattern {
    /// Parses and compiles a pattern.
    ///
    /// An empty pattern matches the empty path, `/`, `#` and `?`, as in path-to-regexp. (Clerk drops empty patterns before
    /// they get there.)
    ///
    /// # Errors
    ///
    /// [`PatternError`] with the byte at which the pattern goes wrong, wherever path-to-regexp or the `RegExp` constructor
    /// behind it throws; also for the expressions listed there, and when the pattern is over a limit.
    ///
    /// Source: `pathToRegexp` in path-to-regexp 6.3.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if pattern.len() > PATTERN_BYTES {
            return Err(PatternError::TooLong { bytes: pattern.len(), limit: PATTERN_BYTES });
        }
        let (parts, looks) = parser::parse(pattern)?;
        let shapes = shape::shapes(&parts);
        let program = OnceCell::new();
        // Without an expression a byte makes at most three states.
        if pattern.len() > PATTERN_STATES / 4 || shapes.iter().any(|shape| !shape.is_exact) {
            let _ = program.set(compile(&parts, looks)?);
        }
        Ok(Self { source: pattern.to_owned(), shapes, program })
    }

    /// What runs where the shapes do not tell.
    fn matcher(&self) -> &Matcher {
        // It was parsed before and is within its limits, so it compiles.
        self.program
            .get_or_init(|| parser::parse(&self.source).and_then(|(parts, looks)| compile(&parts, looks)).unwrap_or_default())
    }

    /// Returns the pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Tells whether the whole path matches. The path is what the path room decoded, without query and fragment.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        let mut undecided = false;
        for shape in self.shapes.iter().filter(|shape| shape.is_match(path)) {
            if shape.is_exact {
                return true;
            }
            undecided = true;
        }
        undecided && self.matcher().is_match(path)
    }

    /// Returns the parameters that took part in the match, in the order of the pattern, or `None` if the path does not match.
    ///
    /// Values are as they stand in the path, not decoded. Parameters without a name have their number as name. A repeated
    /// parameter is one text, separators included, where path-to-regexp gives a list. Of two with the same name the last
    /// counts. A value that would hold half of a character above U+FFFF holds U+FFFD for it.
    ///
    /// Slower than [`is_match`](Self::is_match), though linear in the path too.
    ///
    /// Source: `match` in path-to-regexp 6.3.
    #[must_use]
    pub fn params<'p>(&self, path: &'p str) -> Option<Vec<(&str, Cow<'p, str>)>> {
        if !self.shapes.iter().any(|shape| shape.is_match(path)) {
            return None;
        }
        let captures = self.matcher().captures(path)?;
        let mut params: Vec<(&str, Cow<'p, str>)> = Vec::with_capacity(captures.len());
        for (name, capture) in self.matcher().params().iter().zip(captures) {
            let Some((start, end)) = capture else { continue };
            let value = slice_units(path, start, end);
            match params.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => params.push((name, value)),
            }
        }
        Some(params)
    }

    /// Returns the names of the parameters, in the order of the pattern; numbers for those without a name.
    pub fn param_names(&self) -> impl Iterator<Item = &str> {
        self.matcher().params().iter().map(String::as_str)
    }

    /// Returns the text with which every matching path begins, in the case in which it was written.
    ///
    /// ```
    /// # use portcullis::policy::pattern::Pattern;
    /// assert_eq!(Pattern::parse("/api/public(.*)")?.literal_prefix(), "/api/public");
    /// assert_eq!(Pattern::parse("/api/:id")?.literal_prefix(), "/api/");
    /// assert_eq!(Pattern::parse("/api/:path*")?.literal_prefix(), "/api");
    /// # Ok::<(), portcullis::policy::pattern::PatternError>(())
    /// ```
    #[must_use]
    pub fn literal_prefix(&self) -> String {
        literal_prefix(&self.parts())
    }

    /// Tells whether the pattern ends in a group that goes on within the segment before it: `/api/public(.*)` matches
    /// `/api/public` and, probably not meant, `/api/publications`.
    #[must_use]
    pub fn opens_siblings(&self) -> bool {
        parser::parse(&self.source).is_ok_and(|(parts, looks)| parts_open_siblings(&parts, &looks))
    }

    fn parts(&self) -> Vec<Part> {
        // It was parsed before, so it parses.
        parser::parse(&self.source).map(|(parts, _)| parts).unwrap_or_default()
    }
}

/// For the lints.
impl Pattern {
    /// Whether some path could match both, as far as their plain forms tell. Never wrongly `false`.
    pub(crate) fn may_overlap(&self, other: &Self) -> bool {
        self.shapes.iter().any(|ours| other.shapes.iter().any(|theirs| ours.may_overlap(theirs)))
    }

    /// The text that it is made of, parameters and expressions left out.
    pub(crate) fn plain_text(&self) -> String {
        let text = |part| match part {
            Part::Text(text) => text,
            Part::Param(param) => [param.prefix, param.suffix].concat(),
        };
        self.parts().into_iter().map(text).collect()
    }

    /// The text that it is made of, with `x` for each parameter and expression, and without what is optional. The text of a path that it
    /// may match, where those may be `x`.
    pub(crate) fn example(&self) -> String {
        let mut example = String::new();
        for part in self.parts() {
            match part {
                Part::Text(text) => example.push_str(&text),
                Part::Param(param) if matches!(param.modifier, Some(Modifier::Optional | Modifier::ZeroOrMore)) => {}
                Part::Param(param) => {
                    example.push_str(&param.prefix);
                    example.push_str(if matches!(param.value, Value::None) { "" } else { "x" });
                    example.push_str(&param.suffix);
                }
            }
        }
        example
    }

    /// The pattern as written, in one case: equal for patterns that differ in nothing else.
    pub(crate) fn folded(&self) -> String {
        fold::fold_text(&self.source)
    }

    /// The text as a pattern that matches it and nothing else.
    pub(crate) fn escape(text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for letter in text.chars() {
            if "\\:(){}?*+".contains(letter) {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        escaped
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        Self::parse(pattern)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// A pattern is what was written; all else follows from that.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

#[inline(never)]
fn compile(parts: &[Part], looks: Vec<Look>) -> Result<Matcher, PatternError> {
    program::compile(parts, looks).map(Matcher::new)
}

fn literal_prefix(parts: &[Part]) -> String {
    let mut prefix = String::new();
    for part in parts {
        match part {
            Part::Text(text) => prefix.push_str(text),
            Part::Param(param) => match (param.modifier, &param.value) {
                (None, Value::None) => prefix.extend([param.prefix.as_str(), &param.suffix]),
                (None | Some(Modifier::OneOrMore), _) => {
                    prefix.push_str(&param.prefix);
                    break;
                }
                (Some(Modifier::Optional | Modifier::ZeroOrMore), _) => break,
            },
        }
    }
    prefix
}

/// The last part is a group directly after text, and may be empty as well as begin with a letter or a dash.
fn parts_open_siblings(parts: &[Part], looks: &[Look]) -> bool {
    let (before, last) = match parts {
        [.., Part::Text(text), Part::Param(last)] if last.prefix.is_empty() => (text, last),
        [.., Part::Param(last)] if last.modifier.is_none() && last.prefix != "." => (&last.prefix, last),
        _ => return false,
    };
    if before.is_empty() || before.ends_with(parser::DELIMITERS) || !last.suffix.is_empty() {
        return false;
    }
    match &last.value {
        Value::Anything => true,
        Value::Segment | Value::SegmentWithout(_) => last.modifier.is_some(),
        Value::None => false,
        Value::Expression(_) => {
            let group = Part::Param(Param { prefix: String::new(), ..last.clone() });
            compile(&[group], looks.to_vec())
                .is_ok_and(|group| group.is_match("") && ["x", "-x", "s"].iter().any(|sibling| group.is_match(sibling)))
        }
    }
}

/// Returns the text between two places that are counted in UTF-16 code units.
fn slice_units(path: &str, start: usize, end: usize) -> Cow<'_, str> {
    match (byte_of_unit(path, start), byte_of_unit(path, end)) {
        (Some(start), Some(end)) => Cow::Borrowed(path.get(start..end).unwrap_or_default()),
        _ => {
            let units = path.encode_utf16().skip(start).take(end.saturating_sub(start)).collect::<Vec<_>>();
            Cow::Owned(String::from_utf16_lossy(&units))
        }
    }
}

/// Returns the byte at which a UTF-16 code unit begins, or nothing if it is the second half of a character.
fn byte_of_unit(path: &str, unit: usize) -> Option<usize> {
    let mut units = 0;
    for (at, letter) in path.char_indices() {
        if units >= unit {
            return (units == unit).then_some(at);
        }
        units += letter.len_utf16();
    }
    (units == unit).then_some(path.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::{PATTERN_NESTING, URL_BYTES};

    fn pattern(pattern: &str) -> Pattern {
        Pattern::parse(pattern).unwrap()
    }

    #[track_caller]
    fn check(source: &str, matching: &[&str], others: &[&str]) {
        let pattern = pattern(source);
        for path in matching {
            assert!(pattern.is_match(path), "{source} matches {path:?}");
        }
        for path in others {
            assert!(!pattern.is_match(path), "{source} does not match {path:?}");
        }
    }

    #[test]
    fn a_literal_matches_itself_in_any_case_and_with_one_delimiter_more() {
        check("/about", &["/about", "/About/", "/about#", "/about?"], &["/about//", "/about/x", "/abou", "about", "/aboutx"]);
        check("/", &["/", "//", "/#"], &["", "/a", "///"]);
        check("", &["", "/"], &["/a"]);
        check("/Größe/ΣΑΣ", &["/größe/σας", "/GRÖßE/σασ"], &["/GRÖSSE/σας"]);
    }

    #[test]
    fn a_wildcard_group_matches_siblings_and_a_wildcard_parameter_does_not() {
        check("/admin(.*)", &["/admin", "/admin/users", "/administrators"], &["/adm", "/x/admin"]);
        check(
            "/admin/:path*",
            &["/admin", "/admin/", "/admin/a/b", "/admin/a/"],
            &["/administrators", "/admin//", "/admin/a//b"],
        );
        check("/admin/:path+", &["/admin/a", "/admin/a/b/"], &["/admin", "/admin/", "/adminx/a"]);
    }

    #[test]
    fn a_dot_matches_line_terminators_too() {
        for terminator in ["\n", "\r", "\u{2028}", "\u{2029}"] {
            let path = format!("/admin{terminator}/users");
            check("/admin(.*)", &[&path], &[]);
            check("/admin(.)/users", &[&path], &[]);
            check("/admin([^x])/users", &[&path], &[]);
        }
    }

    #[test]
    fn a_character_above_u_ffff_is_two_to_an_expression_as_in_javascript() {
        check("/(.)", &["/a", "/é"], &["/😀"]);
        check("/(..)", &["/😀"], &["/a"]);
        check("/([😀])", &[], &["/😀"]);
        check("/(😀|é)", &["/😀", "/É"], &[]);
        check("/:x", &["/😀"], &[]);
        check("/𐐨", &["/𐐨"], &["/𐐀"]);
        assert_eq!(pattern("/(.*?)(.)").params("/😀").unwrap(), [("0", "\u{FFFD}".into()), ("1", "\u{FFFD}".into())]);
    }

    #[test]
    fn lookarounds_and_boundaries_hold_where_they_stand() {
        check("/((?!api|_next).*)", &["/", "/about", "/x/api"], &["/api", "/API/x", "/_next/static", "/apiary"]);
        check("/((?!.*\\.).*)", &["/a/b"], &["/a.css", "/a/b.js"]);
        check("/(.*(?<!\\.map))", &["/a.js"], &["/a.js.map"]);
        check("/((?:(?!(?:x(?=y))).)*)", &["/axb"], &["/axyb"]);
        check("/(.*\\bid\\b.*)", &["/a/id/b", "/id"], &["/aid"]);
    }

    #[test]
    fn parameters_are_what_javascript_gives() {
        let params = |source: &str, path: &str| {
            let pattern = pattern(source);
            let params = pattern.params(path)?;
            Some(params.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(params("/orgs/:slug(.*)", "/orgs/acme/x").as_deref(), Some("slug=acme/x"));
        assert_eq!(params("/orgs/:slug/(.*)", "/Orgs/Acme/x/y").as_deref(), Some("slug=Acme 0=x/y"));
        assert_eq!(params("/:a?/:b?", "/x").as_deref(), Some("a=x"));
        assert_eq!(params("/docs/:path*", "/docs/a/b/").as_deref(), Some("path=a/b"));
        assert_eq!(params("/docs/:path*", "/docs").as_deref(), Some(""));
        assert_eq!(params("/x(.*)?", "/x").as_deref(), Some(""), "an optional group does not take part with nothing");
        assert_eq!(params("/:a/:a", "/1/2").as_deref(), Some("a=2"));
        let expected = Some("from=a-b to=c");
        assert_eq!(params("/:from-:to", "/a-b-c").as_deref(), expected, "a segment leaves out the text before it");
        assert_eq!(params("/:a(.*)-:b", "/a-b-c").as_deref(), Some("a=a-b b=c"));
        assert_eq!(params("/((?:|a)+)(.*)", "/aab").as_deref(), Some("0=aa 1=b"), "an empty round does not count");
        assert_eq!(params("/about", "/contact"), None);
        assert_eq!(pattern("/:a{/(x)}?/:b*").param_names().collect::<Vec<_>>(), ["a", "0", "b"]);
    }

    #[test]
    fn a_value_is_as_it_stands_in_the_path() {
        let pattern = pattern("/é😀/:slug/x");
        let path = "/É😀/ä%2Fö😀/x";
        assert_eq!(pattern.params(path).unwrap(), [("slug", "ä%2Fö😀".into())]);
        assert!(matches!(pattern.params(path).unwrap().as_slice(), [(_, Cow::Borrowed(_))]));
    }

    #[test]
    fn tells_which_patterns_open_siblings() {
        let open =
            ["/api/public(.*)", "/:org/public(.*)", "/x([^/]*)", "/x(.*)?", "{/x(.*)}", "/x((?!api).*)", "/x(s?)", "/x:y?"];
        for source in open {
            assert!(pattern(source).opens_siblings(), "{source}");
        }
        let closed = ["/api/public/(.*)", "/api/:path*", "/api/:x(.*)", "(.*)", "/x(.+)", "/x(|/.*)", "/x((?:/.*)?)", "/x(\\d*)"];
        for source in closed.into_iter().chain(["/x", "/x/:y?"]) {
            assert!(!pattern(source).opens_siblings(), "{source}");
        }
    }

    #[test]
    fn the_literal_prefix_is_text_that_no_matching_path_lacks() {
        for (source, prefix) in [
            ("/", "/"),
            ("/Api(.*)", "/Api"),
            ("/api/:a", "/api/"),
            ("/api/:a+", "/api/"),
            ("/api/:a?", "/api"),
            ("{/a}/b(c)", "/a/b"),
            ("{/a}?/b", ""),
            ("(.*)", ""),
        ] {
            assert_eq!(pattern(source).literal_prefix(), prefix, "{source}");
        }
    }

    #[test]
    fn the_length_of_a_pattern_has_a_limit() {
        assert!(Pattern::parse(&"/a".repeat(256)).is_ok());
        let over = Err(PatternError::TooLong { bytes: PATTERN_BYTES + 1, limit: PATTERN_BYTES });
        assert_eq!(Pattern::parse(&"/".repeat(PATTERN_BYTES + 1)), over);
    }

    /// Each of these keeps a backtracking engine busy for longer than the sun will shine.
    #[test]
    fn no_pattern_is_slow_on_any_path() {
        let path = format!("/{}!", "a".repeat(URL_BYTES - 2));
        for source in [
            "/((?:a*)*)b",
            "/((?:a|a)*)b",
            "/((?:a+)+)b",
            "/(.*)(.*)(.*)(.*)b",
            "/((?:a?){200}a{200})b",
            "/((?:(?=(?:a*)*b)a)*)b",
            "{a:x(a*)}*b",
        ] {
            let pattern = pattern(source);
            assert!(!pattern.is_match(&path), "{source}");
            assert_eq!(pattern.params(&path), None, "{source}");
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let deep = format!("/({}a{})", "(?:".repeat(400), ")".repeat(400));
        assert!(matches!(Pattern::parse(&deep), Err(PatternError::TooDeep { limit: PATTERN_NESTING, .. })));
        assert!(Pattern::parse(&"(?:".repeat(600)).is_err());
        assert!(Pattern::parse(&"{".repeat(2000)).is_err());
    }

    /// Text out of the characters that mean something, and of some that do not.
    fn soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => prop::sample::select(vec!["/", ":", "a", "b", "(", ")", "?", "*", "+", "{", "}", "\\", "[", "]", "|", ".", "-", "^", "$"]),
            2 => prop::sample::select(vec!["/:a", "(.*)", "(?:", "(?!", "(?<=", "{/", "[^", "\\d", "\\b", "{1,2}", "/:p*", "x", "é", "😀", "\n"]),
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    /// Patterns that mostly parse.
    fn plausible() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "/a",
            "/B",
            "/é",
            "/:x",
            "/:y?",
            "/:z*",
            "/:w+",
            "(.*)",
            "/(.*)",
            "/:n(\\d+)",
            "/:l(en|fr)?",
            "{/a}?",
            "-:v",
            "b",
            ".:e",
            "(a*)",
            "/:q([^/]+)",
        ]);
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    fn path() -> impl Strategy<Value = String> {
        let piece =
            prop::sample::select(vec!["/", "/", "a", "A", "b", "é", "É", "12", "en", "-", ".", "#", "?", "😀", "\n", "\u{0}"]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_pattern_and_no_path_makes_it_panic(source in prop_oneof![soup(), any::<String>()], path in prop_oneof![path(), any::<String>()]) {
            if let Ok(pattern) = Pattern::parse(&source) {
                let is_match = pattern.is_match(&path);
                prop_assert_eq!(is_match, pattern.params(&path).is_some());
                prop_assert!(!is_match || fold::strip_folded(&path, &fold::fold_text(&pattern.literal_prefix())).is_some());
            }
        }

        #[test]
        fn the_plain_forms_agree_with_the_program(source in prop_oneof![3 => plausible(), 1 => soup()], path in path()) {
            if let Ok(pattern) = Pattern::parse(&source) {
                prop_assert_eq!(pattern.is_match(&path), pattern.matcher().is_match(&path), "{}", source);
            }
        }

        #[test]
        fn patterns_that_match_one_path_may_overlap(one in plausible(), other in plausible(), path in path()) {
            if let (Ok(one), Ok(other)) = (Pattern::parse(&one), Pattern::parse(&other)) {
                let both = one.is_match(&path) && other.is_match(&path);
                prop_assert!(!both || one.may_overlap(&other), "{one} {other}");
            }
        }

        #[test]
        fn a_set_agrees_with_its_patterns(sources in prop::collection::vec(plausible(), 0..20), path in path()) {
            let set = sources.iter().filter_map(|source| Pattern::parse(source).ok()).collect::<PatternSet>();
            let one_by_one = set.patterns().iter().enumerate().filter(|(_, pattern)| pattern.is_match(&path)).map(|(index, _)| index);
            let one_by_one = one_by_one.collect::<Vec<_>>();
            prop_assert_eq!(set.first_match(&path), one_by_one.first().copied());
            prop_assert_eq!(set.matches(&path).collect::<Vec<_>>(), one_by_one);
        }
    }
}
