//! Whether the gate can do its work: `/.well-known/portcullis/ready`.
//!
//! Anybody may ask, so asking costs no more than any request with a token does: the key set is fetched where it is not fresh, by one
//! request at a time, and after a failure not again for a while.

use super::{Answer, Decision, Event, own};
use crate::{limits, machine::Io, session::Authenticator};

/// Answers from the state of the key set.
pub(super) async fn decide(io: &Io, authenticator: &Authenticator) -> Decision {
    let checked = authenticator.check_keys(io).await;
    let message = checked.as_ref().err().map(|error| ["key set unavailable: ", &error.to_string()].concat()).unwrap_or_default();
    let (keys, backend_api) = match checked {
        Ok(()) if authenticator.fetches_keys() => ("fresh", "reachable"),
        Ok(()) => ("configured", "not-asked"),
        Err(_) if authenticator.holds_keys(io.now()) => ("stale", "unreachable"),
        Err(_) => ("none", "unreachable"),
    };
    let is_ready = keys != "none";
    let decision = own(answer(is_ready, "valid", keys, backend_api), if is_ready { "ready" } else { "not-ready" }, &message);
    Decision { event: if is_ready { Event::Answered } else { Event::Denied }, ..decision }
}

/// The answer where the settings are wrong.
#[must_use]
pub fn not_configured() -> Answer {
    answer(false, "invalid", "none", "not-asked")
}

fn answer(is_ready: bool, settings: &str, keys: &str, backend_api: &str) -> Answer {
    let (code, status) = if is_ready { (200, "ready") } else { (503, "not-ready") };
    let members = ["{\"status\":\"", status, "\",\"settings\":\"", settings, "\",\"keys\":\"", keys, "\",\"backend_api\":\""];
    let body = [&members.concat(), backend_api, "\"}"].concat();
    let headers = if is_ready { Vec::new() } else { vec![("retry-after", limits::RETRY_AFTER_SECS.to_string())] };
    Answer { status: code, location: None, body: Some(("application/json", body)), headers }
}
