//! `portcullis explain`.

use crate::{
    server::{Server, json},
    support::{Folder, READY, dev_key, key_like, key_set, mint, public_key},
};

const NOW: &str = "2026-04-01T12:00:00Z";

/// A development deployment with the key of `mint`, the public half as the configuration's `CLERK_JWT_KEY` where it is asked for.
fn deployment(name: &str) -> Folder {
    let folder = Folder::new(name, &READY.replace("pk_live_", "pk_test_"));
    folder.write("dev.pem", dev_key());
    folder
}

fn explain<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["explain", "--now", NOW][..], more].concat()
}

#[test]
fn an_explanation_says_readings_rules_checks_decision_and_headers() {
    let folder = deployment("explain");
    folder.write("public.pem", public_key());
    let token = mint(&folder, NOW, &["--sub", "user_anna", "--claim", "metadata={\"role\":\"admin\"}"]);
    let request = explain(&["GET", "/Admin/users%2F7", "--token", "-", "--key", "public.pem"]);
    let run = folder.run_with(&request, &[], &token);
    run.exits(0).is_golden("explain-admin.txt");
    assert!(!run.out.contains(&token[..60]) && !run.out.contains(token.rsplit('.').next().unwrap()));
}

#[test]
fn a_token_that_is_refused_is_refused_at_one_check_and_sent_to_sign_in() {
    let folder = deployment("explain-refused");
    folder.write("public.pem", public_key());
    let foreign = mint(&folder, NOW, &["--azp", "https://evil.example"]);
    let cookies = format!("__session={foreign}");
    let request = explain(&["GET", "/dashboard/1", "--cookie", &cookies, "--cookie", "__client_uat=1", "--key", "public.pem"]);
    let with_db = [&request[..], &["--cookie", "__clerk_db_jwt=dvb_of_this_browser_0123456789"]].concat();
    folder.run(&with_db).exits(0).is_golden("explain-foreign.txt");

    let run = folder.run(&explain(&["GET", "/api/x", "--token", &foreign, "--key", "public.pem", "--json"]));
    let report = run.exits(0).json();
    assert_eq!(report["decision"]["status"], 401);
    let checks = report["token"]["checks"].as_array().unwrap();
    let outcome = |name: &str| &checks.iter().find(|check| check["check"] == name).unwrap()["outcome"];
    assert_eq!(
        (outcome("signature"), outcome("authorized-party"), outcome("issuer")),
        (&"passed".into(), &"failed".into(), &"not-reached".into())
    );
    assert!(!run.out.contains(&foreign[..60]));
}

#[test]
fn what_cannot_be_judged_is_said_to_be() {
    let folder = deployment("explain-ambiguous");
    let run = folder.run(&explain(&["GET", "/a%00b", "--offline"]));
    run.exits(0).says("cannot be judged").says("deny 400");
    folder.run(&explain(&["GET", "/docs/../admin", "--offline"])).exits(0).says("admin by admin[0]");
    folder.run(&explain(&["GET", "admin"])).exits(2).complains("is no path and no absolute URL");
    folder.run(&explain(&["GET", "/", "--header", "nonsense"])).exits(2).complains("expects `Name: value`");
    folder.run(&explain(&["GET", "/", "--key", "absent.pem"])).exits(2).complains("cannot read `absent.pem`");
    folder.write("broken.json", "{\"keys\": ");
    folder.run(&explain(&["GET", "/", "--jwks", "broken.json"])).exits(2).complains("`broken.json`");
}

/// As `tests/worker` sees the Worker answer: `settings.test.mjs`, `answer-headers.test.mjs`, `webhooks.test.mjs`.
#[test]
fn what_the_worker_answers_by_itself_is_no_denial() {
    let configuration =
        READY.replace("pk_live_", "pk_test_").replace("api = [", "webhook_path = \"/api/webhooks/clerk\"\napi = [");
    let folder = Folder::new("explain-own", &format!("{configuration}cors = {{ origins = [\"https://app.example.com\"] }}\n"));
    let run = |more: &[&str]| folder.run(&[explain(more), vec!["--offline"]].concat());
    run(&["GET", "/.well-known/portcullis/health"]).exits(0).says("answer 200 (health)").says("no rule is asked");
    run(&["GET", "/.well-known/portcullis/healthz"]).exits(0).says("deny 404 (no-such-endpoint)").says("no rule is asked");

    let preflight = ["OPTIONS", "/api/x", "-H", "Access-Control-Request-Method: POST", "-H"];
    let asked = run(&[&preflight[..], &["Origin: https://app.example.com"]].concat());
    asked.exits(0).says("answer 204 (preflight)").says("pages of https://app.example.com may make the request");
    let asked = run(&[&preflight[..], &["Origin: https://evil.example"]].concat());
    asked.exits(0).says("answer 204 (preflight)").says("no page of https://evil.example may");
    run(&["OPTIONS", "/api/x"]).exits(0).says("deny 401");

    let delivery = run(&["POST", "/api/webhooks/clerk"]);
    delivery.exits(0).says("webhook (webhook-received); by webhook_path /api/webhooks/clerk").says("all else denied with 400");
    assert!(!delivery.out.contains("decides") && !delivery.out.contains("webhook 200"), "{}", delivery.out);
    let report = run(&["POST", "/api/webhooks/clerk", "--json"]).exits(0).json();
    assert_eq!((&report["rules"], &report["readings"][0]["answers"]), (&serde_json::json!([]), &serde_json::json!([])));

    // Only what is forwarded is said to be.
    let denied = run(&["GET", "/api/x"]);
    assert!(denied.exits(0).says("  judged as /api/x").says("deny 401").out.contains("decides"), "{}", denied.out);
    run(&["GET", "/docs/x", "--kind", "fetch"]).exits(0).says("  judged and forwarded as /docs/x");
}

