//! Rate limits, counted by the platform's bindings.

use core::{future::poll_fn, task::Poll, time::Duration};

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::{describe, environment::binding, log, settle::settle, timer::within};
use crate::{
    gate::Gate,
    machine::{RateCount, RateCounts, rare},
    table::SettingError,
};

/// Counts a request; whether it is within each limit. All counters are asked before one is waited for.
pub(super) async fn count(env: &JsValue, RateCounts { counts, time_limit }: &RateCounts) -> Vec<Option<bool>> {
    let mut waiting: Vec<_> = counts.iter().map(|count| Some(rare(count_one(env, count, *time_limit)))).collect();
    let mut outcomes = vec![None; counts.len()];
    poll_fn(|context| {
        let mut all = Poll::Ready(());
        for (counter, outcome) in waiting.iter_mut().zip(&mut outcomes) {
            match counter.as_mut().map(|counter| counter.as_mut().poll(context)) {
                Some(Poll::Ready(counted)) => (*counter, *outcome) = (None, counted),
                Some(Poll::Pending) => all = Poll::Pending,
                None => {}
            }
        }
        all
    })
    .await;
    outcomes
}

/// Whether a request is within the limit. Where it cannot be counted, or not in time, the log says why.
async fn count_one(env: &JsValue, count: &RateCount, time_limit: Duration) -> Option<bool> {
    let counted = within(time_limit, try_count(env, count)).await;
    let counted = counted.unwrap_or_else(|| Err("the binding took too long".into()));
    counted.map_err(|error| log::error("rate-limit-failed", &[&count.binding, ": ", &describe(&error)].concat())).ok()
}

async fn try_count(env: &JsValue, RateCount { binding: name, key }: &RateCount) -> Result<bool, JsValue> {
    let limiter = binding(env, name).ok_or("there is no such binding")?;
    let limit: Function = Reflect::get(&limiter, &"limit".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.as_str().into())?;
    // Another Worker's method has no `call` of its own, and gives what is awaited like a promise and is none.
    let promise = Promise::resolve(&Reflect::apply(&limit, &limiter, &Array::of1(&options))?);
    let outcome = Reflect::get(&settle(promise).await?, &"success".into())?;
    outcome.as_bool().ok_or_else(|| "the binding gave no answer".into())
}

/// The gate, where each of its limits has a counter.
pub(super) fn check(env: &JsValue, gate: Gate) -> Result<Gate, Vec<SettingError>> {
    let is_counter = |name: &str| {
        let limit = binding(env, name).and_then(|limiter| Reflect::get(&limiter, &"limit".into()).ok());
        limit.is_some_and(|limit| limit.is_function())
    };
    let limits = gate.settings().rate_limits.iter();
    let missing: Vec<_> = limits.filter(|limit| !is_counter(&limit.binding)).map(|limit| limit.missing_binding()).collect();
    if missing.is_empty() { Ok(gate) } else { Err(missing) }
}
