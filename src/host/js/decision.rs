//! A decision and an explanation, as lines and as JSON.

use super::outcome::{Outcome, push_member, push_pairs};
use crate::{
    gate::{self, Action, Answer, Decision, Explanation, OWN_ANSWER_HEADERS, Refusal},
    json::push_string,
    policy::Consideration,
    text::ByAny as _,
};

/// A decision, and behind it its auth object in a list of one. `origin` is the app's address in the settings.
///
/// Where it forwards and there is nothing rare about it, as nearly always, it is lines, since JSON costs JavaScript several times
/// as much: `+`, a digit of flags (1: is private, 2: lacks `azp`) and the number of headers; the reason, the message, the access, the
/// rule, the token, the target, the origin, `name:value` for each header, and the list, in which claims may have line ends of their
/// own. Else it is one line of JSON and the list.
pub(super) fn of_decision(decision: &Decision, origin: Option<&str>) -> Outcome {
    let mut text = in_lines(decision, origin).unwrap_or_else(|| in_json(decision, origin));
    text.push('[');
    decision.auth.push_json(&mut text);
    text.push(']');
    Outcome { is_ok: true, text }
}

fn in_lines(decision: &Decision, origin: Option<&str>) -> Option<String> {
    let Action::Forward(forward) = &decision.action else { return None };
    if decision.trial.is_some() || !decision.response_headers.is_empty() {
        return None;
    }
    let rule = decision.rule.as_deref().unwrap_or_default();
    // A pattern of the policy may hold a line end, say. Targets that were judged hold none, nor do
    // tokens and the values of headers: the loop takes line ends out of what it hands in.
    if [&decision.reason, &decision.message, rule].iter().any(|text| text.contains_any(b"\n")) {
        return None;
    }
    let token = decision.token.as_deref().unwrap_or_default();
    let flags = usize::from(decision.is_private) + 2 * usize::from(decision.is_azp_missing);
    let mut text = String::with_capacity(1024 + 3 * token.len());
    text.push_str(["+0", "+1", "+2", "+3"][flags]);
    text.push_str(&forward.headers.len().to_string());
    let access = decision.access.map_or("", |access| access.as_str());
    let origin = origin.unwrap_or(&forward.public_origin);
    for field in [&decision.reason, &decision.message, access, rule, token, &forward.target, origin] {
        text.push('\n');
        text.push_str(field);
    }
    for (name, value) in &forward.headers {
        for part in ["\n", name, ":", value] {
            text.push_str(part);
        }
    }
    text.push('\n');
    Some(text)
}

fn in_json(decision: &Decision, origin: Option<&str>) -> String {
    let mut text = String::from("{\"action\":");
    push_string(&mut text, decision.verb());
    push_member(&mut text, "reason", &decision.reason);
    push_member(&mut text, "message", &decision.message);
    if let Some(access) = decision.access {
        push_member(&mut text, "access", access.as_str());
    }
    if let Some(rule) = &decision.rule {
        push_member(&mut text, "rule", rule);
    }
    if let Some(token) = &decision.token {
        push_member(&mut text, "token", token);
    }
    if let Some(trial) = &decision.trial {
        text.push_str(",\"shadow\":{\"action\":");
        push_string(&mut text, trial.verb);
        push_member(&mut text, "reason", &trial.reason);
        push_member(&mut text, "message", &trial.message);
        if let Some(rule) = &trial.rule {
            push_member(&mut text, "rule", rule);
        }
        text.push_str(",\"status\":");
        text.push_str(&trial.status.to_string());
        text.push('}');
    }
    for (name, is_so) in [("isPrivate", decision.is_private), ("isAzpMissing", decision.is_azp_missing)] {
        if is_so {
            text.extend([",\"", name, "\":true"]);
        }
    }
    if !decision.response_headers.is_empty() {
        text.push_str(",\"responseHeaders\":");
        push_pairs(&mut text, decision.response_headers.iter().map(|(name, value)| (*name, &**value)));
    }
    match &decision.action {
        Action::Forward(forward) => {
            push_member(&mut text, "target", &forward.target);
            push_member(&mut text, "origin", origin.unwrap_or(&forward.public_origin));
            text.push_str(",\"headers\":");
            push_pairs(&mut text, forward.headers.iter().map(|(name, value)| (*name, &**value)));
        }
        // INVARIANT: the package takes no `webhook_path`, so no decision of it is one.
        Action::Webhook(_) => {
            text.push_str(",\"answer\":");
            text.push_str(&answer_json(&Refusal::Misconfigured.problem("internal-error")));
        }
        Action::Answer(answer) => {
            text.push_str(",\"answer\":");
            text.push_str(&answer_json(answer));
        }
    }
    text.push_str("}\n");
    text
}

