//! The laws of the fuzz targets (`fuzz/laws/`), on the kept corpus and on every recorded target: what the fuzzer found stays found,
//! without a fuzzer.

use std::{collections::HashMap, fs, hash::Hash, path::Path};

use serde::Deserialize;

#[path = "../../fuzz/laws/decision.rs"]
mod decision;
#[path = "../../fuzz/laws/path.rs"]
mod path;
#[path = "../../fuzz/laws/pattern.rs"]
mod pattern;
#[path = "../../fuzz/laws/session.rs"]
mod session;
#[path = "../../fuzz/laws/settings.rs"]
mod settings;
#[path = "../../fuzz/laws/token.rs"]
mod token;
#[path = "../../fuzz/laws/webhook.rs"]
mod webhook;

use decision::Outcome;

#[test]
fn no_input_of_the_corpus_is_forwarded_with_a_reading_that_is_not_public() {
    let outcomes = count(corpus("decision").iter().map(|input| decision::check(input)));
    println!("{outcomes:?}");
    // A law that never comes to the point holds for nothing.
    for (outcome, least) in [(Outcome::Closed, 100), (Outcome::Forwarded, 50), (Outcome::Unjudged, 10)] {
        assert!(outcomes.get(&outcome).is_some_and(|times| *times >= least), "too few are {outcome:?}: {outcomes:?}");
    }
}

#[test]
fn no_recorded_target_is_forwarded_with_a_reading_that_is_not_public() {
    let lists = "a/admin(.*) a/api/admin(.*) p/dashboard(.*) o/ o/about o/blog(.*) o/api/public(.*)";
    let policies = [
        format!("D S lfr len {lists}\nHEAD"),
        format!("S {lists} roGET/admin/help rpPOST,DELETE/blog/:slug raPURGE/(.*)\nPOST"),
        "o/(.*) a/:org/admin{/:page}? p/:lang(en|fr)?/me\nGET".to_owned(),
    ];
    let headers = "accept: application/json\nx-original-url: /admin";
    let targets = targets();
    assert!(targets.len() > 5_000);
    for policy in policies {
        let inputs = targets.iter().map(|Target { raw }| format!("{policy}\n{raw}\n{headers}"));
        let outcomes = count(inputs.map(|input| decision::check(input.as_bytes())));
        println!("{policy:?}: {outcomes:?}");
        let times = |outcome| outcomes.get(&outcome).copied().unwrap_or_default();
        assert!(times(Outcome::Closed) > 200 && times(Outcome::Forwarded) > 50, "{policy}: {outcomes:?}");
    }
}

#[test]
fn the_laws_of_paths_hold_on_the_corpus() {
    let judged = corpus("path").iter().filter(|input| path::check(input)).count();
    assert!(judged > 50, "{judged}");
}

#[test]
fn the_laws_of_patterns_hold_on_the_corpus() {
    let matches: usize = corpus("pattern").iter().map(|input| pattern::check(input)).sum();
    assert!(matches > 20, "{matches}");
}

#[test]
fn the_laws_of_tokens_hold_on_the_corpus() {
    let decoded = corpus("token").iter().filter(|input| token::check(input)).count();
    assert!(decoded > 5, "{decoded}");
}

#[test]
fn the_laws_of_sessions_hold_on_the_corpus() {
    let outcomes = count(corpus("session").iter().map(|input| session::check(input)));
    println!("{outcomes:?}");
    use session::Outcome::{Answered, Issued, Machine, Public, Session};
    for (outcome, least) in [(Answered, 100), (Public, 10), (Session, 20), (Issued, 3), (Machine, 10)] {
        assert!(outcomes.get(&outcome).is_some_and(|times| *times >= least), "too few are {outcome:?}: {outcomes:?}");
    }
}

/// The corpus is the fewest inputs that reach every branch: of what is wrong with a good session few of them have one thing alone.
#[test]
fn sessions_of_the_corpus_are_none_once_they_are_spoiled() {
    use session::Outcome::{Issued, Machine, Session};
    let spoil = |input: &[u8], what: &str, by: &str| String::from_utf8_lossy(input).replace(what, by).into_bytes();
    let with_signatures = |input: &[u8], signatures: &str| {
        let text = String::from_utf8_lossy(input);
        let lines = text.split('\n').enumerate().map(|(at, line)| if at == 3 { signatures } else { line });
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    };
    let inputs = corpus("session");
    let good: Vec<_> = inputs.iter().filter(|input| matches!(session::check(input), Session | Issued)).collect();
    let mut refused = HashMap::<_, usize>::new();
    for input in good {
        for (name, spoiled) in [
            ("signature", with_signatures(input, "iiii")),
            ("unchecked", with_signatures(input, "uuuu")),
            ("party", spoil(input, "https://gate.example\"", "https://gate.example.evil\"")),
            ("expired", spoil(input, "\"exp\":17", "\"exp\":16")),
            ("not yet", spoil(input, "\"nbf\":17", "\"nbf\":18")),
            ("issuer", spoil(input, "https://issuer.example", "https://issuer.evil")),
            ("audience", spoil(input, "\"app\"", "\"another\"")),
            ("role", spoil(input, "\"role\":\"admin\"", "\"role\":\"guest\"")),
        ] {
            // The law is asked first; then whether anybody is let in as before.
            let is_let_in = matches!(session::check(&spoiled), Session | Issued | Machine);
            *refused.entry(name).or_default() += usize::from(!is_let_in);
            assert!(!is_let_in || !["signature", "unchecked"].contains(&name), "{name}: {}", String::from_utf8_lossy(&spoiled));
        }
    }
    println!("{refused:?}");
    for (name, least) in [
        ("signature", 20),
        ("unchecked", 20),
        ("party", 10),
        ("expired", 10),
        ("not yet", 10),
        ("issuer", 2),
        ("audience", 2),
        ("role", 1),
    ] {
        assert!(refused[name] >= least, "{name}: {refused:?}");
    }
}

#[test]
fn the_laws_of_settings_hold_on_the_corpus() {
    let outcomes = count(corpus("settings").iter().map(|input| settings::check(input)));
    println!("{outcomes:?}");
    use settings::Outcome::{Good, Unreadable, Wrong};
    for (outcome, least) in [(Good, 30), (Wrong, 100), (Unreadable, 20)] {
        assert!(outcomes.get(&outcome).is_some_and(|times| *times >= least), "too few are {outcome:?}: {outcomes:?}");
    }
}

#[test]
fn the_laws_of_webhooks_hold_on_the_corpus() {
    let events = corpus("webhook").iter().filter(|input| webhook::check(input)).count();
    assert!(events > 2, "{events}");
}

fn count<Outcome: Eq + Hash>(outcomes: impl Iterator<Item = Outcome>) -> HashMap<Outcome, usize> {
    outcomes.fold(HashMap::new(), |mut counts, outcome| {
        *counts.entry(outcome).or_default() += 1;
        counts
    })
}

/// Every input that was kept for a fuzz target.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[derive(Deserialize)]
struct Target {
    raw: String,
}

fn targets() -> Vec<Target> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/paths/targets.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}
