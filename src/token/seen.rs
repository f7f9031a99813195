//! Tokens whose signature was checked before: the same text under the same key needs no second look, and no second decoding.
//!
//! Only what the text says and that its signature was good is remembered. Key, header and claims are judged anew each time, so a
//! token that has expired, was made for somebody else, or whose key has left the set is not good for having been good once. The
//! end of the signature says where to look, and then the whole text has to be the same, so that a changed byte is another token. Tokens that are not good are never remembered: nobody can fill
//! the memory or push others out of it but with tokens that the instance has signed.
//!
//! Why that is safe stands in `docs/security.md`.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use super::CompactJws;
use crate::{limits, text};

/// A bounded memory of good tokens; the oldest makes place.
#[derive(Debug, Default)]
pub struct SeenTokens {
    room: usize,
    seen: RefCell<Seen>,
}

/// The last letters of a token: 96 bits of its signature, which nobody but the instance chooses. To hash all of a token costs more than to
/// read its claims.
type Ending = [u8; 16];

#[derive(Debug, Default)]
struct Seen {
    tokens: HashMap<Ending, Rc<CompactJws>>,
    /// The names as they came in; some may be forgotten already.
    order: VecDeque<Ending>,
    bytes: usize,
    /// The one that came in last.
    last: Option<Rc<CompactJws>>,
}

impl SeenTokens {
    /// A memory for so many tokens, of [`limits::SEEN_TOKEN_BYTES`] together; none for zero.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { room, seen: RefCell::default() }
    }

    /// The decoded form of exactly this token, if it is remembered; it knows under which key its signature was good.
    #[must_use]
    pub fn decoded(&self, token: &str) -> Option<Rc<CompactJws>> {
        if self.room == 0 {
            return None;
        }
        let seen = self.seen.borrow();
        seen.tokens.get(ending(token)?).filter(|jws| text::is_same(jws.token(), token)).cloned()
    }

    /// The token that was remembered last; the next new one likely [begins as it does](CompactJws::decode_like).
    #[must_use]
    pub fn last(&self) -> Option<Rc<CompactJws>> {
        self.seen.borrow().last.clone()
    }

    /// Remembers a token whose signature was good.
    pub fn remember(&self, jws: &Rc<CompactJws>) {
        let Some(ending) = ending(jws.token()).filter(|_| self.room > 0) else { return };
        let seen = &mut *self.seen.borrow_mut();
        seen.bytes += jws.token().len();
        seen.last = Some(jws.clone());
        match seen.tokens.insert(*ending, jws.clone()) {
            Some(before) => seen.bytes -= before.token().len(),
            None => seen.order.push_back(*ending),
        }
        while seen.order.len() > self.room || seen.bytes > limits::SEEN_TOKEN_BYTES {
            let Some(oldest) = seen.order.pop_front() else { break };
            seen.remove(&oldest);
        }
    }

    /// Forgets a token that will not be good again.
    pub fn forget(&self, token: &str) {
        let seen = &mut *self.seen.borrow_mut();
        if let Some(ending) = ending(token).filter(|ending| seen.tokens.get(*ending).is_some_and(|jws| **jws.token() == *token)) {
            seen.remove(ending);
            seen.order.retain(|known| known != ending);
        }
    }
}

impl Seen {
    fn remove(&mut self, ending: &Ending) {
        if let Some(jws) = self.tokens.remove(ending) {
            self.bytes -= jws.token().len();
        }
    }
}

/// `None` for what is too short to be a token.
fn ending(token: &str) -> Option<&Ending> {
    token.as_bytes().last_chunk()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jws(name: &str) -> Rc<CompactJws> {
        // {"alg":"RS256"}.{}.name
        Rc::new(CompactJws::decode(&format!("eyJhbGciOiJSUzI1NiJ9.e30.{name}").into()).unwrap())
    }

    #[test]
    fn the_oldest_makes_place() {
        let seen = SeenTokens::new(2);
        let [a, b, c] = ["aaaa", "bbbb", "cccc"].map(jws);
        seen.remember(&a);
        seen.remember(&b);
        seen.remember(&a);
        assert!(seen.decoded(a.token()).is_some() && seen.decoded(b.token()).is_some());
        seen.remember(&c);
        assert!(seen.decoded(a.token()).is_none(), "the oldest made place");
        assert!(seen.decoded(b.token()).is_some() && seen.decoded(c.token()).is_some());
    }

    #[test]
    fn what_is_forgotten_leaves_its_room() {
        let seen = SeenTokens::new(2);
        let [a, b, c] = ["aaaa", "bbbb", "cccc"].map(jws);
        seen.remember(&a);
        seen.remember(&b);
        seen.forget(a.token());
        seen.forget(a.token());
        assert!(seen.decoded(a.token()).is_none());
        seen.remember(&c);
        assert!(seen.decoded(b.token()).is_some() && seen.decoded(c.token()).is_some());
        assert_eq!(seen.seen.borrow().bytes, b.token().len() + c.token().len());
    }

    #[test]
    fn a_good_signature_under_another_text_is_another_token() {
        let seen = SeenTokens::new(2);
        let signature = "s".repeat(32);
        let good = jws(&signature);
        seen.remember(&good);
        // {"alg":"RS256"}.{"sub":"admin"} with the same signature
        let forged = ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.", &signature].concat();
        assert!(seen.decoded(&forged).is_none());
        seen.forget(&forged);
        assert!(seen.decoded(good.token()).is_some());
        let other = Rc::new(CompactJws::decode(&forged.as_str().into()).unwrap());
        seen.remember(&other);
        assert!(seen.decoded(good.token()).is_none() && seen.decoded(&forged).is_some());
        assert_eq!((seen.seen.borrow().bytes, seen.seen.borrow().order.len()), (forged.len(), 1));
    }

    #[test]
    fn long_tokens_find_less_room() {
        let seen = SeenTokens::new(1_000_000);
        let count = limits::SEEN_TOKEN_BYTES / 1000 + 100;
        for n in 0..count {
            seen.remember(&jws(&format!("{n:0>1000}")));
        }
        let seen = seen.seen.borrow();
        assert!(seen.bytes <= limits::SEEN_TOKEN_BYTES && seen.tokens.len() < count);
        assert_eq!(seen.tokens.len(), seen.order.len());
    }

    #[test]
    fn without_room_nothing_is_remembered() {
        let seen = SeenTokens::default();
        seen.remember(&jws("aaaa"));
        assert!(seen.decoded(jws("aaaa").token()).is_none());
    }
}
