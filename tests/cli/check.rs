//! `portcullis check`.

use crate::support::{Folder, READY, key_like};

#[test]
fn a_deployment_with_nothing_to_change_is_ready() {
    Folder::tracked("ready", READY, &[]).run(&["check", "--offline"]).exits(0).is_golden("check-ready.txt");
}

#[test]
fn every_finding_says_what_where_why_and_how_to_fix_it() {
    let configuration = r#"name = "gate"
preview_urls = true
routes = ["example.com/*", { pattern = "shop.example.org/*", zone_name = "example.org" }]

[vars]
CLERK_PUBLISHABLE_KEY = "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"

[vars.PORTCULLIS]
authorized_parties = ["https://example.com", "http://localhost:3000", "https://*.preview.example.com"]
default = "public"
public = ["/api/public(.*)"]
protected = ["/api/public/keys", "/dashboard/:path*"]
"#;
    Folder::tracked("findings", configuration, &[]).run(&["check", "--offline"]).exits(1).is_golden("check-findings.txt");
}

#[test]
fn wrong_settings_are_all_shown_with_line_and_column() {
    let configuration = r#"[vars]
CLERK_PUBLISHABLE_KEY = "pk_live_nonsense"

[vars.PORTCULLIS]
authorised_parties = ["https://example.com"]
authorized_parties = ["https://example.com/"]
public = ["/", "/ok",
  "/docs/:"]
static_files = true

[[vars.PORTCULLIS.rules]]
methods = ["POST"]

[[vars.PORTCULLIS.rules]]
match = ["/a", "/b("]
require = { "rôle" = "x", role = 7 }
"#;
    Folder::tracked("settings", configuration, &[]).run(&["check", "--offline"]).exits(1).is_golden("check-settings.txt");
}

#[test]
fn a_broken_file_is_refused_with_line_and_column() {
    let folder = Folder::new("broken", "name = \"gate\"\n[vars]\nA = = 1\n");
    folder.run(&["check", "--offline"]).exits(2).is_golden("check-broken.txt");
    folder.run(&["check", "--offline", "--config", "absent.toml"]).exits(2).complains("cannot read `absent.toml`");
    folder.run(&["check", "--offline", "--colour"]).exits(2).complains("unexpected argument");
    folder.run(&["check", "--offline", "--json", "--sarif"]).exits(2).complains("cannot be used with");
}

#[test]
fn a_part_that_is_named_and_can_look_at_nothing_is_a_usage_error() {
    let folder = Folder::tracked("parts", READY, &[]);
    for (arguments, help) in [
        (&["--only", "live"][..], "--live https://example.com"),
        (&["--only", "domain"], "--domain example.com"),
        (&["--only", "files,domain", "--offline"], "--domain example.com"),
        (&["--only", "network", "--offline"], "leave one of the two out"),
    ] {
        let run = folder.run(&[&["check"], arguments].concat());
        assert!(run.exits(2).complains(help).out.is_empty(), "{arguments:?}: {}", run.out);
    }
    folder.run(&["check", "--only", "files", "--offline"]).exits(0);
    // Without settings there is nothing to ask by, whatever part was named.
    let broken = Folder::tracked("parts-broken", &READY.replace("public = [", "pubic = ["), &[]);
    broken.run(&["check", "--only", "network"]).exits(1).says("error[invalid-setting]");
}

/// What GitHub asks of a log: it refuses all of it for one result without a place, or one whose rule has no description.
#[test]
fn every_result_for_code_scanning_has_a_place_and_a_described_rule() {
    let configuration = READY.replace("preview_urls = false\n", "").replace("\nroutes = ", "\n# routes = ");
    let folder = Folder::tracked("sarif", &configuration, &[]);
    folder.write("a folder/wrangler.toml", &configuration);
    for (config, uri) in [("wrangler.toml", "wrangler.toml"), ("./a folder/wrangler.toml", "a%20folder/wrangler.toml")] {
        let log = folder.run(&["check", "--offline", "--sarif", "--config", config]).exits(1).json();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        for kind in ["preview-urls-open", "no-route", "secret-key-not-seen"] {
            assert!(results.iter().any(|result| result["ruleId"] == kind), "{kind}: {log:#}");
        }
        for result in results {
            let rule =
                run["tool"]["driver"]["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == result["ruleId"]).unwrap();
            assert_eq!(rule["defaultConfiguration"]["level"], result["level"]);
            assert!(
                rule["shortDescription"]["text"].as_str().is_some_and(|text| text.ends_with('.') && !text.starts_with(' ')),
                "{rule:#}"
            );
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], uri);
            assert!(place["region"]["startLine"].as_u64().is_some_and(|line| line >= 1), "{result:#}");
        }
    }
}

