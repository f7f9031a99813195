//! Awaits a promise without making closures for it.
//!
//! The ordinary way makes two JavaScript closures for each promise and registers both for finalization, which costs as much as
//! half a signature check. Here a pair of closures is made once, and serves one promise after another.

use std::{
    cell::RefCell,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use js_sys::Promise;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Promise)]
    type RawPromise;
    #[wasm_bindgen(method, js_class = "Promise", js_name = then)]
    fn then_either(this: &RawPromise, resolved: &Closure<dyn FnMut(JsValue)>, rejected: &Closure<dyn FnMut(JsValue)>) -> JsValue;
}

type Settled = Result<JsValue, JsValue>;
type Callback = Closure<dyn FnMut(JsValue)>;

/// One pair of closures and what they last brought.
struct Slot {
    state: RefCell<State>,
    closures: RefCell<Option<(Callback, Callback)>>,
}

#[derive(Default)]
struct State {
    settled: Option<Settled>,
    waker: Option<Waker>,
    /// Nobody waits any more: the slot is free again once its promise has settled.
    is_abandoned: bool,
}

thread_local! {
    static FREE: RefCell<Vec<Rc<Slot>>> = const { RefCell::new(Vec::new()) };
}

/// Gives the slot back when the wait ends, or when it is given up before.
struct Lease(Rc<Slot>);

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.0.state.borrow_mut();
        state.waker = None;
        if state.settled.take().is_some() {
            drop(state);
            FREE.with_borrow_mut(|free| free.push(self.0.clone()));
        } else {
            // INVARIANT: a slot is never lent while a promise holds its closures.
            state.is_abandoned = true;
        }
    }
}

/// Waits until `promise` settles.
///
/// # Errors
///
/// What the promise was rejected with.
pub(super) async fn settle(promise: &Promise) -> Settled {
    use wasm_bindgen::JsCast as _;
    let lease = Lease(FREE.with_borrow_mut(Vec::pop).unwrap_or_else(new_slot));
    if let Some((resolved, rejected)) = lease.0.closures.borrow().as_ref() {
        let _ = promise.unchecked_ref::<RawPromise>().then_either(resolved, rejected);
    }
    poll_fn(|context| {
        let mut state = lease.0.state.borrow_mut();
        match state.settled.clone() {
            Some(settled) => Poll::Ready(settled),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    })
    .await
}

fn new_slot() -> Rc<Slot> {
    let slot = Rc::new(Slot { state: RefCell::default(), closures: RefCell::new(None) });
    let bring = |slot: Rc<Slot>, wrap: fn(JsValue) -> Settled| {
        Closure::new(move |value| {
            let mut state = slot.state.borrow_mut();
            if state.is_abandoned {
                state.is_abandoned = false;
                drop(state);
                FREE.with_borrow_mut(|free| free.push(slot.clone()));
                return;
            }
            state.settled = Some(wrap(value));
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        })
    };
    // The closures hold their slot and the slot holds them: slots live as long as the isolate.
    *slot.closures.borrow_mut() = Some((bring(slot.clone(), Ok), bring(slot.clone(), Err)));
    slot
}
