//! The plain form of a pattern, if it has one: text, whole segments, and one of a few ways to end.
//!
//! Most patterns are nothing else (`/`, `/about`, `/admin(.*)`, `/docs/:path*`, `/orgs/:slug/settings`), and then a path is
//! read once from left to right with nothing to choose. The index of a set of patterns is made of the same steps, see
//! [`set`](super::set).
//!
//! Rules, in order:
//! 1. An optional part makes two shapes, one with it and one without. A pattern has at most [`PATTERN_SHAPES`]; what comes
//!    after too many optional parts is left open.
//! 2. A parameter is the step [`Step::Run`] if it takes no delimiter and at least one character, and if after it nothing but a
//!    delimiter or the end can follow: then it takes all up to there, whatever else it could have taken.
//! 3. `(.*)` at the end takes anything, `/:path*` and `/:path+` at the end any number of segments.
//! 4. At the first part that is none of these the shape ends, [`Tail::Unknown`].
//! 5. A shape is exact if it matches just what the pattern matches by way of it. It is not if its tail is unknown, and if a run
//!    comes from an expression such as `\d+`. What does not match an inexact shape does not match the pattern either.

use super::expression::Node;
use super::fold::{fold_text, strip_folded};
use super::parser::{DELIMITERS, Param, Part, Value};
use super::tokenizer::Modifier;
use crate::limits::PATTERN_SHAPES;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    pub steps: Vec<Step>,
    pub tail: Tail,
    pub is_exact: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// This text in any case; folded.
    Text(String),
    /// All characters up to a delimiter or the end, at least one.
    Run,
}

/// What may follow the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing, or one delimiter.
    End,
    /// `(.*)`
    Anything,
    /// `/:path*`, then nothing or one delimiter.
    Segments,
    /// `/:path+`, then nothing or one delimiter.
    SomeSegments,
    /// Only the matcher knows.
    Unknown,
}

impl Shape {
    /// Tells whether the path matches this shape.
    pub fn is_match(&self, path: &str) -> bool {
        let mut rest = path;
        for step in &self.steps {
            let after = match step {
                Step::Text(text) => strip_folded(rest, text),
                Step::Run => rest.get(run_length(rest.as_bytes())..).filter(|after| after.len() < rest.len()),
            };
            let Some(after) = after else { return false };
            rest = after;
        }
        self.tail.is_match(rest.as_bytes())
    }
}

impl Shape {
    /// Tells whether some path could match both. Never wrongly `false`.
    ///
    /// Both are walked side by side. A run ends at the same delimiter as whatever the other shape has in its place.
    pub fn may_overlap(&self, other: &Self) -> bool {
        let [mut ours, mut theirs] = [self, other].map(|shape| Cursor { steps: shape.steps.iter(), text: "".chars() });
        loop {
            match (ours.next(), theirs.next()) {
                (Some(Place::Letter(one)), Some(Place::Letter(other))) if one != other => return false,
                (Some(Place::Letter(_)), Some(Place::Letter(_))) | (Some(Place::Run), Some(Place::Run)) => {}
                (Some(Place::Run), Some(Place::Letter(letter))) => match theirs.skip_segment(letter) {
                    Skipped::Run => {}
                    Skipped::Nothing => return false,
                    // What follows may go on with the segment, or else the run ends here, too.
                    Skipped::AllSteps if matches!(other.tail, Tail::Anything | Tail::Unknown) => return true,
                    Skipped::AllSteps => {}
                },
                (Some(Place::Letter(letter)), Some(Place::Run)) => match ours.skip_segment(letter) {
                    Skipped::Run => {}
                    Skipped::Nothing => return false,
                    Skipped::AllSteps if matches!(self.tail, Tail::Anything | Tail::Unknown) => return true,
                    Skipped::AllSteps => {}
                },
                (Some(place), None) => return other.tail.may_be(place, ours.next()),
                (None, Some(place)) => return self.tail.may_be(place, theirs.next()),
                (None, None) => return true,
            }
        }
    }
}

/// A place in a shape: the next letter of a text, or a run.
#[derive(Clone, Copy)]
enum Place {
    Letter(char),
    Run,
}

#[derive(Clone)]
struct Cursor<'s> {
    steps: core::slice::Iter<'s, Step>,
    text: core::str::Chars<'s>,
}

impl Cursor<'_> {
    fn next(&mut self) -> Option<Place> {
        loop {
            if let Some(letter) = self.text.next() {
                return Some(Place::Letter(letter));
            }
            match self.steps.next()? {
                Step::Text(text) => self.text = text.chars(),
                Step::Run => return Some(Place::Run),
            }
        }
    }

    /// Takes what a run of the other shape takes, of which `first` is the first letter.
    fn skip_segment(&mut self, first: char) -> Skipped {
        if DELIMITERS.contains(&first) {
            return Skipped::Nothing;
        }
        loop {
            let mut ahead = self.clone();
            match ahead.next() {
                None => return Skipped::AllSteps,
                Some(Place::Letter(letter)) if DELIMITERS.contains(&letter) => return Skipped::Run,
                Some(Place::Letter(_) | Place::Run) => *self = ahead,
            }
        }
    }
}

