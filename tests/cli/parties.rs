//! `portcullis check`: whose tokens, which pages, and what could not be seen from here.

use crate::{
    domain::{kinds, zone},
    name_server::NameServer,
    support::{Folder, READY, Run, key_like},
};

fn check(name: &str, configuration: &str, more: &[&str]) -> Run {
    let folder = Folder::tracked(name, configuration, &[]);
    folder.run(&[&["check", "--offline", "--json"], more].concat())
}

/// The finding of that kind: its line, and all that it says.
#[track_caller]
fn finding(run: &Run, kind: &str) -> (u64, String) {
    let report = run.json();
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {report}"));
    let text = ["what", "why", "help"].map(|part| found[part].as_str().unwrap().to_owned());
    assert!(text.iter().all(|text| !text.is_empty()), "{found}");
    (found["line"].as_u64().unwrap_or(0), text.join(" "))
}

#[test]
fn parties_are_set_https_not_local_and_no_wildcard() {
    let parties = |parties: &str| READY.replace("[\"https://example.com\"]", parties);
    for (name, configuration, expected) in [
        ("missing", READY.replace("authorized_parties = [\"https://example.com\"]\n", ""), "error authorized-parties-missing"),
        ("http", parties("[\"https://example.com\", \"http://shop.example.com\"]"), "error invalid-setting"),
        ("local", parties("[\"https://example.com\", \"http://localhost:3000\"]"), "error authorized-party-local"),
        ("wildcard", parties("[\"https://example.com\", \"https://*.pre.example.com\"]"), "warning authorized-party-wildcard"),
        ("route", parties("[\"https://example.org\"]"), "warning route-without-party"),
    ] {
        let run = check(&format!("parties-{name}"), &configuration, &[]);
        assert_eq!(kinds(run.exits(1)), [expected], "{name}");
    }
}

#[test]
fn the_domain_has_to_be_one_of_a_party() {
    let on = |name: &str, configuration: &str| {
        let names = NameServer::start(zone());
        let folder = Folder::tracked(name, configuration, &[]);
        let domain = ["check", "--only", "domain", "--domain", "example.com", "--json", "--name-server"];
        folder.run(&[&domain[..], &[&names.address]].concat())
    };
    let parties = |party: &str| READY.replace("[\"https://example.com\"]", &format!("[\"https://other.example\", \"{party}\"]"));
    for party in ["https://example.com:8443", "https://app.example.com", "https://*.example.com"] {
        assert_eq!(kinds(&on("domain-party", &parties(party))), [""; 0], "{party}");
    }
    for party in ["https://badexample.com", "https://example.com.evil.example", "https://example.org"] {
        let run = on("domain-no-party", &parties(party));
        assert_eq!(kinds(run.exits(1)), ["warning domain-without-party"], "{party}");
        assert_eq!(finding(&run, "domain-without-party").0, 11);
    }
    // `clerk.example.org`: another instance than that of the domain.
    let other = READY.replace("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "pk_live_Y2xlcmsuZXhhbXBsZS5vcmck");
    let run = on("domain-other-instance", &other);
    assert_eq!(kinds(run.exits(1)), ["warning domain-of-another-instance"]);
    assert_eq!(finding(&run, "domain-of-another-instance").0, 8);
}

#[test]
fn a_sign_in_page_that_needs_a_session_would_be_a_redirect_loop() {
    let closed = READY.replace("\"/sign-in/:path*\", ", "");
    let run = check("sign-in-closed", &closed, &[]);
    let (line, text) = finding(run.exits(1), "invalid-setting");
    assert_eq!((line, kinds(&run).len()), (12, 1));
    assert!(text.contains("`sign_in_url`") && text.contains("would be sent there again"), "{text}");
    let unauthorized = |page: &str| READY.replace("api = [", &format!("unauthorized_url = \"{page}\"\napi = ["));
    check("unauthorized-open", &unauthorized("/dashboard/no"), &[]).exits(0);
    let run = check("unauthorized-closed", &unauthorized("/admin/no"), &[]);
    let (line, text) = finding(run.exits(1), "invalid-setting");
    assert_eq!(line, 17);
    assert!(text.contains("`unauthorized_url`"), "{text}");
}

#[test]
fn a_secret_key_that_is_none_is_found_and_not_shown() {
    let folder = Folder::tracked("secret-malformed", READY, &[]);
    for wrong in ["sk_prod_AbCdEf0123456789", "AbCdEf0123456789", "sk_live_", "sk_live_AbC dEf0123456789"] {
        let run = folder.run_with(&["check", "--offline", "--json"], &[("CLERK_SECRET_KEY", wrong)], "");
        let (_, text) = finding(run.exits(1), "invalid-setting");
        assert!(text.contains("`CLERK_SECRET_KEY` has an invalid value (not shown)"), "{text}");
        assert!(!run.out.contains("AbC"), "{}", run.out);
    }
    let run = folder.run_with(&["check", "--offline", "--json"], &[("CLERK_SECRET_KEY", &key_like("live"))], "");
    assert_eq!(kinds(run.exits(0)), [""; 0]);
}

#[test]
fn what_was_not_seen_from_here_is_a_note_and_changes_no_exit_code() {
    let run = check("notes-azp", &READY.replace("api = [", "missing_azp = \"observe\"\napi = ["), &[]);
    assert_eq!(finding(run.exits(0), "missing-azp-accepted").0, 17);
    let configuration = READY.replace("routes = [{ pattern = \"example.com/*\", zone_name = \"example.com\" }]\n", "");
    let run = check("notes", &configuration, &[]);
    finding(run.exits(0), "secret-key-not-seen");
    finding(&run, "no-route");
    let configuration = READY.replace("api = [", "origin = \"https://127.0.0.1:9\"\napi = [");
    let folder = Folder::tracked("notes-origin", &configuration, &[]);
    let run = folder.run(&["check", "--only", "network", "--json"]);
    let (line, text) = finding(&run, "origin-not-reached");
    assert_eq!(line, 17);
    assert!(text.contains("did not answer from here"), "{text}");
}