/// An explanation: one line of JSON, and behind it its decision.
pub(super) fn of_explanation(explanation: &Explanation, origin: Option<&str>) -> Outcome {
    let Explanation { target, ambiguity, readings, sources, requirements, token, decision } = explanation;
    let mut out = String::from("{\"target\":");
    push_optional(&mut out, target.as_deref());
    out.push_str(",\"ambiguity\":");
    push_optional(&mut out, ambiguity.as_deref());
    out.push_str(",\"readings\":");
    push_list(&mut out, readings, |out, reading| {
        out.push_str("{\"path\":");
        push_string(out, &reading.path);
        push_member(out, "kind", reading.kind.as_str());
        out.push_str(&format!(",\"from\":{},\"answers\":", reading.from));
        push_list(out, &reading.answers, |out, (access, rule)| {
            out.push_str("{\"access\":");
            push_string(out, access.as_str());
            push_member(out, "rule", rule);
            out.push('}');
        });
        out.push('}');
    });
    out.push_str(",\"rules\":");
    push_list(&mut out, sources, |out, source| {
        out.push_str("{\"name\":");
        push_string(out, &source.name);
        push_member(out, "access", source.access.as_str());
        let consideration = match source.consideration {
            Consideration::Matches => "matches",
            Consideration::OtherMethod => "other-method",
            Consideration::OtherPath => "other-path",
        };
        push_member(out, "consideration", consideration);
        out.push_str(if source.decides { ",\"decides\":true}" } else { ",\"decides\":false}" });
    });
    out.push_str(",\"requirements\":");
    push_list(&mut out, requirements, |out, requirement| {
        out.push_str("{\"rule\":");
        push_string(out, &requirement.source);
        push_member(out, "name", requirement.name);
        push_member(out, "expected", &requirement.expected);
        out.push_str(if requirement.is_met { ",\"isMet\":true}" } else { ",\"isMet\":false}" });
    });
    out.push_str(",\"token\":");
    match token {
        None => out.push_str("null"),
        Some(token) => {
            out.push_str("{\"place\":");
            push_string(&mut out, token.place);
            out.push_str(",\"checks\":");
            push_list(&mut out, &token.checks, |out, check| {
                out.push_str("{\"check\":");
                push_string(out, check.check.as_str());
                match &check.outcome {
                    gate::Outcome::Passed => push_member(out, "outcome", "passed"),
                    gate::Outcome::NotReached => push_member(out, "outcome", "not-reached"),
                    gate::Outcome::Failed(message) => {
                        push_member(out, "outcome", "failed");
                        push_member(out, "message", message);
                    }
                }
                out.push('}');
            });
            out.push('}');
        }
    }
    out.push_str("}\n");
    out.push_str(&of_decision(decision, origin).text);
    Outcome { is_ok: true, text: out }
}

fn push_optional(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => push_string(out, text),
        None => out.push_str("null"),
    }
}

fn push_list<T>(out: &mut String, items: &[T], mut push: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

/// One of the gate's own answers: `{ status, headers, body }`.
pub(super) fn answer_json(answer: &Answer) -> String {
    let is_said = |name: &str| answer.headers.iter().any(|(said, _)| *said == name);
    let own = OWN_ANSWER_HEADERS.into_iter().filter(|(name, _)| !is_said(name));
    let more = answer.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let location = answer.location.iter().map(|location| ("location", location.as_str()));
    let kind = answer.body.iter().map(|(kind, _)| ("content-type", *kind));
    let mut out = String::from("{\"headers\":");
    push_pairs(&mut out, own.chain(more).chain(location).chain(kind));
    if let Some((_, body)) = &answer.body {
        push_member(&mut out, "body", body);
    }
    out.push_str(",\"status\":");
    out.push_str(&answer.status.to_string());
    out.push('}');
    out
}
