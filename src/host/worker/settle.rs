//! Waits for promises of the platform.
//!
//! The ordinary way makes two closures in Wasm for each promise and registers both for finalization, which costs as much as half a signature
//! check. Here JavaScript has the closures (`tasks.mjs`), and they say which wait is over.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    task::Poll,
};

use js_sys::Promise;
use wasm_bindgen::JsValue;

use super::task;

pub(super) type Settled = Result<JsValue, JsValue>;

thread_local! {
    static WAITS: RefCell<Waits> = const { RefCell::new(Waits { places: Vec::new(), free: Vec::new() }) };
}

struct Waits {
    places: Vec<Place>,
    /// Those that nobody waits in.
    free: Vec<u32>,
}

#[derive(Default)]
struct Place {
    /// How often somebody has waited here. INVARIANT: what settles when its wait was given up names another turn, and is for nobody.
    turn: u32,
    settled: Option<Settled>,
}

/// Waits for a promise of the platform that is about something outside of the isolate. It never settles where the request is cancelled; so nothing
/// in Wasm may hold the promise, or whatever would settle it, while it is waited for (`tasks.mjs`).
///
/// # Errors
///
/// What the promise was rejected with.
pub(super) async fn settle(promise: Promise) -> Settled {
    let wait = Wait::begin();
    task::wait_for_promise(&promise, wait.index, wait.turn, true);
    drop(promise);
    wait.end().await
}

/// Waits for a promise that settles whatever becomes of the request: of Web Crypto.
///
/// # Errors
///
/// What the promise was rejected with.
pub(super) async fn settle_here(promise: &Promise) -> Settled {
    let wait = Wait::begin();
    task::wait_for_promise(promise, wait.index, wait.turn, false);
    wait.end().await
}

/// A place to wait in, for as long as somebody does.
pub(super) struct Wait {
    pub(super) index: u32,
    pub(super) turn: u32,
}

impl Wait {
    pub(super) fn begin() -> Self {
        WAITS.with_borrow_mut(|waits| {
            let index = waits.free.pop().unwrap_or_else(|| {
                waits.places.push(Place::default());
                // INVARIANT: memory ends long before 2^32 places.
                waits.places.len() as u32 - 1
            });
            let turn = waits.places.get_mut(index as usize).map_or(0, |place| {
                place.turn = place.turn.wrapping_add(1);
                place.turn
            });
            Self { index, turn }
        })
    }

    /// What it was settled with.
    pub(super) fn end(&self) -> impl Future<Output = Settled> {
        let index = self.index as usize;
        poll_fn(move |_| {
            let settled = WAITS.with_borrow_mut(|waits| waits.places.get_mut(index).and_then(|place| place.settled.take()));
            settled.map_or(Poll::Pending, Poll::Ready)
        })
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        WAITS.with_borrow_mut(|waits| {
            if let Some(place) = waits.places.get_mut(self.index as usize) {
                // So that what comes late is for nobody.
                place.turn = place.turn.wrapping_add(1);
                place.settled = None;
                waits.free.push(self.index);
            }
        });
    }
}

/// A wait is over.
pub(super) fn bring(index: u32, turn: u32, settled: Settled) {
    WAITS.with_borrow_mut(|waits| {
        if let Some(place) = waits.places.get_mut(index as usize).filter(|place| place.turn == turn) {
            place.settled = Some(settled);
        }
    });
}
