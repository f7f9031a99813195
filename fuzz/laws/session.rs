//! The laws of sessions: nobody gets in without a token whose own signature the host called good, that is of this time and for this party; the
//! origin is told what that token says, and nothing else; and whatever is answered can stand in a header.
//!
//! One input is a whole case, as text:
//!
//! ```text
//! dev navigation issuer fresh                       the settings, see [`Case::environment`]
//! GET                                               the method
//! /home?__clerk_handshake=$T                        the request target
//! vi                                                signatures, one by one: valid, invalid, unusable; more are invalid
//! h {"alg":"RS256","kid":"k"}                       the header of two tokens,
//! p {"handshake":["__session=$U"]}                  the payload of the one that `$T` stands for in the target, in header fields and in
//! q {"sub":"user_1","exp":1750000060}               answers, and of the other, `$U`
//! b 200 {"jwt":"$T"}                                what Clerk's Backend API answers, one by one; more are outages
//! cookie: __session=$T; __client_uat=1              header fields
//! ```

use std::rc::Rc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis::{
    gate::{Action, Decision, Gate},
    machine::{Answer, BackendResponse, Need, Outage, Purpose, SignatureOutcome, Step},
    request::{HeaderList, RequestView},
    settings::Environment,
    table::Node,
    time::UnixMillis,
};
use serde_json::Value;

/// What came of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The settings are none.
    NoSettings,
    /// The gate answered by itself.
    Answered,
    /// Forwarded, and nobody is signed in.
    Public,
    /// Forwarded with a session of Clerk's.
    Session,
    /// Forwarded with a user of another issuer.
    Issued,
    /// Forwarded with a machine's token.
    Machine,
}

/// Checks the laws on one input.
///
/// # Panics
///
/// If one does not hold.
pub fn check(data: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(data);
    let case = Case::read(&text);
    let Ok(gate) = Gate::new(case.environment()) else { return Outcome::NoSettings };
    let mut host = Host {
        case: &case,
        signatures: case.signatures.chars(),
        answers: case.answers.iter(),
        good: Vec::new(),
        is_machine_known: false,
    };
    let decision = host.decide(&gate);
    assert_can_be_sent(&decision);
    assert!(case.tokens.iter().all(|token| !decision.message.contains(token)), "the log holds a token: {}", decision.message);
    let Action::Forward(forward) = &decision.action else { return Outcome::Answered };
    let told = |name: &str| forward.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
    let path = &*forward.target.split('?').next().unwrap_or_default().to_ascii_lowercase();
    // What odd paths are is another law's.
    let is_closed = ["/home", "/admin", "/api/", "/fresh/", "/machine/"].iter().any(|closed| path.starts_with(closed));
    if !decision.auth.is_authenticated() {
        assert!(!is_closed, "{path} was forwarded, and nobody is signed in: {}", decision.reason);
        assert_eq!((told("x-portcullis-user-id"), told("x-portcullis-subject")), (None, None));
        assert_ne!(told("x-portcullis-auth-status"), Some("signed-in"));
        return Outcome::Public;
    }
    let token = decision.token.as_deref().expect("who is signed in has a token");
    let is_signed = host.good.iter().any(|good| &**good == token);
    if decision.auth.machine_auth().is_some() {
        assert!(is_signed || host.is_machine_known, "nobody has vouched for the machine");
        assert!(path.starts_with("/machine"), "a machine was let in to {path}");
        return Outcome::Machine;
    }
    assert!(is_signed, "nobody has called the token's signature good");
    assert_eq!(told("x-portcullis-auth-status"), Some("signed-in"));
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok()).expect("a token has a payload");
    // What this reader takes for no JSON the gate may read as a browser would.
    let Ok(claims) = serde_json::from_slice::<Value>(&payload) else { return Outcome::Session };
    let secs = |name: &str| claims[name].as_f64();
    assert!(secs("exp").is_some_and(|exp| exp > NOW_SECS - SKEW_SECS), "the token has expired: {claims}");
    for name in ["nbf", "iat"] {
        assert!(secs(name).is_none_or(|start| start < NOW_SECS + SKEW_SECS), "the token is of another time: {claims}");
    }
    let is_issued = decision.auth.issuer().is_some();
    if is_issued {
        assert_eq!((claims["iss"].as_str(), decision.auth.issuer()), (Some(ISSUER), Some(ISSUER)));
    } else {
        let is_lenient = case.has("navigation") || case.has("observe");
        let is_party = claims["azp"] == PARTY || claims.get("azp").is_none() && is_lenient;
        assert!(is_party, "the token is for somebody else: {claims}");
        assert_eq!(told("x-portcullis-issuer"), None);
    }
    for (header, claim) in [("x-portcullis-user-id", "sub"), ("x-portcullis-session-id", "sid")] {
        let said = told(header);
        assert!(said.is_none() || said == claims[claim].as_str(), "{header} is {said:?}: {claims}");
    }
    assert!(!path.starts_with("/admin") || claims["metadata"]["role"] == "admin", "{path} was opened to {claims}");
    if is_issued { Outcome::Issued } else { Outcome::Session }
}

