//! `portcullis test`.

use crate::support::{Folder, READY};

const TESTS: &str = r#"[identities.user]

[identities.admin]
claims = { sub = "user_admin", metadata = { role = "admin" } }

[identities.late]
expires_in_secs = -60
via = "bearer"

[identities.forger]
claims = { metadata = { role = "admin" } }
forged = true

[identities.foreign]
claims = { azp = "https://evil.example" }
via = "bearer"

[[tests]]
request = "GET /"
expect = "forward"
reason = "public"

[[tests]]
request = "GET /dashboard/x"
expect = "redirect"
location = "https://example.com/sign-in"

[[tests]]
request = "GET /dashboard/x"
as = "user"
expect = "forward"
rule = "protected[0]"

[[tests]]
request = "GET /admin/users"
as = "user"
expect = "deny"
status = 403
reason = "requirement-not-met"
access = "admin"

[[tests]]
request = "GET /admin/users"
as = "admin"
expect = "forward"

[[tests]]
request = "GET /api/orders"
as = "late"
expect = "deny"
reason = "session-token-expired-refresh-non-eligible-no-refresh-cookie"

[[tests]]
name = "nobody signs tokens of their own"
request = "GET /api/orders"
as = "forger"
expect = "deny"
status = 401

[[tests]]
request = "GET /api/orders"
as = "foreign"
expect = "deny"
reason = "token-invalid-authorized-parties"

[[tests]]
name = "a form on another page"
request = "POST /dashboard/x"
as = "user"
headers = { Origin = "https://evil.example", "Sec-Fetch-Site" = "cross-site" }
expect = "deny"
reason = "cross-site-request"

[[tests]]
request = "GET /dashboard%2f..%2fadmin"
expect = "redirect"
rule = "admin[0]"

[[tests]]
request = "GET /docs/%00"
expect = "deny"
status = 400
"#;

#[test]
fn the_gate_decides_each_test_and_rules_without_a_test_are_named() {
    let folder = Folder::new("tests", READY);
    folder.write("gate.test.toml", TESTS);
    folder.run(&["test", "gate.test.toml"]).exits(0).is_golden("test-passes.txt");
    let required = ["test", "gate.test.toml", "--require-coverage", "--junit", "report.xml"];
    let run = folder.run(&required);
    run.exits(1).says("FAIL every rule decides a test (--require-coverage)\n  no test is decided by public[1]");
    let xml = folder.read("report.xml");
    let document = roxmltree::Document::parse(&xml).unwrap();
    let failures: Vec<_> = document.descendants().filter(|node| node.has_tag_name("failure")).collect();
    assert!(failures.len() == 1 && failures[0].attribute("message").unwrap().contains("public[1] /sign-in/:path*"), "{xml}");
    for suite in [document.root_element(), document.root_element().first_element_child().unwrap()] {
        assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("12"), Some("1")), "{xml}");
    }
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("testcase")).count(), 12);
    let coverage = &folder.run(&[&required[..], &["--json"]].concat()).exits(1).json()["coverage"];
    assert_eq!((&coverage["required"], &coverage["passed"]), (&true.into(), &false.into()));
    let report = folder.run(&["test", "gate.test.toml", "--json"]).exits(0).json();
    assert_eq!(report["passed"], 11);
    assert_eq!(report["coverage"]["untouched"][0], "public[1] /sign-in/:path*");
}

#[test]
fn a_development_instance_is_tested_as_well() {
    let folder = Folder::new("tests-development", &READY.replace("pk_live_", "pk_test_"));
    folder
        .write("gate.test.toml", "[identities.user]\n[[tests]]\nrequest = 'GET /dashboard/x'\nas = 'user'\nexpect = 'forward'\n");
    folder.run(&["test", "gate.test.toml"]).exits(0);
}

