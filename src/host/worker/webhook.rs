//! Webhooks: reads a delivery within bounds, has its signature checked, and sees to it that the origin's answer is one.
//!
//! What is checked and what that means the core says (`webhook`, `gate/webhook.rs`); here are the bytes.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use super::{backend::read_body, crossing, describe, forward, log, now, run, signature, timer::within};
use crate::{
    fresh::mirror,
    gate::{Decision, Forward, Refusal, signed_out},
    json::Document,
    limits,
    machine::{self, Outage},
    reason,
    settings::{Settings, WebhookSettings},
    webhook::{
        Unverified, Verified, WebhookError,
        inbox::{self, Claim},
    },
};

/// A delivery that the origin is to get: the request with its body, which was read to be checked.
pub(super) struct Delivery {
    request: web_sys::Request,
    verified: Verified,
    /// By what name it was asked for, where there is a database to ask.
    claim: Option<String>,
    /// Whose session has ended by it.
    pub(super) signed_out: Option<String>,
}

/// Takes a delivery in. The decision is what became of it; with the delivery where the origin is to get it.
pub(super) async fn receive(
    env: &JsValue,
    settings: &Settings,
    request: &web_sys::Request,
    request_id: &str,
    decision: Decision,
) -> Result<(Decision, Option<Delivery>), JsValue> {
    let Some(webhook) = &settings.webhook else {
        let message = "there is no `webhook_path`".to_owned();
        return Ok((decision.refuse_delivery(Refusal::Misconfigured, reason::INTERNAL_ERROR, message), None));
    };
    let (verified, body) = match check(webhook, request).await {
        Ok(checked) => checked,
        Err(error) => {
            let refusal = if error.status() == 413 { Refusal::TooLarge } else { Refusal::BadRequest };
            return Ok((decision.refuse_delivery(refusal, error.reason(), error.to_string()), None));
        }
    };
    // First of all, so that it counts though the origin may fail: taken in twice it is the same.
    let event = Document::parse_bytes(body.to_vec()).ok();
    let signed_out = event.as_ref().and_then(signed_out);
    if let Some(event) = event.filter(|_| settings.has_mirror()) {
        let taken = machine::start(now(), |io| async move { mirror::take_in(&io, &event).await });
        if let Err(Outage(why)) = run(env, taken).await {
            return Ok((decision.refuse_delivery(Refusal::CannotTell, reason::WEBHOOK_STORE_UNAVAILABLE, why), None));
        }
    }
    let mut claim = None;
    if settings.has_database {
        let (delivery, name) = (verified.clone(), request_id.to_owned());
        let asked = machine::start(now(), |io| async move { inbox::claim(&io, &delivery, &name).await });
        match run(env, asked).await {
            Ok(Claim::Granted) => claim = Some(request_id.to_owned()),
            Ok(Claim::Handled) => return Ok((decision.acknowledge(reason::WEBHOOK_ALREADY_HANDLED), None)),
            Ok(Claim::InProgress) => {
                return Ok((decision.refuse_delivery(Refusal::CannotTell, reason::WEBHOOK_IN_PROGRESS, String::new()), None));
            }
            // Sooner twice to the sender than never to the origin.
            Err(Outage(why)) => {
                return Ok((decision.refuse_delivery(Refusal::CannotTell, reason::WEBHOOK_STORE_UNAVAILABLE, why), None));
            }
        }
    }
    let request = crossing::delivered(request, &body, verified.header_names())?;
    let decision = decision.deliver(signed_out.as_ref().map(|_| verified.kind()));
    Ok((decision, Some(Delivery { request, verified, claim, signed_out })))
}

impl Delivery {
    /// Hands it to the origin, and notes whether it took it: an answer counts when it is there to its end, in time, and a 2xx.
    ///
    /// # Errors
    ///
    /// The platform's exception when there was no such answer.
    pub(super) async fn hand_over(
        &self,
        env: &JsValue,
        settings: &Settings,
        forward: &Forward,
    ) -> Result<web_sys::Response, JsValue> {
        let sent = within(limits::WEBHOOK_ORIGIN_TIME_LIMIT, self.send(env, settings, forward)).await;
        let sent = sent.unwrap_or_else(|| Err(js_sys::Error::new("the origin took too long").into()));
        if let Some(claim) = &self.claim {
            let is_handled = sent.as_ref().is_ok_and(web_sys::Response::ok);
            let (delivery, claim) = (self.verified.clone(), claim.clone());
            let settled = machine::start(now(), |io| async move { inbox::settle(&io, &delivery, &claim, is_handled).await });
            // The sender is told the truth all the same: what was taken it does not send again.
            if let Err(Outage(why)) = run(env, settled).await {
                log::error("webhook-not-noted", &why);
            }
        }
        sent
    }

    async fn send(&self, env: &JsValue, settings: &Settings, forward: &Forward) -> Result<web_sys::Response, JsValue> {
        let response = forward::send(&self.request, env, settings.origin.as_deref(), forward, true).await?;
        let body = match read_body(response.body(), limits::WEBHOOK_BODY_BYTES).await {
            Err(error) if describe(&error) == super::backend::TOO_LONG => return without_body(&response),
            body => body?,
        };
        let has_body = !matches!(response.status(), 101 | 204 | 205 | 304);
        let body = has_body.then(|| Uint8Array::from(body.as_slice()));
        let init = web_sys::ResponseInit::new();
        init.set_status(response.status());
        init.set_headers(&response.headers());
        web_sys::Response::new_with_opt_js_u8_array_and_init(body.as_ref(), &init)
    }
}

/// The sender reads no body, so that a long one is no reason to send what was taken once more.
fn without_body(response: &web_sys::Response) -> Result<web_sys::Response, JsValue> {
    let init = web_sys::ResponseInit::new();
    init.set_status(response.status());
    web_sys::Response::new_with_opt_str_and_init(None, &init)
}

/// The delivery and its body, where it is signed by one of the secrets.
async fn check(webhook: &WebhookSettings, request: &web_sys::Request) -> Result<(Verified, Uint8Array), WebhookError> {
    let headers = request.headers();
    let unverified = Unverified::read(|name| headers.get(name).ok().flatten(), now())?;
    let announced = headers.get("content-length").ok().flatten().and_then(|length| length.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits::WEBHOOK_BODY_BYTES as u64) {
        return Err(WebhookError::BodyTooLarge);
    }
    // What breaks off was not signed; what goes past the limit is read no further.
    let body = read_body(request.body(), limits::WEBHOOK_BODY_BYTES).await.map_err(|error| {
        if describe(&error) == super::backend::TOO_LONG { WebhookError::BodyTooLarge } else { WebhookError::BodyInvalid }
    })?;
    let mut signed = unverified.signed_prefix().into_bytes();
    signed.extend_from_slice(&body);
    let signed = Uint8Array::from(signed.as_slice());
    let mut is_signed = false;
    for secret in &webhook.secrets {
        for mac in unverified.signatures() {
            is_signed = is_signed || signature::is_mac(secret.key(), mac, &signed).await;
        }
    }
    let verified = unverified.conclude(is_signed, &body)?;
    Ok((verified, Uint8Array::from(body.as_slice())))
}
