//! Hands a request to the origin: its address, a service binding, static assets, or the route's own origin.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::{environment::binding, settle::settle};
use crate::{
    gate::Forward,
    headers::{is_hop_by_hop, is_reserved},
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch_request(request: &web_sys::Request) -> Result<Promise, JsValue>;
}

/// Sends what was judged: a request built from the judged target, never the one that came in.
///
/// # Errors
///
/// The platform's exception when the origin gave no answer.
pub(super) async fn send(
    request: &web_sys::Request,
    env: &JsValue,
    origin: Option<&str>,
    forward: &Forward,
) -> Result<web_sys::Response, JsValue> {
    let bound = if origin.is_some() { None } else { binding(env, "ORIGIN").or_else(|| binding(env, "ASSETS")) };
    let url = format!("{}{}", origin.unwrap_or(&forward.public_origin), forward.target);
    let outgoing = web_sys::Request::new_with_str_and_init(&url, request.unchecked_ref())?;
    if !arrives_as_judged(&outgoing.url(), &forward.target) {
        return Err(js_sys::Error::new("the platform would send another path than the one that was judged").into());
    }
    let headers = outgoing.headers();
    clean(&headers)?;
    for (name, value) in &forward.headers {
        headers.set(name, value)?;
    }
    let promise = match bound {
        Some(binding) => {
            let fetch: Function = Reflect::get(&binding, &"fetch".into())?.dyn_into()?;
            fetch.call1(&binding, &outgoing)?.dyn_into()?
        }
        None => fetch_request(&outgoing)?,
    };
    settle(&promise).await?.dyn_into()
}

/// Whether the platform kept the target byte for byte.
fn arrives_as_judged(url: &str, target: &str) -> bool {
    url.splitn(4, '/').nth(3).is_some_and(|rest| target.strip_prefix('/') == Some(rest))
}

/// Takes off what a client may not send through. The names are read in two crossings, not one each.
fn clean(headers: &web_sys::Headers) -> Result<(), JsValue> {
    let names = Array::from(&headers.keys()).join("\n");
    let names: String = names.into();
    let is_upgrade = names.split('\n').any(|name| name == "upgrade");
    for name in names.split('\n').filter(|name| is_reserved(name) || is_hop_by_hop(name)) {
        // A WebSocket is opened by `Connection: upgrade`, which the platform writes itself.
        if !(is_upgrade && name == "connection") {
            headers.delete(name)?;
        }
    }
    Ok(())
}
