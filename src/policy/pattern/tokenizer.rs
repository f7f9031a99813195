//! A pattern's text to its tokens.
//!
//! Rules, in order, at each character:
//! 1. `*`, `+`, `?` are modifiers, `{` and `}` open and close a group with a prefix and a suffix.
//! 2. `\` makes the next character plain text. A `\` at the very end stands for nothing, as in path-to-regexp.
//! 3. `:` begins a name of ASCII letters, digits and `_`.
//! 4. `(` begins an expression, which runs to its `)`. Parentheses are counted wherever they stand, in character classes too,
//!    unless escaped; each inner one has to go on with `?`.
//! 5. All else is plain text.
//!
//! Source: `lexer` in path-to-regexp 6.3.

use super::error::{Found, PatternError};

/// One token and the byte at which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'p> {
    pub at: usize,
    pub kind: Kind<'p>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'p> {
    Text(char),
    /// The character after a `\`; none after the last one.
    Escaped(Option<char>),
    Open,
    Close,
    /// Without the `:`.
    Name(&'p str),
    /// Without the parentheses.
    Expression(&'p str),
    Modifier(Modifier),
}

/// How often a parameter or group may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier {
    /// `?`
    Optional,
    /// `*`
    ZeroOrMore,
    /// `+`
    OneOrMore,
}

/// Splits a pattern into tokens.
pub(super) fn tokenize(pattern: &str) -> Result<Vec<Token<'_>>, PatternError> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut at = 0;
    while let Some((head, rest)) = split_char(pattern, at) {
        let (kind, end) = match head {
            '*' => (Kind::Modifier(Modifier::ZeroOrMore), rest),
            '+' => (Kind::Modifier(Modifier::OneOrMore), rest),
            '?' => (Kind::Modifier(Modifier::Optional), rest),
            '{' => (Kind::Open, rest),
            '}' => (Kind::Close, rest),
            '\\' => match split_char(pattern, rest) {
                Some((escaped, rest)) => (Kind::Escaped(Some(escaped)), rest),
                None => (Kind::Escaped(None), rest),
            },
            ':' => name(pattern, rest)?,
            '(' => expression(pattern, rest)?,
            text => (Kind::Text(text), rest),
        };
        tokens.push(Token { at, kind });
        at = end;
    }
    Ok(tokens)
}

fn name(pattern: &str, start: usize) -> Result<(Kind<'_>, usize), PatternError> {
    let rest = pattern.get(start..).unwrap_or_default();
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    match rest.get(..length) {
        Some(name) if !name.is_empty() => Ok((Kind::Name(name), start + length)),
        _ => Err(PatternError::MissingName { at: start, found: Found(rest.chars().next()) }),
    }
}

fn expression(pattern: &str, start: usize) -> Result<(Kind<'_>, usize), PatternError> {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some((head, rest)) = split_char(pattern, at) {
        let next = split_char(pattern, rest);
        match head {
            '?' if at == start => return Err(PatternError::MissingExpression { at, found: Found(Some(head)) }),
            '\\' => {
                at = next.map_or(rest, |(_, rest)| rest);
                continue;
            }
            '(' if next.is_some_and(|(next, _)| next == '?') => depth += 1,
            '(' => return Err(PatternError::CapturingGroup { at }),
            ')' if depth > 0 => depth -= 1,
            ')' if at == start => return Err(PatternError::MissingExpression { at, found: Found(Some(head)) }),
            ')' => return Ok((Kind::Expression(pattern.get(start..at).unwrap_or_default()), rest)),
            _ => {}
        }
        at = rest;
    }
    Err(PatternError::UnclosedGroup { at: start.saturating_sub(1), found: Found(None) })
}

/// Returns the character at `at` and the byte after it.
fn split_char(pattern: &str, at: usize) -> Option<(char, usize)> {
    let head = pattern.get(at..)?.chars().next()?;
    Some((head, at + head.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(pattern: &str) -> Vec<Kind<'_>> {
        tokenize(pattern).unwrap().into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn a_name_ends_at_the_first_character_that_is_no_ascii_word_character() {
        assert_eq!(kinds(":a_1é"), [Kind::Name("a_1"), Kind::Text('é')]);
    }

    #[test]
    fn an_expression_runs_to_its_own_parenthesis() {
        assert_eq!(kinds(r"(a\)(?:b)c)d"), [Kind::Expression(r"a\)(?:b)c"), Kind::Text('d')]);
    }

    #[test]
    fn parentheses_count_in_classes_too() {
        assert_eq!(kinds("([)]"), [Kind::Expression("["), Kind::Text(']')]);
        assert_eq!(tokenize("([(])"), Err(PatternError::CapturingGroup { at: 2 }));
    }

    #[test]
    fn places_are_bytes() {
        assert_eq!(tokenize("/é/:"), Err(PatternError::MissingName { at: 5, found: Found(None) }));
        assert_eq!(tokenize("/é/:-"), Err(PatternError::MissingName { at: 5, found: Found(Some('-')) }));
        assert_eq!(tokenize("/é(a"), Err(PatternError::UnclosedGroup { at: 3, found: Found(None) }));
        assert_eq!(tokenize("/é()"), Err(PatternError::MissingExpression { at: 4, found: Found(Some(')')) }));
        assert_eq!(tokenize("(?!a)"), Err(PatternError::MissingExpression { at: 1, found: Found(Some('?')) }));
    }

    #[test]
    fn a_backslash_at_the_end_stands_for_nothing() {
        assert_eq!(kinds(r"a\"), [Kind::Text('a'), Kind::Escaped(None)]);
        assert_eq!(tokenize(r"(a\"), Err(PatternError::UnclosedGroup { at: 0, found: Found(None) }));
    }
}
