//! What JavaScript already knows of a decision is not handed over again.
//!
//! Every decision is made anew, whole. But to hand one over as text takes as long as to make it, and nearly all of that text follows from three
//! things: the URL, which JavaScript has; the rule that decided; and who asks, mostly a token that is remembered. So rules and tokens get numbers, and
//! JavaScript keeps under each number what it was told of it. A decision whose rule and token it knows is handed over as one `u32`: both numbers,
//! where in the URL the path begins, and some flags. Any other decision is handed over in full, with the numbers to keep its rule and token under.
//!
//! INVARIANT: a part is known once JavaScript has said that it keeps it, and no more from the moment that its number is given to another. Numbers
//! are used only for decisions that are made at once, since those that wait for the host may be read in another order than they were made.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    gate::{Action, Decision, Forward},
    headers::names,
    limits,
    policy::Access,
    reason, text,
};

/// Numbers of rules, from 1 on; given once, in the order in which they decide.
const RULES: usize = 127;
/// Numbers of tokens. The first is nobody's.
const TOKENS: usize = 1024;
const NOBODY: usize = 1;
/// Bytes of a token that is kept, as long as a cookie can be: all of them and what they say then take some ten megabytes at most.
const TOKEN_BYTES: usize = limits::COOKIE_BYTES;
/// Bytes of scheme and authority.
const ORIGIN_BYTES: usize = 255;

// Where what a decision consists of begins, in bits; the rule is first.
const ORIGIN_AT: u32 = 7;
const TOKEN_AT: u32 = 15;
const FLAGS_AT: u32 = 25;

const IS_PRIVATE: u32 = 1;
const IS_AZP_MISSING: u32 = 2;
const IS_ALLOWED: u32 = 4;

thread_local! {
    static PARTS: RefCell<Parts> = const { RefCell::new(Parts { rules: Vec::new(), tokens: Vec::new() }) };
    static TURN: Cell<u32> = const { Cell::new(0) };
}

struct Parts {
    rules: Vec<Place<Rule>>,
    tokens: Vec<Place<Rc<str>>>,
}

/// What has a number.
struct Place<T> {
    part: Option<T>,
    /// Whether JavaScript keeps it.
    is_known: bool,
    /// The turn in which it was there last.
    turn: u32,
}

/// What says a rule's part: the name is one gate's, and as long as it is here no other has its address.
struct Rule {
    name: Rc<str>,
    access: Option<Access>,
}

/// How a decision is said.
#[derive(Clone, Copy)]
pub(super) enum Said {
    /// By what it consists of.
    ByParts(u32),
    /// In full; these are the numbers that its parts may be kept under, 0 for none.
    InFull { rule: usize, token: usize },
}

impl Said {
    /// In full, and nothing of it is to be kept.
    pub(super) const ALONE: Self = Self::InFull { rule: 0, token: 0 };
}

/// Begins or ends a call that decides; what is decided at once is decided in its turn.
pub(super) fn next_turn() -> u32 {
    TURN.set(TURN.get().wrapping_add(1));
    TURN.get()
}

/// How a decision is said that was begun in a turn, about a URL.
pub(super) fn said(decision: &Decision, url: &str, turn: u32) -> Said {
    if turn != TURN.get() {
        return Said::ALONE;
    }
    PARTS.with_borrow_mut(|parts| parts.said(decision, url, turn)).unwrap_or(Said::ALONE)
}

/// JavaScript keeps the parts of the last decision under the numbers that came with it; 0 for none.
#[wasm_bindgen]
pub fn know_parts(rule: usize, token: usize) {
    PARTS.with_borrow_mut(|parts| {
        if let Some(place) = parts.rules.get_mut(rule) {
            place.is_known = true;
        }
        if let Some(place) = parts.tokens.get_mut(token) {
            place.is_known = true;
        }
    });
}

impl Parts {
    /// `None` where there is more to say than parts and flags.
    fn said(&mut self, decision: &Decision, url: &str, turn: u32) -> Option<Said> {
        let Action::Forward(forward) = &decision.action else { return None };
        let origin_bytes = written_origin(forward, url)?;
        let flags = flags_of(decision, forward)?;
        let token = self.token(decision, forward, turn)?;
        let rule = self.rule(decision)?;
        let number_of_unknown = |number: usize, is_known: bool| if is_known { 0 } else { number };
        let (is_rule_known, is_token_known) = (self.rules.get(rule)?.is_known, self.tokens.get(token)?.is_known);
        Some(if is_rule_known && is_token_known {
            #[allow(clippy::cast_possible_truncation)] // all are small
            let [rule, origin, token] = [rule, origin_bytes, token].map(|number| number as u32);
            Said::ByParts(rule | origin << ORIGIN_AT | token << TOKEN_AT | flags << FLAGS_AT)
        } else {
            Said::InFull { rule: number_of_unknown(rule, is_rule_known), token: number_of_unknown(token, is_token_known) }
        })
    }

