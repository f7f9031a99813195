//! The URL that the browser sees, where a proxy stands between.

use crate::{
    request::{HeaderName, RequestView},
    text::{self, ByAny as _},
    web_url::WebUrl,
};

/// The public URL of a request.
///
/// With `forwarded_headers` it is put together as Clerk does: host from `X-Forwarded-Host` or `Host`, scheme from
/// `X-Forwarded-Proto`, the first of a list each; where that is no `http` or `https` origin, the request's own URL stands. Clerk
/// reads the path as a reference against that origin, so that a path of two slashes would name the host; here a path is a path.
///
/// Source: `ClerkRequest.deriveUrlFromHeaders` in `@clerk/backend`.
pub(super) fn public_url(request: &RequestView, forwarded_headers: bool) -> Option<WebUrl> {
    let own = WebUrl::parse(&request.url)?;
    if !forwarded_headers {
        return Some(own);
    }
    let host = first(request, HeaderName::ForwardedHost).or_else(|| request.headers.header(HeaderName::Host));
    let proto = first(request, HeaderName::ForwardedProto);
    let proto = proto.unwrap_or(if own.is_https() { "https" } else { "http" });
    let Some(host) = host.filter(|host| !host.is_empty() && !proto.is_empty()) else { return Some(own) };
    let is_web = text::is_same_name(proto, "http") || text::is_same_name(proto, "https");
    let origin = text::concat(&[proto, "://", host]);
    if !is_web || origin == own.origin() {
        return Some(own);
    }
    Some(match WebUrl::parse(&origin) {
        Some(origin) => own.moved_to(&origin),
        None => own,
    })
}

/// The first of a list, blanks and all; an empty header counts, as an empty first.
fn first(request: &RequestView, name: HeaderName) -> Option<&str> {
    request.headers.header(name)?.pieces(b",").next()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::request::HeaderList;

    fn url(url: &str, headers: &[(&str, &str)]) -> String {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = RequestView { method: "GET".into(), url: url.into(), headers: Rc::new(HeaderList::new(headers)) };
        public_url(&request, true).unwrap().href()
    }

    #[test]
    fn the_host_never_comes_out_of_the_path() {
        let forwarded = [("x-forwarded-host", "www.example.com"), ("x-forwarded-proto", "https")];
        assert_eq!(url("http://internal//evil.example/p", &forwarded), "https://www.example.com//evil.example/p");
        assert_eq!(url("http://internal/\\evil.example/p", &forwarded), "https://www.example.com//evil.example/p");
    }

    #[test]
    fn what_is_no_web_origin_leaves_the_url_alone() {
        for (host, proto) in
            [("a b", "https"), ("www.example.com", "javascript"), ("www.example.com", ""), ("u:p@h.example", "https")]
        {
            assert_eq!(
                url("http://internal/p", &[("x-forwarded-host", host), ("x-forwarded-proto", proto)]),
                "http://internal/p"
            );
        }
    }
}
