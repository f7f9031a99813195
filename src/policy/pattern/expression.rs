//! The expression of a group, such as `\d+` in `:id(\d+)`, to a tree.
//!
//! It is the part of JavaScript's regular expressions (no flag but `i`) that has one meaning for everybody:
//! 1. Alternatives, and within them atoms in sequence, each with at most one quantifier: `*`, `+`, `?`, `{n}`, `{n,}`,
//!    `{n,m}`, and the lazy forms of all these. A `{` that begins no quantifier is itself, and so are `}` and `]`.
//! 2. Atoms: a character; `.`, which here is every character, line terminators too; classes; `(?:…)`; the escapes `\d \D \w \W
//!    \s \S`, `\t \n \v \f \r`, `\0`, `\cX`, `\xHH`, `\uHHHH`, and `\` before any character that is neither letter nor digit.
//! 3. Assertions: `^`, `$`, `\b`, `\B`, `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`. Of these only lookaheads take a quantifier.
//!
//! Refused though JavaScript takes them, because they do not mean what they seem to: back references and octal escapes (`\1`),
//! letters without a meaning (`\p`, and `\u{…}` without the flag `u`), named groups, and a class or group that ends outside
//! of its own parentheses.
//!
//! Characters are UTF-16 code units, see [`fold`](super::fold).
//!
//! Source: ECMA-262, Patterns and Annex B.1.2.

use super::error::{Found, PatternError};
use super::fold::{UnitSet, fold_unit};
use crate::limits::PATTERN_NESTING;

/// An expression as a tree. No deeper than a few levels for each of the [`PATTERN_NESTING`] groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing at all, which is always there.
    Empty,
    /// One code unit, folded.
    Unit(u16),
    /// Any code unit.
    Any,
    /// One of a set of code units, folded.
    Class(UnitSet),
    Concat(Vec<Node>),
    /// The first that leads to a match wins.
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
        lazy: bool,
    },
    /// What the node matches is the value of the parameter with this index.
    Capture(usize, Box<Node>),
    Assert(Assertion),
}

/// What holds between two code units without taking any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    Start,
    End,
    /// Between a word character and something else, or not (`false`).
    WordBoundary(bool),
    /// The lookaround with this index matches here, or does not (`negated`).
    Look {
        index: usize,
        negated: bool,
    },
}

/// The inside of a lookaround.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    pub node: Node,
    /// `(?<=…)`: what it matches ends here, rather than beginning here.
    pub behind: bool,
}

impl Node {
    /// Returns the node for a text in any case.
    pub fn text(text: &str) -> Self {
        Self::Concat(text.encode_utf16().map(|unit| Self::Unit(fold_unit(unit))).collect())
    }

    /// Tells whether it may match without taking any character. Never wrongly `false`.
    pub fn is_nullable(&self) -> bool {
        match self {
            Self::Empty | Self::Assert(_) => true,
            Self::Unit(_) | Self::Any | Self::Class(_) => false,
            Self::Concat(nodes) => nodes.iter().all(Self::is_nullable),
            Self::Alternate(nodes) => nodes.iter().any(Self::is_nullable),
            Self::Repeat { node, min, .. } => *min == 0 || node.is_nullable(),
            Self::Capture(_, node) => node.is_nullable(),
        }
    }

    /// Tells whether it can never take a character out of `units`. Never wrongly `true`.
    pub fn avoids(&self, units: &[u16]) -> bool {
        match self {
            Self::Empty | Self::Assert(_) => true,
            Self::Unit(unit) => !units.contains(unit),
            Self::Any => false,
            Self::Class(set) => !units.iter().any(|unit| set.contains(*unit)),
            Self::Concat(nodes) | Self::Alternate(nodes) => nodes.iter().all(|node| node.avoids(units)),
            Self::Repeat { node, .. } | Self::Capture(_, node) => node.avoids(units),
        }
    }
}

/// Parses the expression of one group, which begins at byte `at` of the pattern. Lookarounds go to `looks`, inner ones first.
pub(super) fn parse_expression(expression: &str, at: usize, looks: &mut Vec<Look>) -> Result<Node, PatternError> {
    let mut units = Vec::with_capacity(expression.len());
    for (offset, letter) in expression.char_indices() {
        units.extend(letter.encode_utf16(&mut [0; 2]).iter().map(|unit| (*unit, at + offset)));
    }
    let mut parser = Parser { units: &units, end: at + expression.len(), next: 0, depth: 0, looks };
    let node = parser.disjunction()?;
    match parser.peek() {
        Some(_) => Err(PatternError::UnopenedGroup { at: parser.at() }),
        None => Ok(node),
    }
}

