//! The parts of a pattern to a program for the matcher.
//!
//! A program is a list of instructions, each of which either takes one code unit, or leads on to others. It is what Thompson's
//! construction gives, alternatives in JavaScript's order of preference, so that parameters get the same values.

use super::error::PatternError;
use super::expression::{Assertion, Look, Node};
use super::fold::{UnitSet, fold_unit};
use super::parser::{DELIMITERS, Param, Part, Value};
use super::tokenizer::Modifier;
use crate::limits::PATTERN_STATES;

/// One instruction. Unless it says otherwise it leads on to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inst {
    /// Takes this unit, folded.
    Unit(u16),
    /// Takes any unit.
    Any,
    /// Takes a unit of the class with this index.
    Class(usize),
    /// Leads to both, rather to the first.
    Split(usize, usize),
    Jump(usize),
    /// Holds or ends here.
    Assert(Assertion),
    /// Notes the place: even slots begin a parameter, odd ones end it.
    Save(usize),
    /// Begins one round of an optional repetition, `level` of which stand around each other.
    Enter(usize),
    /// Ends the round, or ends here if the round took nothing. JavaScript lets no such round count.
    Leave(usize),
    Match,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Program {
    pub insts: Vec<Inst>,
    pub classes: Vec<UnitSet>,
    /// How many levels [`Inst::Enter`] has.
    pub levels: usize,
}

/// All programs of one pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Programs {
    pub main: Program,
    /// The lookarounds, each before those that look at it. Those that look ahead run from the end to the start.
    pub looks: Vec<(Program, bool)>,
    /// Names of the parameters, in the order of their slots.
    pub params: Vec<String>,
}

/// Compiles the parts of a pattern: all of them in order, then at most one delimiter.
///
/// Source: `tokensToRegexp` in path-to-regexp 6.3, with its default options.
pub(super) fn compile(parts: &[Part], mut looks: Vec<Look>) -> Result<Programs, PatternError> {
    let mut params = Vec::new();
    let mut nodes = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        nodes.push(match part {
            Part::Text(text) => Node::text(text),
            Part::Param(param) => param_node(param, &mut params, &mut looks),
        });
    }
    nodes.push(repeat(Node::Class(delimiters()), Some(Modifier::Optional)));

    let mut left = PATTERN_STATES;
    let looks = looks
        .iter()
        .map(|look| Ok((Compiler::compile(&look.node, !look.behind, &mut left)?, look.behind)))
        .collect::<Result<_, PatternError>>()?;
    let main = Compiler::compile(&Node::Concat(nodes), false, &mut left)?;
    Ok(Programs { main, looks, params })
}

fn param_node(param: &Param, params: &mut Vec<String>, looks: &mut Vec<Look>) -> Node {
    let prefix = || Node::text(&param.prefix);
    let suffix = || Node::text(&param.suffix);
    let value = match &param.value {
        Value::None => return repeat(Node::Concat(vec![prefix(), suffix()]), param.modifier),
        Value::Segment => lazy_run(Node::Class(delimiters().complement())),
        Value::SegmentWithout(text) => lazy_run(segment_unit_without(text, looks)),
        Value::Anything => Node::Repeat { node: Box::new(Node::Any), min: 0, max: None, lazy: false },
        Value::Expression(node) => node.clone(),
    };
    let slot = params.len();
    params.push(param.name.clone());
    let capture = |node| Node::Capture(slot, Box::new(node));
    match param.modifier {
        None | Some(Modifier::Optional) => repeat(Node::Concat(vec![prefix(), capture(value), suffix()]), param.modifier),
        Some(Modifier::ZeroOrMore | Modifier::OneOrMore) => {
            let again = Node::Concat(vec![suffix(), prefix(), value.clone()]);
            let all = Node::Concat(vec![value, repeat(again, Some(Modifier::ZeroOrMore))]);
            let optional = (param.modifier == Some(Modifier::ZeroOrMore)).then_some(Modifier::Optional);
            repeat(Node::Concat(vec![prefix(), capture(all), suffix()]), optional)
        }
    }
}

