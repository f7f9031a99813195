//! Tokens to the parts of a pattern: text and parameters.
//!
//! Rules, in order:
//! 1. A name, an expression or both make a parameter. A `.` or `/` right before it becomes its prefix, which is repeated and
//!    left out together with it; any other character stays text.
//! 2. `{…}` is text, at most one parameter, text: prefix and suffix of that parameter, or just text if there is none.
//! 3. A modifier may follow either.
//! 4. A parameter without an expression takes characters other than `/`, `#` and `?`, at least one. If the text before it (its
//!    prefix or else the text part) has none of these, it does not contain that text either.
//! 5. A parameter without an expression must not follow another part than text directly.
//! 6. What repeats needs a prefix or a suffix. Parameters without a name are numbered from 0.
//!
//! Source: `parse` in path-to-regexp 6.3, with its default options.

use super::error::{Found, PatternError};
use super::expression::{Look, Node, parse_expression};
use super::tokenizer::{Kind, Modifier, Token, tokenize};

/// What a segment ends at.
pub(super) const DELIMITERS: [char; 3] = ['/', '#', '?'];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Param(Param),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Param {
    /// A number for a parameter without a name.
    pub name: String,
    pub prefix: String,
    pub value: Value,
    pub suffix: String,
    pub modifier: Option<Modifier>,
}

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing: `{text}` is no parameter.
    None,
    /// `[^\/#\?]+?`
    Segment,
    /// The same, without this text in it: `(?:(?!text)[^\/#\?])+?`
    SegmentWithout(String),
    /// `.*`
    Anything,
    Expression(Node),
}

/// Parses a pattern into its parts and the lookarounds of its expressions.
pub(super) fn parse(pattern: &str) -> Result<(Vec<Part>, Vec<Look>), PatternError> {
    let tokens = tokenize(pattern)?;
    let mut parser = Parser {
        tokens: &tokens,
        end: pattern.len(),
        next: 0,
        unnamed: 0,
        parts: Vec::new(),
        text: String::new(),
        looks: Vec::new(),
    };
    parser.pattern()?;
    Ok((parser.parts, parser.looks))
}

struct Parser<'p> {
    tokens: &'p [Token<'p>],
    end: usize,
    next: usize,
    unnamed: usize,
    parts: Vec<Part>,
    /// Text that is not yet a part.
    text: String,
    looks: Vec<Look>,
}