struct Parser<'p> {
    /// The code units and the byte of the pattern that each comes from.
    units: &'p [(u16, usize)],
    /// The byte after the last one: where the `)` stands.
    end: usize,
    next: usize,
    depth: usize,
    looks: &'p mut Vec<Look>,
}

/// What a term may be followed by.
#[derive(PartialEq, Eq)]
enum Term {
    Repeatable(Node),
    Single(Node),
}

impl Parser<'_> {
    /// Up to the end, or to a `)` that it leaves.
    fn disjunction(&mut self) -> Result<Node, PatternError> {
        let mut alternatives = vec![self.alternative()?];
        while self.eat('|') {
            alternatives.push(self.alternative()?);
        }
        Ok(only(alternatives, Node::Alternate))
    }

    fn alternative(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        while let Some(head) = self.peek() {
            if head == unit('|') || head == unit(')') {
                break;
            }
            let node = match self.term()? {
                Term::Repeatable(node) => self.quantified(node)?,
                Term::Single(node) => node,
            };
            nodes.push(node);
        }
        Ok(if nodes.is_empty() { Node::Empty } else { only(nodes, Node::Concat) })
    }

    fn term(&mut self) -> Result<Term, PatternError> {
        let at = self.at();
        let start = self.next;
        let Some(head) = self.bump() else { return Ok(Term::Single(Node::Empty)) };
        let node = match u8::try_from(head).map(char::from) {
            Ok('^') => return Ok(Term::Single(Node::Assert(Assertion::Start))),
            Ok('$') => return Ok(Term::Single(Node::Assert(Assertion::End))),
            Ok('(') => return self.group(at),
            Ok('.') => Node::Any,
            Ok('[') => Node::Class(self.class(at)?),
            Ok('\\') if self.eat('b') => return Ok(Term::Single(Node::Assert(Assertion::WordBoundary(true)))),
            Ok('\\') if self.eat('B') => return Ok(Term::Single(Node::Assert(Assertion::WordBoundary(false)))),
            Ok('\\') => match self.escape(at, false)? {
                Escape::Unit(escaped) => Node::Unit(fold_unit(escaped)),
                Escape::Set(set) => Node::Class(set.folded()),
            },
            Ok('*' | '+' | '?') => return Err(PatternError::NothingToRepeat { at, found: found(head) }),
            Ok('{') => {
                self.next = start;
                if self.quantifier()?.is_some() {
                    return Err(PatternError::NothingToRepeat { at, found: found(head) });
                }
                self.next = start + 1;
                Node::Unit(head)
            }
            _ => Node::Unit(fold_unit(head)),
        };
        Ok(Term::Repeatable(node))
    }

    /// After a `(`.
    fn group(&mut self, at: usize) -> Result<Term, PatternError> {
        if !self.eat('?') {
            return Err(PatternError::CapturingGroup { at });
        }
        let behind = self.eat('<');
        let negated = match self.peek() {
            Some(head) if head == unit(':') && !behind => None,
            Some(head) if head == unit('=') => Some(false),
            Some(head) if head == unit('!') => Some(true),
            other => return Err(PatternError::UnknownGroup { at, found: other.map_or(Found(None), found) }),
        };
        self.next += 1;
        self.depth += 1;
        if self.depth > PATTERN_NESTING {
            return Err(PatternError::TooDeep { at, limit: PATTERN_NESTING });
        }
        let node = self.disjunction()?;
        self.depth -= 1;
        if !self.eat(')') {
            return Err(PatternError::UnclosedGroup { at, found: Found(Some(')')) });
        }
        let Some(negated) = negated else { return Ok(Term::Repeatable(node)) };
        let index = self.looks.len();
        self.looks.push(Look { node, behind });
        let look = Node::Assert(Assertion::Look { index, negated });
        Ok(if behind { Term::Single(look) } else { Term::Repeatable(look) })
    }

    fn quantified(&mut self, node: Node) -> Result<Node, PatternError> {
        let Some((min, max)) = self.quantifier()? else { return Ok(node) };
        let lazy = self.eat('?');
        Ok(Node::Repeat { node: Box::new(node), min, max, lazy })
    }

    /// Takes a quantifier, if one stands here.
    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, PatternError> {
        let (at, start) = (self.at(), self.next);
        if self.eat('*') {
            return Ok(Some((0, None)));
        }
        if self.eat('+') {
            return Ok(Some((1, None)));
        }
        if self.eat('?') {
            return Ok(Some((0, Some(1))));
        }
        let bounds = self.bounds();
        match bounds {
            Some((min, Some(max))) if max < min => Err(PatternError::DescendingCount { at, min, max }),
            Some(bounds) => Ok(Some(bounds)),
            None => {
                self.next = start;
                Ok(None)
            }
        }
    }

    /// `{n}`, `{n,}`, `{n,m}`; anything else is no quantifier.
    fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        if !self.eat('{') {
            return None;
        }
        let min = self.number()?;
        let max = match self.eat(',') {
            false => Some(min),
            true if self.peek() == Some(unit('}')) => None,
            true => Some(self.number()?),
        };
        self.eat('}').then_some((min, max))
    }

    /// A number of any length; what does not fit is the largest there is.
    fn number(&mut self) -> Option<u32> {
        let mut number = None::<u32>;
        while let Some(digit) = self.peek().and_then(|head| char::from_u32(head.into())?.to_digit(10)) {
            number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit));
            self.next += 1;
        }
        number
    }

    /// After a `[`.
    fn class(&mut self, at: usize) -> Result<UnitSet, PatternError> {
        let negated = self.eat('^');
        let mut set = UnitSet::default();
        loop {
            let first_at = self.at();
            let Some(first) = self.class_atom(at)? else { break };
            let dash = self.next;
            if !self.eat('-') {
                set.extend(&first.into_set());
                continue;
            }
            // A dash at the end, and one beside a set such as `\d`, is itself.
            let Some(last) = self.class_atom(at)? else {
                set.extend(&first.into_set());
                set.extend(&Escape::Unit(unit('-')).into_set());
                break;
            };
            match (first, last) {
                (Escape::Unit(first), Escape::Unit(last)) if first <= last => {
                    set.extend(&UnitSet::from_ranges([(first, last)]));
                }
                (Escape::Unit(_), Escape::Unit(_)) => return Err(PatternError::DescendingRange { at: first_at }),
                (first, _) => {
                    set.extend(&first.into_set());
                    set.extend(&Escape::Unit(unit('-')).into_set());
                    self.next = dash + 1;
                    if let Some(last) = self.class_atom(at)? {
                        set.extend(&last.into_set());
                    }
                }
            }
        }
        let folded = set.folded();
        Ok(if negated { folded.complement() } else { folded })
    }

    /// One member of a class that begins at `at`; none at its end, which is taken.
    fn class_atom(&mut self, at: usize) -> Result<Option<Escape>, PatternError> {
        let here = self.at();
        match self.bump() {
            None => Err(PatternError::UnclosedClass { at, found: Found(Some(')')) }),
            Some(head) if head == unit(']') => Ok(None),
            Some(head) if head == unit('\\') => self.escape(here, true).map(Some),
            Some(head) => Ok(Some(Escape::Unit(head))),
        }
    }

    /// After the `\` at byte `at`.
    fn escape(&mut self, at: usize, in_class: bool) -> Result<Escape, PatternError> {
        let unknown = |head: Option<u16>| PatternError::UnknownEscape { at, found: head.map_or(Found(None), found) };
        let Some(head) = self.bump() else { return Err(unknown(None)) };
        let Ok(letter) = u8::try_from(head).map(char::from) else { return Ok(Escape::Unit(head)) };
        let digits = |set: &[(u16, u16)]| UnitSet::from_ranges(set.iter().copied());
        let escaped = match letter {
            'd' => return Ok(Escape::Set(digits(DIGITS))),
            'D' => return Ok(Escape::Set(digits(DIGITS).complement())),
            'w' => return Ok(Escape::Set(digits(WORD))),
            'W' => return Ok(Escape::Set(digits(WORD).complement())),
            's' => return Ok(Escape::Set(digits(SPACES))),
            'S' => return Ok(Escape::Set(digits(SPACES).complement())),
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            'b' if in_class => 0x08,
            '0' if !self.peek().is_some_and(|next| (unit('0')..=unit('9')).contains(&next)) => 0,
            'c' => match self.bump().and_then(|control| u8::try_from(control).ok()).filter(u8::is_ascii_alphabetic) {
                Some(control) => u16::from(control % 32),
                None => return Err(unknown(Some(head))),
            },
            'x' => self.hexadecimal(2).ok_or_else(|| unknown(Some(head)))?,
            'u' => self.hexadecimal(4).ok_or_else(|| unknown(Some(head)))?,
            letter if letter.is_ascii_alphanumeric() => return Err(unknown(Some(head))),
            _ => head,
        };
        Ok(Escape::Unit(escaped))
    }

    fn hexadecimal(&mut self, length: usize) -> Option<u16> {
        let mut value = 0_u16;
        for _ in 0..length {
            let digit = self.bump().and_then(|head| char::from_u32(head.into())?.to_digit(16))?;
            value = value.checked_mul(16)?.checked_add(u16::try_from(digit).ok()?)?;
        }
        Some(value)
    }

    fn peek(&self) -> Option<u16> {
        self.units.get(self.next).map(|(unit, _)| *unit)
    }

    fn bump(&mut self) -> Option<u16> {
        let head = self.peek()?;
        self.next += 1;
        Some(head)
    }

    fn eat(&mut self, expected: char) -> bool {
        let eaten = self.peek() == Some(unit(expected));
        self.next += usize::from(eaten);
        eaten
    }

    /// The byte of the pattern at which the next unit stands.
    fn at(&self) -> usize {
        self.units.get(self.next).map_or(self.end, |(_, at)| *at)
    }
}

