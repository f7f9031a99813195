//! The npm package's side of Wasm: few, dumb, synchronous exports. JavaScript owns every wait (`npm/loop.js`), so that a panic
//! here is an exception there, and never a promise that nobody settles.
//!
//! ```text
//!  make_authenticator(options) ─► handle ─► begin_request(handle, request, now) ─► step ─► resume(run, …, now) ─► step …
//! ```
//!
//! Texts come in through one buffer, [`scratch`], as UTF-8, and go out by [`text_place`]: no export takes or gives a string, which would
//! be copied once more, and freed by another call. What a step is says `run.rs`. Since numbers are all that crosses, a module needs no
//! generated script, and no table of JavaScript's objects: `npm/instance.js` calls its exports, and has the headers that it imports.
//!
//! A handle or a run that does not exist is a mistake of the loop: a panic.

#[cfg(feature = "js-runs")]
mod outcome;
#[cfg(feature = "js-runs")]
mod request;
#[cfg(feature = "js-runs")]
mod run;

#[cfg(feature = "js-gate")]
mod config;
#[cfg(feature = "js-gate")]
mod decision;
#[cfg(feature = "js-gate")]
mod gate;
#[cfg(feature = "js-gate")]
mod matcher;
#[cfg(feature = "js-gate")]
mod parts;

#[cfg(feature = "js-session")]
mod options;
#[cfg(feature = "js-session")]
mod session;
#[cfg(feature = "js-session")]
mod state;
#[cfg(feature = "js-webhook")]
mod webhook;

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(feature = "js-runs")]
use run::advance;

/// Small, as what is downloaded with the app that imports it has to be.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// What every door needs; what a door makes it holds itself.
struct Host {
    scratch: Vec<u8>,
    text: String,
    /// See [`text_place`].
    place: [usize; 2],
}

thread_local! {
    static HOST: RefCell<Host> = const { RefCell::new(Host { scratch: Vec::new(), text: String::new(), place: [0; 2] }) };
}

/// Makes room for so many bytes, and says where. Good until the next call of any export.
#[wasm_bindgen]
#[must_use]
pub fn scratch(bytes: usize) -> usize {
    HOST.with_borrow_mut(|host| {
        if host.scratch.len() < bytes {
            host.scratch.resize(bytes, 0);
        }
        host.scratch.as_mut_ptr() as usize
    })
}

/// Where two words of 32 bits say what the last call has to say: address and length in bytes of a text in UTF-8. Good until the next call.
#[wasm_bindgen]
#[must_use]
pub fn text_place() -> usize {
    HOST.with_borrow_mut(|host| {
        host.place = [host.text.as_ptr() as usize, host.text.len()];
        host.place.as_ptr() as usize
    })
}

fn tell(text: String, code: u32) -> u32 {
    HOST.with_borrow_mut(|host| host.text = text);
    code
}

/// What is in the buffer.
#[cfg(any(feature = "js-runs", feature = "js-webhook"))]
fn take_bytes(bytes: usize) -> Vec<u8> {
    HOST.with_borrow(|host| host.scratch.get(..bytes).unwrap_or_default().to_vec())
}

/// The text in the buffer. The loop writes UTF-8; what is none is no request, no token and no options either.
fn take_scratch(bytes: usize) -> String {
    HOST.with_borrow(|host| crate::text::lossy(host.scratch.get(..bytes).unwrap_or_default()))
}

#[cfg(any(feature = "js-runs", feature = "js-webhook"))]
#[allow(clippy::cast_possible_truncation)] // milliseconds since 1970 fit
fn time(now: f64) -> crate::time::UnixMillis {
    crate::time::UnixMillis(now as i64)
}

/// Things by number, from 1 on; a number that was given back is given out again.
struct Slots<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    #[allow(clippy::cast_possible_truncation)] // fewer than memory holds
    fn put(&mut self, thing: T) -> u32 {
        match self.free.pop() {
            Some(number) => {
                self.slots[number as usize - 1] = Some(thing);
                number
            }
            None => {
                self.slots.push(Some(thing));
                self.slots.len() as u32
            }
        }
    }

    #[allow(dead_code)] // webhooks are only ever taken
    fn get(&self, number: u32) -> &T {
        match self.slots.get((number as usize).wrapping_sub(1)) {
            Some(Some(thing)) => thing,
            _ => panic!("no such number"),
        }
    }

    fn take(&mut self, number: u32) -> T {
        match self.slots.get_mut((number as usize).wrapping_sub(1)).and_then(Option::take) {
            Some(thing) => {
                self.free.push(number);
                thing
            }
            None => panic!("no such number"),
        }
    }
}