impl<'p> Parser<'p> {
    fn pattern(&mut self) -> Result<(), PatternError> {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Text(letter) => {
                    self.next += 1;
                    let is_prefix = self.is_at_param() && PREFIXES.contains(&letter);
                    if is_prefix {
                        self.bare_param(letter.to_string())?;
                    } else {
                        // A parameter may follow at once; the next round takes it.
                        self.text.push(letter);
                    }
                }
                Kind::Escaped(letter) => {
                    self.next += 1;
                    self.text.extend(letter);
                }
                Kind::Name(_) | Kind::Expression(_) => self.bare_param(String::new())?,
                Kind::Open => self.braces()?,
                Kind::Close => return Err(PatternError::UnopenedBrace { at: token.at }),
                Kind::Modifier(modifier) => {
                    return Err(PatternError::MissingParameter { at: token.at, modifier: modifier.as_char() });
                }
            }
        }
        self.end_text();
        Ok(())
    }

    /// A parameter outside of braces.
    fn bare_param(&mut self, prefix: String) -> Result<(), PatternError> {
        self.end_text();
        let at = self.at();
        let (name, expression) = (self.name(), self.expression());
        let (name, value) = self.value(name, expression, &prefix, at)?;
        self.push_param(at, Param { name, prefix, value, suffix: String::new(), modifier: None })
    }

    /// At a `{`.
    #[inline(never)]
    fn braces(&mut self) -> Result<(), PatternError> {
        self.end_text();
        let at = self.at();
        self.next += 1;
        let prefix = self.plain_text();
        let (name, expression) = (self.name(), self.expression());
        let (name, value) = self.value(name, expression, &prefix, at)?;
        let suffix = self.plain_text();
        match self.peek() {
            Some(Token { kind: Kind::Close, .. }) => self.next += 1,
            other => return Err(PatternError::UnclosedBrace { at: self.at(), found: Found(other.map(first_char)) }),
        }
        self.push_param(at, Param { name, prefix, value, suffix, modifier: None })
    }

    fn value(
        &mut self,
        name: Option<&str>,
        expression: Option<(&str, usize)>,
        prefix: &str,
        at: usize,
    ) -> Result<(String, Value), PatternError> {
        let value = match expression {
            Some((".*", _)) => Value::Anything,
            Some((expression, at)) => Value::Expression(parse_expression(expression, at, &mut self.looks)?),
            None => match name {
                Some(name) => self.segment(name, prefix, at)?,
                None => Value::None,
            },
        };
        let name = match name {
            Some(name) => name.to_owned(),
            None if value == Value::None => String::new(),
            None => {
                let number = self.unnamed;
                self.unnamed += 1;
                number.to_string()
            }
        };
        Ok((name, value))
    }

    /// Rules 4 and 5.
    fn segment(&self, name: &str, prefix: &str, at: usize) -> Result<Value, PatternError> {
        let before = match self.parts.last() {
            _ if !prefix.is_empty() => prefix,
            Some(Part::Text(text)) => text,
            Some(Part::Param(_)) => return Err(PatternError::MissingText { at, name: name.to_owned() }),
            None => "",
        };
        let plain = before.is_empty() || before.contains(DELIMITERS);
        Ok(if plain { Value::Segment } else { Value::SegmentWithout(before.to_owned()) })
    }

    fn push_param(&mut self, at: usize, mut param: Param) -> Result<(), PatternError> {
        if let Some(Token { kind: Kind::Modifier(modifier), .. }) = self.peek() {
            self.next += 1;
            param.modifier = Some(modifier);
        }
        let repeats = matches!(param.modifier, Some(Modifier::ZeroOrMore | Modifier::OneOrMore));
        if repeats && param.value != Value::None && param.prefix.is_empty() && param.suffix.is_empty() {
            return Err(PatternError::MissingSeparator { at, name: param.name });
        }
        self.parts.push(Part::Param(param));
        Ok(())
    }

    fn plain_text(&mut self) -> String {
        let mut text = String::new();
        while let Some(Token { kind: Kind::Text(letter) | Kind::Escaped(Some(letter)), .. }) = self.peek() {
            text.push(letter);
            self.next += 1;
        }
        text
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(core::mem::take(&mut self.text)));
        }
    }

    fn name(&mut self) -> Option<&'p str> {
        let Some(Token { kind: Kind::Name(name), .. }) = self.peek() else { return None };
        self.next += 1;
        Some(name)
    }

    /// An expression and its place.
    fn expression(&mut self) -> Option<(&'p str, usize)> {
        let Some(Token { kind: Kind::Expression(expression), at }) = self.peek() else { return None };
        self.next += 1;
        Some((expression, at + 1))
    }

    fn is_at_param(&self) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Name(_) | Kind::Expression(_), .. }))
    }

    fn peek(&self) -> Option<Token<'p>> {
        self.tokens.get(self.next).copied()
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }
}

impl Modifier {
    pub(super) fn as_char(self) -> char {
        match self {
            Self::Optional => '?',
            Self::ZeroOrMore => '*',
            Self::OneOrMore => '+',
        }
    }
}

fn first_char(token: Token<'_>) -> char {
    match token.kind {
        Kind::Text(letter) => letter,
        Kind::Escaped(_) => '\\',
        Kind::Open => '{',
        Kind::Close => '}',
        Kind::Name(_) => ':',
        Kind::Expression(_) => '(',
        Kind::Modifier(modifier) => modifier.as_char(),
    }
}