fn repeat(node: Node, modifier: Option<Modifier>) -> Node {
    let (min, max) = match modifier {
        None => return node,
        Some(Modifier::Optional) => (0, Some(1)),
        Some(Modifier::ZeroOrMore) => (0, None),
        Some(Modifier::OneOrMore) => (1, None),
    };
    Node::Repeat { node: Box::new(node), min, max, lazy: false }
}

fn lazy_run(node: Node) -> Node {
    Node::Repeat { node: Box::new(node), min: 1, max: None, lazy: true }
}

/// One unit that is no delimiter and does not begin `text`.
fn segment_unit_without(text: &str, looks: &mut Vec<Look>) -> Node {
    let mut units = text.encode_utf16();
    if let (Some(unit), None) = (units.next(), units.next()) {
        let mut excluded = delimiters();
        excluded.extend(&UnitSet::from_ranges([(fold_unit(unit), fold_unit(unit))]));
        return Node::Class(excluded.complement());
    }
    let index = looks.len();
    looks.push(Look { node: Node::text(text), behind: false });
    Node::Concat(vec![Node::Assert(Assertion::Look { index, negated: true }), Node::Class(delimiters().complement())])
}

fn delimiters() -> UnitSet {
    let mut units = [0; DELIMITERS.len()];
    for (unit, delimiter) in units.iter_mut().zip(DELIMITERS) {
        *unit = delimiter as u16;
    }
    UnitSet::from_ranges(units.map(|unit| (unit, unit)))
}

struct Compiler<'l> {
    program: Program,
    /// Sequences run from their last node to their first.
    backwards: bool,
    /// How many optional repetitions stand around this place.
    level: usize,
    /// How many instructions the pattern may still have.
    left: &'l mut usize,
}

impl<'l> Compiler<'l> {
    fn compile(node: &Node, backwards: bool, left: &'l mut usize) -> Result<Program, PatternError> {
        let mut compiler = Self { program: Program::default(), backwards, level: 0, left };
        compiler.node(node)?;
        compiler.push(Inst::Match)?;
        Ok(compiler.program)
    }

    fn node(&mut self, node: &Node) -> Result<(), PatternError> {
        match node {
            Node::Empty => {}
            Node::Unit(unit) => {
                self.push(Inst::Unit(*unit))?;
            }
            Node::Any => {
                self.push(Inst::Any)?;
            }
            Node::Class(set) => {
                let known = self.program.classes.iter().position(|class| class == set);
                let index = known.unwrap_or_else(|| {
                    self.program.classes.push(set.clone());
                    self.program.classes.len() - 1
                });
                self.push(Inst::Class(index))?;
            }
            Node::Concat(nodes) if self.backwards => nodes.iter().rev().try_for_each(|node| self.node(node))?,
            Node::Concat(nodes) => nodes.iter().try_for_each(|node| self.node(node))?,
            Node::Alternate(nodes) => self.alternate(nodes)?,
            Node::Repeat { node, min, max, lazy } => self.repeat(node, *min, *max, *lazy)?,
            Node::Capture(index, node) => {
                self.push(Inst::Save(2 * index))?;
                self.node(node)?;
                self.push(Inst::Save(2 * index + 1))?;
            }
            Node::Assert(assertion) => {
                self.push(Inst::Assert(*assertion))?;
            }
        }
        Ok(())
    }

