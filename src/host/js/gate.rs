//! The exports of `createGate`: a configuration to a gate, a request to a decision, and what a host does with headers.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Slots, advance, config, decision, outcome::Outcome, parts, request, take_scratch, tell, time};
use crate::{
    gate::{Gate, KEPT_WITHOUT_PAGE, Refusal},
    headers, machine, reason,
    request::RequestView,
    text::ByAny as _,
};

thread_local! {
    static GATES: RefCell<Slots<Gate>> = const { RefCell::new(Slots::new()) };
}

/// Makes a gate from the configuration in the buffer, JSON in JavaScript's names. Its handle, or 0 where it is wrong: the text is
/// then a JSON list of `{ setting, message }`.
#[wasm_bindgen]
#[must_use]
pub fn make_gate(bytes: usize) -> u32 {
    match config::made(&take_scratch(bytes), Gate::new) {
        Ok(gate) => GATES.with_borrow_mut(|gates| gates.put(gate)),
        Err(errors) => tell(config::describe(errors), 0),
    }
}

/// Forgets a gate. Runs that it began go on.
#[wasm_bindgen]
pub fn free_gate(handle: u32) {
    GATES.with_borrow_mut(|gates| gates.take(handle));
}

/// Begins to decide about the request in the buffer: a line each for its id, its method and its URL. Returns a step.
#[wasm_bindgen]
#[must_use]
pub fn begin_gate(handle: u32, bytes: usize, now: f64) -> u32 {
    let (gate, id, request) = take_request(handle, bytes);
    let turn = parts::next_turn();
    let step = machine::start(time(now), |io| async move {
        let decision = gate.decide(&io, &request, id).await;
        decision::of_decision(&decision, gate.settings().origin.as_deref(), parts::said(&decision, &request.url, turn))
    });
    parts::next_turn();
    advance(step)
}

/// Begins to decide and to say why; as [`begin_gate`].
#[wasm_bindgen]
#[must_use]
pub fn begin_explanation(handle: u32, bytes: usize, now: f64) -> u32 {
    let (gate, id, request) = take_request(handle, bytes);
    advance(machine::start(time(now), |io| async move {
        let explanation = gate.explain_in(&io, &request, id).await;
        decision::of_explanation(&explanation, gate.settings().origin.as_deref())
    }))
}

/// Begins to find out whether whoever sent the request in the buffer may open the page that the app's answer redirects to: as [`begin_gate`],
/// with the value of that header in the place of the id. The text is empty where they may; else it has the names of the headers that stay when
/// the page is taken out, commas between.
#[wasm_bindgen]
#[must_use]
pub fn begin_may_show(handle: u32, bytes: usize, now: f64) -> u32 {
    let (gate, redirect, request) = take_request(handle, bytes);
    advance(machine::start(time(now), |io| async move {
        let may_show = gate.may_show(&io, &request, &redirect).await;
        Outcome::done(if may_show { String::new() } else { KEPT_WITHOUT_PAGE.join(",") })
    }))
}

/// The gate, and the first line and the rest of the buffer: the request's id and the request.
fn take_request(handle: u32, bytes: usize) -> (Gate, String, RequestView) {
    let gate = GATES.with_borrow(|gates| gates.get(handle).clone());
    let text = take_scratch(bytes);
    let (id, request) = text.split_once('\n').unwrap_or((&text, ""));
    (gate, id.to_owned(), request::read(request))
}

/// What becomes of a request header, whose name is in the buffer, on its way to the app: 0: it passes, 1: it is reserved, 2: it is for one hop only.
#[wasm_bindgen]
#[must_use]
pub fn header_kind(bytes: usize) -> u32 {
    let name = take_scratch(bytes);
    if headers::is_reserved(&name) {
        1
    } else if headers::is_hop_by_hop(&name) {
        2
    } else {
        0
    }
}

/// `Cache-Control` and `Vary` of an answer that was made for one user, from those of the app in the buffer: a line each, with a `=` before
/// the value where there is one. The text has both in the same order, and in the third line the names of headers to take off, commas between.
#[wasm_bindgen]
pub fn private_headers(bytes: usize) {
    let said = take_scratch(bytes);
    let mut said = said.pieces(b"\n").map(|line| line.strip_prefix('='));
    let cache_control = headers::private_cache_control(said.next().flatten());
    let vary = headers::private_vary(said.next().flatten());
    tell([&cache_control, "\n", &vary, "\n", &headers::NETWORK_CACHE_CONTROL.join(",")].concat(), 0);
}

/// The names of the headers that decisions give by their place; commas between. They are the text.
#[wasm_bindgen]
pub fn identity_names() {
    tell(decision::identity_names(), 0);
}

/// The auth object of nobody, which decisions leave out, in a list of one is the text.
#[wasm_bindgen]
pub fn nobody() {
    tell(decision::nobody(), 0);
}

/// The answer where the app gave none, as in a decision, is the text.
#[wasm_bindgen]
pub fn origin_unreachable() {
    tell(decision::answer_json(&Refusal::OriginUnreachable.problem(reason::ORIGIN_UNREACHABLE)), 0);
}
