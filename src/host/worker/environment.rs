//! The Worker's environment: plain variables, secrets, and the policy as a nested table.

use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;

use crate::{settings::Environment, table::Node};

/// Reads what the gate is configured by.
///
/// # Errors
///
/// A message for the log where `PORTCULLIS` is text that is not JSON.
pub(super) fn read(env: &JsValue) -> Result<Environment, String> {
    let portcullis = binding(env, "PORTCULLIS").map(|value| read_table(&value)).transpose()?;
    let text = |name: &str| binding(env, name).and_then(|value| value.as_string());
    Ok(Environment::read(text, |name| binding(env, name).is_some(), portcullis))
}

/// A binding by name; `None` where there is none.
pub(super) fn binding(env: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

/// A table from `wrangler.toml` arrives as an object; one that was set in the dashboard may be text.
fn read_table(value: &JsValue) -> Result<Node, String> {
    let text = match value.as_string() {
        Some(text) => text,
        None => JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_default(),
    };
    Environment::parse_table(&text)
}
