//! Tokens whose signature was checked before: the same text under the same key needs no second look.
//!
//! Only the signature is remembered. Key, header and claims are judged anew each time, so a token that has expired, or whose key
//! has left the set, is not good for having been good once. Without room (the default) nothing is remembered.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

/// A bounded memory of good signatures; the oldest makes place.
#[derive(Debug, Default)]
pub struct SeenTokens {
    room: usize,
    seen: RefCell<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The id of the key, by the whole text of the token.
    keys: HashMap<Rc<str>, u64>,
    order: VecDeque<Rc<str>>,
}

impl SeenTokens {
    /// A memory for so many tokens; none for zero.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self { room, seen: RefCell::default() }
    }

    /// Whether the signature of exactly this token was good under exactly this key.
    #[must_use]
    pub fn is_good(&self, token: &str, key: u64) -> bool {
        self.room > 0 && self.seen.borrow().keys.get(token) == Some(&key)
    }

    /// Remembers a good signature.
    pub fn remember(&self, token: &Rc<str>, key: u64) {
        if self.room == 0 {
            return;
        }
        let mut seen = self.seen.borrow_mut();
        if seen.keys.insert(token.clone(), key).is_none() {
            seen.order.push_back(token.clone());
        }
        while seen.order.len() > self.room {
            if let Some(oldest) = seen.order.pop_front() {
                seen.keys.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_remembered_for_its_key_alone_until_there_is_no_room() {
        let seen = SeenTokens::new(2);
        let token = |text: &str| Rc::<str>::from(text);
        seen.remember(&token("a"), 1);
        assert!(seen.is_good("a", 1));
        assert!(!seen.is_good("a", 2));
        seen.remember(&token("b"), 1);
        seen.remember(&token("a"), 2);
        assert!(seen.is_good("a", 2) && !seen.is_good("a", 1));
        seen.remember(&token("c"), 1);
        assert!(!seen.is_good("a", 2), "the oldest made place");
        assert!(seen.is_good("b", 1) && seen.is_good("c", 1));
    }

    #[test]
    fn without_room_nothing_is_remembered() {
        let seen = SeenTokens::default();
        seen.remember(&"a".into(), 1);
        assert!(!seen.is_good("a", 1));
    }
}
