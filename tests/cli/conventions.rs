//! What all commands have in common: exit codes, JSON for machines, and where colours are.

use crate::support::{Folder, READY, dev_key, isolate, mint, public_key};

const NOW: &str = "2026-04-01T12:00:00Z";

/// A folder in which every command finds what it needs, and a token.
fn everything(name: &str) -> (Folder, String) {
    let folder = Folder::tracked(name, READY, &[]);
    folder.write("open.toml", &READY.replace("preview_urls = false", "preview_urls = true"));
    folder.write("dev.toml", &READY.replace("pk_live_", "pk_test_"));
    folder.write("dev.pem", dev_key());
    folder.write("public.pem", public_key());
    folder.write("t.toml", "[[tests]]\nrequest = 'GET /'\nexpect = 'forward'\n");
    folder.write("fails.toml", "[[tests]]\nrequest = 'GET /'\nexpect = 'deny'\n");
    folder.write("middleware.ts", "export const middleware = 1\n");
    let token = mint(&folder, NOW, &["--config", "dev.toml"]);
    (folder, token)
}

/// Every command in each of its outcomes: the exit code, the arguments, whether it gives JSON with `--json`. `TOKEN` is the token.
const RUNS: &[(i32, &str, bool)] = &[
    (0, "check --offline", true),
    (1, "check --offline --config open.toml", true),
    (2, "check --offline --config absent.toml", true),
    (2, "check --offline --env absent", true),
    (0, "explain GET /admin/users --offline", true),
    (2, "explain GET admin --offline", true),
    (2, "explain GET", true),
    (0, "test t.toml", true),
    (1, "test fails.toml", true),
    (1, "test t.toml --require-coverage", true),
    (2, "test absent.toml", true),
    (0, "token inspect --key public.pem --now 2026-04-01T12:00:00Z TOKEN", true),
    (1, "token inspect --key public.pem --now 2026-04-01T13:00:00Z TOKEN", true),
    (1, "token inspect not-a-token", true),
    (2, "token inspect --key absent.pem TOKEN", true),
    (0, "token mint --config dev.toml --key dev.pem", false),
    (2, "token mint --key dev.pem", false),
    (
        0,
        "init --output a.toml --force --publishable-key pk_live_Y2xlcmsuZXhhbXBsZS5jb20k --authorized-party https://example.com",
        false,
    ),
    (
        1,
        "init --output a.toml --force --publishable-key pk_live_Y2xlcmsuZXhhbXBsZS5jb20k --authorized-party https://example.com --from middleware.ts",
        false,
    ),
    (2, "init --output b.toml --publishable-key nonsense --authorized-party https://example.com", false),
    (2, "init --output wrangler.toml", false),
    (0, "completions bash", false),
    (2, "completions tcsh", false),
    (0, "--help", false),
    (0, "--version", false),
    (2, "chekc", false),
];

#[test]
fn wrong_settings_are_told_by_the_first_and_how_many_more_there_are() {
    let one = READY.replace("sign_in_url", "sign_in_urls");
    let two = one.replace("admin = [", "admins = [");
    for (name, text, more) in [
        ("one", &one, None),
        ("two", &two, Some("there is one more error")),
        ("three", &two.replace("api = [", "apis = ["), Some("there are 2 more errors")),
    ] {
        let run = Folder::tracked(&format!("more-{name}"), text, &[]).run(&["explain", "GET", "/", "--offline"]);
        run.exits(2).complains("unknown setting").complains(more.unwrap_or_default());
        assert_eq!(run.err.contains("more error"), more.is_some(), "{}", run.err);
    }
}

#[test]
fn help_says_where_to_begin_and_what_the_exit_codes_mean() {
    let (folder, _) = everything("help");
    folder.run(&["--help"]).exits(0).says("portcullis check").says("Exit codes: 0 nothing to change, 1 findings, 2 wrong usage");
}

#[test]
fn the_exit_code_says_what_came_of_it() {
    let (folder, token) = everything("conventions-codes");
    for (code, line, _) in RUNS {
        let arguments: Vec<&str> = line.split(' ').map(|word| if word == "TOKEN" { &token } else { word }).collect();
        let run = folder.run(&arguments);
        assert_eq!(run.code, *code, "{line}\n{}\n{}", run.out, run.err);
        // What a script reads stays apart from what went wrong.
        assert_eq!(run.out.is_empty(), *code == 2, "{line}");
        assert_eq!(run.err.is_empty(), *code != 2, "{line}\n{}", run.err);
    }
    for code in 0..=2 {
        assert!(RUNS.iter().filter(|(known, ..)| *known == code).count() >= 5);
    }
}

/// A full disk, and a reader that has left.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_none() {
    use std::{
        fs::OpenOptions,
        process::{Command, Stdio},
    };
    let (folder, token) = everything("conventions-full");
    let run = |arguments: &[&str], out: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        isolate(command.current_dir(folder.path("")).args(arguments), &folder.path(""));
        let output = command.stdout(out).stderr(Stdio::piped()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let mut lines: Vec<String> = RUNS.iter().filter(|(code, ..)| *code != 2).map(|(_, line, _)| (*line).to_owned()).collect();
    lines.extend(RUNS.iter().filter(|(code, _, has_json)| *code != 2 && *has_json).map(|(_, line, _)| format!("{line} --json")));
    lines.push("check --offline --sarif".to_owned());
    for line in &lines {
        let arguments: Vec<&str> = line.split(' ').map(|word| if word == "TOKEN" { &token } else { word }).collect();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, err) = run(&arguments, full.into());
        assert!(code == 2 && err.contains("cannot write to standard output"), "{line}: {code} {err}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, err) = run(&arguments, writer.into());
        assert!(code < 2 && err.is_empty(), "{line}: {code} {err}");
    }
}

#[test]
fn json_is_one_document_that_a_parser_takes() {
    let (folder, token) = everything("conventions-json");
    let mut seen = 0;
    for (code, line, _) in RUNS.iter().filter(|(code, _, has_json)| *has_json && *code != 2) {
        let line = format!("{line} --json");
        let arguments: Vec<&str> = line.split(' ').map(|word| if word == "TOKEN" { &token } else { word }).collect();
        let run = folder.run(&arguments);
        let document: serde_json::Value =
            serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{line}: {error}\n{}", run.out));
        assert!(document.is_object() && !run.out.contains('\u{1b}'), "{line}");
        assert_eq!(run.code, *code, "{line}: the exit code is that of the text");
        seen += 1;
    }
    let log = folder.run(&["check", "--offline", "--config", "open.toml", "--sarif"]).exits(1).json();
    assert!(log["runs"][0]["results"].as_array().is_some_and(|results| !results.is_empty()));
    assert_eq!(seen, 9);
}

#[test]
fn a_pipe_gets_no_escapes_and_whoever_asks_for_colours_gets_them() {
    let (folder, token) = everything("conventions-pipe");
    for (_, line, _) in RUNS {
        let arguments: Vec<&str> = line.split(' ').map(|word| if word == "TOKEN" { &token } else { word }).collect();
        let escapes = |variables: &[(&str, &str)]| {
            let run = folder.run_with(&arguments, variables, "");
            run.out.contains('\u{1b}') || run.err.contains('\u{1b}')
        };
        assert!(!escapes(&[]), "{line}");
        assert!(!escapes(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), "{line}");
    }
    for line in ["check --offline", "explain GET / --offline", "test t.toml", "check --config absent.toml"] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let run = folder.run_with(&arguments, &[("CLICOLOR_FORCE", "1")], "");
        assert!(run.out.contains('\u{1b}') || run.err.contains('\u{1b}'), "{line}");
    }
}