#[test]
fn a_request_that_nobody_can_send_is_wrong_usage() {
    let folder = deployment("explain-usage");
    folder.run(&explain(&["G T", "/x", "--offline"])).exits(2).complains("`G T` is no method");
    for cookie in ["foo", "=x", "a b=c"] {
        folder
            .run(&explain(&["GET", "/x", "--offline", "--cookie", cookie]))
            .exits(2)
            .complains("`--cookie` expects `name=value`");
    }
    for header in ["Bad Name: x", ": x", "X: a\r\nY: b"] {
        folder.run(&explain(&["GET", "/x", "--offline", "-H", header])).exits(2).complains("expects `Name: value`");
    }
    let odd = ["PROPFIND", "/x", "--offline", "-H", "X-Empty:", "--cookie", "__session_abc=", "--cookie", "a=b=c"];
    folder.run(&explain(&odd)).exits(0);
}

#[test]
fn headers_decide_what_is_a_document() {
    let folder = deployment("explain-kind");
    folder.run(&explain(&["GET", "/dashboard/1", "--offline"])).exits(0).says("handshake");
    for more in [&["--kind", "fetch"][..], &["--header", "Accept: application/json"], &["--header", "sec-fetch-dest: empty"]] {
        let run = folder.run(&[explain(&["GET", "/dashboard/1", "--offline"]), more.to_vec()].concat());
        run.exits(0).says("deny 401");
    }
}

#[test]
fn the_key_set_is_asked_for_with_the_secret_key_and_offline_asks_nobody() {
    let keys = key_set();
    let server = Server::start(move |asked| match asked.header("authorization") {
        Some(key) if key.ends_with(&key_like("test")) => json(200, &keys),
        _ => json(401, &serde_json::json!({"errors": []})),
    });
    let folder = deployment("explain-network");
    let token = mint(&folder, NOW, &[]);
    folder.write(".dev.vars", &format!("CLERK_API_URL={}\nCLERK_SECRET_KEY={}\n", server.url, key_like("test")));
    // Beside loopback addresses only this machine is served.
    let request = explain(&["GET", "http://localhost/dashboard/1", "--local", "--token", "-"]);
    let run = folder.run_with(&request, &[], &token);
    run.exits(0).says("key: the key set of the Backend API").says("✓ signature").says("forward (allowed)");
    assert_eq!(server.calls(), ["GET /v1/jwks"]);
    let run = folder.run_with(&[&request[..], &["--offline"]].concat(), &[], &token);
    run.exits(0).says("nobody was asked").says("503");
    assert_eq!(server.calls().len(), 1);
}

/// The key of sessions says nothing about API keys: with both keys here the Backend API is asked all the same.
#[test]
fn an_api_key_is_judged_by_the_backend_api_whatever_key_is_given_for_sessions() {
    let server = Server::start(|asked| match asked.header("authorization") {
        Some(key) if key.ends_with(&key_like("test")) => json(
            200,
            &serde_json::json!({
                "object": "api_key", "id": "ak_1", "type": "api_key", "subject": "user_anna", "name": "n", "scopes": [],
                "claims": null, "revoked": false, "expired": false, "created_at": 1, "updated_at": 1,
            }),
        ),
        _ => json(401, &serde_json::json!({"errors": []})),
    });
    let rule = "\n[[vars.PORTCULLIS.rules]]\nmatch = \"/api/keys\"\nrequire = { token = \"api_key\" }\n";
    let folder = Folder::new("explain-api-key", &format!("{}{rule}", READY.replace("pk_live_", "pk_test_")));
    folder.write("public.pem", public_key());
    let secret = format!("CLERK_API_URL={}\nCLERK_SECRET_KEY={}\n", server.url, key_like("test"));
    let api_key = format!("ak_{}", "0123456789abcdef");
    let request = explain(&["GET", "http://localhost/api/keys", "--local", "--token", "-"]);
    let pem = format!("CLERK_JWT_KEY=\"{}\"\n", public_key().trim().replace('\n', "\\n"));
    for (variables, more) in
        [(secret.clone(), &["--key", "public.pem"][..]), (format!("{secret}{pem}"), &[]), (secret.clone(), &[])]
    {
        folder.write(".dev.vars", &variables);
        let run = folder.run_with(&[&request[..], more].concat(), &[], &api_key);
        run.exits(0).says("forward (allowed)").says("machine token in the header: api_key").says("the Backend API judges it");
        assert!(!run.out.contains("malformed") && !run.out.contains("not reached"), "{}", run.out);
        assert!(!run.out.contains(&api_key), "{}", run.out);
    }
    assert_eq!(server.calls(), ["POST /api_keys/verify"; 3]);
    let run = folder.run_with(&[&request[..], &["--key", "public.pem", "--offline"]].concat(), &[], &api_key);
    run.exits(0).says("deny 503").says("nobody was asked");
    folder.write(".dev.vars", "");
    let run = folder.run_with(&[&request[..], &["--key", "public.pem"]].concat(), &[], &api_key);
    run.exits(0).says("machine tokens are checked with CLERK_SECRET_KEY only");
}

#[test]
fn an_empty_token_is_not_no_token() {
    let folder = Folder::new("explain-empty-token", READY);
    for token in ["", " ", "-", "Bearer "] {
        let run = folder.run(&["explain", "GET", "/", "--offline", "--token", token]);
        run.exits(2).complains("`--token` is empty");
    }
}
