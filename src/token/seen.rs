//! Tokens whose signature was checked before: the same text under the same key needs no second look, and no second decoding.
//!
//! Only what the text says and that its signature was good is remembered. Key, header and claims are judged anew each time, so a
//! token that has expired, was made for somebody else, or whose key has left the set is not good for having been good once. The
//! whole text is the name, so that a changed byte is another token. Tokens that are not good are never remembered: nobody can fill
//! the memory or push others out of it but with tokens that the instance has signed.
//!
//! Why that is safe stands in `docs/security.md`.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use super::CompactJws;
use crate::limits;

/// A bounded memory of good tokens; the oldest makes place.
#[derive(Debug, Default)]
pub struct SeenTokens {
    room: usize,
    seen: RefCell<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    tokens: HashMap<Rc<str>, Rc<CompactJws>>,
    /// The names as they came in; some may be forgotten already.
    order: VecDeque<Rc<str>>,
    bytes: usize,
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
        self.seen.borrow().tokens.get(token).cloned()
    }

    /// Remembers a token whose signature was good.
    pub fn remember(&self, jws: &Rc<CompactJws>) {
        if self.room == 0 {
            return;
        }
        let seen = &mut *self.seen.borrow_mut();
        let token = jws.token();
        if seen.tokens.insert(token.clone(), jws.clone()).is_none() {
            seen.bytes += token.len();
            seen.order.push_back(token.clone());
        }
        while seen.order.len() > self.room || seen.bytes > limits::SEEN_TOKEN_BYTES {
            let Some(oldest) = seen.order.pop_front() else { break };
            seen.remove(&oldest);
        }
    }

    /// Forgets a token that will not be good again.
    pub fn forget(&self, token: &str) {
        if self.room > 0 {
            let seen = &mut *self.seen.borrow_mut();
            if seen.remove(token) {
                seen.order.retain(|known| **known != *token);
            }
        }
    }
}

impl Seen {
    fn remove(&mut self, token: &str) -> bool {
        let was_there = self.tokens.remove(token).is_some();
        if was_there {
            self.bytes -= token.len();
        }
        was_there
    }
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
