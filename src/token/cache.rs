//! Which key set is good for how long. Pure: `now` is passed in, nothing waits, nothing is fetched here.
//!
//! 1. A set is fresh for [`limits::KEY_SET_FRESH`] from its fetch, and the next one replaces it as a whole: a key that has left
//!    the set is gone.
//! 2. Only one request fetches; the others wait and look again. The fetcher holds a [`FetchTicket`]: dropping it, or
//!    [`limits::FETCH_SILENCE`] without a sign of life, frees the place.
//! 3. A `kid` that a fresh set does not know is worth a fetch, at most once in [`limits::UNKNOWN_KID_COOLDOWN`].
//! 4. After a failed fetch nobody asks for [`limits::FAILED_FETCH_COOLDOWN`]; meanwhile the last set serves on, up to
//!    [`limits::KEY_SET_STALE`] from its fetch.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{KeySet, KeySetError};
use crate::{key::VerificationKey, limits, text, time::UnixMillis};

/// The key set of one Clerk instance.
#[derive(Debug, Default)]
pub struct KeySetCache {
    state: RefCell<State>,
    tickets: Cell<u64>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    fetching: Option<Fetching>,
    failed: Option<(UnixMillis, KeySetError)>,
    unknown_kid: Option<UnixMillis>,
}

#[derive(Debug)]
struct Held {
    set: Rc<KeySet>,
    fetched: UnixMillis,
}

#[derive(Debug)]
struct Fetching {
    ticket: u64,
    since: UnixMillis,
}

/// What a look into the cache says.
#[derive(Debug)]
pub enum Look {
    /// The key, or what is wrong with it.
    Found(Result<Rc<VerificationKey>, &'static str>),
    /// The set is known and has no such key.
    NotFound,
    /// Nobody knows, and it is not the time to ask.
    Failed(KeySetError),
    /// Somebody else is fetching: wait and look again.
    Wait,
    /// Fetch, and [`settle`](KeySetCache::settle) with this ticket.
    Fetch(FetchTicket),
}

/// The right to fetch. While it lives, nobody else does.
#[derive(Debug)]
pub struct FetchTicket {
    cache: Rc<KeySetCache>,
    number: u64,
    /// An older set is there to serve on if the fetch fails, so one attempt is enough.
    pub has_fallback: bool,
}

impl Drop for FetchTicket {
    /// A request that goes away in the middle of its fetch frees the place for another.
    fn drop(&mut self) {
        let mut state = self.cache.state.borrow_mut();
        if state.fetching.as_ref().is_some_and(|fetching| fetching.ticket == self.number) {
            state.fetching = None;
        }
    }
}

impl KeySetCache {
    /// Looks for a key.
    #[must_use]
    pub fn look(self: &Rc<Self>, kid: &str, now: UnixMillis) -> Look {
        let mut state = self.state.borrow_mut();
        let held = state.held.as_ref();
        let age = held.map(|held| now.since(held.fetched));
        let key = held.and_then(|held| held.set.select(kid));
        let is_fresh = age.is_some_and(|age| age < limits::KEY_SET_FRESH);
        let is_usable = age.is_some_and(|age| age < limits::KEY_SET_STALE);
        match key {
            Some(key) if is_fresh => return Look::Found(key),
            None if is_fresh => {
                let asked = state.unknown_kid.is_some_and(|asked| now.since(asked) < limits::UNKNOWN_KID_COOLDOWN);
                if asked && state.fetching.is_none() {
                    return Look::NotFound;
                }
            }
            _ => {}
        }
        let within = |since: UnixMillis, time| now.since(since) < time;
        if state.fetching.as_ref().is_some_and(|fetching| within(fetching.since, limits::FETCH_SILENCE)) {
            return Look::Wait;
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(failed, _)| within(*failed, limits::FAILED_FETCH_COOLDOWN)) {
            return match key {
                Some(key) if is_usable => Look::Found(key),
                _ => Look::Failed(error.clone()),
            };
        }
        let has_fallback = is_usable && key.is_some();
        if is_fresh {
            state.unknown_kid = Some(now);
        }
        let number = self.tickets.get().wrapping_add(1);
        self.tickets.set(number);
        state.fetching = Some(Fetching { ticket: number, since: now });
        Look::Fetch(FetchTicket { cache: self.clone(), number, has_fallback })
    }

