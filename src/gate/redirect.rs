//! Where the gate sends people.

use crate::{path::JudgedTarget, settings::Settings};

/// The sign-in page, told by `redirect_url` where its visitor wanted to go: the public URL of this very request, so always this
/// site. Without a `sign_in_url` it is Clerk's account portal.
pub(super) fn sign_in(settings: &Settings, target: &JudgedTarget) -> String {
    let page = match settings.sign_in_url.as_deref() {
        Some(page) => absolute(page, target),
        None => format!("{}/sign-in", account_portal(&settings.instance.frontend_api)),
    };
    with_parameter(&page, "redirect_url", &target.forward_url())
}

/// The page for signed-in users who may not see another; `None` where there is none, or where the request already asks for it.
pub(super) fn unauthorized(settings: &Settings, target: &JudgedTarget) -> Option<String> {
    let page = absolute(settings.unauthorized_url.as_deref()?, target);
    let is_here = target.forward_url().split(['?', '#']).next() == page.split(['?', '#']).next();
    (!is_here).then_some(page)
}

/// A path becomes a URL of the request's own origin.
fn absolute(page: &str, target: &JudgedTarget) -> String {
    if page.starts_with('/') { format!("{}{page}", super::public_origin(target)) } else { page.to_owned() }
}

/// Clerk's hosted pages: `x.clerk.accounts.dev` belongs to `x.accounts.dev`, `clerk.example.com` to `accounts.example.com`.
///
/// Source: `buildAccountsBaseUrl` in `@clerk/shared`.
fn account_portal(frontend_api: &str) -> String {
    let host = frontend_api.replacen(".clerk.accounts.", ".accounts.", 1);
    match host.strip_prefix("clerk.") {
        Some(rest) => format!("https://accounts.{rest}"),
        None => format!("https://{host}"),
    }
}

fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (rest, fragment) = match url.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (url, None),
    };
    let mut joined = String::with_capacity(url.len() + value.len() * 2);
    joined.push_str(rest);
    joined.push(if rest.contains('?') { '&' } else { '?' });
    joined.push_str(name);
    joined.push('=');
    for byte in value.bytes() {
        // The application/x-www-form-urlencoded percent-encode set (WHATWG URL section 1.3).
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            joined.push(char::from(byte));
        } else {
            joined.push('%');
            for nibble in [byte >> 4, byte & 15] {
                joined.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    if let Some(fragment) = fragment {
        joined.push('#');
        joined.push_str(fragment);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_portal_follows_the_frontend_api() {
        assert_eq!(account_portal("tidy-otter-42.clerk.accounts.dev"), "https://tidy-otter-42.accounts.dev");
        assert_eq!(account_portal("clerk.example.com"), "https://accounts.example.com");
    }

    #[test]
    fn a_value_cannot_leave_its_parameter() {
        assert_eq!(
            with_parameter("/in?x=1#top", "redirect_url", "https://a/b?c&d#e"),
            "/in?x=1&redirect_url=https%3A%2F%2Fa%2Fb%3Fc%26d%23e#top"
        );
    }
}
