//! The origin of a URL that somebody wrote: taken from the text as it stands, or not at all.

use crate::text::ByAny as _;

/// The leading `scheme://host[:port]` of an absolute http(s) URL in its normal form (lower case, no credentials).
pub(crate) fn url_origin_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.pieces(b"/?#\\").next()?;
    let (host, port) = match authority.rcut(b":") {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        Some((_, _)) if authority.ends_with(']') => (authority, ""),
        Some(_) => return None,
        None => (authority, ""),
    };
    let is_name =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte));
    let is_ipv6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(|address| {
        !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.')
    });
    let has_port = port.is_empty() || port.parse::<u16>().is_ok();
    if (is_name || is_ipv6) && has_port { url.get(..url.len() - rest.len() + authority.len()) } else { None }
}