enum Skipped {
    /// There is no letter for the run.
    Nothing,
    Run,
    /// There was no delimiter up to the last step.
    AllSteps,
}

impl Tail {
    /// Tells whether it could stand where the other shape goes on like this. Never wrongly `false`.
    fn may_be(self, place: Place, then: Option<Place>) -> bool {
        let is_delimiter = matches!(place, Place::Letter(letter) if DELIMITERS.contains(&letter));
        match self {
            Self::Anything | Self::Unknown => true,
            Self::End => is_delimiter && then.is_none(),
            Self::Segments | Self::SomeSegments => is_delimiter,
        }
    }

    /// Tells whether this is what may follow the steps. The case of the rest plays no part.
    pub fn is_match(self, rest: &[u8]) -> bool {
        match self {
            Self::End => is_end(rest),
            Self::Anything | Self::Unknown => true,
            Self::Segments => is_end(skip_segments(rest)),
            Self::SomeSegments => {
                let after = skip_segments(rest);
                after.len() < rest.len() && is_end(after)
            }
        }
    }
}

/// How many bytes there are before the next delimiter.
pub(super) fn run_length(rest: &[u8]) -> usize {
    rest.iter().position(|byte| is_delimiter(*byte)).unwrap_or(rest.len())
}

fn skip_segments(mut rest: &[u8]) -> &[u8] {
    while let [b'/', segment @ ..] = rest {
        match run_length(segment) {
            0 => break,
            length => rest = segment.get(length..).unwrap_or_default(),
        }
    }
    rest
}

fn is_end(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [only] => is_delimiter(*only),
        _ => false,
    }
}

fn is_delimiter(byte: u8) -> bool {
    DELIMITERS.contains(&char::from(byte))
}

/// Returns the shapes of a pattern: it matches nothing that none of them matches.
pub(super) fn shapes(parts: &[Part]) -> Vec<Shape> {
    spell_out(parts).iter().map(|elements| shape(elements)).collect()
}

/// Pieces of a shape, before it is clear whether they can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element<'p> {
    Text(&'p str),
    Run {
        is_exact: bool,
    },
    Anything,
    /// Segments of such runs, any number of them or at least one.
    Segments {
        is_exact: bool,
        some: bool,
    },
    Unknown,
}

/// Rule 1.
fn spell_out(parts: &[Part]) -> Vec<Vec<Element<'_>>> {
    let mut variants = vec![Vec::new()];
    for (index, part) in parts.iter().enumerate() {
        let param = match part {
            Part::Text(text) => {
                add_to_all(&mut variants, &[Element::Text(text)]);
                continue;
            }
            Part::Param(param) => param,
        };
        let once = [Element::Text(&param.prefix), value(param), Element::Text(&param.suffix)];
        match param.modifier {
            None => add_to_all(&mut variants, &once),
            Some(Modifier::Optional) if 2 * variants.len() <= PATTERN_SHAPES => add_optional(&mut variants, &once),
            Some(modifier) => {
                let ends = index + 1 == parts.len() && param.prefix == "/" && param.suffix.is_empty();
                let element = match value(param) {
                    Element::Run { is_exact } if ends && modifier != Modifier::Optional => {
                        Element::Segments { is_exact, some: modifier == Modifier::OneOrMore }
                    }
                    _ => Element::Unknown,
                };
                add_to_all(&mut variants, &[element]);
            }
        }
    }
    variants
}

#[inline(never)]
fn add_to_all<'p>(variants: &mut [Vec<Element<'p>>], elements: &[Element<'p>]) {
    for variant in variants {
        for element in elements {
            variant.push(*element);
        }
    }
}

#[inline(never)]
fn add_optional<'p>(variants: &mut Vec<Vec<Element<'p>>>, elements: &[Element<'p>]) {
    let mut with = variants.clone();
    add_to_all(&mut with, elements);
    variants.append(&mut with);
}

fn value(param: &Param) -> Element<'_> {
    match &param.value {
        Value::None => Element::Text(""),
        Value::Segment => Element::Run { is_exact: true },
        Value::SegmentWithout(_) => Element::Run { is_exact: false },
        Value::Anything => Element::Anything,
        Value::Expression(node) => expression(node),
    }
}

fn expression(node: &Node) -> Element<'_> {
    let delimiters = DELIMITERS.map(|delimiter| delimiter as u16);
    if node.avoids(&delimiters) && !node.is_nullable() { Element::Run { is_exact: false } } else { Element::Unknown }
}

