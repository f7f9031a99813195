//! Route patterns: text such as `/orgs/:slug/(.*)` to something that tells which paths it matches.
//!
//! The syntax and its meaning are those of path-to-regexp 6.3 with its default options, which is what Clerk compiles patterns with:
//! 1. A pattern matches whole paths, in any case. One `/`, `#` or `?` may follow: `/about` matches `/About/` too.
//! 2. `:name` takes one segment or a part of one, `(expression)` what the expression says, `:name(expression)` both.
//! 3. `?`, `*` and `+` after a parameter repeat it together with the `/` or `.` before it: `/docs/:path*` matches `/docs`, `/docs/a` and
//!    `/docs/a/b`, but not `/docsearch`.
//! 4. `{prefix:name(expression)suffix}` repeats more than that, or just text: `/blog{/page}?`.
//! 5. `\` makes the next character plain.
//!
//! Two things differ on purpose: `.` matches every character, line terminators too, so that no decoded `%0A` slips past `(.*)`; and
//! expressions that are easily misread are errors (listed in [`PatternError`]'s variants from `CapturingGroup` on).
//!
//! A pattern is compiled once and bounded in size. Matching takes time linear in the path whatever the pattern is: text → tokens
//! (`tokenizer`) → parts (`parser`, `expression`) → a plain form where there is one (`shape`) and a program (`program`, `matcher`). Many
//! patterns at once are a [`PatternSet`].
//!
//! Not here: which path to judge (the path room), and what a match means (the rules).
//!
//! Source: path-to-regexp 6.3; `createPathMatcher` in `@clerk/shared`, which bundles it unchanged.

mod error;
mod expression;
mod fold;
mod matcher;
mod parser;
mod program;
mod set;
mod shape;
mod tokenizer;

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;

use self::expression::Look;
use self::matcher::Matcher;
use self::parser::{Param, Part, Value};
use self::shape::Shape;
use self::tokenizer::Modifier;
use crate::limits::PATTERN_BYTES;

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
    literal_prefix: String,
    shapes: Vec<Shape>,
    matcher: Matcher,
    opens_siblings: bool,
}

impl Pattern {
    /// Parses and compiles a pattern.
    ///
    /// An empty pattern matches the empty path, `/`, `#` and `?`, as in path-to-regexp. (Clerk drops empty patterns before they get there.)
    ///
    /// # Errors
    ///
    /// [`PatternError`] with the byte at which the pattern goes wrong, wherever path-to-regexp or the `RegExp` constructor behind it
    /// throws; also for the expressions listed there, and when the pattern is over a limit.
    ///
    /// Source: `pathToRegexp` in path-to-regexp 6.3.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if pattern.len() > PATTERN_BYTES {
            return Err(PatternError::TooLong { bytes: pattern.len(), limit: PATTERN_BYTES });
        }
        let (parts, looks) = parser::parse(pattern)?;
        let opens_siblings = parts_open_siblings(&parts, &looks);
        let literal_prefix = literal_prefix(&parts);
        let shapes = shape::shapes(&parts);
        let matcher = Matcher::new(program::compile(&parts, looks)?);
        Ok(Self { source: pattern.to_owned(), literal_prefix, shapes, matcher, opens_siblings })
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
        undecided && self.matcher.is_match(path)
    }

    /// Returns the parameters that took part in the match, in the order of the pattern, or `None` if the path does not match.
    ///
    /// Values are as they stand in the path, not decoded. Parameters without a name have their number as name. A repeated parameter
    /// is one text, separators included, where path-to-regexp gives a list. Of two with the same name the last counts. A value that
    /// would hold half of a character above U+FFFF holds U+FFFD for it.
    ///
    /// Slower than [`is_match`](Self::is_match), though linear in the path too.
    ///
    /// Source: `match` in path-to-regexp 6.3.
    #[must_use]
    pub fn params<'p>(&self, path: &'p str) -> Option<Vec<(&str, Cow<'p, str>)>> {
        if !self.shapes.iter().any(|shape| shape.is_match(path)) {
            return None;
        }
        let captures = self.matcher.captures(path)?;
        let mut params: Vec<(&str, Cow<'p, str>)> = Vec::with_capacity(captures.len());
        for (name, capture) in self.matcher.params().iter().zip(captures) {
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
        self.matcher.params().iter().map(String::as_str)
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
    pub fn literal_prefix(&self) -> &str {
        &self.literal_prefix
    }

    /// Tells whether the pattern ends in a group that goes on within the segment before it: `/api/public(.*)` matches
    /// `/api/public` and, probably not meant, `/api/publications`.
    #[must_use]
    pub fn opens_siblings(&self) -> bool {
        self.opens_siblings
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
            program::compile(&[group], looks.to_vec())
                .map(Matcher::new)
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