#[test]
fn what_differs_is_shown_with_its_line_and_goes_into_junit() {
    let folder = Folder::new("tests-fail", READY);
    let tests = "[[tests]]\nname = 'docs <are> \"closed\"'\nrequest = 'GET /docs/x'\nexpect = 'deny'\nreason = 'signed-out'\n\
                 [[tests]]\nrequest = 'GET /'\nexpect = 'forward'\n";
    folder.write("gate.test.toml", tests);
    folder.run(&["test", "gate.test.toml", "--junit", "junit.xml"]).exits(1).is_golden("test-fails.txt");
    // As a CI server reads it.
    let junit = folder.read("junit.xml");
    let report = roxmltree::Document::parse(&junit).unwrap();
    let suite = report.root_element().first_element_child().unwrap();
    let attributes = |node: roxmltree::Node<'_, '_>, names: &[&str]| -> Vec<String> {
        names.iter().map(|name| node.attribute(*name).unwrap_or_default().to_owned()).collect()
    };
    assert_eq!((report.root_element().tag_name().name(), suite.tag_name().name()), ("testsuites", "testsuite"));
    assert_eq!(attributes(suite, &["name", "tests", "failures"]), ["gate.test.toml", "2", "1"]);
    let cases: Vec<_> = suite.children().filter(roxmltree::Node::is_element).collect();
    assert_eq!(attributes(cases[0], &["name", "file", "line"]), ["docs <are> \"closed\"", "gate.test.toml", "3"]);
    let failure = cases[0].first_element_child().unwrap();
    assert_eq!(failure.tag_name().name(), "failure");
    assert!(failure.attribute("message").unwrap().starts_with("the decision is `forward`, expected `deny`;"), "{junit}");
    assert!(failure.text().unwrap().starts_with("forward 200 (public)"), "{junit}");
    assert_eq!(attributes(cases[1], &["name", "line"]), ["GET /", "7"]);
    assert!(cases.len() == 2 && cases[1].first_element_child().is_none());
}

#[test]
fn a_broken_test_file_is_refused_with_line_and_column() {
    let folder = Folder::new("tests-broken", READY);
    for (tests, message, place) in [
        ("[[tests]]\nrequest = 'GET /'\nexpects = 'deny'\n", "unknown key `expects`", "t.toml:3:1"),
        ("[[tests]]\nrequest = 'GET /'\nexpect = 'refuse'\n", "`expect` is `refuse`", "t.toml:3:10"),
        ("[[tests]]\nrequest = 'GET /'\nas = 'bob'\nexpect = 'deny'\n", "there is no `[identities.bob]`", "t.toml:3:6"),
        ("[[tests]]\nrequest = 'dashboard'\nexpect = 'deny'\n", "`request` has to be", "t.toml:2:11"),
        ("[identities.a]\nexpires_in_secs = 'soon'\n", "whole number of seconds", "t.toml:2:19"),
        ("[identities.a]\nwithout = 'azp'\n", "`without` has to be a list of claims", "t.toml:2:11"),
        ("[identities.a]\nwithout = ['azp', 5]\n", "`without` has to be a list of claims", "t.toml:2:19"),
        (
            "[[tests]]\nrequest = 'GET /'\nheaders = ['Origin: x']\nexpect = 'deny'\n",
            "`headers` has to be a table",
            "t.toml:3:11",
        ),
        ("[[tests]]\nrequest = 'GET /'\nheaders = { 'a b' = 'x' }\nexpect = 'deny'\n", "a header's name", "t.toml:3:13"),
        ("[[tests]]\nrequest = 'GET /'\nheaders = { a = \"x\\ny\" }\nexpect = 'deny'\n", "of one line", "t.toml:3:17"),
        ("[[tests]\n", "is not TOML", "t.toml:1:"),
        ("", "has no tests", ""),
    ] {
        folder.write("t.toml", tests);
        folder.run(&["test", "t.toml"]).exits(2).complains(message).complains(place);
    }
}

#[test]
fn wrong_settings_stop_the_tests_with_their_place() {
    let folder = Folder::new("tests-settings", &READY.replace("\"/docs/:path*\"", "\"/docs/:\""));
    folder.write("t.toml", "[[tests]]\nrequest = 'GET /'\nexpect = 'forward'\n");
    folder.run(&["test", "t.toml"]).exits(2).complains("`public[2]`").complains("wrangler.toml:13:");
}

#[test]
fn what_the_worker_answers_by_itself_can_be_expected() {
    let configuration = READY.replace("api = [", "webhook_path = \"/api/webhooks/clerk\"\napi = [");
    let folder = Folder::new("test-own", &format!("{configuration}cors = {{ origins = [\"https://app.example.com\"] }}\n"));
    folder.write(
        "t.toml",
        r#"[[tests]]
request = "GET /.well-known/portcullis/health"
expect = "answer"
status = 200

[[tests]]
request = "OPTIONS /api/x"
headers = { "access-control-request-method" = "POST", origin = "https://app.example.com" }
expect = "answer"
status = 204
reason = "preflight"

[[tests]]
request = "POST /api/webhooks/clerk"
expect = "webhook"
"#,
    );
    folder.run(&["test", "t.toml"]).exits(0).says("3 passed");
}
