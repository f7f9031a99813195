//! Names that a client may never send through: ours, Clerk's, and those by which origins are told to see another request.

use crate::text;

/// Whole names, folded.
const NAMES: [&str; 56] = [
    // Which path, method or host the origin should believe in.
    "base-url",
    // The other path of a `COPY` or `MOVE` (RFC 4918 section 10.3), which nobody judges.
    "destination",
    "forwarded",
    "front-end-https",
    "iis-wasurlrewritten",
    "path-info",
    "path-translated",
    // Programs behind CGI find it as `HTTP_PROXY`, and send what they fetch that way (CVE-2016-5385).
    "proxy",
    "request-uri",
    "script-name",
    "unencoded-url",
    "x-base-path",
    "x-envoy-original-path",
    "x-forwarded-context",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-original-uri",
    "x-forwarded-path",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-protocol",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-forwarded-uri",
    "x-forwarded-url",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-http-path-override",
    "x-method-override",
    "x-original-host",
    "x-original-method",
    "x-original-path",
    "x-original-uri",
    "x-original-url",
    "x-override-url",
    "x-proxy-url",
    "x-proxybase",
    "x-replaced-path",
    "x-request-uri",
    "x-rewrite-uri",
    "x-rewrite-url",
    "x-rewritten-url",
    "x-scheme",
    "x-script-name",
    "x-url-scheme",
    "x-waws-unencoded-url",
    // The content policy of the answer and its nonce, which frameworks take from the request.
    "content-security-policy",
    "content-security-policy-report-only",
    "x-nonce",
    // Frameworks' own signals between their parts. What picks a format only (`rsc`, `next-router-…`) passes.
    "next-resume",
    "x-matched-path",
    "x-nextjs-rewrite",
    "x-now-route-matches",
];

/// Beginnings of names, folded.
const PREFIXES: [&str; 6] = ["x-accel-", "x-astro-", "x-clerk-", "x-invoke-", "x-middleware-", "x-portcullis-"];

/// Headers between two hops (RFC 9110 section 7.6.1). `upgrade` is left to the host, which opens WebSockets with it. `expect` asks the next
/// hop whether to send a body (section 10.1.1); the platform has it by then, and takes the origin's `100 Continue` for the answer.
const HOP_BY_HOP: [&str; 8] =
    ["connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"];

/// Whether a request header of this name is taken off before the origin sees it.
///
/// Names are compared as the laxest origin would: CGI and WSGI fold `-`, `_` and case into one, and some servers fold `.` and
/// blanks too. So every character but letters and digits counts as `-`.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    // Nearly all names are settled by their first letter.
    if !matches!(
        name.as_bytes().first().map(u8::to_ascii_lowercase),
        Some(b'b' | b'c' | b'd' | b'f' | b'i' | b'n' | b'p' | b'r' | b's' | b'u' | b'x')
    ) {
        return false;
    }
    PREFIXES.iter().any(|prefix| has_folded_prefix(name, prefix))
        || NAMES.iter().any(|reserved| name.len() == reserved.len() && has_folded_prefix(name, reserved))
}

/// Whether a header is for one hop only.
#[must_use]
pub fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|known| text::is_same_name(name, known))
}

fn has_folded_prefix(name: &str, folded: &str) -> bool {
    name.len() >= folded.len()
        && name.bytes().zip(folded.bytes()).all(|(byte, expected)| {
            if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() == expected } else { expected == b'-' }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_that_an_origin_could_fold_together_is_reserved() {
        for name in [
            "x-portcullis-user-id",
            "X-Portcullis-User-Id",
            "x_portcullis_user_id",
            "X_PORTCULLIS_USER_ID",
            "x-portcullis_user-id",
            "x.portcullis.user.id",
            "x-clerk-auth-status",
            "x-middleware-subrequest",
            "X_Middleware_Rewrite",
            "x-original-url",
            "X_Rewrite_Url",
            "x-http-method-override",
            "Forwarded",
            "SCRIPT_NAME",
            "X_Nonce",
            "Content-Security-Policy",
            "Path_Info",
            "Destination",
            "X-Forwarded-Ssl",
            "x_url_scheme",
            "X-Astro-Path",
            "Proxy",
        ] {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn ordinary_headers_pass() {
        for name in [
            "accept",
            "cookie",
            "authorization",
            "x-requested-with",
            "x-forwarded-for",
            "x-request-id",
            "next-url",
            "range",
            "content-type",
            "x-portcullis",
            "",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
