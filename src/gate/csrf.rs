//! Cross-site request forgery: a page of somebody else makes a browser send a request, and the browser adds its cookies.
//!
//! 1. Only requests whose session came from cookies: no page can make a browser add an `Authorization` header of its own accord. What
//!    could not be checked may be a session, too.
//! 2. Only those that can change something: all methods but GET, HEAD and OPTIONS, one that the query names (`?_method=DELETE`
//!    in a link) among them, and the opening of a WebSocket, for which browsers ask no origin's leave.
//! 3. `Origin` says whose page it was: it has to be the request's own origin or an authorized party.
//! 4. Where it is absent or `null` (a page with `Referrer-Policy: no-referrer` posts so to itself), `Sec-Fetch-Site` has to be
//!    `same-origin` or `none`.
//! 5. A request without either is no browser's: all of them send `Origin` with what is checked here.
//!
//! Source: RFC 6454 section 7; Fetch, "serializing a request origin"; Fetch Metadata section 2.3.

use super::public_origin;
use crate::{
    path::JudgedTarget,
    policy::overriding,
    request::{HeaderName, RequestView},
    session::Authenticator,
    table::quote,
};

/// Whose page a forged request came from, in words for the operator; `None` where it is ours, or no page's.
pub(super) fn foreign_page(request: &RequestView, target: &JudgedTarget, authenticator: &Authenticator) -> Option<String> {
    if is_safe(request, target) { None } else { stranger(request, target, authenticator) }
}

#[inline(never)]
fn stranger(request: &RequestView, target: &JudgedTarget, authenticator: &Authenticator) -> Option<String> {
    let site = || request.header(HeaderName::SecFetchSite);
    match request.header(HeaderName::Origin) {
        Some(origin) if origin == own_origin(target) || authenticator.is_authorized_party(origin) => None,
        Some(origin) if origin != "null" => {
            Some(format!("`Origin` is `{}`, expected the request's own origin or an authorized party", quote(origin)))
        }
        origin => match site() {
            Some(site) if site == "same-origin" || site == "none" => None,
            Some(site) => Some(format!("`Sec-Fetch-Site` is `{}`, expected `same-origin` or `none`", quote(site))),
            None => origin.map(|_| "`Origin` is `null` and there is no `Sec-Fetch-Site`".to_owned()),
        },
    }
}

/// Whether it can change nothing, whichever of its methods the origin believes in.
fn is_safe(request: &RequestView, target: &JudgedTarget) -> bool {
    let is_read = |method: &str| matches!(method, "GET" | "HEAD" | "OPTIONS");
    is_read(&request.method)
        && overriding(&request.method, target.search()).iter().all(|method| is_read(method))
        && (&*request.method == "OPTIONS" || is_navigation(request) || request.header(HeaderName::Upgrade).is_none())
}

/// Whether a browser says that it goes to a page: it opens no WebSocket then, and no page can make it say so (Fetch, "forbidden
/// request-header"). Others have looked at this header, so it costs nothing.
fn is_navigation(request: &RequestView) -> bool {
    request.header(HeaderName::SecFetchDest) == Some("document")
}

/// The origin as browsers write it: without the default port.
fn own_origin(target: &JudgedTarget) -> String {
    let origin = public_origin(target);
    let default_port = if target.scheme() == "https" { ":443" } else { ":80" };
    origin.strip_suffix(default_port).map(str::to_owned).unwrap_or(origin)
}
