//! Which configuration is read: `wrangler.toml`, `wrangler.jsonc` or `wrangler.json`, as Wrangler would.

use crate::support::{Folder, READY};

/// [`READY`] as Wrangler takes it in JSON.
const READY_JSON: &str = r#"{
  // The gate.
  "name": "gate",
  "main": "dist/worker/index.js",
  "workers_dev": false,
  "preview_urls": false,
  "routes": [{ "pattern": "example.com/*", "zone_name": "example.com" }],
  "vars": {
    "CLERK_PUBLISHABLE_KEY": "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
    "PORTCULLIS": {
      "authorized_parties": ["https://example.com"],
      "sign_in_url": "/sign-in",
      "public": ["/", "/sign-in/:path*", "/docs/:path*"],
      "admin": ["/admin/:path*"],
      "admin_requires": { "claim": "metadata.role", "equals": "admin" },
    },
  },
}
"#;

fn with_json(name: &str, configuration: &str) -> Folder {
    let folder = Folder::tracked(name, "", &[("wrangler.jsonc", configuration)]);
    std::fs::remove_file(folder.path("wrangler.toml")).unwrap();
    folder
}

#[test]
fn json_with_comments_is_read_as_toml_is() {
    let folder = with_json("json", READY_JSON);
    folder.run(&["check", "--offline"]).exits(0).says("ready");
    folder.run(&["explain", "GET", "/admin", "--offline"]).exits(0).says("admin by admin[0] /admin/:path*");
    let wrong = READY_JSON.replace("\"public\": [\"/\"", "\"public\": [\"/docs/:\"").replace("\"sign_in_url\"", "\"signin_url\"");
    let run = with_json("json-wrong", &wrong).run(&["check", "--offline"]);
    run.exits(1).is_golden("check-json.txt");
}

#[test]
fn broken_json_is_refused_with_line_and_column() {
    let broken = READY_JSON.replace("\"name\": \"gate\",", "\"name\": \"gate\"");
    with_json("json-broken", &broken).run(&["check", "--offline"]).exits(2).is_golden("check-json-broken.txt");
}

#[test]
fn a_file_that_wrangler_does_not_read_is_named() {
    let folder = Folder::tracked("two-configurations", "nonsense =", &[("wrangler.jsonc", READY_JSON)]);
    let run = folder.run(&["check", "--offline"]);
    run.exits(1).says("warning[configuration-unread]: `wrangler.toml` is not read: Wrangler takes `wrangler.jsonc`");
    folder.write("wrangler.toml", READY);
    folder.run(&["check", "--offline", "--config", "wrangler.toml"]).exits(0);
}
