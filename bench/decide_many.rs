//! Makes one kind of decision so often that its instructions can be counted; see `bench/instructions.mjs`.
//!
//! `decide_many public|unmet|seen|new COUNT`: a public path without a token, one that is another each time, a protected page with a token
//! seen before, one with a new token each time. The signature is called good: what a host does is not counted.

use std::{fs, rc::Rc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis::{
    gate::{Action, Gate},
    machine::{Answer, BackendResponse, Need, SignatureOutcome, Step},
    request::{HeaderName, HeaderSource, RequestView},
    settings::Environment,
    table::Node,
    time::UnixMillis,
};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// What a browser sends.
struct Browser {
    cookies: String,
}

impl HeaderSource for Browser {
    fn header(&self, name: HeaderName) -> Option<&str> {
        Some(match name {
            HeaderName::Accept => "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            HeaderName::Cookie => &self.cookies,
            HeaderName::SecFetchDest => "document",
            HeaderName::SecFetchSite => "same-origin",
            _ => return None,
        })
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, kind, count] = arguments.as_slice() else { panic!("expected `public`, `seen` or `new`, and a number") };
    let count: usize = count.parse().expect("a number");
    let policy = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/decide_many.json")).expect("the policy");
    let gate = Gate::new(Environment {
        publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
        secret_key: Some(["sk", "live", "0123456789"].join("_")),
        portcullis: Some(Node::parse_json(&policy).expect("JSON")),
        ..Environment::default()
    })
    .expect("good settings");
    let seen = cookies(0);
    for n in 0..count {
        let (path, cookies) = match kind.as_str() {
            "public" => ("/".to_owned(), String::new()),
            "unmet" => (format!("/sign-in/{n}"), String::new()),
            "seen" => ("/dashboard".to_owned(), seen.clone()),
            "new" => ("/dashboard".to_owned(), cookies(n)),
            other => panic!("`{other}` is none of `public`, `unmet`, `seen`, `new`"),
        };
        let url = format!("https://app.example.com{path}");
        let headers = Rc::new(Browser { cookies });
        assert!(is_forwarded(&gate, RequestView { method: "GET".into(), url: url.into(), headers }));
    }
}

fn cookies(n: usize) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = r#"{"alg":"RS256","cat":"cl_B7d4PD111AAA","kid":"ins_2yXqB1rS6hWjY9xAeOuF0vD4lC5","typ":"JWT"}"#;
    let claims = format!(
        r#"{{"azp":"https://app.example.com","exp":1700003600,"fva":[3,-1],"iat":1699999995,"iss":"https://clerk.example.com","nbf":1699999985,"sid":"sess_2yXqCw5bT7nEoG3aU{n:08}","sts":"active","sub":"user_2yXqCw5bT7nEoG3aUfMiQ8kZ1dP","v":2}}"#
    );
    let mut signature = [0x5A; 256];
    signature[248..].copy_from_slice(&n.to_be_bytes());
    let token = [part(header), part(&claims), URL_SAFE_NO_PAD.encode(signature)].join(".");
    format!("__client_uat=1690000000; theme=dark; __session={token}")
}

#[inline(never)]
fn is_forwarded(gate: &Gate, request: RequestView) -> bool {
    let mut step = gate.begin(request, "id".into(), NOW);
    loop {
        step = match step {
            Step::Done(decision) => return matches!(decision.action, Action::Forward(_)),
            Step::Need(Need::Signature(_), suspended) => suspended.resume(Answer::Signature(SignatureOutcome::Valid), NOW),
            Step::Need(_, suspended) => suspended.resume(Answer::Backend(Ok(key_set())), NOW),
        }
    }
}

fn key_set() -> BackendResponse {
    let n = URL_SAFE_NO_PAD.encode([0xC5; 256]);
    let body = format!(r#"{{"keys":[{{"kid":"ins_2yXqB1rS6hWjY9xAeOuF0vD4lC5","kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#);
    BackendResponse { status: 200, body: body.into_bytes() }
}
