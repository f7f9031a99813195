//! What can be wrong with settings, in words that an operator can act on.

use std::fmt;

use crate::{limits, policy::pattern::PatternError, secret};

/// One thing that is wrong with the settings: the setting, what was found, what was expected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SettingError {
    /// Where: the name of the setting, as `public[3]` or `rules[0].require.role`.
    pub setting: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// The kinds of wrong settings.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// There is no setting of that name.
    Unknown {
        /// The nearest name that exists, if one is near.
        nearest: Option<&'static str>,
    },
    /// It must be given and is not.
    Missing {
        /// What it has to be.
        expected: &'static str,
    },
    /// A value of another type.
    Type {
        /// What stands there, as "a number".
        found: &'static str,
        /// What has to.
        expected: &'static str,
    },
    /// The right type, but not a value that makes sense.
    Value {
        /// The value, escaped and cut; `(not shown)` where it must not be.
        found: String,
        /// What it has to be.
        expected: String,
    },
    /// A pattern that does not parse.
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it, and where.
        error: PatternError,
    },
    /// It does not go together with another setting.
    Conflict {
        /// Why, as a clause.
        why: String,
        /// What to do.
        help: &'static str,
    },
}

impl Problem {
    /// A value that makes no sense; `found` is quoted, so never give a secret. One that looks like a secret, put there by mistake, is not shown.
    #[inline(never)]
    pub(crate) fn value(found: &str, expected: &str) -> Self {
        Self::Value { found: quote(found), expected: expected.to_owned() }
    }

    /// A pattern that does not parse.
    #[inline(never)]
    pub(crate) fn pattern(pattern: &str, error: PatternError) -> Self {
        Self::Pattern { pattern: quote(pattern), error }
    }
}

impl SettingError {
    /// A value that makes no sense; `found` is quoted, so never give a secret.
    #[inline(never)]
    pub(crate) fn value(setting: &str, found: &str, expected: &str) -> Self {
        Self { setting: setting.to_owned(), problem: Problem::value(found, expected) }
    }

    /// A secret that makes no sense: it is not shown.
    pub(crate) fn secret(setting: &str, expected: &str) -> Self {
        Self::value(setting, NOT_SHOWN, expected)
    }

    /// A list that has to name something, and is there without anything in it.
    #[inline(never)]
    pub(crate) fn empty(setting: &str, expected: &'static str) -> Self {
        Self { setting: setting.to_owned(), problem: Problem::Type { found: "an empty list", expected } }
    }

    #[inline(never)]
    pub(crate) fn missing(setting: &str, expected: &'static str) -> Self {
        Self { setting: setting.to_owned(), problem: Problem::Missing { expected } }
    }

    #[inline(never)]
    pub(crate) fn conflict(setting: &str, why: &str, help: &'static str) -> Self {
        Self { setting: setting.to_owned(), problem: Problem::Conflict { why: why.to_owned(), help } }
    }

    /// One more error. Kept out of the many places that call it.
    #[inline(never)]
    pub(crate) fn add_to(self, errors: &mut Vec<Self>) {
        errors.push(self);
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, problem } = self;
        match problem {
            Problem::Unknown { nearest: Some(nearest) } => {
                write!(f, "unknown setting `{setting}`; help: did you mean `{nearest}`?")
            }
            Problem::Unknown { nearest: None } => write!(f, "unknown setting `{setting}`"),
            Problem::Missing { expected } => write!(f, "setting `{setting}` is missing: expected {expected}"),
            Problem::Type { found, expected } => write!(f, "setting `{setting}` is {found}, expected {expected}"),
            Problem::Value { found, expected } if found.is_empty() => {
                write!(f, "setting `{setting}` is an empty string, expected {expected}")
            }
            Problem::Value { found, expected } if found == NOT_SHOWN => {
                write!(f, "setting `{setting}` has an invalid value (not shown), expected {expected}")
            }
            Problem::Value { found, expected } => write!(f, "setting `{setting}` is `{found}`, expected {expected}"),
            Problem::Pattern { pattern, error } => write!(f, "invalid pattern `{pattern}` in `{setting}`: {error}"),
            Problem::Conflict { why, help } => write!(f, "setting `{setting}`: {why}; help: {help}"),
        }
    }
}

impl std::error::Error for SettingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Pattern { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// What stands in messages for a secret.
const NOT_SHOWN: &str = "(not shown)";

/// Foreign text for a message: control characters escaped, cut at [`limits::QUOTED_CHARS`]; what looks like a secret is not shown.
#[must_use]
pub fn quote(text: &str) -> String {
    if secret::is_in(text) {
        return NOT_SHOWN.to_owned();
    }
    let mut quoted = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limits::QUOTED_CHARS {
            quoted.push('…');
            break;
        }
        if c.is_control() || c == '`' { quoted.extend(c.escape_unicode()) } else { quoted.push(c) }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_break_out_of_a_log_line() {
        assert_eq!(quote("a\nb`c"), "a\\u{a}b\\u{60}c");
        assert_eq!(quote(&"x".repeat(100)).chars().count(), limits::QUOTED_CHARS + 1);
    }

    #[test]
    fn a_secret_in_the_place_of_another_value_is_not_shown() {
        let key = ["sk", "live", "0123456789abcdef"].join("_");
        let error = SettingError::value("CLERK_PUBLISHABLE_KEY", &key, "`pk_live_…`");
        assert_eq!(error.to_string(), "setting `CLERK_PUBLISHABLE_KEY` has an invalid value (not shown), expected `pk_live_…`");
        assert_eq!(quote(&key), "(not shown)", "as a pattern, or as a name");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let error = SettingError::secret("CLERK_SECRET_KEY", "`sk_test_…` or `sk_live_…`");
        assert_eq!(
            error.to_string(),
            "setting `CLERK_SECRET_KEY` has an invalid value (not shown), expected `sk_test_…` or `sk_live_…`"
        );
    }
}
