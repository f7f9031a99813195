//! An explanation as text and as JSON; the JSON has the members of the package's `Explanation`.

use serde_json::{Value, json};

use crate::{
    cli::output::{BOLD, DIM, GREEN, RED, YELLOW, paint, printable},
    gate::{Action, Answer, Decision, Event, Explanation, Outcome},
    policy::Consideration,
    session::TokenType,
};

/// For people; `machine` is the kind of the machine token in the header, and whether it is opaque.
pub(super) fn text(method: &str, url: &str, explanation: &Explanation, keys: &str, machine: Option<(TokenType, bool)>) -> String {
    let Explanation { target, ambiguity, readings, sources, requirements, token, decision } = explanation;
    let mut text = format!("{}\n", paint(BOLD, &printable(&format!("{method} {url}"))));
    let judged = match decision.verb() {
        "forward" => "judged and forwarded as",
        _ => "judged as",
    };
    match (target, ambiguity) {
        (Some(target), _) => text.push_str(&format!("  {judged} {}\n", printable(target))),
        (None, Some(why)) => text.push_str(&format!("  cannot be judged: {}\n", printable(why))),
        (None, None) => {}
    }
    if !readings.is_empty() {
        title(&mut text, "readings of the path");
    }
    let width = readings.iter().map(|reading| printable(&reading.path).chars().count()).max().unwrap_or(0);
    for reading in readings {
        let answers: Vec<String> =
            reading.answers.iter().map(|(access, rule)| format!("{} by {}", access.as_str(), printable(rule))).collect();
        let answers = match answers.as_slice() {
            [] if !decision.is_of_policy() => String::new(),
            [] => "no list names it ".to_owned(),
            answers => format!("{} ", answers.join("; ")),
        };
        let kind = paint(DIM, &format!("({})", reading.kind.as_str()));
        text.push_str(&format!("  {:width$}  {answers}{kind}\n", printable(&reading.path)));
    }
    if !sources.is_empty() {
        title(&mut text, "rules, in order of precedence");
    }
    for source in sources {
        let (mark, why) = match (source.decides, source.consideration) {
            (true, _) => (paint(GREEN, "✓"), "decides"),
            (false, Consideration::Matches) => (paint(YELLOW, "~"), "matches, and one before it decides"),
            (false, Consideration::OtherMethod) => (paint(DIM, "-"), "names the path for other methods"),
            (false, Consideration::OtherPath) => (paint(DIM, "-"), "names other paths"),
        };
        text.push_str(&format!("  {mark} {} ({}): {why}\n", printable(&source.name), source.access.as_str()));
    }
    if !requirements.is_empty() {
        title(&mut text, "required beside a session");
    }
    for requirement in requirements {
        let mark = if requirement.is_met { paint(GREEN, "✓") } else { paint(RED, "✗") };
        text.push_str(&format!(
            "  {mark} {} {} (by {})\n",
            requirement.name,
            printable(&requirement.expected),
            printable(&requirement.source)
        ));
    }
    if let Some(token) = token {
        title(&mut text, &format!("token in the {}; key: {keys}", token.place));
        for check in &token.checks {
            let name = check.check.as_str();
            text.push_str(&match &check.outcome {
                Outcome::Passed => format!("  {} {name}\n", paint(GREEN, "✓")),
                Outcome::Failed(why) => format!("  {} {name}: {}\n", paint(RED, "✗"), printable(why)),
                Outcome::NotReached => format!("  {} {name}: not reached\n", paint(DIM, "-")),
            });
        }
    }
    // Where its kind is not taken, nobody looks at it: the decision says so.
    if let Some((kind, is_opaque)) = machine.filter(|_| token.is_none() && decision.is_of_policy()) {
        title(&mut text, &format!("machine token in the header: {}", kind.as_str()));
        text.push_str(if is_opaque {
            "  no JWT: where a rule takes its kind, the Backend API judges it, asked with CLERK_SECRET_KEY\n"
        } else {
            "  a JWT: where a rule takes its kind, its signature is checked\n"
        });
    }
    title(&mut text, "decision");
    push_decision(&mut text, decision);
    text
}

fn title(text: &mut String, words: &str) {
    text.push_str(&format!("\n{}\n", paint(BOLD, words)));
}

