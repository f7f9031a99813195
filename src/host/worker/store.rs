//! The database: D1, bound as `PORTCULLIS_DB`.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{describe, environment::binding, settle::settle, timer::within};
use crate::{
    limits,
    machine::Outage,
    settings::DATABASE_BINDING,
    store::{Batch, Rows},
};

#[wasm_bindgen(module = "/src/host/worker/store.mjs")]
extern "C" {
    #[wasm_bindgen(js_name = run)]
    fn run_batch(database: &JsValue, batch: &str) -> Promise;
}

/// Runs a batch, as it stands.
pub(super) async fn run(env: &JsValue, batch: &Batch) -> Result<Rows, Outage> {
    let database = binding(env, DATABASE_BINDING).ok_or_else(|| Outage("there is no database".to_owned()))?;
    let answer = within(limits::STORE_TIME_LIMIT, settle(run_batch(&database, batch.json()))).await;
    let answer = answer.ok_or_else(|| Outage("the database took too long".to_owned()))?;
    let json = answer.map_err(|error| Outage(describe(&error)))?;
    Rows::parse(&json.as_string().unwrap_or_default())
}