    fn alternate(&mut self, nodes: &[Node]) -> Result<(), PatternError> {
        let mut jumps = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            if index + 1 == nodes.len() {
                self.node(node)?;
                break;
            }
            let split = self.push(Inst::Jump(0))?;
            self.node(node)?;
            jumps.push(self.push(Inst::Jump(0))?);
            self.set(split, Inst::Split(split + 1, self.here()));
        }
        for jump in jumps {
            self.set(jump, Inst::Jump(self.here()));
        }
        Ok(())
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, lazy: bool) -> Result<(), PatternError> {
        // `a+` as one copy with a way back, where no round can be empty.
        let nullable = node.is_nullable();
        if min == 1 && max.is_none() && !nullable {
            let start = self.here();
            self.node(node)?;
            let split = self.push(Inst::Jump(0))?;
            let (again, out) = (start, split + 1);
            self.set(split, if lazy { Inst::Split(out, again) } else { Inst::Split(again, out) });
            return Ok(());
        }
        for _ in 0..min {
            let before = self.here();
            self.node(node)?;
            if self.here() == before {
                // No instructions, however often.
                break;
            }
        }
        let Some(max) = max else {
            let split = self.round(node, nullable)?;
            self.push(Inst::Jump(split))?;
            self.set_split(split, self.here(), lazy);
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.round(node, nullable)?);
        }
        let out = self.here();
        for split in splits {
            self.set_split(split, out, lazy);
        }
        Ok(())
    }

    /// One optional round. Returns the place for the split before it.
    fn round(&mut self, node: &Node, nullable: bool) -> Result<usize, PatternError> {
        let split = self.push(Inst::Jump(0))?;
        if !nullable {
            self.node(node)?;
            return Ok(split);
        }
        let level = self.level;
        self.program.levels = self.program.levels.max(level + 1);
        self.push(Inst::Enter(level))?;
        self.level += 1;
        self.node(node)?;
        self.level -= 1;
        self.push(Inst::Leave(level))?;
        Ok(split)
    }

    fn set_split(&mut self, split: usize, out: usize, lazy: bool) {
        let into = split + 1;
        self.set(split, if lazy { Inst::Split(out, into) } else { Inst::Split(into, out) });
    }

    fn push(&mut self, inst: Inst) -> Result<usize, PatternError> {
        *self.left = self.left.checked_sub(1).ok_or(PatternError::TooManyStates { limit: PATTERN_STATES })?;
        self.program.insts.push(inst);
        Ok(self.here() - 1)
    }

    fn set(&mut self, at: usize, inst: Inst) {
        if let Some(place) = self.program.insts.get_mut(at) {
            *place = inst;
        }
    }

    /// Where the next instruction goes.
    fn here(&self) -> usize {
        self.program.insts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::parser::parse;
    use super::*;

    fn states(pattern: &str) -> Result<usize, PatternError> {
        let (parts, looks) = parse(pattern)?;
        let programs = compile(&parts, looks)?;
        Ok(programs.main.insts.len() + programs.looks.iter().map(|(look, _)| look.insts.len()).sum::<usize>())
    }

    #[test]
    fn everyday_patterns_take_a_state_or_two_for_each_character() {
        assert_eq!(states("/"), Ok(4));
        assert!(states("/api/webhooks(.*)").unwrap() < 30);
        assert!(states("/:org/projects/:project/:path*").unwrap() < 40);
        assert!(states("/:slug([a-z0-9-]{1,63})").unwrap() < 140);
    }

    #[test]
    fn the_states_of_a_pattern_have_a_limit() {
        let over = Err(PatternError::TooManyStates { limit: PATTERN_STATES });
        assert_eq!(states("/(a{1000000})"), over);
        assert_eq!(states("/(a{0,4000000000})"), over);
        assert_eq!(states("/((?:(?:a{99}){99}){99})"), over);
        assert_eq!(states("/((?!a{99}){99}(?!b{999}))"), over);
        assert_eq!(states("/((?:(?:(?:(?:a?)+)+)+)+)"), states("/((?:(?:(?:(?:a?)+)+)+)+)"), "either way, but soon");
    }

    #[test]
    fn what_takes_no_states_is_not_repeated() {
        assert!(states("/((?:(?:(?:){4000000000}){4000000000}){4000000000})").is_ok());
        assert!(states("/((?:){0,4000000000})").is_err());
    }
}
