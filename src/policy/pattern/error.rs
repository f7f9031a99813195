//! What can be wrong with a pattern, and where.

use core::fmt;

use crate::path::is_invisible;

/// A pattern that is no pattern: what was found and expected, and at which byte of the pattern (counted from 0).
///
/// The message names neither the pattern nor the setting; the caller puts "invalid pattern `…` in `public[3]`: " before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Longer than [`PATTERN_BYTES`](crate::limits::PATTERN_BYTES).
    #[error("expected at most {limit} bytes, found {bytes}")]
    TooLong {
        /// Length of the pattern.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Needs more than [`PATTERN_STATES`](crate::limits::PATTERN_STATES), mostly through counted repetition.
    #[error("expected at most {limit} states, found more")]
    TooManyStates {
        /// The limit.
        limit: usize,
    },
    /// Groups nested deeper than [`PATTERN_NESTING`](crate::limits::PATTERN_NESTING).
    #[error("expected at most {limit} groups within groups, found more at byte {at}")]
    TooDeep {
        /// Where the group too many opens.
        at: usize,
        /// The limit.
        limit: usize,
    },
    /// A `:` without a name.
    #[error("expected a parameter name after `:` at byte {at}, found {found}")]
    MissingName {
        /// Where the name should begin.
        at: usize,
        /// What stands there.
        found: Found,
    },
    /// `:a:b`: nothing says where the first ends.
    #[error("expected text before parameter `{name}` at byte {at}, found another parameter or group")]
    MissingText {
        /// Where the second parameter begins.
        at: usize,
        /// The second parameter.
        name: String,
    },
    /// `?`, `*` or `+` after plain text.
    #[error("expected a parameter or a group before `{modifier}` at byte {at}, found none")]
    MissingParameter {
        /// Where the modifier stands.
        at: usize,
        /// The modifier.
        modifier: char,
    },
    /// `(a)*`: with neither a prefix nor a suffix nothing separates the repetitions.
    #[error("expected a prefix or a suffix for the repeated parameter `{name}` at byte {at}, found none")]
    MissingSeparator {
        /// Where the parameter begins.
        at: usize,
        /// Its name, or its number if it has none.
        name: String,
    },
    /// A `}` that closes nothing.
    #[error("expected `{{` before `}}` at byte {at}, found none")]
    UnopenedBrace {
        /// Where the `}` stands.
        at: usize,
    },
    /// A `{` group holds more than text, one parameter, text.
    #[error("expected `}}` at byte {at}, found {found}")]
    UnclosedBrace {
        /// Where the `}` should stand.
        at: usize,
        /// What stands there.
        found: Found,
    },
    /// `()` or `(?…)`.
    #[error("expected an expression after `(` at byte {at}, found {found}")]
    MissingExpression {
        /// Where the expression should begin.
        at: usize,
        /// What stands there.
        found: Found,
    },
    /// A `(` without its `)`.
    #[error("expected `)` for the group at byte {at}, found {found}")]
    UnclosedGroup {
        /// Where the group opens.
        at: usize,
        /// What stands in the place of the `)`.
        found: Found,
    },
    /// A `)` that closes nothing: the group before it ended inside a character class.
    #[error("expected `(` before `)` at byte {at}, found none")]
    UnopenedGroup {
        /// Where the `)` stands.
        at: usize,
    },
    /// A plain `(` inside an expression.
    #[error("expected `(?:` at byte {at}, found a capturing group")]
    CapturingGroup {
        /// Where the group opens.
        at: usize,
    },
    /// A `(?…` that is none of `(?:`, `(?=`, `(?!`, `(?<=`, `(?<!`.
    #[error("expected `(?:`, `(?=`, `(?!`, `(?<=` or `(?<!` at byte {at}, found `(?` and {found}")]
    UnknownGroup {
        /// Where the group opens.
        at: usize,
        /// What follows the `(?`, or the `(?<`.
        found: Found,
    },
    /// A `[` without its `]` in the same group.
    #[error("expected `]` for the class at byte {at}, found {found}")]
    UnclosedClass {
        /// Where the class opens.
        at: usize,
        /// What stands in the place of the `]`.
        found: Found,
    },
    /// `[z-a]`.
    #[error("expected a range in ascending order at byte {at}, found a descending one")]
    DescendingRange {
        /// Where the range begins.
        at: usize,
    },
    /// `*`, `+`, `?` or `{n}` with nothing before it that can be repeated.
    #[error("expected something to repeat before {found} at byte {at}, found none")]
    NothingToRepeat {
        /// Where the quantifier stands.
        at: usize,
        /// Its first character.
        found: Found,
    },
    /// `{3,2}`.
    #[error("expected at least {min} as the upper bound at byte {at}, found {max}")]
    DescendingCount {
        /// Where the quantifier stands.
        at: usize,
        /// Its lower bound.
        min: u32,
        /// Its upper bound.
        max: u32,
    },
    /// An escape that means nothing here: a back reference, or a letter such as in `\p`.
    #[error("expected a known escape at byte {at}, found `\\` and {found}")]
    UnknownEscape {
        /// Where the `\` stands.
        at: usize,
        /// What follows it.
        found: Found,
    },
}

impl PatternError {
    /// Says what to write instead, where there is a usual answer.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::MissingParameter { .. } => {
                Some("write `/:path*` for everything below, or put `\\` before the character to match it as it is")
            }
            Self::MissingName { .. } => Some("name the parameter, or write `\\:` to match a colon"),
            Self::CapturingGroup { .. } => Some("write `(?:…)`; the outer parentheses are the parameter"),
            Self::MissingExpression { .. } => Some("a lookahead needs a group around it: `((?!api).*)`"),
            Self::MissingText { .. } => Some("put text between the two, such as `/` or `-`"),
            Self::MissingSeparator { .. } => Some("write `/:path*`, or `{prefix:name}*`"),
            Self::UnclosedClass { .. } => Some("inside a group write `\\(` and `\\)`, in classes too"),
            _ => None,
        }
    }
}

/// What stands where something else was expected: a character, or the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found(pub Option<char>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // Only what cannot be seen is escaped: in a pattern a backslash and quotes are what they are.
            Some(' ') => f.write_str("` `"),
            Some(found) if found.is_control() || found.is_whitespace() || is_invisible(found) => {
                write!(f, "`{}`", found.escape_unicode())
            }
            Some(found) => write!(f, "`{found}`"),
            None => f.write_str("end of pattern"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_can_be_seen() {
        for (found, shown) in [
            (Some('é'), "`é`"),
            (Some('\\'), "`\\`"),
            (Some('"'), "`\"`"),
            (Some(' '), "` `"),
            (Some('\n'), "`\\u{a}`"),
            (Some('\u{2028}'), "`\\u{2028}`"),
            (Some('\u{202e}'), "`\\u{202e}`"),
            (None, "end of pattern"),
        ] {
            assert_eq!(Found(found).to_string(), shown);
        }
    }
}