/// Rules 2 to 5.
fn shape(elements: &[Element<'_>]) -> Shape {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_exact = true;
    let mut rest = elements.iter().copied().filter(|element| *element != Element::Text("")).peekable();
    while let Some(element) = rest.next() {
        match (element, rest.peek()) {
            (Element::Text(text), _) => match steps.last_mut() {
                Some(Step::Text(before)) => before.push_str(&fold_text(text)),
                _ => steps.push(Step::Text(fold_text(text))),
            },
            (Element::Run { is_exact: run }, next) if next.is_none_or(begins_with_delimiter) => {
                steps.push(Step::Run);
                is_exact &= run;
            }
            (Element::Anything, None) => return Shape { steps, tail: Tail::Anything, is_exact },
            (Element::Segments { is_exact: run, some }, None) => {
                let tail = if some { Tail::SomeSegments } else { Tail::Segments };
                return Shape { steps, tail, is_exact: is_exact && run };
            }
            _ => return Shape { steps, tail: Tail::Unknown, is_exact: false },
        }
    }
    Shape { steps, tail: Tail::End, is_exact }
}

fn begins_with_delimiter(element: &Element<'_>) -> bool {
    match element {
        Element::Text(text) => text.starts_with(DELIMITERS),
        Element::Segments { .. } => true,
        Element::Run { .. } | Element::Anything | Element::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn of(pattern: &str) -> Vec<Shape> {
        shapes(&parse(pattern).unwrap().0)
    }

    fn one(pattern: &str) -> (Vec<Step>, Tail, bool) {
        match of(pattern).as_slice() {
            [Shape { steps, tail, is_exact }] => (steps.clone(), *tail, *is_exact),
            more => panic!("{pattern} is {more:?}"),
        }
    }

    fn text(text: &str) -> Step {
        Step::Text(text.to_owned())
    }

    #[test]
    fn everyday_patterns_have_one_exact_shape() {
        assert_eq!(one("/"), (vec![text("/")], Tail::End, true));
        assert_eq!(one("/admin(.*)"), (vec![text("/ADMIN")], Tail::Anything, true));
        assert_eq!(one("/admin/(.*)"), (vec![text("/ADMIN/")], Tail::Anything, true));
        assert_eq!(one("/docs/:path*"), (vec![text("/DOCS")], Tail::Segments, true));
        assert_eq!(one("/docs/:path+"), (vec![text("/DOCS")], Tail::SomeSegments, true));
        assert_eq!(one("/:org/x/:id"), (vec![text("/"), Step::Run, text("/X/"), Step::Run], Tail::End, true));
        assert_eq!(one("(.*)"), (vec![], Tail::Anything, true));
    }

    #[test]
    fn an_optional_part_makes_two_shapes() {
        assert_eq!(of("/a/:b?").len(), 2);
        assert_eq!(of("/:lang(en|fr)?/x{/y}?").len(), 4);
        let many = of("{/a}?{/b}?{/c}?{/d}?");
        assert_eq!(many.len(), PATTERN_SHAPES);
        assert!(many.iter().all(|shape| shape.tail == Tail::Unknown));
    }

    #[test]
    fn shapes_that_share_no_path_are_told_apart_as_far_as_their_steps_go() {
        let may_overlap = |one: &str, other: &str| {
            let (one, other) = (of(one), of(other));
            let found = one.iter().any(|one| other.iter().any(|other| one.may_overlap(other)));
            assert_eq!(found, other.iter().any(|other| one.iter().any(|one| other.may_overlap(one))));
            found
        };
        for (one, other) in
            [("/a", "/b"), ("/:x/a", "/:y/b"), ("/a/:x/c", "/:y/b/d"), ("/a", "/ab"), ("/a/:p*", "/ab(.*)"), ("/:x", "/")]
        {
            assert!(!may_overlap(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("/a(.*)", "/ab"),
            ("/:x/b", "/a/:y"),
            ("/:x/b", "/a(.*)"),
            ("/a", "/a/"),
            ("/a/:p*", "/A/b"),
            ("/x-:y", "/:z"),
            ("/:x?", "/"),
            ("(.*)", "/a"),
            ("/a-:b-:c", "/:x/d"),
        ] {
            assert!(may_overlap(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_run_that_could_end_early_is_no_step() {
        assert_eq!(one("/:a-:b"), (vec![text("/")], Tail::Unknown, false));
        assert_eq!(one("/:a(.*)"), (vec![text("/")], Tail::Anything, true));
        assert_eq!(one("/{:a.json}"), (vec![text("/")], Tail::Unknown, false));
    }

    #[test]
    fn an_expression_within_a_segment_is_an_inexact_run() {
        assert_eq!(one("/:id(\\d+)/x"), (vec![text("/"), Step::Run, text("/X")], Tail::End, false));
        assert_eq!(one("/:id([^/]+)/x"), (vec![text("/")], Tail::Unknown, false), "takes `?` too");
        assert_eq!(one("/:id(\\d*)/x"), (vec![text("/")], Tail::Unknown, false), "may be empty");
    }
}
