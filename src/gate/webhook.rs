//! Webhooks at the gate: which requests are deliveries, and how one is answered.
//!
//! A delivery is a POST to the path of the settings, canonically spelled. Its signature is over its body, which the core never sees, so
//! the decision is [`Action::Webhook`]: the host looks at header fields, body and signature by the room `webhook`, and then says by
//! [`Decision::deliver`], [`Decision::refuse_delivery`] or [`Decision::acknowledge`] what came of it.
//!
//! Every other way to write the path is refused, whatever the policy says of it: an origin could run the handler for it, and no
//! signature was looked at. Shadow mode changes none of this.

use super::{Action, Answer, Decision, Event, Forward, Refusal, RequestState, Shared, identity, own, public_origin};
use crate::{
    headers::names,
    json::{Document, Raw},
    path::{self, JudgedTarget},
    policy::overriding,
    reason,
    request::RequestView,
    settings::WebhookSettings,
};

impl Shared {
    /// The decision about a request for the webhooks' path; `None` for all others.
    #[inline]
    pub(super) fn receive(&self, request: &RequestView, target: &JudgedTarget, request_id: &str) -> Option<Decision> {
        self.receive_at(self.settings.webhook.as_ref()?, request, target, request_id)
    }

    #[inline(never)]
    fn receive_at(
        &self,
        webhook: &WebhookSettings,
        request: &RequestView,
        target: &JudgedTarget,
        request_id: &str,
    ) -> Option<Decision> {
        if target.path().as_str() != webhook.path {
            let is_near = target.is_named(|path| webhook.pattern.is_match(path));
            let reason = reason::WEBHOOK_PATH_MISSPELT;
            return is_near.then(|| own(Refusal::NotFound.problem(reason), reason, ""));
        }
        // A query may name another path, which the origin would run with nobody signed in. What the path says by itself is the operator's.
        let others =
            |target: &JudgedTarget| target.readings().iter().filter(|reading| !webhook.pattern.is_match(&reading.path)).count();
        let by_itself = || path::judge(&[&*public_origin(target), target.path().as_str()].concat(), &self.settings.path);
        if !target.search().is_empty() && !by_itself().is_ok_and(|bare| others(target) <= others(&bare)) {
            let reason = reason::WEBHOOK_PATH_MISSPELT;
            return Some(own(Refusal::NotFound.problem(reason), reason, ""));
        }
        if &*request.method != "POST" || !overriding(&request.method, target.search()).is_empty() {
            let mut answer = Refusal::MethodRefused.problem(reason::METHOD_REFUSED);
            answer.headers.retain(|(name, _)| *name != "allow");
            answer.headers.push(("allow", "POST".to_owned()));
            return Some(own(answer, reason::METHOD_REFUSED, ""));
        }
        let headers = identity::headers(&self.settings, target, request_id, &RequestState::nobody());
        let forward = Forward {
            target: target.forward_target().into(),
            public_origin: public_origin(target).into(),
            headers,
            proxied: None,
        };
        let rule = ["webhook_path ", &webhook.path].concat();
        Some(Decision {
            action: Action::Webhook(forward),
            rule: Some(rule.into()),
            ..own(no_answer(), reason::WEBHOOK_RECEIVED, "")
        })
    }
}

impl Decision {
    /// The delivery is what its sender signed: the origin gets it, and is told so. `ended` is its type where a session has ended by it.
    #[must_use]
    pub fn deliver(self, ended: Option<&str>) -> Self {
        let Action::Webhook(mut forward) = self.action else { return self };
        forward.headers.push((names::WEBHOOK, "verified".into()));
        let event = if ended.is_some() { Event::SignOut } else { Event::Forwarded };
        Self {
            action: Action::Forward(forward),
            event,
            reason: ended.unwrap_or(reason::WEBHOOK_VERIFIED).to_owned().into(),
            ..self
        }
    }

    /// The origin does not get it. `reason` is one of the gate's own words, `message` is for the operator.
    #[must_use]
    pub fn refuse_delivery(self, refusal: Refusal, reason: &str, message: String) -> Self {
        Self {
            action: Action::Answer(refusal.problem(reason)),
            event: Event::Denied,
            reason: reason.to_owned().into(),
            message,
            ..self
        }
    }

    /// The sender is told that all is well, and the origin gets nothing.
    #[must_use]
    pub fn acknowledge(self, reason: &str) -> Self {
        let body = ["{\"status\":\"", reason, "\"}"].concat();
        let answer = Answer { status: 200, body: Some(("application/json", body)), ..no_answer() };
        Self { action: Action::Answer(answer), event: Event::Answered, reason: reason.to_owned().into(), ..self }
    }
}

/// Whose session has ended, where that is what an event tells: a user's id, or nothing.
#[must_use]
pub fn signed_out(event: &Document) -> Option<String> {
    let kind = event.get("type")?.as_str()?;
    let has_ended = matches!(&*kind, "session.ended" | "session.removed" | "session.revoked");
    let user = event.get("data").and_then(|session| session.get("user_id")).and_then(Raw::as_str);
    has_ended.then(|| user.unwrap_or_default().into_owned())
}

fn no_answer() -> Answer {
    Answer { status: 200, location: None, body: None, headers: Vec::new() }
}
