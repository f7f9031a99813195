//! Takes the page of a redirect out of the origin's answer where the visitor may not open it.

use wasm_bindgen::JsValue;

use super::{crossing, now, run};
use crate::{
    gate::{ACTION_REDIRECT, Gate, KEPT_WITHOUT_PAGE},
    request::RequestView,
};

/// The origin's answer as it may go to whoever sent the request.
///
/// # Errors
///
/// The platform's exception where an answer without the page cannot be made.
pub(super) async fn checked(
    env: &JsValue,
    gate: &Gate,
    request: &RequestView,
    answer: web_sys::Response,
) -> Result<web_sys::Response, JsValue> {
    let Some(redirect) = answer.headers().get(ACTION_REDIRECT)? else { return Ok(answer) };
    if run(env, gate.begin_may_show(request.clone(), redirect, now())).await {
        return Ok(answer);
    }
    crossing::without_body(&answer, &KEPT_WITHOUT_PAGE)
}
