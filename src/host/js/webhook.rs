//! The exports of `verifyWebhook`: header fields to what is to be checked, and what came of it to a verdict.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Slots, take_bytes, take_scratch, tell, time};
use crate::{
    json::{Document, Raw, push_string},
    limits,
    webhook::{HEADER_FAMILIES, Unverified, WebhookError, WebhookSecret},
};

thread_local! {
    static DELIVERIES: RefCell<Slots<Unverified>> = const { RefCell::new(Slots::new()) };
}

/// The names of the header fields that are read, commas between, are the text.
#[wasm_bindgen]
pub fn webhook_header_names() {
    tell(HEADER_FAMILIES.concat().join(","), 0);
}

/// Begins with the delivery in the buffer: `{ secrets, headers }`, JSON. A handle, and the text says what to check:
/// `{ prefix, checks, limitBytes }`, each check
/// a key and a MAC in hexadecimal. 0: it is refused, and the text is `{ reason, message, status }`.
#[wasm_bindgen]
#[must_use]
pub fn begin_webhook(bytes: usize, now: f64) -> u32 {
    match begin(&take_scratch(bytes), now) {
        Err(refusal) => tell(refusal, 0),
        Ok((delivery, text)) => {
            let handle = DELIVERIES.with_borrow_mut(|deliveries| deliveries.put(delivery));
            tell(text, handle)
        }
    }
}

/// Ends the check of a delivery, its body in the buffer. 1: it is good; 0: it is not, and the text says why.
#[wasm_bindgen]
#[must_use]
pub fn end_webhook(handle: u32, is_signed: bool, bytes: usize) -> u32 {
    let delivery = DELIVERIES.with_borrow_mut(|deliveries| deliveries.take(handle));
    let body = take_bytes(bytes);
    match delivery.conclude(is_signed, &body) {
        Ok(_) => tell(String::new(), 1),
        Err(error) => tell(refusal(&error), 0),
    }
}

/// Gives a delivery up.
#[wasm_bindgen]
pub fn give_up_webhook(handle: u32) {
    DELIVERIES.with_borrow_mut(|deliveries| deliveries.take(handle));
}

fn begin(json: &str, now: f64) -> Result<(Unverified, String), String> {
    let wrong = || "{\"reason\":\"invalid-options\",\"message\":\"option `signingSecret` is no secret, expected `whsec_` and base64, or a list of up to 4\"}";
    let document = Document::parse(json).map_err(|_| wrong())?;
    let secrets = document.get("secrets").and_then(|list| list.as_strings()).unwrap_or_default();
    let secrets: Option<Vec<_>> = secrets.iter().map(|secret| WebhookSecret::parse(secret)).collect();
    let secrets = secrets.filter(|secrets| (1..=limits::WEBHOOK_SECRETS).contains(&secrets.len())).ok_or_else(wrong)?;
    let headers = document.get("headers");
    let header = |name: &str| headers?.get(name).and_then(Raw::as_string);
    let delivery = Unverified::read(header, time(now)).map_err(|error| refusal(&error))?;
    let mut out = String::from("{\"prefix\":");
    push_string(&mut out, &delivery.signed_prefix());
    out.push_str(",\"checks\":[");
    // Each key with each signature.
    let mut before = "[\"";
    for secret in &secrets {
        for mac in delivery.signatures() {
            out.extend([before, &hex(secret.key()), "\",\"", &hex(mac), "\"]"]);
            before = ",[\"";
        }
    }
    out.push_str("],\"limitBytes\":");
    out.push_str(&limits::WEBHOOK_BODY_BYTES.to_string());
    out.push('}');
    Ok((delivery, out))
}

fn refusal(error: &WebhookError) -> String {
    let mut out = String::from("{\"reason\":");
    push_string(&mut out, error.reason());
    out.push_str(",\"message\":");
    push_string(&mut out, &error.to_string());
    out.push_str(",\"status\":");
    out.push_str(&error.status().to_string());
    out.push('}');
    out
}

fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(u32::from(nibble), 16)).collect()
}