    /// The number of the rule; `None` where there are too many.
    fn rule(&mut self, decision: &Decision) -> Option<usize> {
        let name = decision.rule.as_ref()?;
        let is_it = |rule: &Rule| Rc::ptr_eq(&rule.name, name) && rule.access == decision.access;
        let found = self.rules.iter().position(|place| place.part.as_ref().is_some_and(is_it));
        if found.is_none() && self.rules.len() <= RULES {
            if self.rules.is_empty() {
                self.rules.push(Place::default());
            }
            self.rules.push(Place { part: Some(Rule { name: name.clone(), access: decision.access }), ..Place::default() });
            return Some(self.rules.len() - 1);
        }
        found
    }

    /// The number of who asks; `None` where that is neither nobody nor a remembered token's user.
    fn token(&mut self, decision: &Decision, forward: &Forward, turn: u32) -> Option<usize> {
        if self.tokens.is_empty() {
            self.tokens.resize_with(TOKENS, Place::default);
        }
        let (_, status) = forward.headers.first()?;
        let token = match (&decision.token, decision.auth.claims()) {
            (None, None) if decision.auth.is_nobody() && text::is_same(status, "signed-out") => return Some(NOBODY),
            // A token that was decided about at once was there before.
            (Some(token), Some(claims)) if decision.auth.is_authenticated() && Rc::ptr_eq(token, claims.token()) => token,
            _ => return None,
        };
        if token.len() > TOKEN_BYTES {
            return None;
        }
        // Each has two places to choose from; the first two of all are not for tokens.
        let first = (spread(token) % (TOKENS / 2)).max(1) * 2;
        let Some([one, other]) = self.tokens.get_mut(first..first + 2) else { return None };
        let is_at = |place: &Place<Rc<str>>| place.part.as_ref().is_some_and(|known| Rc::ptr_eq(known, token));
        let age = |place: &Place<Rc<str>>| turn.wrapping_sub(place.turn);
        let is_at_other = is_at(other) || (!is_at(one) && age(other) > age(one));
        let place = if is_at_other { other } else { one };
        if !is_at(place) {
            *place = Place { part: Some(token.clone()), ..Place::default() };
        }
        place.turn = turn;
        Some(first + usize::from(is_at_other))
    }
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self { part: None, is_known: false, turn: 0 }
    }
}

/// Bytes of scheme and authority, where the URL is forwarded as it is written; `None` where it is not.
fn written_origin(forward: &Forward, url: &str) -> Option<usize> {
    let bytes = forward.public_origin.len();
    let (origin, target) = url.split_at_checked(bytes).filter(|_| bytes <= ORIGIN_BYTES)?;
    let has_headers = text::is_same(forward.headers.get(2)?.0, names::FORWARDED_HOST)
        && text::is_same(forward.headers.get(3)?.0, names::FORWARDED_PROTO);
    let is_written = text::is_same(origin, &forward.public_origin) && text::is_same(target, &forward.target);
    // JavaScript counts letters.
    (has_headers && is_written && url.is_ascii()).then_some(bytes)
}

/// What a decision says beside its parts; `None` where that is more than flags.
fn flags_of(decision: &Decision, forward: &Forward) -> Option<u32> {
    let is_allowed = text::is_same(&decision.reason, reason::ALLOWED);
    let is_plain = (is_allowed || text::is_same(&decision.reason, reason::PUBLIC))
        && decision.message.is_empty()
        && decision.trial.is_none()
        && decision.response_headers.is_empty()
        && forward.headers.last().is_none_or(|(name, _)| ![names::ASSERTION, names::NEXT_URL].contains(name));
    let flags = [(decision.is_private, IS_PRIVATE), (decision.is_azp_missing, IS_AZP_MISSING), (is_allowed, IS_ALLOWED)];
    is_plain.then(|| flags.into_iter().fold(0, |set, (is_so, flag)| if is_so { set | flag } else { set }))
}

/// A place for a token by its address, by Knuth's multiplication; of the upper bits, which are the mixed ones.
fn spread(token: &Rc<str>) -> usize {
    let address = Rc::as_ptr(token).cast::<u8>() as usize;
    address.wrapping_mul(0x9E37_79B1) >> 12
}
