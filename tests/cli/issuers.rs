//! Tokens of other issuers than Clerk, in every command that looks at one.

use crate::{
    server::{Asked, Server, json},
    support::{Folder, READY, Run, dev_key, key_set, mint, public_key},
};

const NOW: &str = "2026-04-01T12:00:00Z";
const ISSUER: &str = "https://id.example.com/";
const AUDIENCE: &str = "https://api.example.com";

/// Clerk, and another issuer whose key set is at this address.
fn beside_clerk(jwks_url: &str, more: &str) -> String {
    let ready = READY.replace("pk_live_", "pk_test_");
    format!(
        "{ready}\n[[vars.PORTCULLIS.issuers]]\nissuer = \"{ISSUER}\"\njwks_url = \"{jwks_url}\"\naudience = \"{AUDIENCE}\"\n{more}"
    )
}

/// The other issuer alone.
fn without_clerk(jwks_url: &str, more: &str) -> String {
    let with = beside_clerk(jwks_url, more);
    let kept = |line: &&str| !line.starts_with("CLERK_") && !line.starts_with("authorized_parties");
    with.lines().filter(kept).collect::<Vec<_>>().join("\n")
}

fn keys_server() -> Server {
    Server::start(|_: &Asked| json(200, &key_set()))
}

/// A token of the issuer's: what `token mint` signs, with its claims.
fn token(folder: &Folder, more: &[&str]) -> String {
    folder.write("dev.pem", dev_key());
    folder.write("mint.toml", &READY.replace("pk_live_", "pk_test_"));
    let (iss, aud) = (format!("iss={ISSUER}"), format!("aud={AUDIENCE}"));
    mint(folder, NOW, &[&["--config", "mint.toml", "--claim", &iss, "--claim", &aud][..], more].concat())
}

fn test(name: &str, configuration: &str, tests: &str) -> Run {
    let folder = Folder::new(name, configuration);
    folder.write("t.toml", tests);
    folder.run(&["test", "t.toml"])
}

const TESTS: &str = r#"
[identities.clerk]
[identities.anna]
issuer = "https://id.example.com/"
claims = { realm = { roles = ["admin"] }, metadata = { role = "admin" } }
[identities.bearer]
issuer = "https://id.example.com/"
via = "bearer"
[identities.header]
issuer = "https://id.example.com/"
via = "header"
[identities.nobody]
issuer = "https://id.example.com/"
without = ["aud"]
[identities.other_app]
issuer = "https://id.example.com/"
claims = { aud = "https://other.example.com" }
[identities.late]
issuer = "https://id.example.com/"
expires_in_secs = -60
[identities.forger]
issuer = "https://id.example.com/"
forged = true
[identities.impostor]
issuer = "https://id.example.com/"
claims = { iss = "https://evil.example" }
[identities.nameless]
issuer = "https://id.example.com/"
without = ["uid"]

[[tests]]
request = "GET /dashboard/x"
as = "clerk"
expect = "forward"
[[tests]]
request = "GET /dashboard/x"
as = "anna"
expect = "forward"
[[tests]]
request = "GET /admin/x"
as = "anna"
expect = "forward"
[[tests]]
request = "GET /admin/x"
as = "header"
expect = "deny"
reason = "requirement-not-met"
[[tests]]
request = "GET /team"
as = "anna"
expect = "forward"
rule = "rules[0]"
[[tests]]
request = "GET /team"
as = "header"
expect = "deny"
[[tests]]
request = "GET /api/x"
as = "header"
expect = "forward"
[[tests]]
name = "the settings take no token of this issuer from this header"
request = "GET /api/x"
as = "bearer"
expect = "deny"
status = 401
[[tests]]
request = "GET /api/x"
as = "nobody"
expect = "deny"
reason = "token-verification-failed"
[[tests]]
request = "GET /api/x"
as = "other_app"
expect = "deny"
reason = "token-verification-failed"
[[tests]]
request = "GET /api/x"
as = "late"
expect = "deny"
reason = "token-expired"
[[tests]]
request = "GET /api/x"
as = "forger"
expect = "deny"
reason = "token-invalid-signature"
[[tests]]
request = "GET /api/x"
as = "impostor"
expect = "deny"
reason = "token-invalid-issuer"
[[tests]]
name = "nobody in particular"
request = "GET /api/x"
as = "nameless"
expect = "deny"
reason = "token-verification-failed"
"#;

const PLACES: &str = "cookie = \"id_token\"\nheader = \"X-Id-Token\"\nuser_id = \"uid\"\nrole = \"realm.roles\"\n\
                      [[vars.PORTCULLIS.rules]]\nmatch = \"/team\"\nrequire = { role = \"org:admin\" }\n";

