//! Patterns compared: a path that some of them match and others do not, or the proof that there is none.
//!
//! 1. The programs of all patterns of a [`Query`] run side by side over every path at once: a node of the search is the set of
//!    states that they are in, and a path leads from node to node. Nodes are visited breadth first and each once, so the path
//!    that is found is as short as any.
//! 2. Of the 65,536 code units only as many are tried at a node as its states can tell apart, letters before signs, so that a
//!    path that is found looks like one.
//! 3. What a lookaround or a word boundary says is left out on the safe side: a pattern of `all_of` may match more for that, one
//!    of `none_of` less. So [`Search::Nothing`] is a proof for the patterns as they are, and a path counts as found only once
//!    the patterns themselves agree.
//! 4. A query has a limit in nodes and all queries together one in steps ([`Budget`]), since there are patterns whose sets of
//!    states double with each character. Past either the answer is [`Search::Unknown`], never a guess.
//!
//! Paths here begin with `/`, as all readings of a request do.

use std::collections::HashSet;
use std::rc::Rc;

use super::Pattern;
use super::fold::fold_unit;
use super::program::{Inst, Program};
use crate::limits::{LINT_NODES, LINT_STEPS};

/// Which paths are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'q> {
    /// Each of these matches.
    pub all_of: &'q [&'q Pattern],
    /// None of these does.
    pub none_of: &'q [&'q Pattern],
    pub scope: Scope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All that begin with `/`.
    Every,
    /// Those without an empty segment, `#` or `?`: what links and browsers ask for.
    Ordinary,
}

/// What a search ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Search {
    /// This path is one.
    Found(String),
    /// Proved: there is none.
    Nothing,
    /// Neither found nor excluded.
    Unknown,
}

/// The steps that all queries of one run may take together.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: u64,
    /// How many queries ended at a limit.
    pub unanswered: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: LINT_STEPS, unanswered: 0 }
    }
}

impl Budget {
    /// A budget of another size.
    #[cfg(test)]
    pub fn of(steps: u64) -> Self {
        Self { steps, unanswered: 0 }
    }

    /// How many steps are left.
    #[cfg(test)]
    pub fn left(&self) -> u64 {
        self.steps
    }

    fn give_up(&mut self) -> Search {
        self.unanswered += 1;
        Search::Unknown
    }

    fn take(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps as u64);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }
}

impl Search {
    pub fn path(self) -> Option<String> {
        match self {
            Self::Found(path) => Some(path),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

impl Query<'_> {
    /// Looks for a path.
    pub fn search(&self, budget: &mut Budget) -> Search {
        Machine::of(self).search(self, budget)
    }

    fn is_answered_by(&self, path: &str) -> bool {
        self.all_of.iter().all(|pattern| pattern.is_match(path)) && !self.none_of.iter().any(|pattern| pattern.is_match(path))
    }
}

/// The states that all programs are in, each as program and instruction, in order.
type States = Rc<[(u32, u32)]>;

/// A node of the search: the states, and whether the last unit was a slash (for [`Scope::Ordinary`]).
type Key = (States, bool);

struct Machine<'q> {
    /// Those of `all_of`, then those of `none_of`.
    programs: Vec<&'q Program>,
    wanted: usize,
    scope: Scope,
}

/// How a node was reached.
struct Visit {
    key: Key,
    from: usize,
    unit: u16,
}

impl<'q> Machine<'q> {
    fn of(query: &Query<'q>) -> Self {
        let programs = query.all_of.iter().chain(query.none_of).map(|pattern| pattern.matcher().program()).collect();
        Self { programs, wanted: query.all_of.len(), scope: query.scope }
    }

    fn search(&self, query: &Query<'_>, budget: &mut Budget) -> Search {
        let start: Vec<_> = (0_u32..).zip(&self.programs).map(|(program, _)| (program, 0)).collect();
        let Some(start) = self.close(start, budget) else { return budget.give_up() };
        let mut visits: Vec<Visit> = Vec::new();
        let mut seen: HashSet<Key> = HashSet::new();
        let mut is_sure = true;
        match self.step(&start, SLASH, budget) {
            Step::Dead => return Search::Nothing,
            Step::OverBudget => return budget.give_up(),
            Step::To(states) => visits.push(Visit { key: (states, self.scope == Scope::Ordinary), from: 0, unit: SLASH }),
        }
        let mut next = 0;
        while let Some(visit) = visits.get(next) {
            let (states, after_slash) = visit.key.clone();
            if self.accepts(&states) {
                match path_to(&visits, next).filter(|path| query.is_answered_by(path)) {
                    Some(path) => return Search::Found(path),
                    None => is_sure = false,
                }
            }
            for unit in self.units(&states) {
                let is_odd = [HASH, QUESTION_MARK].contains(&unit) || unit == SLASH && after_slash;
                if self.scope == Scope::Ordinary && is_odd {
                    continue;
                }
                let states = match self.step(&states, unit, budget) {
                    Step::To(states) => states,
                    Step::Dead => continue,
                    Step::OverBudget => return budget.give_up(),
                };
                let key = (states, self.scope == Scope::Ordinary && unit == SLASH);
                if seen.insert(key.clone()) {
                    if visits.len() == LINT_NODES {
                        return budget.give_up();
                    }
                    visits.push(Visit { key, from: next, unit });
                }
            }
            next += 1;
        }
        if is_sure { Search::Nothing } else { Search::Unknown }
    }