#[test]
fn variables_of_an_environment_replace_those_above_and_are_not_merged() {
    let with = |env: &str| format!("{READY}\n[env.staging]\n{env}\n");
    let empty = Folder::tracked("env-empty", &with(""), &[]);
    empty.run(&["check", "--offline"]).exits(0);
    let run = empty.run(&["check", "--offline", "--env", "staging"]);
    run.exits(1).says("setting `CLERK_PUBLISHABLE_KEY` is missing").says("setting `PORTCULLIS` is missing");

    let full = with(
        "[env.staging.vars]\nCLERK_PUBLISHABLE_KEY = \"pk_test_Y2xlcmsuZXhhbXBsZS5jb20k\"\n[env.staging.vars.PORTCULLIS]\n\
         authorized_parties = [\"https://example.com\"]\n",
    );
    let full = Folder::tracked("env-full", &full, &[]);
    let run = full.run(&["check", "--offline", "--env", "staging"]);
    run.exits(1).says("development-keys").says("--> wrangler.toml:21:25");
    full.run(&["check", "--offline", "--env", "stagging"]).exits(2).complains("it has: staging");
}

#[test]
fn a_secret_is_found_wherever_it_stands_and_never_printed() {
    let (live, test) = (key_like("live"), key_like("test"));
    let configuration = READY.replace("[vars]", &format!("[vars]\nCLERK_SECRET_KEY = \"{live}\""));
    let page = format!("<script>\n  const key = '{live}';\n</script>\n");
    let note = format!("try {test}\n");
    let folder = Folder::tracked("secrets", &configuration, &[("www/app.html", &page), ("notes/todo.md", &note)]);
    let run = folder.run(&["check", "--offline"]);
    run.exits(1).is_golden("check-secrets.txt");
    for form in [&["check", "--offline", "--json"][..], &["check", "--offline", "--sarif"]] {
        let run = folder.run(form);
        run.exits(1);
        assert!(!run.out.contains("AbCdEf") && !run.err.contains("AbCdEf"));
    }
}

#[test]
fn a_signing_key_of_the_gate_is_a_secret_too() {
    let configuration = READY.replace("[vars]", "[vars]\nPORTCULLIS_SIGNING_KEY = \"AbCdEf\"\nCLERK_JWT_KEY = \"no PEM\"");
    let run = Folder::tracked("signing-key", &configuration, &[]).run(&["check", "--offline"]);
    run.exits(1).says("`PORTCULLIS_SIGNING_KEY` holds a secret");
    assert!(!run.out.contains("AbCdEf") && !run.out.contains("`CLERK_JWT_KEY` holds"), "{}", run.out);
}

#[test]
fn a_webhook_secret_that_is_not_known_here_is_a_note() {
    let configuration = READY.replace("api = [", "webhook_path = \"/hooks/clerk\"\napi = [");
    let folder = Folder::tracked("webhook-secret", &configuration, &[]);
    folder.run(&["check", "--offline", "--notes"]).exits(0).says("note[webhook-secret-not-seen]").says("--> wrangler.toml:17:16");
    let secret = format!("whsec_{}", "c2VjcmV0".repeat(5));
    let run = folder.run_with(&["check", "--offline", "--notes"], &[("CLERK_WEBHOOK_SIGNING_SECRET", &secret)], "");
    assert!(!run.exits(0).out.contains("webhook-secret-not-seen"));
}

