//! Runs futures, each as far as it comes at once, and goes on as soon as what it waits for is there.
//!
//! The ordinary way puts every step into a queue of microtasks, and makes a promise with closures of its own for the outcome: for a
//! decision that waits for one signature, as much again as the rest of it. Here whoever wakes a task polls it on the spot.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use wasm_bindgen::JsValue;

use super::crossing;

type Work = Pin<Box<dyn Future<Output = JsValue>>>;

thread_local! {
    static TASKS: RefCell<Tasks> = const { RefCell::new(Tasks { places: Vec::new(), free: Vec::new(), begun: 0 }) };
}

struct Tasks {
    places: Vec<Place>,
    /// Those that nobody has.
    free: Vec<u32>,
    begun: u64,
}

/// Where a task is kept while it waits.
struct Place {
    /// Which task has it. INVARIANT: no two tasks of an instance ever have one number, so what wakes a task that is gone wakes nobody.
    number: u64,
    /// Not here while it is polled.
    work: Option<Work>,
    /// It was woken while it was polled.
    is_woken: bool,
}

/// A task, as what wakes it.
struct Task {
    place: u32,
    number: u64,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let work = TASKS.with_borrow_mut(|tasks| {
            let place = tasks.places.get_mut(self.place as usize).filter(|place| place.number == self.number)?;
            place.is_woken = place.work.is_none();
            place.work.take()
        });
        if let Some(work) = work
            && let Poll::Ready(outcome) = poll(self, work)
        {
            crossing::pay(self.place, &outcome);
            release(self.place);
        }
    }
}

/// What comes of `work`, where it waits for nothing; else a promise of it. What the work cannot do it says in its outcome.
pub(super) fn run(work: impl Future<Output = JsValue> + 'static) -> JsValue {
    let task = Arc::new(take_place());
    match poll(&task, Box::pin(work)) {
        Poll::Ready(outcome) => {
            release(task.place);
            outcome
        }
        Poll::Pending => crossing::owe(task.place),
    }
}

fn take_place() -> Task {
    TASKS.with_borrow_mut(|tasks| {
        tasks.begun += 1;
        let number = tasks.begun;
        let taken = Place { number, work: None, is_woken: false };
        if let Some(index) = tasks.free.pop()
            && let Some(free) = tasks.places.get_mut(index as usize)
        {
            *free = taken;
            return Task { place: index, number };
        }
        tasks.places.push(taken);
        // INVARIANT: memory ends long before 2^32 places.
        Task { place: tasks.places.len() as u32 - 1, number }
    })
}

fn release(index: u32) {
    TASKS.with_borrow_mut(|tasks| {
        if let Some(place) = tasks.places.get_mut(index as usize) {
            place.number = 0;
            tasks.free.push(index);
        }
    });
}

/// Polls a task until it is done, or waits for somebody else and is put in its place.
fn poll(task: &Arc<Task>, mut work: Work) -> Poll<JsValue> {
    let waker = Waker::from(task.clone());
    loop {
        let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            return polled;
        }
        let again = TASKS.with_borrow_mut(|tasks| {
            let place = tasks.places.get_mut(task.place as usize)?;
            if core::mem::take(&mut place.is_woken) {
                return Some(work);
            }
            place.work = Some(work);
            None
        });
        match again {
            Some(again) => work = again,
            None => return Poll::Pending,
        }
    }
}
