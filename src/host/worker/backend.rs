//! Calls to Clerk's Backend API: as the core wrote them, bounded in time and size, no redirect followed.

use js_sys::{Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::{describe, settle::settle};
use crate::{
    limits,
    machine::{BackendRequest, BackendResponse, Outage},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch_with(url: &str, init: &web_sys::RequestInit) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout)]
    fn abort_after(milliseconds: u32) -> JsValue;
}

/// Makes the call.
pub(super) async fn call(call: BackendRequest) -> Result<BackendResponse, Outage> {
    send(&call).await.map_err(|error| Outage(describe(&error)))
}

async fn send(call: &BackendRequest) -> Result<BackendResponse, JsValue> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in &call.headers {
        headers.set(name, value)?;
    }
    let init = web_sys::RequestInit::new();
    init.set_method(call.method);
    init.set_headers(&headers);
    if let Some(body) = &call.body {
        init.set_body(&body.as_str().into());
    }
    Reflect::set(&init, &"redirect".into(), &"manual".into())?;
    let limit = u32::try_from(call.time_limit.as_millis()).unwrap_or(u32::MAX);
    Reflect::set(&init, &"signal".into(), &abort_after(limit))?;
    let response: web_sys::Response = settle(fetch_with(&call.url, &init)?).await?.dyn_into()?;
    Ok(BackendResponse { status: response.status(), body: read_body(response.body(), limits::BACKEND_BODY_BYTES).await? })
}

/// What is said of a body beyond the limit.
pub(super) const TOO_LONG: &str = "the answer is too long";

/// A body, chunk by chunk, given up where it grows past the limit.
pub(super) async fn read_body(stream: Option<web_sys::ReadableStream>, limit_bytes: usize) -> Result<Vec<u8>, JsValue> {
    let mut body = Vec::new();
    let Some(stream) = stream else { return Ok(body) };
    let reader: web_sys::ReadableStreamDefaultReader = stream.get_reader().dyn_into()?;
    loop {
        let chunk = settle(reader.read()).await?;
        if Reflect::get(&chunk, &"done".into())?.is_truthy() {
            return Ok(body);
        }
        let bytes: Uint8Array = Reflect::get(&chunk, &"value".into())?.dyn_into()?;
        if body.len() + bytes.length() as usize > limit_bytes {
            let _ = reader.cancel();
            return Err(js_sys::Error::new(TOO_LONG).into());
        }
        body.extend_from_slice(&bytes.to_vec());
    }
}