#[test]
fn policy_tests_take_identities_of_every_issuer_with_any_algorithm() {
    for algorithm in ["RS256", "PS512", "ES256", "ES384", "EdDSA"] {
        let configuration = beside_clerk("https://id.example.com/keys", &format!("algorithms = [\"{algorithm}\"]\n{PLACES}"));
        let run = test(&format!("issuer-tests-{algorithm}"), &configuration, TESTS);
        run.exits(0).says("14 passed");
    }
}

#[test]
fn without_clerk_an_identity_is_of_the_only_issuer() {
    let tests = "[identities.anna]\n[[tests]]\nrequest = 'GET /dashboard/x'\nas = 'anna'\nexpect = 'forward'\n\
                 [[tests]]\nrequest = 'GET /api/x'\nexpect = 'deny'\nstatus = 401\n";
    let configuration = without_clerk("https://id.example.com/keys", "");
    test("issuer-alone", &configuration, tests).exits(0);
    let two =
        configuration.clone() + "\n[[vars.PORTCULLIS.issuers]]\nissuer = 'b'\njwks_url = 'https://b.example/k'\naudience = 'b'\n";
    let two = two.replace("issuer = 'b'", "issuer = 'https://b.example'");
    let run = test("issuer-two", &two, tests);
    run.exits(2).complains("`issuer` has to name one of `https://id.example.com/`, `https://b.example`").complains("t.toml:1:13");
}

#[test]
fn identities_that_cannot_be_are_refused_with_their_place() {
    let of = |identity: &str| format!("[identities.a]\n{identity}\n[[tests]]\nrequest = 'GET /'\nas = 'a'\nexpect = 'forward'\n");
    let jwks = "https://id.example.com/keys";
    for (index, (more, identity, what, place)) in [
        ("", "issuer = 'https://id.example.com'", "they name `https://id.example.com/`", "t.toml:2:10"),
        ("", "issuer = 'https://id.example.com/'\nvia = 'cookie'", "name no such place", "t.toml:2:10"),
        ("", "via = 'header'", "name no such place", "t.toml:1:13"),
        ("", "issuer = 7", "`issuer` has to be a string", "t.toml:2:10"),
        ("algorithms = [\"ES512\"]", "", "takes ES512 alone", ""),
    ]
    .iter()
    .enumerate()
    {
        let run = test(&format!("issuer-wrong-{index}"), &beside_clerk(jwks, more), &of(identity));
        run.exits(2).complains(what).complains(place);
    }
}

fn inspect(folder: &Folder, token: &str, more: &[&str]) -> Run {
    folder.run_with(&[&["token", "inspect", "--config", "wrangler.toml", "--now", NOW][..], more].concat(), &[], token)
}

#[test]
fn a_token_is_inspected_by_the_settings_of_its_issuer() {
    let keys = keys_server();
    let folder = Folder::new("issuer-inspect", &beside_clerk(&keys.url, ""));
    let good = token(&folder, &[]);
    let run = inspect(&folder, &good, &["--json"]);
    let report = run.exits(0).json();
    assert_eq!((&report["judgedBy"], &report["accepted"]), (&ISSUER.into(), &true.into()));
    assert_eq!(report["key"], format!("the key set at {}", keys.url));
    assert_eq!(keys.calls().len(), 1);
    assert!(!run.out.contains(&good[..60]));
    inspect(&folder, &good, &[]).exits(0).says("the settings of the issuer `https://id.example.com/`").says("accepted");

    for (claims, reason, message) in [
        (&["--claim", "aud=https://other.example.com"][..], "token-verification-failed", "aud is `https://other.example.com`"),
        (&["--claim", "sub=7"], "token-verification-failed", "sub is `7`"),
        (&["--claim", "exp=1775040000"], "token-expired", "expired: exp is 1775040000"),
        (&["--claim", "nbf=1775050000"], "token-not-active-yet", "not valid yet"),
    ] {
        let report = inspect(&folder, &token(&folder, claims), &["--json"]).exits(1).json();
        assert_eq!((&report["judgedBy"], &report["reason"]), (&ISSUER.into(), &reason.into()));
        assert!(report["message"].as_str().unwrap().contains(message), "{report}");
    }
    // Whom the settings do not know, Clerk's checks refuse.
    let foreign = token(&folder, &["--claim", "iss=https://id.example.com"]);
    let report = inspect(&folder, &foreign, &["--json", "--key", "dev-public.json"]);
    report.exits(2).complains("cannot read `dev-public.json`");
    folder.write("keys.json", &key_set().to_string());
    let report = inspect(&folder, &foreign, &["--json", "--key", "keys.json"]).exits(1).json();
    assert_eq!((&report["judgedBy"], &report["reason"]), (&"clerk".into(), &"token-invalid-issuer".into()));
}

