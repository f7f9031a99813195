//! The Frontend API's proxy: requests below one path of the app go to Clerk, so that browsers need no other host for it.
//!
//! 1. A request is Clerk's if its canonical path is below the path of the settings, and every reading of it is. If only some are, an
//!    origin and the gate would not agree on whose it is: 400.
//! 2. It goes to one host, whatever its path says: the target begins with exactly one slash behind a host that is fixed.
//! 3. Clerk is told by which address it is reached, who the client is, and by the secret key that it may believe that. The key is not in
//!    the decision: the host adds it where the URL is built.
//! 4. A redirect to the Frontend API becomes one to the proxy.
//!
//! No session is looked at, and no rule: Clerk answers for its own API.
//!
//! Source: `clerkFrontendApiProxy` in `@clerk/backend/proxy`.

use super::{Action, Decision, Event, Forward, Refusal, Shared, own, public_origin, unjudged};
use crate::{
    headers::{Field, names},
    path::JudgedTarget,
    policy::Access,
    reason,
    request::{HeaderName, RequestView},
    settings::ProxySettings,
    web_url::WebUrl,
};

/// What a request of the proxy's says on its way back, besides [`Forward`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// Where the request goes: the Frontend API's address and the target.
    pub url: String,
    /// Where the client reaches the Frontend API.
    pub proxy_url: String,
}

impl Proxied {
    /// Where a redirect of the Frontend API leads a client of the proxy; `None`: where it says.
    #[must_use]
    pub fn location(&self, location: &str) -> Option<String> {
        let base = WebUrl::parse(&self.url)?;
        let target = base.join(location)?;
        let is_its_own = target.hostname() == base.hostname() && target.port() == base.port();
        let href = target.href();
        let rest = href.get(target.origin().len()..)?;
        is_its_own.then(|| [&self.proxy_url, rest].concat())
    }
}

impl Shared {
    /// The decision about a request for the Frontend API; `None` for all others.
    #[inline]
    pub(super) fn proxy(&self, request: &RequestView, target: &JudgedTarget) -> Option<Decision> {
        self.proxy_by(self.settings.proxy.as_ref()?, request, target)
    }

    #[inline(never)]
    fn proxy_by(&self, proxy: &ProxySettings, request: &RequestView, target: &JudgedTarget) -> Option<Decision> {
        let mut readings = target.readings().iter().map(|reading| proxy.is_below(&reading.path));
        if !readings.any(|is_below| is_below) {
            return None;
        }
        let all = target.readings().iter().all(|reading| proxy.is_below(&reading.path));
        let forwarded = target.forward_target();
        let rest = forwarded.strip_prefix(&*proxy.path).filter(|rest| all && !rest.starts_with("//"));
        let Some(rest) = rest else {
            let message = "not every reading of the path is below the Frontend API's proxy".to_owned();
            return Some(unjudged(request, reason::PROXY_PATH_AMBIGUOUS, message));
        };
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let origin = public_origin(target);
        let proxied = Proxied {
            url: [&proxy.frontend_api, slash, rest].concat(),
            proxy_url: proxy.url.clone().unwrap_or_else(|| [&*origin, &proxy.path].concat()),
        };
        let mut headers: Vec<Field> = vec![
            (names::CLERK_PROXY_URL, proxied.proxy_url.clone().into()),
            (names::FORWARDED_HOST, target.host().to_owned().into()),
            (names::FORWARDED_PROTO, target.scheme().into()),
        ];
        let client = request.header(HeaderName::ConnectingIp);
        headers.extend(client.map(|address| (names::FORWARDED_FOR, address.to_owned().into())));
        let forward = Forward { target: forwarded.into(), public_origin: origin.into(), headers, proxied: Some(proxied) };
        let rule = ["proxy ", &proxy.path].concat();
        Some(Decision {
            action: Action::Forward(forward),
            event: Event::Forwarded,
            access: Some(Access::Public),
            rule: Some(rule.into()),
            ..own(Refusal::NotFound.problem(""), reason::FRONTEND_API, "")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_of_the_frontend_api_stay_at_the_proxy_and_others_do_not() {
        let proxied = Proxied {
            url: "https://frontend-api.clerk.dev/v1/oauth_callback?a=b".into(),
            proxy_url: "https://example.com/__clerk".into(),
        };
        for (location, expected) in [
            ("/v1/x?y#z", Some("https://example.com/__clerk/v1/x?y#z")),
            ("https://frontend-api.clerk.dev/v1/x", Some("https://example.com/__clerk/v1/x")),
            ("//frontend-api.clerk.dev/v1/x", Some("https://example.com/__clerk/v1/x")),
            ("next", Some("https://example.com/__clerk/v1/next")),
            ("https://accounts.google.com/o", None),
            ("https://frontend-api.clerk.dev.evil.example/", None),
            ("https://frontend-api.clerk.dev@evil.example/", None),
            ("https://frontend-api.clerk.dev:8443/", None),
            ("//evil.example/", None),
            ("\\\\evil.example/", None),
            ("myapp://callback", None),
        ] {
            assert_eq!(proxied.location(location).as_deref(), expected, "{location}");
        }
    }
}
