//! The exports of `authenticateRequest` and `verifyToken`: options to a checker, a request or a token to what is known of it.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Slots, advance, options, request, state, take_scratch, tell, time};
use crate::{
    machine,
    session::{Authenticator, TokenVerifier},
    token::KeySetCaches,
};

struct Held {
    authenticators: Slots<Rc<Authenticator>>,
    verifiers: Slots<Rc<TokenVerifier>>,
    caches: KeySetCaches,
}

thread_local! {
    static HELD: RefCell<Held> = const {
        RefCell::new(Held { authenticators: Slots::new(), verifiers: Slots::new(), caches: KeySetCaches::new() })
    };
}

/// Makes an authenticator from the options in the buffer, as JSON. Its handle, or 0 where they are wrong.
#[wasm_bindgen]
#[must_use]
pub fn make_authenticator(bytes: usize) -> u32 {
    let json = take_scratch(bytes);
    let made = options::read(&json).and_then(|options| {
        let cache = HELD.with_borrow(|held| options::cache(&held.caches, &options));
        Authenticator::with_suffix(options, cache, options::cookie_suffix(&json)?).map_err(|error| error.text())
    });
    match made {
        Ok(authenticator) => HELD.with_borrow_mut(|held| held.authenticators.put(Rc::new(authenticator))),
        Err(message) => tell(message, 0),
    }
}

/// Makes a verifier of session tokens from the options in the buffer. Its handle, or 0 where they are wrong.
#[wasm_bindgen]
#[must_use]
pub fn make_verifier(bytes: usize) -> u32 {
    let made = options::read(&take_scratch(bytes)).and_then(|options| {
        let cache = HELD.with_borrow(|held| options::cache(&held.caches, &options));
        TokenVerifier::new(&options, Some(cache)).map_err(|error| error.text())
    });
    match made {
        Ok(verifier) => HELD.with_borrow_mut(|held| held.verifiers.put(Rc::new(verifier))),
        Err(message) => tell(message, 0),
    }
}

/// Forgets an authenticator. Runs that it began go on.
#[wasm_bindgen]
pub fn free_authenticator(handle: u32) {
    HELD.with_borrow_mut(|held| held.authenticators.take(handle));
}

/// Forgets a verifier. Runs that it began go on.
#[wasm_bindgen]
pub fn free_verifier(handle: u32) {
    HELD.with_borrow_mut(|held| held.verifiers.take(handle));
}

/// Begins `authenticateRequest` for the request in the buffer, written as `request.rs` says. Returns a step.
#[wasm_bindgen]
#[must_use]
pub fn begin_request(handle: u32, bytes: usize, now: f64) -> u32 {
    let authenticator = HELD.with_borrow(|held| held.authenticators.get(handle).clone());
    let request = request::read(&take_scratch(bytes));
    advance(machine::start(time(now), |io| async move {
        match authenticator.authenticate(&io, &request).await {
            Ok(state) => state::of_state(&state, authenticator.proxy_url(&request)),
            Err(error) => state::of_refused_request(&error),
        }
    }))
}

/// Begins `verifyToken` for the token in the buffer. Returns a step.
#[wasm_bindgen]
#[must_use]
pub fn begin_token(handle: u32, bytes: usize, now: f64) -> u32 {
    let verifier = HELD.with_borrow(|held| held.verifiers.get(handle).clone());
    let token = take_scratch(bytes);
    advance(machine::start(time(now), |io| async move {
        match verifier.verify_token(&io, &token).await {
            Ok(claims) => state::of_claims(&claims),
            Err(error) => state::of_rejected_token(&error),
        }
    }))
}