    /// Whether the path so far is one, as far as the programs can tell.
    fn accepts(&self, states: &States) -> bool {
        let mut matched = vec![false; self.programs.len()];
        for (program, inst) in states.iter() {
            if matches!(self.inst(*program, *inst), Some(Inst::Match))
                && let Some(place) = matched.get_mut(*program as usize)
            {
                *place = true;
            }
        }
        let (wanted, unwanted) = matched.split_at(self.wanted);
        wanted.iter().all(|matched| *matched) && !unwanted.iter().any(|matched| *matched)
    }

    fn step(&self, states: &States, unit: u16, budget: &mut Budget) -> Step {
        if !budget.take(states.len() + 1) {
            return Step::OverBudget;
        }
        // What all have to match comes first: once one of them cannot go on, the rest need not be looked at.
        let (wanted, unwanted) = states.split_at(states.partition_point(|(program, _)| (*program as usize) < self.wanted));
        let take = |states: &[(u32, u32)]| -> Vec<(u32, u32)> {
            states.iter().filter(|state| self.takes(**state, unit)).map(|(program, inst)| (*program, inst + 1)).collect()
        };
        let mut taken = take(wanted);
        let mut alive = taken.iter().map(|(program, _)| *program).collect::<Vec<_>>();
        alive.dedup();
        if alive.len() < self.wanted {
            return Step::Dead;
        }
        taken.extend(take(unwanted));
        self.close(taken, budget).map_or(Step::OverBudget, Step::To)
    }

    /// Adds what the states lead to without taking a unit, and keeps those that take one or match.
    fn close(&self, mut pending: Vec<(u32, u32)>, budget: &mut Budget) -> Option<States> {
        let mut seen = HashSet::new();
        let mut states = Vec::new();
        while let Some((program, inst)) = pending.pop() {
            if !seen.insert((program, inst)) {
                continue;
            }
            if !budget.take(1) {
                return None;
            }
            match self.inst(program, inst) {
                Some(Inst::Unit(_) | Inst::Any | Inst::Class(_) | Inst::Match) => states.push((program, inst)),
                Some(Inst::Split(first, second)) => pending.extend([(program, index(*first)), (program, index(*second))]),
                Some(Inst::Jump(to)) => pending.push((program, index(*to))),
                Some(Inst::Save(_) | Inst::Enter(_) | Inst::Leave(_)) => pending.push((program, inst + 1)),
                // Rule 3.
                Some(Inst::Assert(_)) if (program as usize) < self.wanted => pending.push((program, inst + 1)),
                Some(Inst::Assert(_)) | None => {}
            }
        }
        states.sort_unstable();
        Some(states.into())
    }

    fn inst(&self, program: u32, inst: u32) -> Option<&'q Inst> {
        self.programs.get(program as usize)?.insts.get(inst as usize)
    }

    fn takes(&self, (program, inst): (u32, u32), unit: u16) -> bool {
        match self.inst(program, inst) {
            Some(Inst::Unit(expected)) => *expected == unit,
            Some(Inst::Any) => true,
            Some(Inst::Class(class)) => self
                .programs
                .get(program as usize)
                .and_then(|program| program.classes.get(*class))
                .is_some_and(|set| set.contains(unit)),
            _ => false,
        }
    }

    /// Rule 2: one unit for each range that the states cannot tell apart, the likeliest first.
    fn units(&self, states: &States) -> Vec<u16> {
        let mut starts = vec![0];
        let mut cut = |first: u16, last: u16| starts.extend([Some(first), last.checked_add(1)].into_iter().flatten());
        for unit in [SLASH, HASH, QUESTION_MARK] {
            cut(unit, unit);
        }
        for (program, inst) in states.iter() {
            match self.inst(*program, *inst) {
                Some(Inst::Unit(unit)) => cut(*unit, *unit),
                Some(Inst::Class(class)) => {
                    let set = self.programs.get(*program as usize).and_then(|program| program.classes.get(*class));
                    set.into_iter().flat_map(|set| set.ranges()).for_each(|(first, last)| cut(*first, *last));
                }
                _ => {}
            }
        }
        starts.sort_unstable();
        starts.dedup();
        let ends = starts.iter().skip(1).map(|next| next - 1).chain([u16::MAX]);
        let mut units: Vec<_> = starts.iter().zip(ends).filter_map(|(first, last)| likeliest(*first, last)).collect();
        units.sort_unstable();
        units.into_iter().map(|(_, unit)| unit).collect()
    }
}

