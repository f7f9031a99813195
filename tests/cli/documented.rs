//! What the documents show works as it stands there: settings are valid, policy tests pass, and every flag and finding is one that exists.

use std::path::Path;

use crate::support::{Folder, READY};

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The blocks of TOML in a document, with the document's name.
fn blocks(file: &str) -> Vec<String> {
    let text = read(file);
    text.split("\n```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned() + "\n")).collect()
}

/// A deployment with what the block does not say.
fn completed(block: &str) -> String {
    let instance = "CLERK_PUBLISHABLE_KEY = \"pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\"\n";
    let parties = if block.contains("authorized_parties") { "" } else { "authorized_parties = [\"https://example.com\"]\n" };
    let policy = format!("[vars]\n{instance}\n[vars.PORTCULLIS]\n{parties}");
    match block.split_once("[vars.PORTCULLIS]\n") {
        Some((before, behind)) => format!("{before}{policy}{behind}"),
        // Headers of tables end the one before: the policy's own keys come first.
        None => format!("{policy}\n{block}"),
    }
}

#[test]
fn settings_that_the_documents_show_are_valid() {
    let documents = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap();
    let mut files: Vec<String> =
        documents.map(|entry| format!("docs/{}", entry.unwrap().file_name().into_string().unwrap())).collect();
    files.retain(|file| file.ends_with(".md") && !file.ends_with("/lints.md")); // those have mistakes on purpose, and a test of their own
    files.push("README.md".to_owned());
    let folder = Folder::new("documented", READY);
    let mut tried = 0;
    for file in files {
        for block in blocks(&file).iter().filter(|block| block.contains("vars.PORTCULLIS")) {
            tried += 1;
            folder.write("wrangler.toml", &completed(block));
            let run = folder.run(&["check", "--offline", "--json"]);
            assert!(run.err.is_empty(), "{file}: {}\n{block}", run.err);
            let report = run.json();
            let wrong: Vec<_> =
                report["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error").collect();
            assert!(wrong.is_empty(), "{file}: {wrong:?}\n{block}");
        }
    }
    assert!(tried > 15, "{tried}");
}

#[test]
fn the_policy_tests_that_the_documents_show_pass() {
    let folder = Folder::new("documented-tests", READY);
    let mut tried = 0;
    for block in blocks("docs/cli.md").iter().filter(|block| block.contains("[[tests]]")) {
        tried += 1;
        folder.write("t.toml", block);
        folder.run(&["test", "t.toml"]).exits(0);
    }
    assert_eq!(tried, 1);
}

#[test]
fn every_flag_is_in_the_document_of_the_command_line_and_every_flag_there_is_one() {
    let folder = Folder::new("documented-flags", READY);
    let text = read("docs/cli.md");
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let flags_in = |text: &str| -> Vec<String> {
        let words = text.split(|c| !is_part(c)).filter(|word| word.starts_with("--") && word.len() > 3);
        words.map(|word| word.trim_end_matches('-').to_owned()).collect()
    };
    let mut known = Vec::new();
    for command in [&["check"][..], &["explain"], &["test"], &["token", "inspect"], &["token", "mint"], &["init"]] {
        let help = folder.run(&[command, &["--help"]].concat()).exits(0).out.clone();
        known.extend(flags_in(&help));
    }
    assert!(known.len() > 40);
    let documented = flags_in(&text);
    for flag in &documented {
        // Of other programs, in what is to be typed.
        let is_foreign = ["--path", "--locked", "--gate"].contains(&flag.as_str());
        assert!(is_foreign || known.contains(flag), "docs/cli.md has `{flag}`, and no command has it");
    }
    for flag in known.iter().filter(|flag| !matches!(flag.as_str(), "--help" | "--version")) {
        assert!(documented.contains(flag), "`{flag}` is not in docs/cli.md");
    }
}