    /// A sign of life from the fetcher: another attempt begins.
    pub fn attempt(&self, ticket: &FetchTicket, now: UnixMillis) {
        let mut state = self.state.borrow_mut();
        if let Some(fetching) = state.fetching.as_mut().filter(|fetching| fetching.ticket == ticket.number) {
            fetching.since = now;
        }
    }

    /// Takes in what came of a fetch; then [`found`](Self::found) says what that means for a `kid`.
    pub fn settle(&self, ticket: FetchTicket, outcome: Result<Rc<KeySet>, KeySetError>, now: UnixMillis) {
        {
            let mut state = self.state.borrow_mut();
            match outcome {
                Ok(set) => {
                    state.held = Some(Held { set, fetched: now });
                    state.failed = None;
                }
                Err(error) => state.failed = Some((now, error)),
            }
        }
        drop(ticket);
    }

    /// What is known of a `kid` without asking anybody.
    #[must_use]
    pub fn found(&self, kid: &str, now: UnixMillis) -> Option<Result<Rc<VerificationKey>, &'static str>> {
        let state = self.state.borrow();
        let held = state.held.as_ref()?;
        if now.since(held.fetched) < limits::KEY_SET_STALE { held.set.select(kid) } else { None }
    }

    /// Whether the set is fresh.
    #[must_use]
    pub fn is_fresh(&self, now: UnixMillis) -> bool {
        self.state.borrow().held.as_ref().is_some_and(|held| now.since(held.fetched) < limits::KEY_SET_FRESH)
    }

    /// Whether a set is held that may still be verified with.
    #[must_use]
    pub fn is_usable(&self, now: UnixMillis) -> bool {
        self.state.borrow().held.as_ref().is_some_and(|held| now.since(held.fetched) < limits::KEY_SET_STALE)
    }

    /// The set that is held, of whatever age; a new one takes its keys over.
    #[must_use]
    pub fn held(&self) -> Option<Rc<KeySet>> {
        self.state.borrow().held.as_ref().map(|held| held.set.clone())
    }
}

/// The caches of several instances, for a process that serves more than one. Key sets are never mixed: a `kid` alone says
/// nothing about whose key it is.
#[derive(Debug, Default)]
pub struct KeySetCaches {
    caches: RefCell<Vec<(String, Rc<KeySetCache>)>>,
}

