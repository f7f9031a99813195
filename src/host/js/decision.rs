//! A decision and an explanation, as fields and as JSON.

use super::{
    outcome::{Outcome, push_member, push_pairs},
    parts::Said,
    run::KNOWN,
};
use crate::{
    gate::{self, Action, Answer, Decision, Explanation, OWN_ANSWER_HEADERS, Refusal},
    headers::{Field, names},
    json::push_string,
    policy::Consideration,
    reason,
    session::Auth,
    text,
};

/// What tells the origin who asks, in the order in which it is set.
const IDENTITY: [&str; 13] = [
    names::AUTH_STATUS,
    names::REQUEST_ID,
    names::FORWARDED_HOST,
    names::FORWARDED_PROTO,
    names::TOKEN_TYPE,
    names::SUBJECT,
    names::ISSUER,
    names::USER_ID,
    names::SESSION_ID,
    names::ORG_ID,
    names::ORG_ROLE,
    names::ROLE,
    names::ASSERTION,
];

/// Flags of a decision in fields.
const IS_PRIVATE: usize = 1;
const IS_AZP_MISSING: usize = 2;
const IS_NOBODY: usize = 4;
const HAS_ORIGIN: usize = 8;

/// A decision, and behind it its auth object in a list of one; that of [`nobody`] is left out. `origin` is the app's address in the settings.
///
/// Where it forwards and there is nothing rare about it, as nearly always, it is fields, since JSON costs JavaScript several times
/// as much, and so does looking for line ends: `+`; flags (1: is private, 2: lacks `azp`, 4: is nobody's, 8: has
/// an origin from the settings) in the lower half of a character; the numbers of its rule
/// and its token, as [`parts`](super::parts) gives them; which of
/// [`IDENTITY`] are set, the first by the lowest bit; seven lengths, and one for each header that is set; the reason, the message, the
/// access, the rule, the token, the target, the origin, and the headers' values; and the list. The numbers, the set and the lengths are two
/// characters of seven bits each, and what they count is ASCII. Else it is one line of JSON and the list. Where its parts are known
/// there is no text, but a step of its own.
pub(super) fn of_decision(decision: &Decision, origin: Option<&str>, said: Said) -> Outcome {
    let (rule, token) = match said {
        Said::ByParts(parts) => return Outcome { step: parts << 3 | KNOWN, text: String::new() },
        Said::InFull { rule, token } => (rule, token),
    };
    let is_nobody = decision.auth.is_nobody();
    let mut text = match in_fields(decision, origin, is_nobody, [rule, token]) {
        Some(fields) if is_nobody => return Outcome::done(fields),
        Some(fields) => fields,
        None => in_json(decision, origin),
    };
    push_list_of_one(&mut text, &decision.auth);
    Outcome::done(text)
}

/// The names of the headers that decisions give by their place; commas between.
pub(super) fn identity_names() -> String {
    IDENTITY.join(",")
}

/// The auth object of nobody, in a list of one.
pub(super) fn nobody() -> String {
    let mut text = String::new();
    push_list_of_one(&mut text, &Auth::default());
    text
}

fn push_list_of_one(text: &mut String, auth: &Auth) {
    text.push('[');
    auth.push_json(text);
    text.push(']');
}

fn in_fields(decision: &Decision, origin: Option<&str>, is_nobody: bool, parts: [usize; 2]) -> Option<String> {
    let Action::Forward(forward) = &decision.action else { return None };
    if decision.trial.is_some() || !decision.response_headers.is_empty() {
        return None;
    }
    let flags = IS_PRIVATE * usize::from(decision.is_private)
        + IS_AZP_MISSING * usize::from(decision.is_azp_missing)
        + IS_NOBODY * usize::from(is_nobody)
        + HAS_ORIGIN * usize::from(origin.is_some());
    let access = decision.access.map_or("", |access| access.as_str());
    let fields = [
        &*decision.reason,
        &decision.message,
        access,
        decision.rule.as_deref().unwrap_or_default(),
        decision.token.as_deref().unwrap_or_default(),
        &forward.target,
        origin.unwrap_or(&forward.public_origin),
    ];
    let mut text = String::with_capacity(1024 + 3 * fields[4].len());
    text.push('+');
    text.push(char::from(b"0123456789:;<=>?"[flags]));
    for number in parts.into_iter().chain([set_of(&forward.headers)?]) {
        push_number(&mut text, number)?;
    }
    let values = || forward.headers.iter().map(|(_, value)| &**value);
    for field in fields.into_iter().chain(values()) {
        push_number(&mut text, field.len())?;
    }
    for field in fields.into_iter().chain(values()) {
        text.push_str(field);
    }
    // A pattern of the policy may hold any character, say.
    text.is_ascii().then_some(text)
}

/// Which headers these are; `None` where there are others, or in another order.
fn set_of(headers: &[Field]) -> Option<usize> {
    let mut set = 0;
    let mut at = 0;
    for (name, _) in headers {
        at += IDENTITY.get(at..)?.iter().position(|known| text::is_same(known, name))? + 1;
        set |= 1 << (at - 1);
    }
    Some(set)
}

/// Two characters of seven bits; `None` where a number needs more.
fn push_number(text: &mut String, number: usize) -> Option<()> {
    let high = u8::try_from(number >> 7).ok().filter(u8::is_ascii)?;
    text.push(char::from(high));
    text.push(char::from((number & 0x7f) as u8));
    Some(())
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
            text.push_str(&answer_json(&Refusal::Misconfigured.problem(reason::INTERNAL_ERROR)));
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
    out.push_str(&of_decision(decision, origin, Said::ALONE).text);
    Outcome::done(out)
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