/// What an escape, or a member of a class, stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Escape {
    Unit(u16),
    Set(UnitSet),
}

impl Escape {
    fn into_set(self) -> UnitSet {
        match self {
            Self::Unit(unit) => UnitSet::from_ranges([(unit, unit)]),
            Self::Set(set) => set,
        }
    }
}

/// The only node of a list, or the list as one node.
fn only(mut nodes: Vec<Node>, list: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(node) if nodes.is_empty() => node,
        Some(node) => {
            nodes.push(node);
            list(nodes)
        }
        None => Node::Empty,
    }
}

/// The code unit of an ASCII character of the syntax.
const fn unit(letter: char) -> u16 {
    letter as u16
}

fn found(unit: u16) -> Found {
    Found(Some(char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)))
}

const DIGITS: &[(u16, u16)] = &[(0x30, 0x39)];

const WORD: &[(u16, u16)] = &[(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)];

/// White space and line terminators of ECMA-262.
const SPACES: &[(u16, u16)] = &[
    (0x0009, 0x000D),
    (0x0020, 0x0020),
    (0x00A0, 0x00A0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0xFEFF, 0xFEFF),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(expression: &str) -> Result<Node, PatternError> {
        parse_expression(expression, 10, &mut Vec::new())
    }

    fn class(expression: &str) -> UnitSet {
        match parse(expression) {
            Ok(Node::Class(set)) => set,
            other => panic!("{expression} is {other:?}"),
        }
    }

    #[test]
    fn counted_quantifiers_take_bounds_and_are_text_otherwise() {
        let repeat = |expression| match parse(expression) {
            Ok(Node::Repeat { min, max, lazy, .. }) => (min, max, lazy),
            other => panic!("{expression} is {other:?}"),
        };
        assert_eq!(repeat("a{2}"), (2, Some(2), false));
        assert_eq!(repeat("a{2,}"), (2, None, false));
        assert_eq!(repeat("a{2,3}?"), (2, Some(3), true));
        assert_eq!(repeat("a{99999999999}"), (u32::MAX, Some(u32::MAX), false));
        assert_eq!(parse("a{,3}"), parse(r"a\{,3\}"));
        assert_eq!(parse("a{x}"), parse(r"a\{x\}"));
        assert_eq!(parse("{"), parse(r"\{"));
        assert_eq!(parse("a{3,2}"), Err(PatternError::DescendingCount { at: 11, min: 3, max: 2 }));
    }

    #[test]
    fn a_quantifier_needs_something_to_repeat() {
        for (expression, at, found) in [
            ("*", 10, '*'),
            ("a|+", 12, '+'),
            ("a**", 12, '*'),
            ("{2}", 10, '{'),
            ("^*", 11, '*'),
            (r"\b?", 12, '?'),
            ("a{2}{3}", 14, '{'),
        ] {
            let expected = PatternError::NothingToRepeat { at, found: Found(Some(found)) };
            assert_eq!(parse(expression), Err(expected), "{expression}");
        }
        assert!(parse("(?!a)*b").is_ok(), "a lookahead may be repeated");
        assert!(matches!(parse("(?<!a)*b"), Err(PatternError::NothingToRepeat { .. })), "a lookbehind may not");
    }

    #[test]
    fn classes_take_ranges_sets_and_dashes() {
        assert_eq!(class("[a-c]"), class("[A-Ca-c]"));
        assert_eq!(class("[A-]"), UnitSet::from_ranges([(0x2D, 0x2D), (0x41, 0x41)]));
        assert_eq!(class(r"[\d-Z]"), UnitSet::from_ranges([(0x2D, 0x2D), (0x30, 0x39), (0x5A, 0x5A)]));
        assert_eq!(class(r"[Z-\d]"), class(r"[\d-Z]"));
        assert_eq!(class(r"[\b]"), UnitSet::from_ranges([(8, 8)]));
        assert_eq!(class("[]"), UnitSet::default());
        assert_eq!(class("[^]"), UnitSet::default().complement());
        assert_eq!(parse("[b-a]"), Err(PatternError::DescendingRange { at: 11 }));
        assert_eq!(parse("a[b"), Err(PatternError::UnclosedClass { at: 11, found: Found(Some(')')) }));
    }

    #[test]
    fn escapes_stand_for_one_unit_or_a_set() {
        assert_eq!(parse(r"\x41"), parse("a"));
        assert_eq!(parse(r"\u0041"), parse("a"));
        assert_eq!(parse(r"\cJ"), parse(r"\n"));
        assert_eq!(parse(r"\0"), Ok(Node::Unit(0)));
        for (not, other) in [(r"\W", r"[^\w]"), (r"\D", r"[^\d]"), (r"\S", r"[^\s]")] {
            let (not, other) = (class(not), class(other));
            assert!((0..=u16::MAX).map(fold_unit).all(|unit| not.contains(unit) == other.contains(unit)));
        }
        for expression in [r"\1", r"\01", r"\p{L}", r"\u{41}", r"\x4", r"\c1", r"\k<a>", r"[\B]", r"\8"] {
            assert!(matches!(parse(expression), Err(PatternError::UnknownEscape { .. })), "{expression}");
        }
    }

    #[test]
    fn groups_do_not_capture() {
        assert_eq!(parse("(?:a)"), parse("a"));
        assert_eq!(parse("(a)"), Err(PatternError::CapturingGroup { at: 10 }));
        assert_eq!(parse("(?<n>a)"), Err(PatternError::UnknownGroup { at: 10, found: Found(Some('n')) }));
        assert_eq!(parse("(?i:a)"), Err(PatternError::UnknownGroup { at: 10, found: Found(Some('i')) }));
        assert_eq!(parse("(?:a"), Err(PatternError::UnclosedGroup { at: 10, found: Found(Some(')')) }));
        assert_eq!(parse("a)"), Err(PatternError::UnopenedGroup { at: 11 }));
    }

    #[test]
    fn groups_nest_to_a_limit() {
        let nested = |depth| format!("{}a{}", "(?:".repeat(depth), ")".repeat(depth));
        assert_eq!(parse(&nested(PATTERN_NESTING)), parse("a"));
        let at = 10 + 3 * PATTERN_NESTING;
        assert_eq!(parse(&nested(PATTERN_NESTING + 1)), Err(PatternError::TooDeep { at, limit: PATTERN_NESTING }));
    }

    #[test]
    fn lookarounds_are_listed_inner_ones_first() {
        let mut looks = Vec::new();
        let node = parse_expression("(?!a(?<=b))", 0, &mut looks).unwrap();
        assert_eq!(node, Node::Assert(Assertion::Look { index: 1, negated: true }));
        assert_eq!(looks.iter().map(|look| look.behind).collect::<Vec<_>>(), [true, false]);
    }
}
