//! `portcullis check --domain`: a name server on loopback. Certificates are in `certificates.rs`.

use crate::{
    name_server::{
        Has::{self, Address, Caa, Failure, Name},
        NameServer,
    },
    support::{Folder, READY, Run},
};

/// A domain that is set up as Clerk wants it, without addresses, so that nobody is asked for a certificate.
pub fn zone() -> Vec<(&'static str, Has)> {
    vec![
        ("clerk.example.com", Name("frontend-api.clerk.services")),
        ("accounts.example.com", Name("accounts.clerk.services")),
        ("clkmail.example.com", Name("mail.abc123.clerk.services")),
        ("clk._domainkey.example.com", Name("dkim1.abc123.clerk.services")),
        ("clk2._domainkey.example.com", Name("dkim2.abc123.clerk.services")),
        ("frontend-api.clerk.services", Caa("iodef", "mailto:nobody@example.com")),
    ]
}

pub fn with(changes: &[(&'static str, Has)]) -> Vec<(&'static str, Has)> {
    let mut zone = zone();
    zone.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    zone.extend(changes.iter().cloned());
    zone
}

fn check(name: &str, zone: Vec<(&'static str, Has)>, more: &[&str]) -> Run {
    let server = NameServer::start(zone);
    let folder = Folder::tracked(name, READY, &[]);
    folder.run(&[&["check", "--only", "domain", "--domain", "example.com", "--name-server", &server.address], more].concat())
}

/// Findings with their severity, notes left out.
pub fn kinds(run: &Run) -> Vec<String> {
    let findings = run.json()["findings"].as_array().unwrap().clone();
    let text =
        |finding: &serde_json::Value| format!("{} {}", finding["severity"].as_str().unwrap(), finding["kind"].as_str().unwrap());
    findings.iter().filter(|finding| finding["severity"] != "note").map(text).collect()
}

#[test]
fn a_domain_that_is_set_up_is_ready_and_says_what_was_seen() {
    check("domain", zone(), &[]).exits(0).is_golden("check-domain.txt");
}

#[test]
fn what_is_missing_or_elsewhere_is_named() {
    let zone = with(&[
        ("accounts.example.com", Name("accounts.clerk.services.evil.example")),
        ("clkmail.example.com", Name("mail.mailer.example")),
        ("clk2._domainkey.example.com", Address([203, 0, 113, 7])),
    ]);
    let mut zone = zone;
    zone.retain(|(name, _)| *name != "clerk.example.com");
    let run = check("domain-wrong", zone, &["--json"]);
    run.exits(1);
    assert_eq!(
        kinds(&run),
        ["error dns-missing", "error dns-wrong-target", "warning dns-wrong-target", "warning dns-wrong-target"]
    );
}

#[test]
fn an_orange_cloud_is_told_apart_from_a_wrong_target() {
    // Nobody answers there in a test: a port that nothing listens on, at an address that is not asked.
    let zone = with(&[("clk._domainkey.example.com", Address([104, 21, 3, 4]))]);
    let run = check("domain-proxied", zone, &["--json"]);
    assert_eq!(kinds(&run), ["warning dns-proxied"]);
    run.says("DNS only");
}

#[test]
fn caa_records_are_looked_for_up_the_tree() {
    let caa = |name: &str, records: &[(&'static str, Has)]| {
        let mut zone = zone();
        zone.retain(|(name, _)| *name != "frontend-api.clerk.services");
        zone.extend(records.iter().cloned());
        kinds(&check(name, zone, &["--json"]))
    };
    assert_eq!(caa("caa-none", &[]), [""; 0]);
    let at_domain = |value| ("example.com", Caa("issue", value));
    assert_eq!(caa("caa-both", &[at_domain("letsencrypt.org"), at_domain("pki.goog; cansignhttpexchanges=yes")]), [""; 0]);
    assert_eq!(caa("caa-one", &[at_domain("letsencrypt.org")]), ["warning caa-forbids"]);
    assert_eq!(caa("caa-other", &[at_domain("digicert.com")]), ["error caa-forbids"]);
    assert_eq!(caa("caa-com", &[("com", Caa("issue", ";"))]), ["error caa-forbids"]);
    // The nearest records alone count, and those of what a CNAME leads to are nearer than the domain's.
    let nearest = [("frontend-api.clerk.services", Caa("issue", "letsencrypt.org")), at_domain("digicert.com")];
    assert_eq!(caa("caa-nearest", &nearest), ["warning caa-forbids"]);
}

#[test]
fn no_answer_is_not_taken_for_no_record() {
    let run = check("domain-failure", with(&[("clerk.example.com", Failure)]), &["--json"]);
    assert_eq!(kinds(&run), ["warning dns-unanswered", "warning dns-unanswered"], "the name, and its CAA records");
}

/// A server that takes questions and never answers: as one whose packets a firewall drops.
#[test]
fn a_name_server_that_is_silent_is_not_waited_for_name_by_name() {
    // The same port for both; another test's server may have it for connections.
    let (address, _questions, _connections) = std::iter::repeat_with(|| std::net::UdpSocket::bind("127.0.0.1:0").unwrap())
        .find_map(|questions| {
            let address = questions.local_addr().unwrap();
            Some((address, questions, std::net::TcpListener::bind(address).ok()?))
        })
        .unwrap();
    let folder = Folder::tracked("domain-silent", READY, &[]);
    #[allow(clippy::disallowed_methods)] // how long it really takes
    let began = std::time::Instant::now();
    let run =
        folder.run(&["check", "--only", "domain", "--domain", "example.com", "--name-server", &address.to_string(), "--json"]);
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    run.exits(1).complains(&format!("waiting for {address} to answer for CNAME clerk.example.com"));
    let findings = run.json()["findings"].as_array().unwrap().clone();
    let said: Vec<_> = findings.iter().filter_map(|finding| finding["what"].as_str()).collect();
    assert!(said.iter().any(|what| what.contains("request timed out")), "{said:?}");
    assert!(said.iter().any(|what| what.contains("not asked any more")), "{said:?}");
    assert!(!kinds(&run).contains(&"error dns-missing".to_owned()), "{said:?}");
}

#[test]
fn what_is_no_domain_and_no_name_server_is_refused() {
    let folder = Folder::tracked("domain-usage", READY, &[]);
    for domain in ["localhost", "exa mple.com", "https://example.com", "ex\u{e4}mple.com", "a..b"] {
        folder
            .run(&["check", "--only", "domain", "--domain", domain, "--name-server", "127.0.0.1:1"])
            .exits(2)
            .complains("is no domain name");
    }
    folder.run(&["check", "--domain", "example.com", "--name-server", "dns.example"]).exits(2).complains("expected an address");
    folder.run(&["check", "--domain", "example.com", "--offline"]).exits(2).complains("cannot be used with");
}
