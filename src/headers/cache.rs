//! What an answer that was made for one user tells caches (RFC 9111, RFC 9213).

use crate::text;

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
    let mut directives: Vec<&str> = of_origin
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|directive| {
            let name = directive.split('=').next().unwrap_or_default().trim();
            !name.is_empty()
                && !["public", "s-maxage", "proxy-revalidate", "surrogate-control", "private"]
                    .iter()
                    .any(|shared| text::is_same_name(name, shared))
        })
        .collect();
    directives.insert(0, "private");
    directives.join(", ")
}

/// `Vary` with the two fields that carry credentials added to the origin's own.
#[must_use]
pub fn private_vary(of_origin: Option<&str>) -> String {
    let mut fields: Vec<&str> =
        of_origin.unwrap_or_default().split(',').map(str::trim).filter(|field| !field.is_empty()).collect();
    if fields.contains(&"*") {
        return "*".to_owned();
    }
    for needed in ["Cookie", "Authorization"] {
        if !fields.iter().any(|field| text::is_same_name(field, needed)) {
            fields.push(needed);
        }
    }
    fields.join(", ")
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
