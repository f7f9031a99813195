//! Hands a request to the origin: its address, a service binding, static assets, or the route's own origin.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::{crossing, environment::binding, settle::settle};
use crate::{gate::Forward, settings::ORIGIN_BINDING};

/// Sends what was judged: a request built from the judged target, never the one that came in. `is_private`: the answer is for one user.
///
/// # Errors
///
/// The platform's exception when the origin gave no answer.
pub(super) async fn send(
    request: &web_sys::Request,
    env: &JsValue,
    origin: Option<&str>,
    forward: &Forward,
    is_private: bool,
) -> Result<web_sys::Response, JsValue> {
    let response = answer_of(request, env, origin, forward, is_private).await?;
    // Only these can be handed on; an origin may say any number.
    match response.status() {
        101 | 200..=599 => Ok(response),
        status => Err(js_sys::Error::new(&format!("the origin answered with status {status}")).into()),
    }
}

async fn answer_of(
    request: &web_sys::Request,
    env: &JsValue,
    origin: Option<&str>,
    forward: &Forward,
    is_private: bool,
) -> Result<web_sys::Response, JsValue> {
    let bound = if origin.is_some() { None } else { binding(env, ORIGIN_BINDING).or_else(|| binding(env, "ASSETS")) };
    let url = format!("{}{}", origin.unwrap_or(&forward.public_origin), forward.target);
    let outgoing = crossing::outgoing(&url, request, &forward.headers)?;
    if !arrives_as_judged(&outgoing.url(), &forward.target) {
        return Err(js_sys::Error::new("the platform would send another path than the one that was judged").into());
    }
    let Some(binding) = bound else {
        return if is_private { crossing::send_for_one(&outgoing).await } else { crossing::send(&outgoing).await };
    };
    let fetch: Function = Reflect::get(&binding, &"fetch".into())?.dyn_into()?;
    let promise: Promise = fetch.call1(&binding, &outgoing)?.dyn_into()?;
    settle(promise).await?.dyn_into()
}

/// Whether the platform kept the target byte for byte.
fn arrives_as_judged(url: &str, target: &str) -> bool {
    url.splitn(4, '/').nth(3).is_some_and(|rest| target.strip_prefix('/') == Some(rest))
}
