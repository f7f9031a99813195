//! What an answer that was made for one user tells caches (RFC 9111, RFC 9213).

use crate::text::{self, ByAny as _};

/// Fields by which an origin tells a content network or a proxy alone how long to keep an answer, whatever `Cache-Control` says; taken
/// off what was made for one user. nginx has `X-Accel-Expires`, Akamai `Edge-Control`.
pub const NETWORK_CACHE_CONTROL: [&str; 7] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-control",
    "x-accel-expires",
    "edge-control",
    "vercel-cdn-cache-control",
    "netlify-cdn-cache-control",
];

/// `Cache-Control` of an answer whose decision used a credential: the origin's own directives without those that let a shared
/// cache keep it, and with `private`. Without any directive of the origin it is `private` alone.
#[must_use]
pub fn private_cache_control(of_origin: Option<&str>) -> String {
    let mut kept = "private".to_owned();
    for directive in of_origin.unwrap_or_default().pieces(b",") {
        let directive = directive.trim();
        let name = directive.pieces(b"=").next().unwrap_or_default().trim();
        if !name.is_empty() && !SHARED.iter().any(|shared| text::is_same_name(name, shared)) {
            kept.push_str(", ");
            kept.push_str(directive);
        }
    }
    kept
}

/// Directives that let shared caches keep an answer, and the one that stands there anyhow.
const SHARED: [&str; 5] = ["public", "s-maxage", "proxy-revalidate", "surrogate-control", "private"];

/// `Vary` with the two fields that carry credentials added to the origin's own.
#[must_use]
pub fn private_vary(of_origin: Option<&str>) -> String {
    let of_origin = of_origin.unwrap_or_default();
    let mut named = String::new();
    let mut add = |field: &str| {
        named.push_str(if named.is_empty() { "" } else { ", " });
        named.push_str(field);
    };
    let has = |wanted: &str| of_origin.pieces(b",").any(|field| text::is_same_name(field.trim(), wanted));
    if has("*") {
        return "*".to_owned();
    }
    for field in of_origin.pieces(b",") {
        let field = field.trim();
        if !field.is_empty() {
            add(field);
        }
    }
    for needed in ["Cookie", "Authorization"] {
        if !has(needed) {
            add(needed);
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_caches_lose_what_the_browser_keeps() {
        assert_eq!(private_cache_control(Some("public, max-age=60, s-maxage=600")), "private, max-age=60");
        assert_eq!(private_cache_control(Some("no-store")), "private, no-store");
        assert_eq!(private_cache_control(None), "private");
        assert_eq!(private_cache_control(Some("PUBLIC , S-MaxAge = 5")), "private");
    }

    #[test]
    fn vary_keeps_what_was_there() {
        assert_eq!(private_vary(None), "Cookie, Authorization");
        assert_eq!(private_vary(Some("accept-encoding, cookie")), "accept-encoding, cookie, Authorization");
        assert_eq!(private_vary(Some("*")), "*");
    }
}
