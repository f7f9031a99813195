//! `portcullis check --live`: an edge that refuses everything, and one in which each probe finds its hole, both on loopback.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    server::{Asked, Said, Server},
    support::{Folder, READY, Run, dev_key},
};

/// A signing secret that is nobody's.
fn webhook_secret() -> String {
    format!("whsec_{}", "c2VjcmV0".repeat(5))
}

fn probe(name: &str, url: &str, more: &[&str]) -> Run {
    let folder = Folder::new(name, &READY.replace("api = [", "webhook_path = \"/hooks/clerk\"\napi = ["));
    folder.write("dev.pem", dev_key());
    let arguments = [&["check", "--only", "live", "--live", url, "--yes-this-is-mine", "--json"], more].concat();
    folder.run_with(&arguments, &[("CLERK_WEBHOOK_SIGNING_SECRET", &webhook_secret())], "")
}

/// How often each finding was made.
fn kinds(run: &Run) -> Vec<(String, usize)> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for finding in run.json()["findings"].as_array().unwrap() {
        let kind = finding["kind"].as_str().unwrap();
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind.to_owned(), 1)),
        }
    }
    kinds.sort();
    kinds
}

fn named(kinds: &[(&str, usize)]) -> Vec<(String, usize)> {
    kinds.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

fn refused() -> Said {
    (401, vec![("cache-control", "no-store".to_owned())], String::new())
}

fn page(text: impl Into<String>) -> Said {
    (200, vec![("cache-control", "private".to_owned())], text.into())
}

/// Opens what the policy opens, and nothing else.
fn strict(asked: &Asked) -> Said {
    match asked.target.as_str() {
        "/" if asked.method == "GET" => page("hello"),
        "/.well-known/portcullis/health" => page(r#"{"status":"ok"}"#),
        _ => refused(),
    }
}

fn claims(asked: &Asked) -> Option<Value> {
    let payload = asked.header("authorization")?.split('.').nth(1)?.to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn an_edge_that_refuses_leaves_evidence_and_no_finding() {
    let edge = Server::start(strict);
    let run = probe("live-strict", &edge.url, &[]);
    assert_eq!(kinds(&run), named(&[]), "{}", run.out);
    run.exits(0);
    let report = run.json();
    let evidence = report["evidence"].as_array().unwrap();
    assert!(evidence.iter().all(|one| one["good"] == true));
    for asked in
        ["alg: none", "without its signature", "another party", "expired", "a doubled slash", "framework's own", "played back"]
    {
        assert!(evidence.iter().any(|one| one["asked"].as_str().unwrap().contains(asked)), "{asked} in {}", run.out);
    }
    let calls = edge.calls();
    assert!(calls.len() < 40, "{}", calls.len());
    // Targets go out as they are written.
    for raw in ["GET //dashboard", "GET /x/../dashboard", "GET /x/%2e%2e/dashboard", "GET /\\dashboard", "GET /%64ashboard"] {
        assert!(calls.iter().any(|call| call == raw), "{raw} in {calls:?}");
    }
    let writes: Vec<_> = calls.iter().filter(|call| !call.starts_with("GET ")).collect();
    assert_eq!(writes, ["POST /hooks/clerk"; 3]);
}

#[test]
fn every_probe_finds_its_hole_in_a_careless_edge() {
    let edge = Server::start(|asked| {
        let is_framework = asked.header("x-middleware-subrequest").is_some();
        let elsewhere =
            ["x-original-url", "x-rewrite-url", "x-middleware-rewrite"].iter().any(|name| asked.header(name).is_some());
        let user = asked.header("x-portcullis-user-id").unwrap_or("nobody");
        match asked.target.as_str() {
            "/.well-known/portcullis/health" => (404, vec![], String::new()),
            "/" if elsewhere => (404, vec![], String::new()),
            "/" => page(format!("hello, {user}")),
            "/hooks/clerk" => page(""),
            "/dashboard" if asked.header("authorization").is_some() || user != "nobody" || is_framework => page("private"),
            "/dashboard" => (401, vec![("cache-control", "public, max-age=60".to_owned())], String::new()),
            _ => page("private, by another address"),
        }
    });
    let run = probe("live-careless", &edge.url, &[]);
    let expected = [
        ("live-gate-not-seen", 1),
        ("live-header-trusted", 7),
        ("live-path-open", 16),
        ("live-refusal-cacheable", 1),
        ("live-token-accepted", 5),
        ("live-webhook-accepted", 3),
    ];
    assert_eq!(kinds(&run), named(&expected), "{}", run.out);
    run.exits(1);
}

#[test]
fn each_flaw_of_a_verifier_is_told_apart_where_its_key_is_known() {
    // Takes what is signed by the right key only, and looks at neither party nor time; a cache keeps what it gives.
    let seen = std::sync::atomic::AtomicBool::new(false);
    let edge = Server::start(move |asked| {
        let token = asked.header("authorization").unwrap_or_default();
        let is_signed = token.rsplit('.').next().is_some_and(|signature| signature.len() > 300);
        let claims = claims(asked).unwrap_or_default();
        let is_own = is_signed && claims["iss"] == "https://clerk.example.com" && seen.load(std::sync::atomic::Ordering::Relaxed);
        // Of the signed tokens the first is the forger's.
        if is_signed {
            seen.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        let is_good = claims["azp"] == "https://example.com" && claims["exp"].as_i64() > claims["iat"].as_i64();
        match asked.target.as_str() {
            "/dashboard" if is_own && is_good => (200, vec![("cache-control", "max-age=60".to_owned())], "private".to_owned()),
            "/dashboard" if is_own => page("private"),
            _ => strict(asked),
        }
    });
    let run = probe("live-flaws", &edge.url, &["--probe-key", "dev.pem"]);
    assert_eq!(kinds(&run), named(&[("live-private-answer-cached", 1), ("live-token-accepted", 2)]), "{}", run.out);
    run.says("a token of another party (`azp`)").says("an expired token");

    let other = Server::start(strict);
    let run = probe("live-wrong-key", &other.url, &["--probe-key", "dev.pem"]);
    assert_eq!(kinds(&run), named(&[("live-probe-key-refused", 1)]));
}

#[test]
fn a_page_that_is_open_to_everybody_is_said_to_be_and_nothing_else_is_proved_by_it() {
    let edge = Server::start(|asked| if asked.target == "/dashboard" { page("private") } else { strict(asked) });
    let run = probe("live-open", &edge.url, &[]);
    assert_eq!(kinds(&run), named(&[("live-open", 1)]));
    assert!(!edge.calls().iter().any(|call| call == "GET //dashboard"));
}

#[test]
fn what_was_not_answered_is_not_called_refused() {
    // The app behind fails where the gate lets through.
    let failing = Server::start(|asked| match strict(asked) {
        _ if claims(asked).is_some() => (502, vec![], String::new()),
        answer => answer,
    });
    let run = probe("live-502", &failing.url, &[]);
    assert_eq!(kinds(&run), named(&[("live-not-shown", 1)]), "{}", run.out);
    run.exits(1).says("to 5 probes").says("whether it is closed was not seen");

    // Something in between is silent about what it does not know.
    let silent = Server::start(|asked| match strict(asked) {
        _ if asked.header("x-middleware-subrequest").is_some() => Server::NO_ANSWER,
        answer => answer,
    });
    let run = probe("live-silent", &silent.url, &[]);
    assert_eq!(kinds(&run), named(&[("live-not-shown", 1)]), "{}", run.out);
    run.exits(1).says("framework's own").says("no answer (");

    let down = Server::start(|asked| if asked.target == "/dashboard" { (503, vec![], String::new()) } else { strict(asked) });
    let run = probe("live-503", &down.url, &[]);
    assert_eq!(kinds(&run), named(&[("live-not-shown", 1)]), "{}", run.out);
    run.exits(1);
}

#[test]
fn nobody_is_probed_who_is_not_the_operators_own() {
    let edge = Server::start(strict);
    let folder = Folder::new("live-consent", READY);
    let run = folder.run(&["check", "--only", "live", "--live", &edge.url]);
    run.exits(2).complains("nobody has said that").complains("--yes-this-is-mine");
    assert!(edge.calls().is_empty());
    for wrong in ["http://example.com", "https://example.com/admin", "example.com", "ftp://127.0.0.1"] {
        let run = folder.run(&["check", "--only", "live", "--live", wrong, "--yes-this-is-mine"]);
        run.exits(2).complains("cannot be probed");
    }
    folder.run(&["check", "--offline", "--live", &edge.url, "--yes-this-is-mine"]).exits(2).complains("cannot be used with");
    drop(edge);
    let run = folder.run(&["check", "--only", "live", "--live", "http://127.0.0.1:1", "--yes-this-is-mine"]);
    run.exits(1).says("error[live-unreachable]");
}
