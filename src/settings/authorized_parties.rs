//! `authorized_parties`: exact origins, and one anchored form for previews.

use super::environment::is_loopback_host;
use crate::{
    table::TableReader,
    text::{self, ByAny as _},
    web_url::url_origin_of,
};

/// Hosts under which anybody gets a name: a wildcard there would trust strangers.
const SHARED_HOSTS: [&str; 26] = [
    "vercel.app",
    "workers.dev",
    "pages.dev",
    "netlify.app",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "fly.dev",
    "onrender.com",
    "railway.app",
    "render.com",
    "web.app",
    "firebaseapp.com",
    "azurewebsites.net",
    "azurestaticapps.net",
    "cloudfront.net",
    "amazonaws.com",
    "amplifyapp.com",
    "deno.dev",
    "surge.sh",
    "ngrok.io",
    "ngrok.app",
    "ngrok-free.app",
    "loca.lt",
    "trycloudflare.com",
    "replit.app",
];

/// Second-level labels under which registries of countries sell names, as `co` in `co.uk`.
const REGISTRY_LABELS: [&str; 12] = ["co", "com", "org", "net", "gov", "edu", "ac", "gob", "or", "ne", "go", "sch"];

/// Reads the list, refusing whatever is not an origin that somebody owns.
pub(super) fn read(table: &mut TableReader<'_>) -> Vec<String> {
    // An empty list may be a variable that was not set. Clerk takes it for none, and then the tokens of every origin count.
    let least = "at least one origin of your pages; without the setting the tokens of every origin count";
    table.take_some_texts("authorized_parties", least, &check).unwrap_or_default()
}

#[inline(never)]
fn check(text: &str) -> Result<(), &'static str> {
    const ORIGIN: &str =
        "an origin as a browser writes it: `https://host` or `https://host:port`, lower case, no path, no slash at the end";
    if let Some(base) = text.strip_prefix("https://*.") {
        let anchored = format!("https://{base}");
        if base.contains_any(b"*") || url_origin_of(&anchored) != Some(anchored.as_str()) {
            return Err("`https://*.` and a host that you own, the star standing for one label");
        }
        return if is_shared(base) {
            Err("a wildcard under a host that you own: under this one anybody can get a name")
        } else {
            Ok(())
        };
    }
    if url_origin_of(text) != Some(text) {
        return Err(ORIGIN);
    }
    let (scheme, authority) = text::split_once(text, "://").unwrap_or_default();
    if authority.ends_with(":443") && scheme == "https" || authority.ends_with(":80") && scheme == "http" {
        return Err("an origin without its default port: browsers leave it out");
    }
    if scheme == "http" && !is_loopback_host(authority) {
        return Err("an `https` origin: `http` is for this machine only");
    }
    Ok(())
}

/// Whether strangers can get names under `base`: a top-level domain, a registry's second level, or a shared host.
fn is_shared(base: &str) -> bool {
    let host = base.pieces(b":").next().unwrap_or(base);
    let labels: Vec<&str> = host.pieces(b".").collect();
    let is_registry = match labels.as_slice() {
        [_] => true,
        [second, top] => top.len() == 2 && REGISTRY_LABELS.contains(second),
        _ => false,
    };
    is_registry || SHARED_HOSTS.iter().any(|shared| host == *shared || host.ends_with(shared) && host.len() <= shared.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_origins_pass_and_everything_else_is_named() {
        for good in [
            "https://example.com",
            "https://example.com:8443",
            "http://localhost:3000",
            "http://127.0.0.1:8787",
            "https://*.preview.example.com",
            "https://*.my-team.vercel.app",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "example.com",
            "https://example.com/",
            "https://Example.com",
            "http://example.com",
            "https://example.com:443",
            "https://user@example.com",
            "https://*.com",
            "https://*.co.uk",
            "https://*.vercel.app",
            "https://*.workers.dev",
            "https://*.*.example.com",
            "https://pre*.example.com",
            "http://*.example.com",
            "*",
            "",
            "https://",
            "https://a b",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