#[test]
fn a_placeholder_and_an_untracked_file_are_no_leaks() {
    let placeholder = format!("CLERK_SECRET_KEY={}_{}_{}\n", "sk", "live", "x".repeat(38));
    let folder = Folder::tracked("no-leaks", READY, &[("README.md", &placeholder)]);
    folder.write(".dev.vars", &format!("CLERK_SECRET_KEY={}\n", key_like("test")));
    folder.run(&["check", "--offline"]).exits(0);
}

#[test]
fn dev_vars_has_to_be_ignored_by_git() {
    let folder = Folder::tracked("dev-vars", READY, &[]);
    folder.write(".gitignore", "dist\n");
    folder.run(&["check", "--offline"]).exits(0);
    folder.write(".dev.vars", "# nothing yet\n");
    folder.run(&["check", "--offline"]).exits(1).says("warning[dev-vars-not-ignored]");
    folder.write(".gitignore", ".dev.*\n");
    folder.run(&["check", "--offline"]).exits(0);
    Folder::new("no-git", READY).run(&["check", "--offline", "--notes"]).exits(0).says("note[git-not-asked]");
}

#[test]
fn keys_in_the_environment_are_checked_against_the_configuration() {
    let folder = Folder::tracked("keys", READY, &[]);
    let (live, test) = (key_like("live"), key_like("test"));
    folder.run_with(&["check", "--offline"], &[("CLERK_SECRET_KEY", &live)], "").exits(0);
    let run = folder.run_with(&["check", "--offline"], &[("CLERK_SECRET_KEY", &test)], "");
    run.exits(1).says("one test and one live");
    let run = folder.run_with(&["check", "--offline"], &[("CLERK_WEBHOOK_SIGNING_SECRET", "whsec_c2hvcnQ=")], "");
    run.exits(1).says("error[webhook-secret-malformed]");
    let run = folder.run_with(
        &["check", "--offline"],
        &[("CLERK_JWT_KEY", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")],
        "",
    );
    run.exits(1).says("`CLERK_JWT_KEY` has an invalid value (not shown)");
}

#[test]
fn local_runs_read_dev_vars_and_take_development_keys() {
    let configuration = READY.replace("pk_live_", "pk_test_").replace("https://example.com", "http://localhost:8787");
    let folder = Folder::tracked("local", &configuration, &[]);
    folder.run(&["check", "--offline"]).exits(1).says("development-keys").says("authorized-party-local");
    folder.run(&["check", "--offline", "--local"]).exits(0);
    folder.write(".dev.vars", &format!("# of the development instance\nCLERK_SECRET_KEY=\"{}\"\n", key_like("live")));
    folder.run(&["check", "--offline", "--local"]).exits(1).says("one test and one live");
    // As Wrangler takes them, if nobody else does.
    for line in ["CLERK_SECRET_KEY: ", "NOTE=two words\nexport CLERK_SECRET_KEY = ", "my-note.txt=`x`\r\nCLERK_SECRET_KEY="] {
        folder.write(".dev.vars", &format!("{line}{}", key_like("live")));
        folder.run(&["check", "--offline", "--local"]).exits(1).says("one test and one live");
    }
    folder.write(".dev.vars", &format!("{} is no pair\n", key_like("test")));
    let run = folder.run(&["check", "--offline", "--local"]);
    run.exits(2).complains("`./.dev.vars` has a line that is not `NAME=VALUE`").complains("--> ./.dev.vars:1:");
    assert!(!run.err.contains("AbCdEf"));
}

#[test]
fn ways_around_the_gate_are_named() {
    let open = READY.replace("workers_dev = false\npreview_urls = false\n", "");
    Folder::tracked("previews", &open, &[]).run(&["check", "--offline"]).exits(1).says("preview-urls-open");
    let open = READY.replace("workers_dev = false", "workers_dev = true");
    Folder::tracked("workers-dev", &open, &[])
        .run(&["check", "--offline"])
        .exits(1)
        .says("--> wrangler.toml:3:15")
        .says("workers-dev-open");
    let other = READY.replace("example.com/*", "*.example.org/*");
    Folder::tracked("other-route", &other, &[])
        .run(&["check", "--offline"])
        .exits(1)
        .says("route-without-party")
        .says("`*.example.org`");
    let wide = READY.replace("example.com/*", "*.example.com/*");
    Folder::tracked("wide-route", &wide, &[]).run(&["check", "--offline"]).exits(0);
    let nothing = READY.replace("authorized_parties", "# authorized_parties");
    Folder::tracked("no-parties", &nothing, &[]).run(&["check", "--offline"]).exits(1).says("authorized-parties-missing");
}

#[test]
fn a_list_without_a_route_is_refused() {
    let files =
        [("none.txt", "# later\n"), ("none.json", "{ \"openapi\": \"3.1.0\", \"paths\": {} }"), ("none.yaml", "paths: {}\n")];
    let folder = Folder::tracked("routes-none", READY, &files);
    for (file, _) in files {
        folder.run(&["check", "--offline", "--routes", file]).exits(2).complains(&format!("`{file}` names no route"));
    }
}

#[test]
fn routes_that_no_rule_names_are_listed_with_the_access_they_get() {
    let list = "# of the app\n/\nGET /dashboard/:id\nPOST /api/orders\n/pricing\n/docs/[...path]\n";
    let folder = Folder::tracked("routes", READY, &[("routes.txt", list)]);
    folder.run(&["check", "--offline", "--routes", "routes.txt"]).exits(0).is_golden("check-routes.txt");

    let openapi = r#"{"openapi": "3.1.0", "paths": {"/api/orders/{id}": {"get": {}, "delete": {}, "parameters": []}, "/health": {"get": {}}}}"#;
    folder.write("openapi.json", openapi);
    let report = folder.run(&["check", "--offline", "--routes", "openapi.json", "--json"]).exits(0).json();
    let routes = report["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 3);
    assert_eq!((&routes[0]["path"], &routes[0]["rule"]), (&"/health".into(), &serde_json::Value::Null));
    assert_eq!(routes[1]["rule"], "protected[1] /api/:path*");

    folder.write("app-paths-manifest.json", r#"{"/page": "", "/(shop)/pricing/page": "", "/api/x/route": ""}"#);
    let run = folder.run(&["check", "--offline", "--routes", "app-paths-manifest.json"]);
    run.exits(0).says("2 routes are named by a rule, 1 not").says("* /pricing: protected");
    folder.write("routes-manifest.json", r#"{"version": 3, "staticRoutes": [{"page": "/new"}], "dynamicRoutes": []}"#);
    folder.run(&["check", "--offline", "--routes", "routes-manifest.json"]).exits(0).says("* /new: protected");
}

#[test]
fn an_openapi_document_may_be_yaml_and_its_paths_are_below_its_server() {
    let folder = Folder::tracked("routes-yaml", READY, &[]);
    let yaml = "openapi: 3.1.0\nservers:\n  - url: https://example.com/api/\npaths:\n  /orders/{id}:\n    get:\n      responses:\n        200: {}\n    \
                parameters: []\n  /health: &health\n    get: {}\n  /alive: *health\n";
    let routes = |file: &str, text: &str| -> Vec<String> {
        folder.write(file, text);
        let report = folder.run(&["check", "--offline", "--routes", file, "--json"]).exits(0).json();
        let route = |route: &serde_json::Value| {
            format!("{} {} {}", route["method"].as_str().unwrap(), route["path"].as_str().unwrap(), route["rule"])
        };
        report["routes"].as_array().unwrap().iter().map(route).collect()
    };
    let named = "\"protected[1] /api/:path*\"";
    let expected =
        [format!("GET /api/orders/{{id}} {named}"), format!("GET /api/health {named}"), format!("GET /api/alive {named}")];
    assert_eq!(routes("openapi.yaml", yaml), expected);
    for (server, path) in [("/v1", "/v1/a"), ("https://example.com", "/a"), ("https://{host}/v1", "/v1/a"), ("/{stage}", "/a")] {
        let document = format!("servers: [{{url: '{server}'}}]\npaths: {{/a: {{get: {{}}}}}}\n");
        assert_eq!(routes("openapi.yml", &document), [format!("GET {path} null")]);
    }
    assert_eq!(
        routes("swagger.json", r#"{"swagger": "2.0", "basePath": "/v2", "paths": {"/a": {"put": {}}}}"#),
        ["PUT /v2/a null"]
    );
}

#[test]
fn an_open_route_that_nothing_names_is_a_finding() {
    let configuration = READY.replace("public = [", "default = \"public\"\npublic = [");
    let folder = Folder::tracked("open-routes", &configuration, &[("routes.txt", "/\n/invoices\n")]);
    let run = folder.run(&["check", "--offline", "--routes", "routes.txt"]);
    run.exits(1).says("warning[route-not-named]: `GET /invoices` is public").says("--> routes.txt:2:1");
}

#[test]
fn a_file_of_routes_that_cannot_be_read_is_refused_with_the_line() {
    let folder = Folder::tracked(
        "bad-routes",
        READY,
        &[("routes.txt", "/ok\nGET what is this\n"), ("a.json", "{\n \"paths\": \n}"), ("b.json", "{\"x\": 1}")],
    );
    folder.run(&["check", "--offline", "--routes", "routes.txt"]).exits(2).complains("routes.txt:2:1");
    folder.run(&["check", "--offline", "--routes", "a.json"]).exits(2).complains("a.json:3:");
    folder.run(&["check", "--offline", "--routes", "b.json"]).exits(2).complains("no list of routes");
}

#[test]
fn machines_get_json_and_sarif() {
    let configuration = READY.replace("preview_urls = false", "preview_urls = true");
    let folder = Folder::tracked("machines", &configuration, &[]);
    let report = folder.run(&["check", "--offline", "--json"]).exits(1).json();
    assert_eq!(report["ready"], false);
    let finding = &report["findings"][0];
    assert_eq!((&finding["kind"], &finding["line"], &finding["column"]), (&"preview-urls-open".into(), &4.into(), &16.into()));
    let log = folder.run(&["check", "--offline", "--sarif"]).exits(1).json();
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"preview-urls-open".into(), &"warning".into()));
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 4);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let folder = Folder::tracked("colours", READY, &[]);
    assert!(!folder.run(&["check", "--offline"]).out.contains('\u{1b}'));
    assert!(folder.run_with(&["check", "--offline"], &[("CLICOLOR_FORCE", "1")], "").out.contains('\u{1b}'));
    assert!(!folder.run_with(&["check", "--offline"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], "").out.contains('\u{1b}'));
}

#[test]
fn a_rate_limit_without_its_binding_is_found() {
    let limits = r#"
[[vars.PORTCULLIS.rate_limits]]
match = "/api/login"
binding = "LOGIN_LIMIT"
per = "client"
"#;
    let bound = |period: u8| {
        format!(
            "{READY}{limits}\n[[ratelimits]]\nname = \"LOGIN_LIMIT\"\nnamespace_id = \"1\"\nsimple = {{ limit = 5, period = {period} }}\n"
        )
    };
    Folder::tracked("limit-unbound", &format!("{READY}{limits}"), &[])
        .run(&["check", "--offline"])
        .exits(1)
        .says("rate-limit-unbound");
    Folder::tracked("limit-bound", &bound(60), &[]).run(&["check", "--offline"]).exits(0);
    Folder::tracked("limit-period", &bound(10), &[]).run(&["check", "--offline"]).exits(1).says("rate-limit-period");
}

#[test]
fn a_gate_that_refuses_nobody_is_not_ready() {
    let trial = READY.replace("[vars.PORTCULLIS]\n", "[vars.PORTCULLIS]\nenforce = false\n");
    assert_ne!(trial, READY);
    Folder::tracked("trial", &trial, &[]).run(&["check", "--offline"]).exits(1).says("gate-in-shadow");
}

#[test]
fn a_sign_in_page_whose_steps_are_closed_is_found() {
    let closed = READY.replace("/sign-in/:path*", "/sign-in");
    assert_ne!(closed, READY);
    Folder::tracked("steps-closed", &closed, &[])
        .run(&["check", "--offline"])
        .exits(1)
        .says("sign-in-steps-closed")
        .says("`/sign-in/:path*`");
    let elsewhere = closed.replace("sign_in_url = \"/sign-in\"\n", "");
    assert_ne!(elsewhere, closed);
    Folder::tracked("steps-elsewhere", &elsewhere, &[]).run(&["check", "--offline"]).exits(0);
}
