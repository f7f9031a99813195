//! Whether the gate can do its work: `/.well-known/portcullis/ready`.
//!
//! Anybody may ask, so asking costs no more than any request with a token does: the key set is fetched where it is not fresh, by one
//! request at a time, and after a failure not again for a while.

use super::{Answer, Decision, Event, own};
use crate::{limits, machine::Io, reason, session::Authenticator};

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
    let decision =
        own(answer(is_ready, "valid", keys, backend_api), if is_ready { reason::READY } else { reason::NOT_READY }, &message);
    Decision { event: if is_ready { Event::Answered } else { Event::Denied }, ..decision }
}

/// The answer where the settings are wrong.
#[must_use]
pub fn not_configured() -> Answer {
    answer(false, "invalid", "none", "not-asked")
}

fn answer(is_ready: bool, settings: &str, keys: &str, backend_api: &str) -> Answer {
    let (code, status) = if is_ready { (200, reason::READY) } else { (503, reason::NOT_READY) };
    let members = ["{\"status\":\"", status, "\",\"settings\":\"", settings, "\",\"keys\":\"", keys, "\",\"backend_api\":\""];
    let body = [&members.concat(), backend_api, "\"}"].concat();
    let headers = if is_ready { Vec::new() } else { vec![("retry-after", limits::RETRY_AFTER_SECS.to_string())] };
    Answer { status: code, location: None, body: Some(("application/json", body)), headers }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::rc::Rc;

    use crate::{
        gate::{Action, Gate},
        machine::{self, BackendResponse, Need, Outage, Step},
        request::{HeaderList, RequestView},
        settings::Environment,
        table::Node,
        time::UnixMillis,
    };

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    /// Status and body of `ready` at `now`; the Backend API is up or down.
    fn ask(gate: &Gate, now: UnixMillis, is_up: bool) -> (u16, String) {
        let modulus = "u".repeat(341) + "A";
        let set = format!(r#"{{"keys":[{{"kty":"RSA","kid":"a","alg":"RS256","n":"{modulus}","e":"AQAB"}}]}}"#);
        let url = "https://a.example/.well-known/portcullis/ready".into();
        let request = RequestView { method: "GET".into(), url, headers: Rc::new(HeaderList::default()) };
        let mut step = gate.begin(request, String::new(), now);
        loop {
            let (need, suspended) = match step {
                Step::Done(decision) => {
                    let Action::Answer(answer) = decision.action else { panic!("it is forwarded") };
                    return (answer.status, answer.body.unwrap().1);
                }
                Step::Need(need, suspended) => (need, suspended),
            };
            let answer = match need {
                Need::Backend(_) if is_up => Ok(BackendResponse { status: 200, body: set.clone().into() }),
                Need::Backend(_) => Err(Outage("down".into())),
                _ => {
                    step = suspended.resume(machine::Answer::Waited, now);
                    continue;
                }
            };
            step = suspended.resume(machine::Answer::Backend(answer), now);
        }
    }

    #[test]
    fn stale_keys_are_good_enough_for_a_day_and_not_longer() {
        let gate = Gate::new(Environment {
            publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
            secret_key: Some("sk_test_of_the_tests".into()),
            portcullis: Some(Node::Table(Vec::new())),
            ..Environment::default()
        })
        .unwrap();
        let after = |hours: u64| NOW.plus(Duration::from_secs(hours * 3600));
        for (now, is_up, status, keys) in [
            (NOW, false, 503, "none"),
            (after(1), true, 200, "fresh"),
            (after(2), false, 200, "stale"),
            (after(24), false, 200, "stale"),
            (after(26), false, 503, "none"),
            (after(27), true, 200, "fresh"),
        ] {
            let (found, body) = ask(&gate, now, is_up);
            assert_eq!(found, status, "{body}");
            assert!(body.contains(&format!(r#""keys":"{keys}""#)), "{body}");
        }
    }
}
