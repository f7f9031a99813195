//! What the Worker answers by itself, before it asks the core: the gate's health, and preflights where `cors` is set.
//!
//! Source: `handle` in `host/worker/mod.rs`, and `respond.rs` beside it.

use crate::{
    gate::{Answer, Decision, Endpoint, Event, own},
    headers::Cors,
    request::{HeaderName, RequestView},
    settings::Settings,
};

/// The decision that takes the place of the gate's; `None`: the gate decides.
pub(super) fn answer(settings: &Settings, request: &RequestView) -> Option<Decision> {
    if Endpoint::of(&request.url) == Some(Endpoint::Health) && matches!(&*request.method, "GET" | "HEAD") {
        return Some(answered(200, "health", "the Worker answers this by itself, with wrong settings too"));
    }
    let cors = settings.headers.cors.as_ref()?;
    let is_preflight = &*request.method == "OPTIONS" && request.headers.named("access-control-request-method").is_some();
    let is_proxied = settings.proxy.as_ref().is_some_and(|proxy| proxy.seems_meant(&request.url));
    (is_preflight && !is_proxied).then(|| preflight(cors, request.header(HeaderName::Origin)))
}

fn preflight(cors: &Cors, origin: Option<&str>) -> Decision {
    let fields = cors.of_preflight(origin);
    let message = match (origin, fields.is_empty()) {
        (Some(origin), false) => format!("the Worker answers this preflight by itself; pages of {origin} may make the request"),
        (Some(origin), true) => {
            format!(
                "the Worker answers this preflight by itself; no page of {origin} may make the request: `cors.origins` lacks it"
            )
        }
        (None, _) => "the Worker answers this preflight by itself; without an Origin it allows nothing".to_owned(),
    };
    answered(204, "preflight", &message)
}

/// Nobody was looked at, and no policy.
fn answered(status: u16, reason: &str, message: &str) -> Decision {
    let answer = Answer { status, location: None, body: None, headers: Vec::new() };
    Decision { event: Event::Answered, ..own(answer, reason, message) }
}
