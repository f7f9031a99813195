//! `portcullis check` without `--offline`: Clerk and the origin, played by servers on loopback.

use serde_json::{Value, json as value};

use crate::{
    server::{Asked, Said, Server, json},
    support::{Folder, READY, Run, key_like, key_set, public_key},
};

/// A key set of another instance.
fn foreign_set() -> Value {
    value!({"keys": [{"kty": "RSA", "kid": "ins_other", "n": "AQAB", "e": "AQAB"}]})
}

/// Clerk: the Backend API for the test key, and below `/fapi` the Frontend API.
fn clerk(backend: Value, frontend: Value) -> Server {
    let key = format!("Bearer {}", key_like("test"));
    Server::start(move |asked| match (asked.target.as_str(), asked.header("authorization")) {
        ("/v1/jwks", Some(given)) if given == key => json(200, &backend),
        ("/v1/jwks", _) => json(401, &value!({"errors": []})),
        ("/fapi/.well-known/jwks.json", None) => json(200, &frontend),
        _ => json(404, &value!({})),
    })
}

/// A development deployment with these addresses, and what `check` says of it.
fn check(name: &str, clerk: &str, origin: Option<&str>, variables: &[(&str, &str)]) -> Run {
    let addresses = format!("[vars]\nCLERK_API_URL = \"{clerk}\"\nCLERK_PROXY_URL = \"{clerk}/fapi\"");
    let policy = origin.map_or(String::new(), |origin| format!("origin = \"{origin}\"\n"));
    let configuration = READY.replace("pk_live_", "pk_test_").replacen("[vars]", &addresses, 1) + &policy;
    let folder = Folder::tracked(name, &configuration, &[]);
    folder.run_with(&["check", "--json"], variables, "")
}

fn kinds(run: &Run) -> Vec<String> {
    let findings = run.json()["findings"].as_array().unwrap().clone();
    let loud = findings.iter().filter(|finding| finding["severity"] != "note" && finding["kind"] != "development-keys");
    loud.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
}

fn evidence(run: &Run) -> Vec<(String, bool)> {
    let all = run.json()["evidence"].as_array().unwrap().clone();
    all.iter().map(|one| (one["asked"].as_str().unwrap().to_owned(), one["good"].as_bool().unwrap())).collect()
}

#[test]
fn keys_of_one_instance_and_a_closed_origin_leave_nothing_to_say() {
    let clerk = clerk(key_set(), key_set());
    let origin = Server::start(|_| (401, vec![], String::new()));
    let secret = key_like("test");
    let run = check("all-well", &clerk.url, Some(&origin.url), &[("CLERK_SECRET_KEY", &secret), ("CLERK_JWT_KEY", public_key())]);
    assert_eq!(kinds(&run), [""; 0], "{}", run.out);
    assert_eq!(clerk.calls(), ["GET /v1/jwks", "GET /fapi/.well-known/jwks.json"]);
    assert_eq!(origin.calls(), ["GET /admin"]);
    let evidence = evidence(&run);
    assert_eq!(evidence.len(), 4);
    assert!(evidence.iter().all(|(_, is_good)| *is_good), "{evidence:?}");
    assert!(!run.out.contains(&secret[10..]));
}

#[test]
fn a_refused_secret_key_and_a_key_of_another_instance_are_errors() {
    let one = clerk(key_set(), key_set());
    let mut other = key_like("test");
    other.push('x');
    assert_eq!(kinds(&check("refused-key", &one.url, None, &[("CLERK_SECRET_KEY", &other)])), ["secret-key-refused"]);

    let secret = key_like("test");
    let two = clerk(key_set(), foreign_set());
    assert_eq!(kinds(&check("two-instances", &two.url, None, &[("CLERK_SECRET_KEY", &secret)])), ["keys-of-two-instances"]);
    let foreign = clerk(foreign_set(), foreign_set());
    let run = check("foreign-pem", &foreign.url, None, &[("CLERK_JWT_KEY", public_key())]);
    assert_eq!(kinds(&run), ["jwt-key-not-in-key-set"]);
}

#[test]
fn who_does_not_answer_is_named() {
    let silent = Server::start(|_| (503, vec![], String::new()));
    let secret = key_like("test");
    let run = check("silent", &silent.url, Some(&silent.url), &[("CLERK_SECRET_KEY", &secret)]);
    let mut kinds = kinds(&run);
    kinds.sort();
    assert_eq!(kinds, ["backend-api-unreachable", "frontend-api-unreachable", "origin-failing"]);
    run.exits(1);
}

#[test]
fn an_origin_that_shows_the_world_a_protected_page_is_open() {
    let clerk = clerk(key_set(), key_set());
    let origin = Server::start(|_: &Asked| -> Said { (200, vec![], "the admin page".to_owned()) });
    let run = check("open-origin", &clerk.url, Some(&origin.url), &[]);
    assert_eq!(kinds(&run), ["origin-open"]);
    assert!(
        run.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["line"].is_number() && finding["kind"] == "origin-open")
    );
}

#[test]
fn offline_asks_nobody_and_a_key_goes_to_no_plain_address() {
    let clerk = clerk(key_set(), key_set());
    let addresses = format!("[vars]\nCLERK_API_URL = \"{0}\"\nCLERK_PROXY_URL = \"{0}/fapi\"", clerk.url);
    let folder = Folder::tracked("offline", &READY.replace("pk_live_", "pk_test_").replacen("[vars]", &addresses, 1), &[]);
    let secret = key_like("test");
    let run = folder.run_with(&["check", "--offline", "--local", "--json"], &[("CLERK_SECRET_KEY", &secret)], "");
    assert_eq!(run.exits(0).json()["evidence"], value!([]));
    assert!(clerk.calls().is_empty());
    let plain = READY.replace("pk_live_", "pk_test_").replacen("[vars]", "[vars]\nCLERK_API_URL = \"http://api.example.com\"", 1);
    folder.write("wrangler.toml", &plain);
    folder.run_with(&["check"], &[("CLERK_SECRET_KEY", &secret)], "").exits(1).says("`CLERK_API_URL`");
}
