//! Tokens whose signature was checked before: the same text under the same key needs no second look, and no second decoding.
//!
//! Only what the text says and that its signature was good is remembered. Key, header and claims are judged anew each time, so a
//! token that has expired, was made for somebody else, or whose key has left the set is not good for having been good once. The
//! end of the signature says where to look, and then the whole text has to be the same, so that a changed byte is another token.
//! Tokens that are not good are never remembered: nobody can fill the memory or push others out of it but with tokens that the
//! instance has signed.
//!
//! Why that is safe stands in `docs/security.md`.

use std::{cell::RefCell, rc::Rc};

use super::CompactJws;
use crate::{limits, text};

/// A bounded memory of good tokens; the oldest makes place.
#[derive(Debug, Default)]
pub struct SeenTokens {
    seen: RefCell<Seen>,
}

/// The last letters of a token: 96 bits of its signature, which nobody but the instance chooses. To hash all of a token costs more than to
/// read its claims.
type Ending = [u8; 16];

/// Tokens are numbered as they come in and stand in a ring, so that each new one has the place of the oldest. By their endings they are in
/// lists, from the newest to the oldest. (A hash map is 2 KB of a gzipped Wasm module.)
#[derive(Debug, Default)]
struct Seen {
    room: usize,
    /// The token of a number is at that number modulo `room`.
    ring: Vec<Place>,
    /// The number of each list's newest token, or zero.
    lists: Vec<usize>,
    /// The numbers of the oldest token that is there and of the one to come; never zero.
    oldest: usize,
    next: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Place {
    /// `None` once it is forgotten.
    jws: Option<Rc<CompactJws>>,
    /// [`spread`] of its ending: a token that is another is passed by without a look at it, since it is far from here in memory.
    spread: u32,
    /// The number of the next older token in the list.
    older: usize,
}

impl SeenTokens {
    /// A memory for so many tokens, of [`limits::SEEN_TOKEN_BYTES`] together; none for zero.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { seen: RefCell::new(Seen { room, ..Seen::default() }) }
    }

    /// The decoded form of exactly this token, if it is remembered; it knows under which key its signature was good.
    #[must_use]
    pub fn decoded(&self, token: &str) -> Option<Rc<CompactJws>> {
        let mut seen = self.seen.borrow_mut();
        seen.find(ending(token)?)?.as_ref().filter(|jws| text::is_same(jws.token(), token)).cloned()
    }

    /// The token that was remembered last; the next new one likely [begins as it does](CompactJws::decode_like).
    #[must_use]
    pub fn last(&self) -> Option<Rc<CompactJws>> {
        let seen = self.seen.borrow();
        seen.ring.get(seen.next.checked_sub(1)?.checked_rem(seen.room)?)?.jws.clone()
    }

    /// Remembers a token whose signature was good.
    pub fn remember(&self, jws: &Rc<CompactJws>) {
        let seen = &mut *self.seen.borrow_mut();
        let Some(ending) = ending(jws.token()).filter(|_| seen.room > 0) else { return };
        match seen.find(ending) {
            Some(place) => {
                let before = place.replace(jws.clone());
                seen.bytes -= before.map_or(0, |before| before.token().len());
            }
            None => seen.add(jws.clone(), ending),
        }
        seen.bytes += jws.token().len();
        while seen.bytes > limits::SEEN_TOKEN_BYTES {
            seen.drop_oldest();
        }
    }

    /// Forgets a token that will not be good again.
    pub fn forget(&self, token: &str) {
        let seen = &mut *self.seen.borrow_mut();
        let place = ending(token).and_then(|ending| seen.find(ending));
        if place.and_then(|place| place.take_if(|jws| **jws.token() == *token)).is_some() {
            seen.bytes -= token.len();
        }
    }
}

impl Seen {
    /// Where the token with that ending is.
    fn find(&mut self, ending: &Ending) -> Option<&mut Option<Rc<CompactJws>>> {
        let wanted = spread(ending);
        let mut number = *self.lists.get(list_of(wanted))?;
        while number >= self.oldest {
            let at = number % self.room;
            let Place { jws, spread, older } = self.ring.get(at)?;
            if *spread == wanted && jws.as_ref().is_some_and(|jws| jws.token().as_bytes().ends_with(ending)) {
                return self.ring.get_mut(at).map(|place| &mut place.jws);
            }
            number = *older;
        }
        None
    }

    fn add(&mut self, jws: Rc<CompactJws>, ending: &Ending) {
        // At first, and where the numbers end: in Wasm after four thousand million tokens.
        if self.lists.is_empty() || self.next == usize::MAX {
            *self = Self { room: self.room, lists: vec![0; LISTS], oldest: self.room, next: self.room, ..Self::default() };
        }
        if self.next - self.oldest == self.room {
            self.drop_oldest();
        }
        let spread = spread(ending);
        let place = Place { jws: Some(jws), spread, older: core::mem::replace(&mut self.lists[list_of(spread)], self.next) };
        match self.ring.get_mut(self.next % self.room) {
            Some(free) => *free = place,
            None => self.ring.push(place),
        }
        self.next += 1;
    }