enum Step {
    To(States),
    /// A pattern of `all_of` matches no such path, however it goes on.
    Dead,
    OverBudget,
}

fn index(inst: usize) -> u32 {
    // Programs have no more than `limits::PATTERN_STATES` instructions.
    u32::try_from(inst).unwrap_or(u32::MAX)
}

/// The unit of a range that looks best in a path, and how good it looks (0 is best). None where every unit of it has another one
/// as its folded form: those never reach a program.
fn likeliest(first: u16, last: u16) -> Option<(usize, u16)> {
    let likely = LIKELY.iter().map(|byte| u16::from(*byte)).enumerate();
    likely.filter(|(_, unit)| (first..=last).contains(unit)).min().or_else(|| {
        let is_whole = |unit: &u16| !(0xD800..=0xDFFF).contains(unit);
        let mut folded = (first..=last).filter(|unit| fold_unit(*unit) == *unit);
        // Half of a character makes no path on its own; it serves as one unit of many only where there is nothing else.
        let half = folded.clone().next();
        folded.find(is_whole).or(half).map(|unit| (LIKELY.len(), unit))
    })
}

/// The path that leads to a visit, in lower case; nothing if it is no text.
fn path_to(visits: &[Visit], mut at: usize) -> Option<String> {
    let mut units = Vec::new();
    while let Some(visit) = visits.get(at) {
        units.push(visit.unit);
        if at == 0 {
            break;
        }
        at = visit.from;
    }
    units.reverse();
    String::from_utf16(&units).ok().map(|path| path.to_ascii_lowercase())
}

const SLASH: u16 = b'/' as u16;
const HASH: u16 = b'#' as u16;
const QUESTION_MARK: u16 = b'?' as u16;

