//! Runs futures, each as far as it comes at once, and goes on as soon as what it waits for is there.
//!
//! The ordinary way puts every step into a queue of microtasks, and makes a promise with closures of its own for the outcome: for a
//! decision that waits for one signature, as much again as the rest of it. Here a task waits for promises of the platform alone (`settle.rs`), each
//! of which polls it on the spot when it settles.
//!
//! A task whose request the platform has cancelled waits for what never settles. `tasks.mjs` says when that is so, and it is dropped.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::settle;

#[wasm_bindgen(module = "/src/host/worker/tasks.mjs")]
extern "C" {
    #[wasm_bindgen(js_name = waitFor)]
    fn wait_for(promise: &Promise, place: u32, number: u32, wait: u32, turn: u32, is_outside: bool);
    #[wasm_bindgen(js_name = startClock)]
    fn start_clock(milliseconds: f64, place: u32, number: u32, wait: u32, turn: u32);
    #[wasm_bindgen(js_name = stopClock)]
    pub(super) fn stop_clock(wait: u32);
    fn owe(place: u32, number: u32) -> JsValue;
    fn pay(outcome: &JsValue);
}

type Work = Pin<Box<dyn Future<Output = JsValue>>>;

thread_local! {
    static TASKS: RefCell<Tasks> = const { RefCell::new(Tasks { places: Vec::new(), free: Vec::new(), begun: 0 }) };
    static POLLED: Cell<Id> = const { Cell::new(Id { place: 0, number: 0 }) };
}

struct Tasks {
    places: Vec<Place>,
    /// Those that nobody has.
    free: Vec<u32>,
    begun: u32,
}

/// Where a task is kept while it waits.
struct Place {
    number: u32,
    /// Not here while it is polled.
    work: Option<Work>,
}

/// Which task it is.
///
/// INVARIANT: a place is given to another task under another number, as long as fewer than 2^32 tasks are begun while one waits. So what goes
/// on with a task that is gone goes on with nobody.
#[derive(Clone, Copy)]
struct Id {
    place: u32,
    number: u32,
}

/// What comes of `work`, where it waits for nothing; else a promise of it. What the work cannot do it says in its outcome.
pub(super) fn run(work: impl Future<Output = JsValue> + 'static) -> JsValue {
    let id = take_place();
    poll(id, Box::pin(work)).unwrap_or_else(|| owe(id.place, id.number))
}

/// The polled task waits for a promise; `wait` and `turn` are what `settle.rs` knows it by. Where it `is_outside`, it never settles if the
/// request is cancelled.
pub(super) fn wait_for_promise(promise: &Promise, wait: u32, turn: u32, is_outside: bool) {
    let Id { place, number } = POLLED.get();
    wait_for(promise, place, number, wait, turn, is_outside);
}

/// The polled task waits for so much time to pass.
pub(super) fn wait_for_time(milliseconds: f64, wait: u32, turn: u32) {
    let Id { place, number } = POLLED.get();
    start_clock(milliseconds, place, number, wait, turn);
}

/// A wait of a task is over: its index and turn, whether what it waited for was had, and that, or why not.
#[wasm_bindgen]
pub fn go_on(place: u32, number: u32, wait: u32, turn: u32, is_fulfilled: bool, outcome: JsValue) {
    settle::bring(wait, turn, if is_fulfilled { Ok(outcome) } else { Err(outcome) });
    let id = Id { place, number };
    if let Some(work) = take_work(id)
        && let Some(outcome) = poll(id, work)
    {
        pay(&outcome);
    }
}

/// Nothing that the task waits for will ever settle.
#[wasm_bindgen]
pub fn abandon(place: u32, number: u32) {
    let id = Id { place, number };
    if let Some(work) = take_work(id) {
        release(id);
        drop(work);
    }
}

/// Polls a task; `None` where it waits, and is in its place.
fn poll(id: Id, mut work: Work) -> Option<JsValue> {
    POLLED.set(id);
    // Whoever waits has told JavaScript what for, and nobody else wakes it.
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => {
            drop(work);
            release(id);
            Some(outcome)
        }
        Poll::Pending => {
            TASKS.with_borrow_mut(|tasks| {
                if let Some(place) = tasks.places.get_mut(id.place as usize) {
                    place.work = Some(work);
                }
            });
            None
        }
    }
}

fn take_place() -> Id {
    TASKS.with_borrow_mut(|tasks| {
        tasks.begun = tasks.begun.wrapping_add(1);
        let number = tasks.begun;
        let taken = Place { number, work: None };
        if let Some(index) = tasks.free.pop()
            && let Some(free) = tasks.places.get_mut(index as usize)
        {
            *free = taken;
            return Id { place: index, number };
        }
        tasks.places.push(taken);
        // INVARIANT: memory ends long before 2^32 places.
        Id { place: tasks.places.len() as u32 - 1, number }
    })
}

fn take_work(id: Id) -> Option<Work> {
    TASKS.with_borrow_mut(|tasks| tasks.places.get_mut(id.place as usize).filter(|place| place.number == id.number)?.work.take())
}

fn release(id: Id) {
    TASKS.with_borrow_mut(|tasks| tasks.free.push(id.place));
}