/// Nothing that is sent ends a header field before its time; what the origin is told is read in one way by every server.
fn assert_can_be_sent(decision: &Decision) {
    // As Fetch has it.
    let is_value = |value: &str| !value.contains(['\0', '\r', '\n']);
    for (name, value) in &decision.response_headers {
        assert!(is_value(value), "{name}: {value:?}");
    }
    match &decision.action {
        Action::Forward(forward) | Action::Webhook(forward) => {
            for (name, value) in &forward.headers {
                assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}: {value:?}");
            }
        }
        Action::Answer(answer) => {
            for (name, value) in &answer.headers {
                assert!(is_value(value), "{name}: {value:?}");
            }
            if let Some(location) = &answer.location {
                assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location:?}");
                let is_own = location.starts_with('/') && !location.starts_with("//") && !location.starts_with("/\\");
                assert!(is_own || HOMES.iter().any(|home| location.starts_with(home)), "{location}");
            }
        }
    }
}

/// Where somebody may be sent: the gate itself, the Frontend API and the account portal.
const HOMES: [&str; 3] = ["https://gate.example/", "https://clerk.example.com/", "https://accounts.example.com/"];
const NOW_SECS: f64 = 1_750_000_000.0;
const NOW: UnixMillis = UnixMillis(1_750_000_000_000);
/// The gate's, and a second, of which it drops the parts.
const SKEW_SECS: f64 = 6.0;
const PARTY: &str = "https://gate.example";
const ISSUER: &str = "https://issuer.example";

/// One input, read.
struct Case<'t> {
    settings: &'t str,
    method: &'t str,
    target: String,
    signatures: &'t str,
    answers: Vec<(u16, String)>,
    headers: Vec<(String, String)>,
    tokens: [String; 2],
}