/// What paths are made of, folded, in the order in which a made-up one uses it.
const LIKELY: &[u8] = b"XABCDEFGHIJKLMNOPQRSTUVWYZ1234567890-_/.~!$'()*+,;=:@&";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search(all_of: &[&str], none_of: &[&str], scope: Scope) -> Search {
        let parse = |patterns: &[&str]| patterns.iter().map(|pattern| Pattern::parse(pattern).unwrap()).collect::<Vec<_>>();
        let (all_of, none_of) = (parse(all_of), parse(none_of));
        let (all_of, none_of): (Vec<_>, Vec<_>) = (all_of.iter().collect(), none_of.iter().collect());
        Query { all_of: &all_of, none_of: &none_of, scope }.search(&mut Budget::default())
    }

    #[track_caller]
    fn check(all_of: &[&str], none_of: &[&str], scope: Scope, expected: Option<&str>) {
        let expected = expected.map_or(Search::Nothing, |path| Search::Found(path.to_owned()));
        assert_eq!(search(all_of, none_of, scope), expected, "{all_of:?} without {none_of:?}");
    }

    #[test]
    fn finds_the_sibling_that_a_group_matches() {
        check(&["/dashboard(.*)"], &["/dashboard/:path*"], Scope::Ordinary, Some("/dashboardx"));
        check(&["/:org/x(.*)"], &["/:org/x/:path*"], Scope::Ordinary, Some("/x/xx"));
    }

    #[test]
    fn proves_that_one_pattern_is_inside_another_and_only_then() {
        check(&["/a/b"], &["/a(.*)"], Scope::Every, None);
        check(&["/a/b/:id(\\d+)"], &["/A/:x/:y"], Scope::Every, None);
        check(&["/a/:x"], &["/a/:x(\\d+)"], Scope::Every, Some("/a/x"));
        check(&["/a/:x(\\w+)"], &["/a/:x(\\d+)", "/a/:x([a-z]+)"], Scope::Every, Some("/a/_"));
        check(&["/a/:x(en|fr)"], &["/a/en", "/a/fr"], Scope::Every, None);
        check(&["(.*)"], &["/(.*)"], Scope::Every, None);
        check(&["/(.*)"], &["/:path*"], Scope::Ordinary, None);
    }

    #[test]
    fn what_only_odd_paths_tell_apart_is_the_same_for_ordinary_ones() {
        check(&["/a(.*)"], &["/a/:path*", "/a:x/:path*"], Scope::Ordinary, None);
        assert!(matches!(search(&["/a(.*)"], &["/a/:path*", "/a:x/:path*"], Scope::Every), Search::Found(_)));
        check(&["/a//b"], &[], Scope::Ordinary, None);
        check(&["/a//b"], &[], Scope::Every, Some("/a//b"));
    }

    #[test]
    fn a_pattern_that_no_path_can_match_is_known_as_such() {
        check(&["admin(.*)"], &[], Scope::Every, None);
        check(&["/a", "/b"], &[], Scope::Every, None);
        check(&["/:x/a", "/b/:y"], &[], Scope::Every, Some("/b/a"));
    }

    #[test]
    fn a_lookaround_is_never_counted_on() {
        // `(?!api)` leaves out what the other pattern matches, which is not proved but not denied either.
        assert_eq!(search(&["/((?!api).*)", "/api"], &[], Scope::Every), Search::Unknown);
        check(&["/api"], &["/((?!api).*)"], Scope::Every, Some("/api"));
        // Here it is not needed for the proof.
        check(&["/x/((?!api).*)"], &["/x(.*)"], Scope::Every, None);
        assert_ne!(search(&["/about"], &["/((?!api).*)"], Scope::Every), Search::Nothing);
    }

    #[test]
    fn everything_is_what_no_path_lacks() {
        check(&[], &["/(.*)"], Scope::Every, None);
        check(&[], &["/:path*"], Scope::Ordinary, None);
        check(&[], &["/", "/:x/:path*"], Scope::Ordinary, None);
        check(&[], &["/:x/:path*"], Scope::Every, Some("/"));
    }

    #[test]
    fn a_search_that_grows_beyond_its_limits_ends_without_an_answer() {
        // Whether the fifteenth character from the end is an `a` takes a set of states for each of the 2^15 endings.
        assert_eq!(
            search(
                &["/((?:a|b)*c)"],
                &["/((?:a|b)*a(?:a|b){14}c)", "/((?:a|b)*b(?:a|b){14}c)", "/((?:a|b){0,14}c)"],
                Scope::Every
            ),
            Search::Unknown
        );
        let pattern = Pattern::parse("/a(.*)").unwrap();
        let mut budget = Budget::of(3);
        let query = Query { all_of: &[&pattern], none_of: &[], scope: Scope::Every };
        assert_eq!(query.search(&mut budget), Search::Unknown);
        assert_eq!((budget.left(), budget.unanswered), (0, 1));
    }

    fn plausible() -> impl Strategy<Value = String> {
        let pieces = vec![
            "/a",
            "/B",
            "/é",
            "/:x",
            "/:y?",
            "/:z*",
            "(.*)",
            "/(.*)",
            "/:n(\\d+)",
            "/:l(en|fr)?",
            "{/a}?",
            "b",
            "/((?!b).*)",
            "/:w(\\w+\\b)",
        ];
        prop::collection::vec(prop::sample::select(pieces), 0..4).prop_map(|pieces| pieces.concat())
    }

    fn path() -> impl Strategy<Value = String> {
        let pieces = vec!["/", "/", "a", "A", "b", "é", "É", "12", "en", "-", "#", "😀", "x"];
        prop::collection::vec(prop::sample::select(pieces), 0..8).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_said_not_to_exist_is_never_met(
            all_of in prop::collection::vec(plausible(), 0..3), none_of in prop::collection::vec(plausible(), 0..3), paths in prop::collection::vec(path(), 20),
        ) {
            let parse = |sources: &[String]| sources.iter().filter_map(|source| Pattern::parse(source).ok()).collect::<Vec<_>>();
            let (all_of, none_of) = (parse(&all_of), parse(&none_of));
            let (all_of, none_of): (Vec<_>, Vec<_>) = (all_of.iter().collect(), none_of.iter().collect());
            for scope in [Scope::Every, Scope::Ordinary] {
                let query = Query { all_of: &all_of, none_of: &none_of, scope };
                let is_in_scope = |path: &str| scope == Scope::Every || !path.contains("//") && !path.contains(['#', '?']);
                match query.search(&mut Budget::default()) {
                    Search::Found(path) => prop_assert!(query.is_answered_by(&path) && is_in_scope(&path) && path.starts_with('/'), "{}", path),
                    Search::Nothing => for path in &paths {
                        prop_assert!(!is_in_scope(path) || !query.is_answered_by(path), "{path} is matched by {all_of:?} and not by {none_of:?}");
                    },
                    Search::Unknown => {}
                }
            }
        }
    }
}