fn push_decision(text: &mut String, decision: &Decision) {
    let verb = decision.verb();
    let style = match verb {
        "forward" | "answer" => GREEN,
        "webhook" => YELLOW,
        _ => RED,
    };
    // What a forwarded request is answered with is the origin's to say.
    let status = if matches!(verb, "forward" | "webhook") { String::new() } else { format!(" {}", decision.status()) };
    let access = match (decision.access, &decision.rule) {
        (Some(access), Some(rule)) => format!("; {} by {}", access.as_str(), printable(rule)),
        (None, Some(rule)) => format!("; by {}", printable(rule)),
        _ => String::new(),
    };
    text.push_str(&format!("  {}{status} ({}){access}\n", paint(style, verb), decision.reason));
    if !decision.message.is_empty() {
        text.push_str(&format!("  {}\n", printable(&decision.message)));
    }
    if !decision.is_of_policy() {
        text.push_str("  no rule is asked\n");
    }
    match &decision.action {
        Action::Forward(forward) | Action::Webhook(forward) => {
            if verb == "webhook" {
                text.push_str(
                    "  the Worker looks at body and signature, which are not known here: what is well signed is forwarded, all else \
                     denied with 400\n",
                );
            }
            title(text, "headers that the origin gets from the gate");
            for (name, value) in &forward.headers {
                text.push_str(&format!("  {name}: {}\n", printable(value)));
            }
        }
        Action::Answer(answer) => {
            if let Some(location) = location(decision.event, answer) {
                text.push_str(&format!("  to {}\n", printable(&location)));
            }
        }
    }
    if let Some(trial) = &decision.trial {
        let rule = trial.rule.as_deref().map_or(String::new(), |rule| format!(", by {}", printable(rule)));
        text.push_str(&format!("  in shadow: it would be {} {} ({}){rule}\n", trial.verb, trial.status, trial.reason));
    }
}

/// The address of a handshake carries what Clerk knows the browser by: the page is enough.
fn location(event: Event, answer: &Answer) -> Option<String> {
    let location = answer.location.as_deref()?;
    Some(match (event, location.split_once('?')) {
        (Event::Handshake, Some((page, _))) => format!("{page}?…"),
        _ => location.to_owned(),
    })
}

/// For machines.
pub(super) fn json(explanation: &Explanation) -> Value {
    let Explanation { target, ambiguity, readings, sources, requirements, token, decision } = explanation;
    json!({
        "target": target,
        "ambiguity": ambiguity,
        "readings": readings.iter().map(|reading| json!({
            "path": reading.path,
            "kind": reading.kind.as_str(),
            "from": reading.from,
            "answers": reading.answers.iter().map(|(access, rule)| json!({"access": access.as_str(), "rule": &**rule})).collect::<Value>(),
        })).collect::<Value>(),
        "rules": sources.iter().map(|source| json!({
            "name": &*source.name,
            "access": source.access.as_str(),
            "consideration": match source.consideration {
                Consideration::Matches => "matches",
                Consideration::OtherMethod => "other-method",
                Consideration::OtherPath => "other-path",
            },
            "decides": source.decides,
        })).collect::<Value>(),
        "requirements": requirements.iter().map(|requirement| json!({
            "rule": &*requirement.source,
            "name": requirement.name,
            "expected": requirement.expected,
            "isMet": requirement.is_met,
        })).collect::<Value>(),
        "token": token.as_ref().map(|token| json!({
            "place": token.place,
            "checks": token.checks.iter().map(|check| match &check.outcome {
                Outcome::Passed => json!({"check": check.check.as_str(), "outcome": "passed"}),
                Outcome::NotReached => json!({"check": check.check.as_str(), "outcome": "not-reached"}),
                Outcome::Failed(why) => json!({"check": check.check.as_str(), "outcome": "failed", "message": why}),
            }).collect::<Value>(),
        })),
        "decision": decision_json(decision),
    })
}

fn decision_json(decision: &Decision) -> Value {
    let (headers, target, to) = match &decision.action {
        Action::Forward(forward) | Action::Webhook(forward) => {
            let headers: serde_json::Map<_, _> =
                forward.headers.iter().map(|(name, value)| ((*name).to_owned(), Value::from(&**value))).collect();
            (Some(headers), Some(&*forward.target), None)
        }
        Action::Answer(answer) => (None, None, location(decision.event, answer)),
    };
    json!({
        "action": decision.verb(),
        "status": decision.status(),
        "reason": decision.reason,
        "message": decision.message,
        "access": decision.access.map(crate::policy::Access::as_str),
        "rule": decision.rule.as_deref(),
        "location": to,
        "target": target,
        "headers": headers,
        "shadow": decision.trial.as_ref().map(|trial| json!({
            "action": trial.verb, "status": trial.status, "reason": trial.reason, "rule": trial.rule.as_deref(),
        })),
    })
}