const PREFIXES: [char; 2] = ['.', '/'];

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pattern: &str) -> Vec<Part> {
        parse(pattern).unwrap().0
    }

    fn param(name: &str, prefix: &str, value: Value, suffix: &str, modifier: Option<Modifier>) -> Part {
        let [name, prefix, suffix] = [name, prefix, suffix].map(str::to_owned);
        Part::Param(Param { name, prefix, value, suffix, modifier })
    }

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    #[test]
    fn a_slash_or_dot_belongs_to_the_parameter_after_it() {
        assert_eq!(
            parts("/a/:b.:c"),
            [
                text("/a"),
                param("b", "/", Value::Segment, "", None),
                param("c", ".", Value::SegmentWithout(".".to_owned()), "", None),
            ]
        );
        assert_eq!(parts("/a-:b"), [text("/a-"), param("b", "", Value::Segment, "", None)]);
        assert_eq!(parts(r"/a\/:b"), [text("/a/"), param("b", "", Value::Segment, "", None)], "an escaped one does not");
    }

    #[test]
    fn braces_give_a_parameter_its_prefix_and_suffix() {
        let without = Value::SegmentWithout("-x".to_owned());
        assert_eq!(parts("{-x:a/}+"), [param("a", "-x", without, "/", Some(Modifier::OneOrMore))]);
        assert_eq!(parts("{/a}?"), [param("", "/a", Value::None, "", Some(Modifier::Optional))]);
        assert_eq!(parts("{}*"), [param("", "", Value::None, "", Some(Modifier::ZeroOrMore))]);
    }

    #[test]
    fn unnamed_parameters_are_numbered() {
        assert_eq!(
            parts("/(.*)/:a/(.*)"),
            [
                param("0", "/", Value::Anything, "", None),
                param("a", "/", Value::Segment, "", None),
                param("1", "/", Value::Anything, "", None),
            ]
        );
    }

    #[test]
    fn a_segment_leaves_out_the_text_before_it_unless_that_ends_segments() {
        assert_eq!(parts("/:a-:b").last(), Some(&param("b", "", Value::SegmentWithout("-".to_owned()), "", None)));
        assert_eq!(parts("/:a#-:b").last(), Some(&param("b", "", Value::Segment, "", None)));
    }

    #[test]
    fn refuses_what_path_to_regexp_refuses_and_says_where() {
        for (pattern, expected) in [
            ("/docs/:", "expected a parameter name after `:` at byte 7, found end of pattern"),
            ("/docs/*", "expected a parameter or a group before `*` at byte 6, found none"),
            ("/a(b)?+", "expected a parameter or a group before `+` at byte 6, found none"),
            ("/:a:b", "expected text before parameter `b` at byte 3, found another parameter or group"),
            ("{a}:b", "expected text before parameter `b` at byte 3, found another parameter or group"),
            ("/a(b)*", "expected a prefix or a suffix for the repeated parameter `0` at byte 2, found none"),
            ("/a}", "expected `{` before `}` at byte 2, found none"),
            ("/{a", "expected `}` at byte 3, found end of pattern"),
            ("/{a\\", "expected `}` at byte 3, found `\\`"),
            ("/{a{b}}", "expected `}` at byte 3, found `{`"),
            ("/{:a:b}", "expected `}` at byte 4, found `:`"),
            ("/a(b", "expected `)` for the group at byte 2, found end of pattern"),
            ("/a()", "expected an expression after `(` at byte 3, found `)`"),
            ("/a(?:b)", "expected an expression after `(` at byte 3, found `?`"),
            ("/é(a(b))", "expected `(?:` at byte 5, found a capturing group"),
            ("/é([b)]", "expected `]` for the class at byte 4, found `)`"),
        ] {
            assert_eq!(parse(pattern).map_err(|error| error.to_string()), Err(expected.to_owned()), "{pattern}");
        }
    }
}
