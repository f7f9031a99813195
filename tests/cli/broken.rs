//! Files that cannot be read: each is refused with line and column, an excerpt, and exit code 2. The whole of each answer is golden.

use crate::support::{Folder, INIT, READY, Run, dev_key, key_like};

const TEST: &str = "[[tests]]\nrequest = 'GET /'\nexpect = 'forward'\n";

/// A ready deployment with this file beside it, and the command that reads it.
fn run(name: &str, file: &str, text: &str, arguments: &[&str]) -> Run {
    let folder = Folder::new(&format!("broken-{name}"), READY);
    folder.write("t.toml", TEST);
    folder.write(file, text);
    let run = folder.run(arguments);
    assert!(run.out.is_empty(), "{}", run.out);
    assert!(!folder.path("new.toml").exists());
    run.exits(2).is_golden(&format!("broken-{name}.txt"));
    run
}

#[test]
fn toml_is_refused_by_every_command_that_reads_a_deployment() {
    let toml = "name = \"gate\"\n\n[vars]\nCLERK_PUBLISHABLE_KEY = \"pk_live_x\n";
    for arguments in [
        &["check", "--offline"][..],
        &["explain", "GET", "/"],
        &["test", "t.toml"],
        &["token", "mint", "--key", "dev.pem"],
        &["token", "inspect", "--config", "wrangler.toml", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"],
    ] {
        run("toml", "wrangler.toml", toml, arguments);
    }
}

#[test]
fn jsonc_is_refused_at_the_place_of_the_mistake() {
    run(
        "jsonc",
        "wrangler.jsonc",
        "{\n  // the gate\n  \"name\": \"gate\",\n  \"vars\": { \"A\": 'x' },\n}\n",
        &["check", "--offline"],
    );
    run("jsonc-end", "wrangler.jsonc", "{\n  \"name\": \"gate\",\n  \"vars\": {\n", &["check", "--offline"]);
}

#[test]
fn a_policy_that_is_text_is_refused_where_it_stands() {
    let text = READY.split("[vars.PORTCULLIS]").next().unwrap().to_owned() + "PORTCULLIS = '{\"public\": [\"/\"'\n";
    run("policy-text", "wrangler.toml", &text, &["check", "--offline"]);
}

#[test]
fn the_configuration_of_a_gate_of_the_package_is_told_apart() {
    let gate = "{\n  \"publishableKey\": \"pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\",\n  \"public\": [\"/\"]\n}\n";
    run("gate", "gate.json", gate, &["check", "--offline", "--config", "gate.json"]);
    run("gate", "gate.json", gate, &["explain", "GET", "/", "--config", "gate.json"]);
}

#[test]
fn policy_tests_are_refused_for_their_form_and_for_their_words() {
    run("tests-toml", "t.toml", "[[tests]]\nrequest = 'GET /\nexpect = 'deny'\n", &["test", "t.toml"]);
    run("tests-words", "t.toml", "[[tests]]\nrequest = 'GET /'\nexpect = 'refuse'\n", &["test", "t.toml"]);
    run("tests-settings", "wrangler.toml", &READY.replace("\"/docs/:path*\"", "\"/docs/:\""), &["test", "t.toml"]);
}

#[test]
fn routes_are_refused_in_each_of_their_forms() {
    let check = |file| ["check", "--offline", "--routes", file];
    run("routes-list", "routes.txt", "# ours\n/ok\n  GET what is this\n", &check("routes.txt"));
    run("routes-json", "openapi.json", "{\n  \"paths\": {\n    \"/a\": {,\n  }\n}\n", &check("openapi.json"));
    run("routes-yaml", "openapi.yaml", "openapi: 3.1.0\npaths:\n  /a: {get: {}\n  /b:\n", &check("openapi.yaml"));
    run("routes-other", "other.json", "{\"routes\": []}\n", &check("other.json"));
}

#[test]
fn a_middleware_is_refused_at_its_syntax_error() {
    let middleware = "import { clerkMiddleware } from '@clerk/nextjs/server'\n\nexport default clerkMiddleware(async (auth, req) => {\n  if (req.ok {\n    await auth.protect()\n  }\n})\n";
    run("middleware", "middleware.ts", middleware, &[&INIT[..], &["--from", "middleware.ts"]].concat());
    run(
        "middleware-end",
        "middleware.ts",
        "export default clerkMiddleware(\n",
        &[&INIT[..], &["--from", "middleware.ts"]].concat(),
    );
}

#[test]
fn a_line_of_dev_vars_is_named_and_not_shown() {
    let folder = Folder::new("broken-dev-vars", &READY.replace("pk_live_", "pk_test_"));
    folder.write(".dev.vars", "# secrets\nCLERK_SECRET_KEY=sk_test_x\nwhsec_nothing to see\n");
    let run = folder.run(&["check", "--offline", "--local"]);
    run.exits(2).is_golden("broken-dev-vars.txt");
    assert!(!run.err.contains("whsec"));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_and_a_file_without_an_end_are_named() {
    let folder = Folder::new("broken-links", &READY.replace("pk_live_", "pk_test_"));
    for target in ["absent", ".dev.vars"] {
        std::os::unix::fs::symlink(target, folder.path(".dev.vars")).unwrap();
        folder.run(&["check", "--offline", "--local"]).exits(2).complains("cannot read `./.dev.vars`");
        std::fs::remove_file(folder.path(".dev.vars")).unwrap();
    }
    for arguments in [&["check", "--offline", "--config", "/dev/zero"][..], &["test", "/dev/zero"]] {
        folder.run(arguments).exits(2).complains("cannot read `/dev/zero`: it has more than 64 MB");
    }
}

#[test]
fn what_is_not_there_or_no_text_is_named() {
    let folder = Folder::new("broken-absent", READY);
    std::fs::write(folder.path("bytes.toml"), [0xff, 0xfe, 0]).unwrap();
    for (arguments, what) in [
        (&["check", "--config", "absent.toml"][..], "cannot read `absent.toml`"),
        (&["check", "--config", "bytes.toml"], "cannot read `bytes.toml`: it is in UTF-16"),
        (&["check", "--offline", "--routes", "absent.json"], "cannot read `absent.json`"),
        (&["explain", "GET", "/", "--key", "absent.pem"], "cannot read `absent.pem`"),
        (&["explain", "GET", "/", "--key", "wrangler.toml"], "`wrangler.toml` is neither"),
        (&["test", "absent.toml"], "cannot read `absent.toml`"),
        (&["token", "inspect", "--key", "absent.pem", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"], "cannot read `absent.pem`"),
    ] {
        folder.run(arguments).exits(2).complains(what);
    }
}

/// What editors on Windows write, and Wrangler takes.
#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let folder = Folder::new("byte-order-mark", &format!("\u{feff}{}", READY.replace("pk_live_", "pk_test_")));
    folder.run(&["check", "--offline", "--local"]).exits(0);
    folder.write(".dev.vars", &format!("\u{feff}CLERK_SECRET_KEY={}\n", key_like("live")));
    folder.run(&["check", "--offline", "--local"]).exits(1).says("one test and one live");
    let vars = r#"{"CLERK_PUBLISHABLE_KEY": "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "PORTCULLIS": {"authorized_parties": ["https://example.com"], "pubic": []}}"#;
    folder.write("wrangler.jsonc", &format!("\u{feff}{{\"workers_dev\": false, \"preview_urls\": false, \"vars\": {vars}}}"));
    let found = &folder.run(&["check", "--offline", "--config", "wrangler.jsonc", "--json"]).exits(1).json()["findings"][0];
    assert_eq!(
        (&found["kind"], &found["line"], &found["column"]),
        (&"invalid-setting".into(), &1.into(), &179.into()),
        "{found:#}"
    );
}

#[test]
fn a_file_that_is_no_text_is_said_to_be() {
    let folder = Folder::new("no-text", "");
    std::fs::write(folder.path("latin.toml"), b"name = \"caf\xe9\"\n").unwrap();
    std::fs::write(folder.path("wide.toml"), b"\xff\xfen\0a\0").unwrap();
    let run = folder.run(&["check", "--offline", "--config", "latin.toml"]);
    run.exits(2).complains("cannot read `latin.toml`: it has bytes that are no UTF-8, expected text in UTF-8");
    folder
        .run(&["check", "--offline", "--config", "wide.toml"])
        .exits(2)
        .complains("it is in UTF-16")
        .complains("save it as UTF-8");
}

#[test]
fn what_is_wrong_is_called_what_it_is() {
    let vars = "[vars]\nCLERK_PUBLISHABLE_KEY = 1\n[vars.PORTCULLIS]\nlog_forwards = 2\ntoken_cache = 70000\nstatic_files = true\n\
                default = true\npublic = [\"/a(?i:b)\", \"/a((?i)b)\"]\n";
    let folder = Folder::new("words", vars);
    let run = folder.run(&["check", "--offline"]);
    run.exits(1).says("setting `CLERK_PUBLISHABLE_KEY` is a number, expected `pk_test_…` or `pk_live_…`");
    run.says("setting `log_forwards` is `2`, expected a number from 0 to 1").says("setting `token_cache` is `70000`, expected");
    run.says("setting `static_files` is `true`, expected `public` or `default`");
    run.says("setting `default` is `true`, expected `protected` or `public`");
    assert_eq!(run.out.matches("fix: flags, as `(?i:…)`, are not supported").count(), 2, "{}", run.out);

    let folder = Folder::new("words-keys", READY);
    folder.write("dev.pem", dev_key());
    for command in [&["explain", "GET", "/", "--key"][..], &["token", "inspect", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "--key"]] {
        let run = |file| folder.run(&[command, &[file]].concat());
        run("wrangler.toml").exits(2).complains("`wrangler.toml` is neither a public key in PEM nor a key set in JSON");
        run("dev.pem").exits(2).complains("`dev.pem` is the private half of a key").complains("openssl pkey -in dev.pem -pubout");
    }
    let secret = key_like("test");
    let run = folder.run_with(&["token", "inspect", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"], &[("CLERK_SECRET_KEY", &secret)], "");
    run.exits(1).says("no key to verify with; help: name one by `--key FILE`, or a deployment by `--config FILE`");
    folder.run(&["explain", "GET", "ftp://x/y"]).exits(2).complains("only http and https are");
    folder.run(&["token", "mint", "--key", "dev.pem", "--lifetime", "forever"]).exits(2).complains("as `60s` or `10min`");
    folder.run(&["init", "--output", "w5.jsonc"]).exits(2).complains("init writes TOML only");
}
