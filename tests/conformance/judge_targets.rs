//! What the gate says of requests, for `tests/conformance/adapter.mjs`: one JSON object a line in, one out.
//!
//! In: `{"policy": {…}, "method": "GET", "url": "http://h/admin", "headers": [["x-original-url", "/"]]}`; `policy` holds settings.
//! Out: `{"access": "admin", "target": "/admin", "headers": []}`; an `access` of null: refused, whoever asks.

use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    rc::Rc,
};

use portcullis::{
    gate::Gate,
    headers::{is_hop_by_hop, is_reserved},
    machine::Step,
    path,
    policy::Access,
    request::{HeaderList, RequestView},
    settings::Environment,
    table::Node,
    time::UnixMillis,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Question {
    policy: Map<String, Value>,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
}

fn main() -> io::Result<()> {
    let mut gates = HashMap::new();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let settings = settings_of(&question.policy);
        let gate = gates.entry(settings).or_insert_with_key(|settings| gate(settings));
        writeln!(out, "{}", answer(gate, question))?;
        out.flush()?;
    }
    Ok(())
}

fn answer(gate: &Gate, question: Question) -> Value {
    let Question { method, url, headers, .. } = question;
    let target = path::judge(&url, &gate.settings().path).map(|judged| judged.forward_target()).ok();
    let passed: Vec<_> = headers.iter().filter(|(name, _)| !is_reserved(name) && !is_hop_by_hop(name)).collect();
    let passed = json!(passed);
    let request = RequestView { method: method.into(), url: url.into(), headers: Rc::new(HeaderList::new(headers)) };
    // Nobody sends a credential, so there is nothing to ask the host for.
    let Step::Done(decision) = gate.begin(request, "request-1".into(), UnixMillis(1_750_000_000_000)) else {
        return json!({ "access": null, "target": null, "headers": [] });
    };
    json!({ "access": decision.access.map(Access::as_str), "target": target, "headers": passed })
}

/// The settings, with what a gate needs beside a policy.
fn settings_of(policy: &Map<String, Value>) -> String {
    let mut settings = policy.clone();
    settings.insert("authorized_parties".into(), json!(["https://h"]));
    settings.insert("admin_requires".into(), json!({ "claim": "metadata.role", "equals": "admin" }));
    Value::from(settings).to_string()
}

fn gate(settings: &str) -> Gate {
    let environment = Environment {
        publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
        secret_key: Some(["sk", "test", "1"].join("_")),
        portcullis: Some(Node::parse_json(settings).unwrap()),
        ..Environment::default()
    };
    Gate::new(environment).unwrap_or_else(|errors| panic!("{errors:?}"))
}
