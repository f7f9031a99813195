//! A session on a terminal: questions, answers, colours. `script` (util-linux) gives the program a terminal of its own.
#![cfg(target_os = "linux")]

use std::{
    io::{Read as _, Write as _},
    process::{Command, Stdio},
};

use crate::{
    server::Server,
    support::{Folder, READY, isolate},
};

/// Runs on a terminal; `input` is typed where the program has asked for the first time. Gives all that the terminal showed, and the exit code.
fn on_terminal(folder: &Folder, arguments: &str, typed: &[(&str, &str)]) -> (String, i32) {
    on_terminal_with(folder, arguments, typed, &[])
}

fn on_terminal_with(folder: &Folder, arguments: &str, typed: &[(&str, &str)], variables: &[(&str, &str)]) -> (String, i32) {
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_portcullis"));
    let mut script = Command::new("script");
    isolate(&mut script, &folder.path(""));
    let mut child = script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(folder.path(""))
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut shown, mut bytes) = (String::new(), [0; 4096]);
    let mut typed = typed.iter();
    let mut next = typed.next();
    loop {
        let length = screen.read(&mut bytes).unwrap_or(0);
        if length == 0 {
            break;
        }
        shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        if let Some((question, answer)) = next.filter(|(question, _)| shown.contains(question)) {
            assert!(shown.contains(question));
            keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
            next = typed.next();
        }
    }
    assert!(next.is_none(), "never asked: {next:?} in\n{shown}");
    (shown, child.wait().unwrap().code().unwrap())
}

#[test]
fn init_asks_for_what_is_missing_and_writes_what_was_answered() {
    let folder = Folder::new("terminal-init", "");
    let answers = [
        ("publishable key", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"),
        ("Origins of your own pages", "https://example.com https://www.example.com"),
    ];
    let (shown, code) = on_terminal(&folder, "init --output new.toml", &answers);
    assert_eq!(code, 0, "{shown}");
    assert!(folder.read("new.toml").contains("authorized_parties = [\"https://example.com\", \"https://www.example.com\"]"));
    let (shown, code) = on_terminal(&folder, "init --output other.toml", &[("publishable key", "")]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("no answer") && !folder.path("other.toml").exists());
}

#[test]
fn a_terminal_gets_colours_and_a_pipe_gets_none() {
    let folder = Folder::tracked("terminal-colours", READY, &[]);
    let (shown, code) = on_terminal(&folder, "check --offline", &[]);
    assert!(code == 0 && shown.contains("\u{1b}[1m\u{1b}[32mready"), "{shown:?}");
    assert!(!folder.run(&["check", "--offline"]).out.contains('\u{1b}'));
    let (shown, code) = on_terminal(&folder, "chekc", &[]);
    assert!(code == 2 && shown.contains('\u{1b}'), "{shown:?}");
}

/// What a terminal showed, without the colours.
fn without_colours(shown: &str) -> String {
    let mut pieces = shown.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match rest.strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\u{1b}[", piece]),
        }
    }
    plain
}

#[test]
fn what_a_policy_holds_steers_no_terminal_and_writes_no_lines() {
    // A title, a cleared screen, and a verdict of its own.
    let spelled = r#"public = ["/", "/a\u001b]0;title\u0007(.*)", "/a\u001b]0;title\u0007b", "/c\n\u001b[2Jready\\: 0 errors","#;
    let configuration = READY.replace("public = [\"/\",", spelled);
    let folder = Folder::tracked("terminal-controls", &configuration, &[]);
    folder.write("t.toml", "[[tests]]\nname = \"a\\u001b[2J\\nb\"\nrequest = 'GET /'\nexpect = 'deny'\n");
    for command in ["check --offline --notes", "explain GET /a", "test t.toml"] {
        let (shown, code) = on_terminal(&folder, command, &[]);
        assert!(code < 2, "{command}: {shown}");
        let plain = without_colours(&shown);
        let control = plain.chars().find(|c| c.is_control() && !"\r\n\t".contains(*c));
        assert_eq!(control, None, "{command}: {plain:?}");
        assert!(shown.contains("\\u{1b}"), "{command}: {shown:?}");
        assert!(!plain.lines().any(|line| line.trim_start().starts_with("ready\\: 0 errors")), "{command}: {plain}");
    }
}

#[test]
fn every_command_is_coloured_on_a_terminal_but_for_those_who_want_none() {
    let folder = Folder::tracked("terminal-commands", READY, &[]);
    folder.write("t.toml", "[[tests]]\nrequest = 'GET /'\nexpect = 'deny'\n");
    folder.write("middleware.ts", "export const middleware = 1\n");
    let init = "init --force --output new.toml --publishable-key pk_live_Y2xlcmsuZXhhbXBsZS5jb20k --authorized-party https://example.com";
    for (line, expected) in [
        ("check --offline --env absent", 2),
        ("explain GET /admin --offline", 0),
        ("test t.toml", 1),
        ("token inspect eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.AAAA", 1),
        (&format!("{init} --from middleware.ts"), 1),
        ("--help", 0),
    ] {
        let (shown, code) = on_terminal(&folder, line, &[]);
        assert!(code == expected && shown.contains("\u{1b}["), "{line}\n{shown:?}");
        for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let (shown, code) = on_terminal_with(&folder, line, &[], &[(name, value)]);
            assert!(code == expected && !shown.contains('\u{1b}'), "{name} {line}\n{shown:?}");
        }
        // JSON is for machines, on a terminal too.
        if matches!(line.split(' ').next(), Some("explain" | "test" | "token")) {
            let (shown, _) = on_terminal(&folder, &format!("{line} --json"), &[]);
            serde_json::from_str::<serde_json::Value>(&shown).unwrap_or_else(|error| panic!("{line}: {error}\n{shown:?}"));
        }
    }
}

#[test]
fn a_host_is_probed_once_its_name_was_typed() {
    let edge = Server::start(|_| (401, vec![("cache-control", "no-store".to_owned())], String::new()));
    let folder = Folder::tracked("terminal-live", READY, &[]);
    let command = format!("check --only live --live {}", edge.url);
    let (shown, code) = on_terminal(&folder, &command, &[("Type its name", "example.com")]);
    assert!(code == 2 && shown.contains("was not asked anything"), "{shown}");
    assert!(edge.calls().is_empty());
    let host = edge.url.strip_prefix("http://").unwrap();
    let (shown, code) = on_terminal(&folder, &command, &[("Type its name", host)]);
    assert!(code == 1 && shown.contains("live-gate-not-seen"), "{shown}");
    assert!(edge.calls().len() > 20);
}
