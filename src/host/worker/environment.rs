//! The Worker's environment: plain variables, secrets, and the policy as a nested table.

use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;

use crate::settings::{Environment, Node};

/// Reads what the gate is configured by.
///
/// # Errors
///
/// A message for the log where `PORTCULLIS` is text that is not JSON.
pub(super) fn read(env: &JsValue) -> Result<Environment, String> {
    let text = |name: &str| binding(env, name).and_then(|value| value.as_string());
    Ok(Environment {
        publishable_key: text("CLERK_PUBLISHABLE_KEY"),
        secret_key: text("CLERK_SECRET_KEY"),
        jwt_key: text("CLERK_JWT_KEY"),
        webhook_signing_secret: text("CLERK_WEBHOOK_SIGNING_SECRET").or_else(|| text("CLERK_WEBHOOK_SECRET")),
        api_url: text("CLERK_API_URL"),
        fapi_url: text("CLERK_FAPI_URL"),
        proxy_url: text("CLERK_PROXY_URL"),
        signing_key: text("PORTCULLIS_SIGNING_KEY"),
        signing_key_previous: text("PORTCULLIS_SIGNING_KEY_PREVIOUS"),
        signing_key_next: text("PORTCULLIS_SIGNING_KEY_NEXT"),
        has_database: binding(env, super::store::DATABASE).is_some(),
        has_origin_binding: binding(env, "ORIGIN").is_some(),
        portcullis: binding(env, "PORTCULLIS").map(|value| read_table(&value)).transpose()?,
    })
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