#[test]
fn the_key_of_an_issuer_is_found_or_it_is_said_where_not() {
    let other = Server::start(|_: &Asked| {
        let mut set = key_set();
        set["keys"][0]["kid"] = "rotated".into();
        json(200, &set)
    });
    let folder = Folder::new("issuer-keys", &beside_clerk(&other.url, ""));
    let good = token(&folder, &[]);
    let run = inspect(&folder, &good, &[]);
    run.exits(1)
        .says("which has none of this `kid`")
        .says("refused (jwk-kid-mismatch): no key of the key set has the kid `ins_minted`");
    assert!(!run.out.contains("Clerk instance?"), "{}", run.out);
    inspect(&folder, &good, &["--offline"]).exits(1).says("cannot tell").says("name one by --key FILE");
    folder.write("public.pem", public_key());
    inspect(&folder, &good, &["--offline", "--key", "public.pem"]).exits(0).says("`public.pem`");
    folder.write("keys.json", &key_set().to_string());
    inspect(&folder, &good, &["--key", "keys.json"]).exits(0);
    let calls = other.calls().len();
    drop(other);
    assert_eq!(calls, 1, "a key that is given is not asked for");
    inspect(&folder, &good, &[]).exits(1).says("cannot tell: key set unavailable");
}

#[test]
fn without_clerk_a_token_that_names_no_issuer_is_nobodys() {
    let folder = Folder::new("issuer-nobody", &without_clerk("https://id.example.com/keys", ""));
    let foreign = token(&folder, &["--claim", "iss=https://evil.example"]);
    let run = inspect(&folder, &foreign, &[]);
    run.exits(1).says("nobody: the settings have no Clerk instance").says("refused (token-invalid-issuer)");
    folder.write("public.pem", public_key());
    inspect(&folder, &token(&folder, &[]), &["--key", "public.pem"]).exits(0);
}

#[test]
fn an_explanation_takes_the_key_from_the_tokens_own_issuer() {
    let keys = keys_server();
    let parties = "http://localhost:3000";
    let folder = Folder::new("issuer-explain", &beside_clerk(&keys.url, "").replace("https://example.com", parties));
    let good = token(&folder, &[]);
    let explain = ["explain", "GET", "/dashboard/x", "--now", NOW, "--token", &good];
    let run = folder.run(&explain);
    run.exits(0).says(&format!("key: the key set at {}", keys.url)).says("✓ signature\n").says("  forward");
    folder.run(&[&explain[..], &["--offline"]].concat()).exits(0).says("name one by --key FILE").says("503");
    folder.write("public.pem", public_key());
    folder
        .run(&[&explain[..], &["--offline", "--key", "public.pem"]].concat())
        .exits(0)
        .says("key: `public.pem`")
        .says("  forward");

    let alone = Folder::new("issuer-explain-alone", &without_clerk("https://id.example.com/keys", ""));
    alone.write("public.pem", public_key());
    alone.run(&[&explain[..], &["--offline", "--key", "public.pem"]].concat()).exits(0).says("  forward");
}

#[test]
fn check_asks_issuers_for_their_keys() {
    let keys = keys_server();
    let none = Server::start(|_: &Asked| json(200, &serde_json::json!({"keys": []})));
    let configuration = |url: &str| without_clerk(url, "").replace("sign_in_url = \"/sign-in\"\n", "");
    let check = ["check", "--only", "files,network", "--json"];
    let report = Folder::tracked("issuer-check", &configuration(&keys.url), &[]).run(&check);
    assert_eq!(report.json()["evidence"][0]["proves"], "the issuer shows its keys");
    let kinds = |run: &Run| -> Vec<String> {
        let findings = run.json()["findings"].as_array().unwrap().clone();
        let needs_work = findings.iter().filter(|finding| finding["severity"] != "note");
        needs_work.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&report), [""; 0], "{}", report.out);
    let run = Folder::tracked("issuer-check-none", &configuration(&none.url), &[]).run(&check);
    assert_eq!(kinds(run.exits(1)), ["issuer-keys-unreachable"]);
    let line = &run.json()["findings"][0]["line"];
    assert!(line.as_u64().is_some_and(|line| line > 10), "{line}");
}
