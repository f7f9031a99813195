//! What an explanation says is what decides: the same decision, and parts that add up to it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis::{
    gate::{Decision, Explanation, Gate, Outcome},
    machine::{Answer, BackendResponse, Need, SignatureOutcome, Step},
    policy::{Access, Consideration},
    request::{HeaderList, RequestView},
    settings::Environment,
    table::Node,
    time::UnixMillis,
};
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

const POLICY: &str = r#"{
    "authorized_parties": ["https://h"],
    "public": ["/", "/open/:path*"],
    "protected": ["/open/mine"],
    "admin": ["/admin(.*)"],
    "admin_requires": { "claim": "metadata.role", "equals": "admin" },
    "api": ["/api(.*)"],
    "static_files": "public",
    "rules": [
        { "match": "/api/x/:id", "methods": ["POST"], "require": { "role": "org:admin", "claim": "n", "one_of": [1, 2] } },
        { "match": ["/api/x/:path*", "/open/ruled"], "require": { "claim": "list", "contains": "a" } },
        { "match": "/api/open", "access": "public" },
        { "match": "/api/machines", "require": { "token": ["api_key", "session_token"] } }
    ]
}"#;

fn gate() -> Gate {
    Gate::new(Environment {
        publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
        secret_key: Some("sk_test_0123456789".into()),
        portcullis: Some(Node::parse_json(POLICY).unwrap()),
        ..Environment::default()
    })
    .unwrap()
}

/// A token whose signature the test calls good or not.
fn token(claims: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = format!(
        r#"{{"iss":"https://clerk.example.com","sub":"user_1","sid":"sess_1","exp":1700000060,"nbf":1699999990,"iat":1699999990{claims}}}"#
    );
    format!("{}.{}.{}", part(r#"{"alg":"RS256","kid":"k","typ":"JWT"}"#), part(&claims), part("signature"))
}

fn finish<T>(mut step: Step<T>, is_signed: bool) -> T {
    loop {
        step = match step {
            Step::Done(done) => return done,
            Step::Need(need, suspended) => {
                let answer = match need {
                    Need::Signature(_) if is_signed => Answer::Signature(SignatureOutcome::Valid),
                    Need::Signature(_) => Answer::Signature(SignatureOutcome::Invalid),
                    Need::Backend(_) => {
                        let n = URL_SAFE_NO_PAD.encode([0xC5; 256]);
                        let body = format!(r#"{{"keys":[{{"kid":"k","kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#).into_bytes();
                        Answer::Backend(Ok(BackendResponse { status: 200, body }))
                    }
                    Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_) => Answer::Waited,
                };
                suspended.resume(answer, NOW)
            }
        }
    }
}

fn both(method: &str, path: &str, token: Option<&str>, is_signed: bool) -> (Decision, Explanation) {
    let gate = gate();
    let headers = token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))).into_iter().collect();
    let request = RequestView {
        method: method.into(),
        url: format!("https://h{path}").into(),
        headers: std::rc::Rc::new(HeaderList::new(headers)),
    };
    let decision = finish(gate.begin(request.clone(), "id".into(), NOW), is_signed);
    (decision, finish(gate.explain(request, "id".into(), NOW), is_signed))
}

fn paths() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "/",
        "/open",
        "/open/a",
        "/open/mine",
        "/open/ruled",
        "/admin",
        "/admin/users.csv",
        "/api/x/1",
        "/api/x/1/2",
        "/api/open",
        "/api/machines",
        "/app.js",
        "/else",
        "/%61dmin",
        "/open/..%2fadmin",
        "/admin.json",
        "/x%00",
        "/open;x/mine",
        "//admin",
        "/api/x/%2e%2e%2fopen",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "/[a-z./%;2fF]{0,12}"]
}