impl KeySetCaches {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { caches: RefCell::new(Vec::new()) }
    }

    /// The cache of an instance, by its Backend API address, version and secret key. The oldest makes place when there are more
    /// than [`limits::INSTANCES`].
    #[must_use]
    pub fn of(&self, api_url: &str, api_version: &str, secret_key: &str) -> Rc<KeySetCache> {
        let name = text::join(&[api_url, api_version, secret_key], "|");
        let mut caches = self.caches.borrow_mut();
        if let Some((_, cache)) = caches.iter().find(|(known, _)| *known == name) {
            return cache.clone();
        }
        if caches.len() >= limits::INSTANCES {
            caches.remove(0);
        }
        let cache = Rc::new(KeySetCache::default());
        caches.push((name, cache.clone()));
        cache
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

    fn later(time: Duration) -> UnixMillis {
        NOW.plus(time)
    }

    fn set(kid: &str) -> Rc<KeySet> {
        let json = format!(r#"{{"keys":[{{"kid":"{kid}","kty":"RSA","n":"{}","e":"AQAB"}}]}}"#, "x".repeat(342) + "w");
        Rc::new(KeySet::parse(json.as_bytes(), None).unwrap())
    }

    fn fetch(cache: &Rc<KeySetCache>, kid: &str, now: UnixMillis, outcome: Result<Rc<KeySet>, KeySetError>) {
        let Look::Fetch(ticket) = cache.look(kid, now) else { panic!("nothing to fetch") };
        cache.settle(ticket, outcome, now);
    }

    #[test]
    fn a_set_is_fresh_for_five_minutes_and_then_replaced_as_a_whole() {
        let cache = Rc::new(KeySetCache::default());
        fetch(&cache, "a", NOW, Ok(set("a")));
        assert!(matches!(cache.look("a", later(limits::KEY_SET_FRESH - Duration::from_millis(1))), Look::Found(Ok(_))));
        let then = later(limits::KEY_SET_FRESH);
        fetch(&cache, "a", then, Ok(set("b")));
        assert!(cache.found("a", then).is_none());
        assert!(cache.found("b", then).is_some());
    }

    #[test]
    fn others_wait_while_one_fetches_and_a_dropped_fetch_frees_the_place() {
        let cache = Rc::new(KeySetCache::default());
        let Look::Fetch(ticket) = cache.look("a", NOW) else { panic!() };
        assert!(matches!(cache.look("a", NOW), Look::Wait));
        drop(ticket);
        let Look::Fetch(hung) = cache.look("a", NOW) else { panic!() };
        let then = later(limits::FETCH_SILENCE);
        let Look::Fetch(second) = cache.look("a", then) else { panic!("a hung fetch holds the place for ever") };
        drop(hung);
        assert!(matches!(cache.look("a", then), Look::Wait), "the hung one's end frees the second's place");
        cache.settle(second, Ok(set("a")), then);
        assert!(matches!(cache.look("a", then), Look::Found(_)));
    }

    #[test]
    fn unknown_kids_are_worth_one_fetch_a_minute() {
        let cache = Rc::new(KeySetCache::default());
        fetch(&cache, "a", NOW, Ok(set("a")));
        fetch(&cache, "x", NOW, Ok(set("a")));
        assert!(matches!(cache.look("y", NOW), Look::NotFound));
        let then = later(limits::UNKNOWN_KID_COOLDOWN);
        assert!(matches!(cache.look("y", then), Look::Fetch(_)));
    }

    #[test]
    fn an_outage_is_bridged_by_the_last_set_for_a_day() {
        let cache = Rc::new(KeySetCache::default());
        let down = || Err(KeySetError::Outage("down".into()));
        fetch(&cache, "a", NOW, Ok(set("a")));
        let then = later(limits::KEY_SET_FRESH);
        fetch(&cache, "a", then, down());
        assert!(matches!(cache.look("a", then), Look::Found(_)));
        assert!(matches!(cache.look("a", then.plus(limits::FAILED_FETCH_COOLDOWN)), Look::Fetch(_)));
        let day = later(limits::KEY_SET_STALE);
        fetch(&cache, "a", day, down());
        assert!(matches!(cache.look("a", day), Look::Failed(_)));
        assert!(cache.found("a", day).is_none());
    }

    #[test]
    fn without_any_set_a_failure_is_remembered_for_a_while() {
        let cache = Rc::new(KeySetCache::default());
        fetch(&cache, "a", NOW, Err(KeySetError::Empty));
        assert!(matches!(cache.look("a", NOW), Look::Failed(KeySetError::Empty)));
        assert!(matches!(cache.look("a", later(limits::FAILED_FETCH_COOLDOWN)), Look::Fetch(_)));
    }

    #[test]
    fn instances_do_not_share_a_cache() {
        let caches = KeySetCaches::default();
        let one = caches.of("https://api.clerk.com", "v1", "sk_1");
        assert!(Rc::ptr_eq(&one, &caches.of("https://api.clerk.com", "v1", "sk_1")));
        assert!(!Rc::ptr_eq(&one, &caches.of("https://api.clerk.com", "v1", "sk_2")));
    }
}
