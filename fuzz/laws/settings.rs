//! The laws of settings: whatever an operator writes is a gate, or errors that say where and what, and that show no secret; and a gate of any
//! settings answers any of these requests.
//!
//! One input is variables, `NAME=value` a line, an empty line, and `PORTCULLIS` as JSON. `$L` and `$T` stand for a secret key, live and
//! for tests, `$W` for the secret of a webhook: nothing that is kept looks like one.

use std::rc::Rc;

use portcullis::{
    gate::Gate,
    machine::{Answer, Need, Outage, SignatureOutcome, Step},
    request::{HeaderList, RequestView},
    settings::Environment,
    table::{Node, Problem},
    time::UnixMillis,
};

/// What came of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// No JSON, or a member twice.
    Unreadable,
    /// Errors.
    Wrong,
    /// A gate.
    Good,
}

/// Checks the laws on one input.
///
/// # Panics
///
/// If one does not hold.
pub fn check(data: &[u8]) -> Outcome {
    let text = SECRETS
        .iter()
        .fold(String::from_utf8_lossy(data).into_owned(), |text, (name, parts)| text.replace(name, &parts.concat()));
    let (variables, policy) = text.split_once("\n\n").unwrap_or(("", &text));
    let portcullis = match Node::parse_json(policy) {
        Ok(node) => node,
        Err(error) => {
            assert!(is_message(&error.to_string()), "{error}");
            return Outcome::Unreadable;
        }
    };
    let value = |wanted: &str| {
        let found = variables.split('\n').find_map(|line| line.strip_prefix(wanted)?.strip_prefix('='));
        found.map(str::to_owned)
    };
    let environment = Environment {
        publishable_key: value("CLERK_PUBLISHABLE_KEY"),
        secret_key: value("CLERK_SECRET_KEY"),
        jwt_key: value("CLERK_JWT_KEY").map(|key| key.replace("\\n", "\n")),
        webhook_signing_secret: value("CLERK_WEBHOOK_SIGNING_SECRET"),
        api_url: value("CLERK_API_URL"),
        fapi_url: value("CLERK_FAPI_URL"),
        proxy_url: value("CLERK_PROXY_URL"),
        signing_key: value("PORTCULLIS_SIGNING_KEY").map(|key| key.replace("\\n", "\n")),
        has_origin_binding: variables.contains("ORIGIN"),
        has_database: variables.contains("PORTCULLIS_DB"),
        portcullis: Some(portcullis),
        ..Environment::default()
    };
    let secrets = [&environment.secret_key, &environment.webhook_signing_secret, &environment.signing_key].map(Clone::clone);
    match Gate::new(environment) {
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                let said = error.to_string();
                assert!(is_message(&said), "{said:?}");
                let Problem::Value { found, .. } = &error.problem else { continue };
                for secret in secrets.iter().flatten().filter(|secret| is_like_a_secret(secret, &text)) {
                    assert!(!found.contains(secret), "{said}");
                }
            }
            Outcome::Wrong
        }
        Ok(gate) => {
            for (method, path, headers) in REQUESTS {
                assert_decides(&gate, method, path, headers);
            }
            Outcome::Good
        }
    }
}

/// Nothing that stands elsewhere too, or that could be another value's escapes.
fn is_like_a_secret(secret: &str, text: &str) -> bool {
    let is_plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain && secret.len() >= SECRET_BYTES && text.matches(secret).count() == 1
}

/// A line that says something, and that a log can hold.
fn is_message(text: &str) -> bool {
    !text.trim().is_empty() && text.len() < 4_000 && !text.chars().any(char::is_control)
}

fn assert_decides(gate: &Gate, method: &str, path: &str, headers: Fields) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let url = format!("https://gate.example{path}");
    let request = RequestView { method: method.into(), url: url.into(), headers: Rc::new(HeaderList::new(headers)) };
    let mut step = gate.begin(request, "request-1".into(), UnixMillis(1_750_000_000_000));
    for _ in 0..100 {
        let Step::Need(need, suspended) = step else { return };
        let answer = match need {
            Need::Backend(_) => Answer::Backend(Err(Outage("down".into()))),
            Need::Signature(_) => Answer::Signature(SignatureOutcome::Invalid),
            Need::Store(_) => Answer::Store(Err(Outage("down".into()))),
            Need::Count(counts) => Answer::Counted(vec![None; counts.counts.len()]),
            Need::Sign(_) => Answer::Signed(Err("no key".into())),
            Need::Wait(_) => Answer::Waited,
        };
        step = suspended.resume(answer, UnixMillis(1_750_000_000_000));
    }
    panic!("the decision does not end");
}

const SECRETS: [(&str, [&str; 2]); 3] = [
    ("$L", ["sk_live_", "0123456789abcdef"]),
    ("$T", ["sk_test_", "0123456789abcdef"]),
    ("$W", ["whsec_", "YSB0ZXN0IGtleSBvZiAzMiBsZXR0ZXJzLCBhcyBtYW55"]),
];

/// Shorter ones stand in many a text by chance.
const SECRET_BYTES: usize = 16;

type Fields = &'static [(&'static str, &'static str)];

const REQUESTS: [(&str, &str, Fields); 6] = [
    ("GET", "/", &[]),
    ("GET", "/admin/users?x=1", &[("accept", "text/html"), ("sec-fetch-dest", "document")]),
    ("POST", "/api/x", &[("origin", "https://elsewhere.example"), ("cf-connecting-ip", "2001:db8::1")]),
    ("OPTIONS", "/api/x", &[("origin", "https://gate.example")]),
    ("GET", "/.well-known/portcullis/ready", &[]),
    (
        "GET",
        "/home",
        &[
            ("authorization", "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiJ1In0.c2ln"),
            ("cookie", "__session=a.b.c; __client_uat=1"),
        ],
    ),
];
