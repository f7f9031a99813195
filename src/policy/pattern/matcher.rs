//! Runs the programs of a pattern over a path, one code unit at a time.
//!
//! All ways to match go on side by side, so a path costs at most its length times the states of the pattern, whatever either is;
//! nothing is tried twice. In order:
//! 1. Each lookaround runs over the whole path once and notes the places at which it holds: one that looks behind from the start,
//!    one that looks ahead from the end. Inner ones come first. From then on a lookaround is a look into a table.
//! 2. [`Matcher::is_match`] follows a set of states. [`Matcher::captures`] follows a list of threads in the order in which
//!    JavaScript would try them, and the first to arrive wins.
//!
//! Source: Pike's and Thompson's simulations; for the tables, Barrière and Pit-Claudel, "Linear Matching of JavaScript Regular
//! Expressions" (2024).

use super::expression::Assertion;
use super::fold::fold_unit;
use super::program::{Inst, Program, Programs};

/// A pattern as a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Matcher {
    programs: Programs,
}

impl Matcher {
    pub fn new(programs: Programs) -> Self {
        Self { programs }
    }

    /// Names of the parameters, in the order of [`captures`](Self::captures).
    pub fn params(&self) -> &[String] {
        &self.programs.params
    }

    /// The program that a whole path has to match, without those of its lookarounds.
    pub fn program(&self) -> &Program {
        &self.programs.main
    }

    pub fn is_match(&self, path: &str) -> bool {
        let units = path.encode_utf16().map(fold_unit).collect::<Vec<_>>();
        let tables = self.tables(&units);
        let run = Run { program: &self.programs.main, units: &units, tables: &tables };
        let mut states = States::new(&self.programs.main);
        let mut next = states.clone();
        run.follow(0, 0, &mut states);
        for (at, unit) in units.iter().enumerate() {
            if states.list.is_empty() {
                return false;
            }
            run.step(*unit, at + 1, &states, &mut next);
            core::mem::swap(&mut states, &mut next);
        }
        run.has_match(&states)
    }

    /// Returns where each parameter begins and ends, in UTF-16 code units, or nothing if the path does not match.
    pub fn captures(&self, path: &str) -> Option<Vec<Option<(usize, usize)>>> {
        let units = path.encode_utf16().map(fold_unit).collect::<Vec<_>>();
        let tables = self.tables(&units);
        let run = Run { program: &self.programs.main, units: &units, tables: &tables };
        let slots = run.capture(2 * self.programs.params.len())?;
        Some(
            slots
                .chunks_exact(2)
                .map(|slots| match slots {
                    [Some(start), Some(end)] => Some((*start, *end)),
                    _ => None,
                })
                .collect(),
        )
    }

    /// Tells for each lookaround and each place whether it matches there.
    fn tables(&self, units: &[u16]) -> Vec<Vec<bool>> {
        let mut tables = Vec::with_capacity(self.programs.looks.len());
        for (program, behind) in &self.programs.looks {
            let table = Run { program, units, tables: &tables }.table(*behind);
            tables.push(table);
        }
        tables
    }
}

/// One program on one path.
struct Run<'r> {
    program: &'r Program,
    /// The path, folded.
    units: &'r [u16],
    tables: &'r [Vec<bool>],
}

