//! `portcullis token`.

use crate::support::{Folder, READY};

const NOW: &str = "2026-04-01T12:00:00Z";

fn development(name: &str) -> Folder {
    Folder::new(name, &READY.replace("pk_live_", "pk_test_"))
}

fn mint(folder: &Folder, more: &[&str]) -> String {
    let mut arguments = vec!["token", "mint", "--key", "dev.pem", "--new-key", "--now", NOW];
    arguments.extend(more);
    folder.run(&arguments).exits(0).out.trim().to_owned()
}

/// The public key as the gate would have it, from what `mint` says.
fn jwt_key(folder: &Folder) -> String {
    let run = folder.run(&["token", "mint", "--key", "dev.pem", "--new-key", "--now", NOW]);
    let line = run.exits(0).err.lines().find_map(|line| line.strip_prefix("CLERK_JWT_KEY=")).unwrap().to_owned();
    folder.write(".dev.vars", &format!("CLERK_JWT_KEY={line}\n"));
    line.trim_matches('"').replace("\\n", "\n")
}

#[test]
fn a_minted_token_is_accepted_by_the_deployment_whose_key_it_is() {
    let folder = development("mint");
    let public = jwt_key(&folder);
    let token = mint(&folder, &["--sub", "user_anna", "--claim", "metadata={\"role\":\"admin\"}", "--lifetime", "10min"]);
    let inspect = ["token", "inspect", "--config", "wrangler.toml", "--local", "--now", "2026-04-01T12:05:00Z"];
    let run = folder.run_with(&inspect, &[], &token);
    run.exits(0).is_golden("token-accepted.txt");
    let signature = token.rsplit('.').next().unwrap();
    assert!(!run.out.contains(signature) && !run.out.contains(&token[..40]));

    folder.write("public.pem", &public);
    folder.run_with(&["token", "inspect", "--key", "public.pem", "--now", NOW], &[], &token).exits(0).says("accepted");
}

#[test]
fn a_refused_token_is_refused_with_the_gates_reason() {
    let folder = development("refused");
    jwt_key(&folder);
    let inspect = |token: &str, now: &str| {
        folder.run_with(&["token", "inspect", "-", "--config", "wrangler.toml", "--local", "--now", now], &[], token)
    };
    let token = mint(&folder, &[]);
    inspect(&token, "2026-04-01T13:00:00Z").exits(1).says("refused (token-expired)").says("59m ago");
    inspect(&format!("Bearer {token}\n"), NOW).exits(0);
    let foreign = mint(&folder, &["--azp", "https://evil.example"]);
    inspect(&foreign, NOW).exits(1).says("refused (token-invalid-authorized-parties)");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    inspect(&format!("{signed}.{other}{}", &signature[1..]), NOW).exits(1).says("refused (token-invalid-signature)");
    inspect("not a token", NOW).exits(1).says("refused (token-invalid)");
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1In0.";
    inspect(unsigned, NOW).exits(1).says("token-invalid-algorithm");
    inspect("", NOW).exits(2).complains("there is no token");
}

#[test]
fn without_a_key_nothing_is_said_about_the_signature() {
    let folder = development("no-key");
    let token = mint(&folder, &[]);
    let run = folder.run_with(&["token", "inspect", "--now", NOW], &[], &token);
    run.exits(1).says("cannot tell").says("name one by --key FILE");
    folder.write("keys.json", r#"{"keys": [{"kty": "RSA", "kid": "ins_other", "n": "AQAB", "e": "AQAB"}]}"#);
    let run = folder.run_with(&["token", "inspect", "--key", "keys.json", "--now", NOW, "--json"], &[], &token);
    let report = run.exits(1).json();
    assert_eq!(report["accepted"], false);
    assert_eq!(report["reason"], "jwk-failed-to-resolve");
    assert!(report["key"].as_str().unwrap().contains("has none of this `kid`"));
    assert_eq!(report["claims"]["sub"], "user_minted");
}

#[test]
fn what_a_token_says_cannot_move_the_cursor() {
    // {"alg":"RS256","kid":"\u001b[2J"} and {"\u001b[31mx":"\u001b[0m"}
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6Ilx1MDAxYlsySiJ9.eyJcdTAwMWJbMzFteCI6Ilx1MDAxYlswbSJ9.AAAA";
    let run = development("cursor").run_with(&["token", "inspect"], &[], token);
    run.exits(1).says("\\u001b[2J");
    assert!(!run.out.contains('\u{1b}'));
}

#[test]
fn nothing_is_minted_for_a_production_instance() {
    let folder = Folder::new("mint-live", READY);
    let run = folder.run(&["token", "mint", "--key", "dev.pem", "--new-key"]);
    run.exits(2).complains("development instances only").complains("wrangler.toml:8:25");
    assert!(run.out.is_empty() && !folder.path("dev.pem").exists());
    let folder = development("mint-bad");
    folder.write("dev.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    folder.run(&["token", "mint", "--key", "dev.pem"]).exits(2).complains("no RSA private key");
    folder.run(&["token", "mint", "--key", "absent.pem"]).exits(2).complains("cannot read `absent.pem`");
    folder.run(&["token", "mint", "--key", "x.pem", "--new-key", "--lifetime", "30d"]).exits(2).complains("a day at most");
}

#[cfg(unix)]
#[test]
fn a_new_key_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = development("mint-mode");
    mint(&folder, &[]);
    assert_eq!(std::fs::metadata(folder.path("dev.pem")).unwrap().permissions().mode() & 0o777, 0o600);
}