fn claims() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        r#","azp":"https://h""#,
        r#","azp":"https://h","metadata":{"role":"admin"}"#,
        r#","azp":"https://h","v":2,"o":{"id":"org_1","rol":"admin","slg":"s"},"n":2,"list":["a"]"#,
        r#","azp":"https://h","list":["a"]"#,
        r#","azp":"https://evil""#,
        "",
        r#","azp":"https://h","exp":1"#,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_explanation_agrees_with_the_decision_and_with_itself(
        path in paths(),
        method in prop::sample::select(vec!["GET", "POST", "HEAD"]),
        claims in prop::option::of(claims()),
        is_signed in prop::bool::weighted(0.9),
    ) {
        let token = claims.map(token);
        let (decision, explained) = both(method, &path, token.as_deref(), is_signed);
        let own = &explained.decision;
        prop_assert_eq!(&own.action, &decision.action);
        prop_assert_eq!((&own.reason, own.access, &own.rule), (&decision.reason, decision.access, &decision.rule));

        prop_assert_eq!(explained.target.is_none(), explained.ambiguity.is_some());
        let Some(access) = decision.access else { return Ok(()) };
        // The access is the strictest of all answers, and so is that of the sources that decide.
        let strictest = explained.readings.iter().flat_map(|reading| &reading.answers).map(|(access, _)| *access).max();
        prop_assert_eq!(strictest, Some(access));
        prop_assert_eq!(explained.sources.iter().filter(|source| source.decides).map(|source| source.access).max(), Some(access));
        // With one reading the first source that matches decides.
        if explained.readings.len() == 1 {
            let first = explained.sources.iter().find(|source| source.consideration == Consideration::Matches);
            if let Some(first) = first {
                prop_assert!(first.decides, "{:?}", explained.sources);
                prop_assert_eq!(Some(&first.name), decision.rule.as_ref());
            }
        }
        // The checks end where the first one fails, and none fails where somebody is signed in.
        let checks = explained.token.as_ref().map(|token| token.checks.as_slice()).unwrap_or_default();
        let failed = checks.iter().position(|check| matches!(check.outcome, Outcome::Failed(_)));
        prop_assert_eq!(explained.token.is_some(), token.is_some());
        for (at, check) in checks.iter().enumerate() {
            prop_assert_eq!(check.outcome == Outcome::NotReached, failed.is_some_and(|failed| at > failed));
        }
        prop_assert_eq!(decision.auth.is_authenticated(), token.is_some() && failed.is_none());
        // Whoever is signed in passes where everything that is required is met, and nowhere else.
        if access != Access::Public && decision.auth.is_authenticated() {
            let is_met = explained.requirements.iter().all(|requirement| requirement.is_met);
            prop_assert_eq!(decision.verb() == "forward", is_met, "{:?}", explained.requirements);
        }
        if !decision.auth.is_authenticated() {
            prop_assert!(explained.requirements.iter().all(|requirement| !requirement.is_met));
        }
    }
}

#[test]
fn an_explanation_says_which_rule_and_why_not_the_others() {
    let (_, explained) = both("GET", "/api/x/1", Some(&token(claims_of_a_user())), true);
    let of = |name: &str| explained.sources.iter().find(|source| source.name.starts_with(name)).unwrap();
    assert_eq!(of("rules[0]").consideration, Consideration::OtherMethod);
    assert_eq!((of("rules[1]").consideration, of("rules[1]").decides), (Consideration::Matches, true));
    assert_eq!(of("admin[0]").consideration, Consideration::OtherPath);
    let [requirement] = explained.requirements.as_slice() else { panic!("{:?}", explained.requirements) };
    assert_eq!((requirement.name, requirement.expected.as_str(), requirement.is_met), ("claim", "list contains \"a\"", false));
}

fn claims_of_a_user() -> &'static str {
    r#","azp":"https://h""#
}

#[test]
fn an_explanation_says_at_which_check_a_token_failed() {
    let (_, explained) = both("GET", "/else", Some(&token(r#","azp":"https://evil""#)), true);
    let token = explained.token.unwrap();
    let failed = token.checks.iter().find(|check| matches!(check.outcome, Outcome::Failed(_))).unwrap();
    assert_eq!(failed.check.as_str(), "authorized-party");
    assert_eq!(failed.outcome, Outcome::Failed("azp is `https://evil`, expected one of 1 authorized parties".into()));
}