impl Run<'_> {
    /// Marks the places at which the program matches, starting anywhere.
    fn table(&self, forwards: bool) -> Vec<bool> {
        let mut table = vec![false; self.units.len() + 1];
        let mut states = States::new(self.program);
        let mut next = states.clone();
        for step in 0..=self.units.len() {
            let at = if forwards { step } else { self.units.len() - step };
            self.follow(0, at, &mut states);
            if let Some(place) = table.get_mut(at) {
                *place = self.has_match(&states);
            }
            let (taken, then) = if forwards { (Some(at), at + 1) } else { (at.checked_sub(1), at.saturating_sub(1)) };
            let Some(unit) = taken.and_then(|taken| self.units.get(taken)) else { break };
            self.step(*unit, then, &states, &mut next);
            core::mem::swap(&mut states, &mut next);
        }
        table
    }

    /// Lets each state take `unit`, which leads to `next` at the place `at`.
    fn step(&self, unit: u16, at: usize, states: &States, next: &mut States) {
        next.clear();
        for state in &states.list {
            if self.takes(*state, unit) {
                self.follow(state + 1, at, next);
            }
        }
    }

    /// Adds a state and all that it leads to without taking a unit.
    fn follow(&self, state: usize, at: usize, states: &mut States) {
        states.pending.push(state);
        while let Some(state) = states.pending.pop() {
            if !states.seen.insert(state) {
                continue;
            }
            match self.program.insts.get(state) {
                Some(Inst::Unit(_) | Inst::Any | Inst::Class(_) | Inst::Match) => states.list.push(state),
                Some(Inst::Split(first, second)) => states.pending.extend([*second, *first]),
                Some(Inst::Jump(to)) => states.pending.push(*to),
                Some(Inst::Save(_) | Inst::Enter(_) | Inst::Leave(_)) => states.pending.push(state + 1),
                Some(Inst::Assert(assertion)) if self.holds(*assertion, at) => states.pending.push(state + 1),
                Some(Inst::Assert(_)) | None => {}
            }
        }
    }

    /// Returns the slots of the preferred way to match the whole path.
    fn capture(&self, slots: usize) -> Option<Vec<Option<usize>>> {
        let mut threads = Threads::new(self.program);
        let mut next = Threads::new(self.program);
        let mut saved = vec![None; slots];
        self.follow_thread(0, 0, &mut saved, &mut threads);
        for (at, unit) in self.units.iter().enumerate() {
            next.list.clear();
            next.seen.clear();
            for (state, saved) in &mut threads.list {
                if self.takes(*state, *unit) {
                    self.follow_thread(*state + 1, at + 1, saved, &mut next);
                }
            }
            core::mem::swap(&mut threads, &mut next);
            if threads.list.is_empty() {
                return None;
            }
        }
        threads.list.into_iter().find(|(state, _)| self.is_match_inst(*state)).map(|(_, saved)| saved)
    }

    /// Adds a thread and all that it leads to without taking a unit, in the order of preference.
    ///
    /// A thread here is a state and the outermost repetition whose present round has taken nothing (`idle`; as many as there are
    /// levels if there is none). Each pair is followed once: what comes to it later is preferred less and would go the same way.
    fn follow_thread(&self, state: usize, at: usize, saved: &mut [Option<usize>], threads: &mut Threads) {
        let none_idle = self.program.levels;
        threads.pending.push(Pending::Follow { state, idle: none_idle });
        while let Some(pending) = threads.pending.pop() {
            let (state, idle) = match pending {
                Pending::Follow { state, idle } => (state, idle),
                Pending::Restore { slot, value } => {
                    if let Some(place) = saved.get_mut(slot) {
                        *place = value;
                    }
                    continue;
                }
            };
            if !threads.seen.insert(state * (none_idle + 1) + idle) {
                continue;
            }
            let on = Pending::Follow { state: state + 1, idle };
            match self.program.insts.get(state) {
                Some(Inst::Unit(_) | Inst::Any | Inst::Class(_) | Inst::Match) => threads.list.push((state, saved.to_vec())),
                Some(Inst::Split(first, second)) => {
                    threads.pending.extend([Pending::Follow { state: *second, idle }, Pending::Follow { state: *first, idle }])
                }
                Some(Inst::Jump(to)) => threads.pending.push(Pending::Follow { state: *to, idle }),
                Some(Inst::Save(slot)) => {
                    if let Some(place) = saved.get_mut(*slot) {
                        threads.pending.push(Pending::Restore { slot: *slot, value: *place });
                        *place = Some(at);
                    }
                    threads.pending.push(on);
                }
                Some(Inst::Enter(level)) => {
                    threads.pending.push(Pending::Follow { state: state + 1, idle: idle.min(*level) });
                }
                // Whatever began inside of this round is over, so nothing is idle after it.
                Some(Inst::Leave(level)) if idle > *level => {
                    threads.pending.push(Pending::Follow { state: state + 1, idle: none_idle });
                }
                Some(Inst::Assert(assertion)) if self.holds(*assertion, at) => threads.pending.push(on),
                Some(Inst::Leave(_) | Inst::Assert(_)) | None => {}
            }
        }
    }

    fn takes(&self, state: usize, unit: u16) -> bool {
        match self.program.insts.get(state) {
            Some(Inst::Unit(expected)) => *expected == unit,
            Some(Inst::Any) => true,
            Some(Inst::Class(index)) => self.program.classes.get(*index).is_some_and(|class| class.contains(unit)),
            _ => false,
        }
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        match assertion {
            Assertion::Start => at == 0,
            Assertion::End => at == self.units.len(),
            Assertion::WordBoundary(wanted) => {
                let is_word = |at: usize| self.units.get(at).copied().is_some_and(is_word_unit);
                (at.checked_sub(1).is_some_and(is_word) != is_word(at)) == wanted
            }
            Assertion::Look { index, negated } => {
                self.tables.get(index).and_then(|table| table.get(at)).is_some_and(|matches| *matches != negated)
            }
        }
    }

    fn has_match(&self, states: &States) -> bool {
        states.list.iter().any(|state| self.is_match_inst(*state))
    }

    fn is_match_inst(&self, state: usize) -> bool {
        matches!(self.program.insts.get(state), Some(Inst::Match))
    }
}

/// States that wait for a unit.
#[derive(Clone)]
struct States {
    list: Vec<usize>,
    seen: Seen,
    pending: Vec<usize>,
}

impl States {
    fn new(program: &Program) -> Self {
        Self { list: Vec::new(), seen: Seen::new(program.insts.len()), pending: Vec::new() }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.seen.clear();
    }
}

/// States that wait for a unit, with what they saved, the preferred ones first.
struct Threads {
    list: Vec<(usize, Vec<Option<usize>>)>,
    seen: Seen,
    pending: Vec<Pending>,
}

enum Pending {
    Follow { state: usize, idle: usize },
    Restore { slot: usize, value: Option<usize> },
}

impl Threads {
    fn new(program: &Program) -> Self {
        Self { list: Vec::new(), seen: Seen::new(program.insts.len() * (program.levels + 1)), pending: Vec::new() }
    }
}

/// A set of small numbers that is cleared without touching them.
#[derive(Clone)]
struct Seen {
    rounds: Vec<u32>,
    round: u32,
}

impl Seen {
    fn new(size: usize) -> Self {
        Self { rounds: vec![0; size], round: 1 }
    }

    /// Returns whether the number was not in the set.
    fn insert(&mut self, number: usize) -> bool {
        match self.rounds.get_mut(number) {
            Some(round) if *round != self.round => {
                *round = self.round;
                true
            }
            _ => false,
        }
    }

    fn clear(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.rounds.fill(0);
            self.round = 1;
        }
    }
}

/// `[A-Za-z0-9_]`, folded. Nothing from outside of ASCII folds into it.
fn is_word_unit(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
