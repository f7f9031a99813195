//! Primary domains: a visit from another origin may have changed the session there, so it is worth a handshake.
//!
//! Source: `isCrossOriginReferrer` and `isKnownClerkReferrer` in `@clerk/backend`.

use super::{AuthenticateError, context::Context};
use crate::{
    request::HeaderName,
    text::{self, ByAny as _},
    web_url::{WebUrl, has_scheme, has_web_scheme},
};

/// Whether a signed-in request is due for a handshake since it comes from an origin that may be a satellite of ours.
pub(super) fn is_due(context: &Context<'_>) -> Result<bool, AuthenticateError> {
    if context.settings.options.satellite.is_one() || !context.is_document_navigation() {
        return Ok(false);
    }
    let Some(referrer) = context.request.header(HeaderName::Referer) else { return Ok(false) };
    if context.cookies().redirect_count != 0.0 {
        return Ok(false);
    }
    let own = context.public_url().ok_or(AuthenticateError::RequestUrl)?;
    let Some(from) = WebUrl::parse(&without_credentials(referrer)) else {
        // An app's address, say, is another origin; what is no address at all, or a broken one of the web, says nothing.
        let referrer = referrer.trim();
        return Ok(has_scheme(referrer) && !has_web_scheme(referrer));
    };
    Ok(!from.is_same_origin(own) && !is_clerk(context, &from))
}

/// Whether an address is Clerk's: the Frontend API, the instance's account portal, or in development any account portal.
fn is_clerk(context: &Context<'_>, from: &WebUrl) -> bool {
    let Some(frontend_api) = context.frontend_api() else { return false };
    let host = from.hostname();
    let is_frontend_api = match WebUrl::parse(&frontend_api).filter(|_| frontend_api.starts_with("http")) {
        Some(url) => host == url.hostname(),
        None => host == frontend_api,
    };
    let is_portal = || WebUrl::parse(&accounts_base_url(&frontend_api)).is_some_and(|portal| portal.is_same_origin(from));
    is_frontend_api || (context.is_development() && is_development_portal(host)) || is_portal()
}

fn is_development_portal(host: &str) -> bool {
    let is_legacy = host.starts_with("accounts.") && LEGACY_SUFFIXES.iter().any(|suffix| host.ends_with(suffix));
    let is_current =
        CURRENT_SUFFIXES.iter().any(|suffix| host.strip_suffix(suffix).is_some_and(|name| !name.ends_with(".clerk")));
    is_legacy || is_current
}

/// The address of the account portal that belongs to a Frontend API.
///
/// Source: `buildAccountsBaseUrl` in `@clerk/shared`.
#[must_use]
pub(super) fn accounts_base_url(frontend_api: &str) -> String {
    if frontend_api.is_empty() {
        return String::new();
    }
    let host = match text::split_once(frontend_api, "clerk.accountsstage.") {
        Some((before, after)) => text::concat(&[before, "accountsstage.", after]),
        None => frontend_api.to_owned(),
    };
    let host = match text::split_once(&host, "clerk.") {
        Some((before, after)) => text::concat(&[before, "accounts.", after.strip_prefix("accounts.").unwrap_or(after)]),
        None => host,
    };
    text::concat(&["https://", &host])
}

/// An address without user name and password, which make no other origin of it.
fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = text::split_once(address, "://") else { return address.to_owned() };
    let end = rest.find_any(b"/\\?#").unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority.rcut(b"@").map_or(authority, |(_, host)| host);
    text::concat(&[scheme, "://", host, rest])
}

const LEGACY_SUFFIXES: [&str; 3] = [".lcl.dev", ".lclstage.dev", ".lclclerk.com"];
const CURRENT_SUFFIXES: [&str; 3] = [".accounts.dev", ".accountsstage.dev", ".accounts.lclclerk.com"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portals_are_derived_from_the_frontend_api() {
        for (api, portal) in [
            ("clerk.example.com", "https://accounts.example.com"),
            ("tidy-otter-42.clerk.accounts.dev", "https://tidy-otter-42.accounts.dev"),
            ("x.clerk.accountsstage.dev", "https://x.accountsstage.dev"),
            ("example.com", "https://example.com"),
            ("", ""),
        ] {
            assert_eq!(accounts_base_url(api), portal);
        }
    }

    #[test]
    fn development_portals_are_not_the_frontend_api() {
        assert!(is_development_portal("tidy-otter-42.accounts.dev"));
        assert!(is_development_portal("accounts.x.lcl.dev"));
        assert!(!is_development_portal("tidy-otter-42.clerk.accounts.dev"));
        assert!(!is_development_portal("accounts.dev"));
    }
}