impl<'t> Case<'t> {
    fn read(text: &'t str) -> Self {
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let (settings, method, target, signatures) = (line(), line(), line(), line());
        let target = target.strip_prefix('/').unwrap_or(target);
        let lines: Vec<&str> = lines.take(LINES).collect();
        let line_of = |start: &str| lines.iter().find_map(|line| line.strip_prefix(start)).unwrap_or("{}");
        let token = |payload: &str| {
            let [header, payload] = [line_of("h "), payload].map(|json| URL_SAFE_NO_PAD.encode(json));
            format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode([0; 256]))
        };
        let other = token(line_of("q "));
        let token = token(&line_of("p ").replacen("$U", &other, FILLED));
        let filled = |text: &str| text.replacen("$T", &token, FILLED).replacen("$U", &other, FILLED);
        let answers = lines.iter().filter_map(|line| {
            let (status, body) = line.strip_prefix("b ")?.split_once(' ')?;
            Some((status.parse().ok()?, filled(body)))
        });
        let headers = lines.iter().filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), filled(value)));
        let (target, answers, headers) = (format!("/{}", filled(target)), answers.collect(), headers.collect());
        Self { settings, method, target, signatures, answers, headers, tokens: [token, other] }
    }

    /// Whether the settings name it: `dev` an instance in development, `observe` and `navigation` what becomes of tokens without `azp`,
    /// `issuer` another issuer beside Clerk, `fresh` that sessions are asked for.
    fn has(&self, setting: &str) -> bool {
        self.settings.split(' ').any(|word| word == setting)
    }

    fn environment(&self) -> Environment {
        let missing_azp = if self.has("observe") {
            "observe"
        } else if self.has("navigation") {
            "navigation"
        } else {
            "reject"
        };
        let issuers = if self.has("issuer") {
            format!(
                r#", "issuer": {{ "issuer": "{ISSUER}", "jwks_url": "{ISSUER}/jwks", "audience": "app", "header": "Authorization", "cookie": "issued" }}"#
            )
        } else {
            String::new()
        };
        let portcullis = format!(
            r#"{{ "authorized_parties": ["{PARTY}"], "missing_azp": "{missing_azp}", "public": ["/", "/open/:path*"], "admin": ["/admin(.*)"],
                 "admin_requires": {{ "claim": "metadata.role", "equals": "admin" }}, "api": ["/api/(.*)"],
                 "rules": [{{ "match": "/machine/:path*", "require": {{ "token": ["session_token", "api_key", "m2m_token", "oauth_token"] }} }},
                           {{ "match": "/fresh/:path*", "fresh": {} }}]{issuers} }}"#,
            self.has("fresh"),
        );
        let (mode, publishable_key) = if self.has("dev") {
            ("test", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k")
        } else {
            ("live", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k")
        };
        Environment {
            publishable_key: Some(publishable_key.into()),
            secret_key: Some(["sk", mode, "1"].join("_")),
            portcullis: Some(Node::parse_json(&portcullis).expect("the settings are JSON")),
            ..Environment::default()
        }
    }
}

/// What the host does, by what the input says.
struct Host<'c> {
    case: &'c Case<'c>,
    signatures: std::str::Chars<'c>,
    answers: std::slice::Iter<'c, (u16, String)>,
    /// Tokens whose signature was called good.
    good: Vec<Rc<str>>,
    /// Whether the Backend API has said anything of a machine's token.
    is_machine_known: bool,
}

impl Host<'_> {
    fn decide(&mut self, gate: &Gate) -> Decision {
        let Case { method, target, headers, .. } = self.case;
        let url = format!("https://gate.example{target}");
        let headers = Rc::new(HeaderList::new(headers.clone()));
        let mut step = gate.begin(RequestView { method: (*method).into(), url: url.into(), headers }, "request-1".into(), NOW);
        for _ in 0..STEPS {
            match step {
                Step::Done(decision) => return decision,
                Step::Need(need, suspended) => step = suspended.resume(self.answer(need), NOW),
            }
        }
        panic!("the decision does not end");
    }

    fn answer(&mut self, need: Need) -> Answer {
        match need {
            Need::Signature(check) => Answer::Signature(match self.signatures.next() {
                Some('v') => {
                    self.good.push(check.token.clone());
                    SignatureOutcome::Valid
                }
                Some('u') => SignatureOutcome::Unusable("not this time".into()),
                _ => SignatureOutcome::Invalid,
            }),
            Need::Backend(call) if call.purpose == Purpose::KeySet => Answer::Backend(Ok(key_set())),
            Need::Backend(call) => Answer::Backend(match self.answers.next() {
                Some((status, body)) => {
                    self.is_machine_known |= call.purpose == Purpose::MachineToken && (200..300).contains(status);
                    Ok(BackendResponse { status: *status, body: body.clone().into_bytes() })
                }
                None => Err(Outage("down".into())),
            }),
            Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_) => Answer::Waited,
        }
    }
}

/// The key set, Clerk's or the issuer's.
fn key_set() -> BackendResponse {
    let n = "x".repeat(342) + "w";
    BackendResponse { status: 200, body: format!(r#"{{"keys":[{{"kid":"k","kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#).into_bytes() }
}

/// More of either only makes the fuzzer slow.
const LINES: usize = 24;
const STEPS: usize = 100;
const FILLED: usize = 4;
