//! Turns answers into responses, and adds to the origin's what the decision says.

use wasm_bindgen::{JsCast, JsValue};

use super::crossing;
use crate::{
    gate::{Answer, Decision, OWN_ANSWER_HEADERS},
    headers::{AddedHeaders, CORS_FIELDS, Cors, Field},
};

/// The gate lives; nothing more is said here, so it stays true whatever the settings are.
#[inline(never)]
pub(super) fn health() -> Result<web_sys::Response, JsValue> {
    let body = ("application/json", "{\"status\":\"ok\"}".to_owned());
    answer(Answer { status: 200, location: None, body: Some(body), headers: Vec::new() }, &[])
}

/// One of the gate's own answers.
#[inline(never)]
pub(super) fn answer(answer: Answer, more: &[Field]) -> Result<web_sys::Response, JsValue> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in OWN_ANSWER_HEADERS {
        headers.set(name, value)?;
    }
    for (name, value) in &answer.headers {
        headers.set(name, value)?;
    }
    for (name, value) in more {
        headers.append(name, value)?;
    }
    if let Some(location) = &answer.location {
        headers.set("location", location)?;
    }
    let body = answer.body.as_ref().map(|(content_type, body)| headers.set("content-type", content_type).map(|()| body.as_str()));
    let init = web_sys::ResponseInit::new();
    init.set_status(answer.status);
    init.set_headers(&headers);
    web_sys::Response::new_with_opt_str_and_init(body.transpose()?, &init)
}

/// The origin's answer, untouched where the decision adds nothing to it.
pub(super) fn of_origin(response: web_sys::Response, decision: &Decision) -> Result<web_sys::Response, JsValue> {
    let is_upgrade = response.status() == 101;
    if is_upgrade || (!decision.is_private && decision.response_headers.is_empty()) {
        return Ok(response);
    }
    let response = if decision.is_private { crossing::private_answer(&response)? } else { anew(&response)? };
    let headers = response.headers();
    for (name, value) in &decision.response_headers {
        headers.append(name, value)?;
    }
    Ok(response)
}

/// The headers of an answer that came in cannot be changed; one made anew from it streams the same body.
pub(super) fn anew(response: &web_sys::Response) -> Result<web_sys::Response, JsValue> {
    web_sys::Response::new_with_opt_readable_stream_and_init(response.body().as_ref(), response.unchecked_ref())
}

/// Whether a browser asks if a page of another origin may make a request.
pub(super) fn is_preflight(request: &web_sys::Request) -> Result<bool, JsValue> {
    Ok(request.method() == "OPTIONS" && request.headers().has("access-control-request-method")?)
}

/// The answer to a preflight; the origin never sees one. Without any field in it the browser makes no request.
#[inline(never)]
pub(super) fn preflight(cors: &Cors, origin: Option<&str>) -> Result<web_sys::Response, JsValue> {
    let mut headers = cors.of_preflight(origin);
    headers.push(("vary", "Origin".to_owned()));
    let empty = Answer { status: 204, location: None, body: None, headers };
    answer(empty, &[])
}

/// Any answer with what the settings add to it.
#[inline(never)]
pub(super) fn with_added(
    response: web_sys::Response,
    added: &AddedHeaders,
    nonce: Option<&str>,
    origin: Option<&str>,
) -> Result<web_sys::Response, JsValue> {
    if response.status() == 101 {
        return Ok(response);
    }
    let response = anew(&response)?;
    let headers = response.headers();
    for (name, value) in added.missing(nonce) {
        if !headers.has(name)? {
            headers.set(name, &value)?;
        }
    }
    if let Some(cors) = &added.cors {
        for name in CORS_FIELDS {
            headers.delete(name)?;
        }
        for (name, value) in cors.of_answer(origin) {
            headers.set(name, &value)?;
        }
        headers.append("vary", "Origin")?;
    }
    Ok(response)
}
