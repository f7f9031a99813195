//! What the Backend API said about a subject, for some seconds; and who may ask it meanwhile.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use super::Facts;
use crate::{limits, machine::Outage, time::UnixMillis};

type Found = Result<Rc<Facts>, Outage>;

/// A bounded memory; what was asked for longest ago makes place.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: RefCell<Entries>,
    tickets: Cell<u64>,
}

#[derive(Debug, Default)]
struct Entries {
    of: HashMap<Rc<str>, Entry>,
    /// The names as they were asked for, with the ticket of each: one that was asked for again, or given up, is not meant any more.
    order: VecDeque<(Rc<str>, u64)>,
}

#[derive(Debug)]
struct Entry {
    ticket: u64,
    since: UnixMillis,
    /// `None` while it is asked for.
    found: Option<Found>,
}

/// What a look into the cache says.
pub(super) enum Look {
    /// What was said, or that it could not be had.
    Found(Found),
    /// Somebody else is asking: wait and look again.
    Wait,
    /// Ask, and [`settle`](Cache::settle) with this ticket.
    Fetch(Ticket),
}

/// The right to ask about a subject. While it lives, nobody else does.
pub(super) struct Ticket {
    cache: Rc<Cache>,
    key: Rc<str>,
    number: u64,
}

impl Drop for Ticket {
    /// A request that goes away while it asks frees the place for another.
    fn drop(&mut self) {
        let of = &mut self.cache.entries.borrow_mut().of;
        if of.get(&self.key).is_some_and(|entry| entry.ticket == self.number && entry.found.is_none()) {
            of.remove(&self.key);
        }
    }
}

impl Cache {
    /// Looks for what is known of a subject.
    pub(super) fn look(self: &Rc<Self>, key: &str, now: UnixMillis) -> Look {
        let mut entries = self.entries.borrow_mut();
        if let Some(entry) = entries.of.get(key) {
            let age = now.since(entry.since);
            match &entry.found {
                Some(found) if age < limits::FRESH_FOR => return Look::Found(found.clone()),
                None if age < limits::FETCH_SILENCE => return Look::Wait,
                _ => {}
            }
        }
        let number = self.tickets.get().wrapping_add(1);
        self.tickets.set(number);
        let key: Rc<str> = key.into();
        let Entries { of, order } = &mut *entries;
        of.insert(key.clone(), Entry { ticket: number, since: now, found: None });
        order.push_back((key.clone(), number));
        if order.len() > limits::FRESH_SUBJECTS
            && let Some((oldest, ticket)) = order.pop_front()
            && of.get(&oldest).is_some_and(|entry| entry.ticket == ticket)
        {
            of.remove(&oldest);
        }
        Look::Fetch(Ticket { cache: self.clone(), key, number })
    }

    /// Takes in what was said.
    pub(super) fn settle(&self, ticket: Ticket, found: Found, now: UnixMillis) {
        if let Some(entry) = self.entries.borrow_mut().of.get_mut(&ticket.key).filter(|entry| entry.ticket == ticket.number) {
            entry.since = now;
            entry.found = Some(found);
        }
        drop(ticket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

    fn fetch(cache: &Rc<Cache>, key: &str, now: UnixMillis) -> Ticket {
        let Look::Fetch(ticket) = cache.look(key, now) else { panic!("nothing to fetch") };
        ticket
    }

    #[test]
    fn what_was_said_holds_for_some_seconds_and_an_outage_too() {
        let cache = Rc::new(Cache::default());
        for found in [Ok(Rc::default()), Err(Outage("down".into()))] {
            let key = format!("{found:?}");
            cache.settle(fetch(&cache, &key, NOW), found, NOW);
            assert!(matches!(cache.look(&key, NOW), Look::Found(_)));
            assert!(matches!(cache.look(&key, NOW.plus(limits::FRESH_FOR)), Look::Fetch(_)));
        }
    }

    #[test]
    fn one_asks_at_a_time_and_who_goes_away_frees_the_place() {
        let cache = Rc::new(Cache::default());
        let ticket = fetch(&cache, "a", NOW);
        assert!(matches!(cache.look("a", NOW), Look::Wait));
        assert!(matches!(cache.look("b", NOW), Look::Fetch(_)));
        drop(ticket);
        let hung = fetch(&cache, "a", NOW);
        let then = NOW.plus(limits::FETCH_SILENCE);
        let second = fetch(&cache, "a", then);
        cache.settle(hung, Err(Outage("late".into())), then);
        assert!(matches!(cache.look("a", then), Look::Wait), "the hung one spoke for the second");
        cache.settle(second, Ok(Rc::default()), then);
        assert!(matches!(cache.look("a", then), Look::Found(Ok(_))));
    }

    #[test]
    fn who_was_asked_for_again_is_not_the_oldest() {
        let cache = Rc::new(Cache::default());
        drop(fetch(&cache, "given up", NOW));
        cache.settle(fetch(&cache, "old", NOW), Ok(Rc::default()), NOW);
        let then = NOW.plus(limits::FRESH_FOR);
        for key in ["given up", "old"] {
            cache.settle(fetch(&cache, key, then), Ok(Rc::default()), then);
        }
        for n in 2..limits::FRESH_SUBJECTS {
            cache.settle(fetch(&cache, &n.to_string(), then), Ok(Rc::default()), then);
        }
        for key in ["given up", "old"] {
            assert!(matches!(cache.look(key, then), Look::Found(_)), "{key} went by the place that it had before");
        }
        assert_eq!(cache.entries.borrow().order.len(), limits::FRESH_SUBJECTS);
    }

    #[test]
    fn the_oldest_makes_place() {
        let cache = Rc::new(Cache::default());
        for n in 0..=limits::FRESH_SUBJECTS {
            cache.settle(fetch(&cache, &n.to_string(), NOW), Ok(Rc::default()), NOW);
        }
        assert_eq!(cache.entries.borrow().of.len(), limits::FRESH_SUBJECTS);
        assert!(matches!(cache.look("0", NOW), Look::Fetch(_)));
    }
}