    fn drop_oldest(&mut self) {
        let oldest = self.ring.get_mut(self.oldest % self.room).and_then(|place| place.jws.take());
        self.bytes -= oldest.map_or(0, |jws| jws.token().len());
        self.oldest += 1;
    }
}

/// `None` for what is too short to be a token.
fn ending(token: &str) -> Option<&Ending> {
    token.as_bytes().last_chunk()
}

/// The letters of an ending, spread by one multiplication.
fn spread(ending: &Ending) -> u32 {
    let sum = ending.as_chunks::<4>().0.iter().fold(0_u32, |sum, four| sum.rotate_left(7) ^ u32::from_le_bytes(*four));
    sum.wrapping_mul(0x9E37_79B1)
}

/// The list of an ending that is [`spread`].
fn list_of(spread: u32) -> usize {
    spread as usize >> 20
}

/// As many as [`list_of`] tells apart.
const LISTS: usize = 1 << 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn jws(name: &str) -> Rc<CompactJws> {
        // {"alg":"RS256"}.{}.name
        CompactJws::decode(&format!("eyJhbGciOiJSUzI1NiJ9.e30.{name}").into()).unwrap()
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
    fn where_the_numbers_end_it_begins_anew() {
        let seen = SeenTokens::new(2);
        let [a, b] = ["aaaa", "bbbb"].map(jws);
        seen.remember(&a);
        {
            let mut seen = seen.seen.borrow_mut();
            (seen.oldest, seen.next) = (usize::MAX - 1, usize::MAX);
        }
        for _ in 0..2 {
            seen.remember(&b);
            assert!(seen.decoded(b.token()).is_some() && seen.decoded(a.token()).is_none());
        }
        seen.remember(&a);
        assert!(seen.decoded(a.token()).is_some() && seen.decoded(b.token()).is_some());
        assert_eq!(seen.seen.borrow().bytes, a.token().len() + b.token().len());
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
        let other = CompactJws::decode(&forged.as_str().into()).unwrap();
        seen.remember(&other);
        assert!(seen.decoded(good.token()).is_none() && seen.decoded(&forged).is_some());
        let seen = seen.seen.borrow();
        assert_eq!((seen.bytes, seen.next - seen.oldest), (forged.len(), 1));
    }

    #[test]
    fn long_tokens_find_less_room() {
        let seen = SeenTokens::new(1_000_000);
        let count = limits::SEEN_TOKEN_BYTES / 1000 + 100;
        for n in 0..count {
            seen.remember(&jws(&format!("{n:0>1000}")));
        }
        let seen = seen.seen.borrow();
        assert!(seen.bytes <= limits::SEEN_TOKEN_BYTES && seen.next - seen.oldest < count);
        assert!(seen.ring.iter().filter(|place| place.jws.is_some()).count() == seen.next - seen.oldest);
    }

    fn list(token: &CompactJws) -> usize {
        list_of(spread(ending(token.token()).unwrap()))
    }

    #[test]
    fn tokens_of_one_list_are_told_apart_and_grow_old_together() {
        let seen = SeenTokens::new(3);
        // The first four in the list of the first.
        let mut alike = (0..).map(|n| jws(&format!("{n:0>32}"))).filter(|token| list(token) == list(&jws(&"0".repeat(32))));
        let [a, b, c, d] = core::array::from_fn(|_| alike.next().unwrap());
        for token in [&a, &b, &c] {
            seen.remember(token);
        }
        assert!([&a, &b, &c].iter().all(|token| seen.decoded(token.token()).is_some()));
        seen.forget(b.token());
        assert!(seen.decoded(a.token()).is_some() && seen.decoded(b.token()).is_none());
        seen.remember(&d);
        assert!(seen.decoded(a.token()).is_none() && seen.decoded(c.token()).is_some() && seen.decoded(d.token()).is_some());
    }

    #[test]
    fn the_ring_goes_round_many_times() {
        let seen = SeenTokens::new(7);
        let tokens: Vec<_> = (0..1000).map(|n| jws(&format!("{n:0>32}"))).collect();
        for (n, token) in tokens.iter().enumerate() {
            seen.remember(token);
            let known = tokens.iter().take(n + 1).rev().take_while(|token| seen.decoded(token.token()).is_some()).count();
            assert_eq!(known, (n + 1).min(7));
        }
        assert_eq!(seen.seen.borrow().bytes, tokens.iter().rev().take(7).map(|token| token.token().len()).sum::<usize>());
    }

    #[test]
    fn without_room_nothing_is_remembered() {
        let seen = SeenTokens::default();
        seen.remember(&jws("aaaa"));
        assert!(seen.decoded(jws("aaaa").token()).is_none());
    }
}
