//! The request URL as it came, cut into scheme, authority, path and query. Nothing is decoded here.
//!
//! 1. The scheme is `http` or `https`, in any case, followed by `://`.
//! 2. The authority ends at the first `/`, `\`, `?` or `#` and is a host with an optional port: no user, no empty host.
//! 3. The rest up to `#` is the request target; its first `?` begins the query. `//admin` is a path, never a host: the target
//!    is not resolved against anything.

use super::{Ambiguity, encoding::push_escaped};
use crate::{
    limits,
    text::{self, ByAny as _},
};

/// The parts of a URL, undecoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub scheme: &'static str,
    pub authority: &'a str,
    /// As written; may be empty.
    pub path: &'a str,
    /// What follows the first `?`, if there is one.
    pub query: Option<&'a str>,
}

/// Cuts a URL.
///
/// Source: RFC 3986 appendix B for the cuts, section 3.2.2 for the host; WHATWG URL for `\` before the path; RFC 9110 section
/// 4.2.4 for refusing a user.
pub(super) fn parse(url: &str) -> Result<Target<'_>, Ambiguity> {
    if url.len() > limits::URL_BYTES {
        return Err(Ambiguity::UrlTooLong { bytes: url.len() });
    }
    // HTTP has no control bytes in a request target (RFC 9112 section 3.2); what lets them in cannot be trusted to pass them on.
    if let Some(at) = url.bytes().position(|byte| byte.is_ascii_control()) {
        return Err(Ambiguity::ControlByte { at });
    }
    let (scheme, rest) = match text::split_once(url, "://") {
        Some((scheme, rest)) if text::is_same_name(scheme, "https") => ("https", rest),
        Some((scheme, rest)) if text::is_same_name(scheme, "http") => ("http", rest),
        _ => return Err(Ambiguity::NotHttp),
    };
    let (authority, target) = before_first(rest, &['/', '\\', '?', '#']);
    if !is_authority(authority) {
        return Err(Ambiguity::BadAuthority);
    }
    let target = target.cut(b"#").map_or(target, |(target, _)| target);
    let (path, query) = target.cut(b"?").map_or((target, None), |(path, query)| (path, Some(query)));
    Ok(Target { scheme, authority, path, query })
}

/// The query as it is forwarded: with its `?`, or empty. Bytes that a URL parser would escape on the way are escaped now.
///
/// Source: WHATWG URL, "special-query percent-encode set".
pub(super) fn canonicalize_query(query: Option<&str>) -> String {
    let Some(query) = query else { return String::new() };
    let mut out = String::with_capacity(query.len() + 1);
    out.push('?');
    push_escaped(&mut out, query.as_bytes(), |byte| matches!(byte, 0..=b' ' | 0x7f.. | b'"' | b'#' | b'<' | b'>' | b'\''));
    out
}

/// What is before the first of some characters, and the rest from there on.
fn before_first<'a>(text: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    text.find(ends).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.cut(b"]") {
            Some((address, port)) if is_ip_literal(address) => (address, port),
            _ => return false,
        },
        None => {
            let (host, port) = before_first(authority, &[':']);
            let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            if !is_name {
                return false;
            }
            (host, port)
        }
    };
    let port_is_good = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        });
    !host.is_empty() && port_is_good
}

fn is_ip_literal(address: &str) -> bool {
    address.contains_any(b":") && address.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_slash_is_a_path_and_not_a_host() {
        let target = parse("https://example.com//admin?x#y").unwrap();
        assert_eq!((target.authority, target.path, target.query), ("example.com", "//admin", Some("x")));
    }

    #[test]
    fn the_authority_ends_at_a_backslash_too() {
        assert_eq!(parse("http://h\\@evil/").unwrap().authority, "h");
    }

    #[test]
    fn hosts_have_a_name_and_a_sane_port() {
        for good in ["h", "a.b-c_d:8787", "127.0.0.1:65535", "[::1]:80", "[fe80::1]"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in
            ["", ":80", "u@h", "u:p@h", "h:", "h:65536", "h:8a", "h%2f", "h h", "[::1", "[::1]x", "[v1.x]", "ü.example", "h:+1"]
        {
            assert!(!is_authority(bad), "{bad}");
        }
    }

    #[test]
    fn only_http_is_judged() {
        for url in ["ftp://h/", "/admin", "//h/admin", "h/admin", "", "javascript:alert(1)", "http:/h/", "*"] {
            assert_eq!(parse(url), Err(Ambiguity::NotHttp), "{url}");
        }
        assert_eq!(parse("HTTPS://h/").unwrap().scheme, "https");
    }

    #[test]
    fn control_bytes_are_refused_wherever_they_stand() {
        assert_eq!(parse("http://h/a\tb"), Err(Ambiguity::ControlByte { at: 10 }));
        assert_eq!(parse("http://h/?\u{7f}"), Err(Ambiguity::ControlByte { at: 10 }));
    }

    #[test]
    fn length_is_checked_at_the_boundary() {
        let fits = format!("http://h/?{}", "a".repeat(limits::URL_BYTES - 10));
        assert!(parse(&fits).is_ok());
        assert_eq!(parse(&format!("{fits}a")), Err(Ambiguity::UrlTooLong { bytes: limits::URL_BYTES + 1 }));
    }

    #[test]
    fn queries_keep_their_spelling() {
        assert_eq!(canonicalize_query(Some("a=%2f&b=é'")), "?a=%2f&b=%C3%A9%27");
        assert_eq!(canonicalize_query(Some("")), "?");
        assert_eq!(canonicalize_query(None), "");
    }
}
