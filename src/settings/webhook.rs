//! `webhook_path`: where Clerk's webhooks come in, and the secrets that they are signed with.

use crate::{
    limits,
    path::{PathSettings, judge},
    policy::pattern::Pattern,
    table::SettingError,
    text::{self, ByAny as _},
    webhook::WebhookSecret,
};

/// Where webhooks come in.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The one spelling that is taken, as `/api/webhooks/clerk`.
    pub path: String,
    /// The same as the policy's patterns are matched: without regard to case and a trailing slash.
    pub pattern: Pattern,
    /// What deliveries are signed with: one, or several while they are changed. Never empty.
    pub secrets: Vec<WebhookSecret>,
}

const EXPECTED_PATH: &str =
    "a path in one spelling, as `/api/webhooks/clerk`: letters, digits, `-`, `_`, `.`, `~`, no slash at the end";

/// Reads the path and, where there is one, the secrets from the environment.
#[inline(never)]
pub(super) fn read(path: String, secrets: Option<&str>, errors: &mut Vec<SettingError>) -> Option<WebhookSettings> {
    let pattern = Pattern::parse(&path).ok().filter(|_| is_plain(&path));
    if pattern.is_none() {
        SettingError::value("webhook_path", &path, EXPECTED_PATH).add_to(errors);
    }
    let secrets = secrets.map(str::trim).filter(|secrets| !secrets.is_empty());
    let Some(secrets) = secrets else {
        let expected = "the signing secret of the endpoint, `whsec_…`, since `webhook_path` is set";
        SettingError::missing("CLERK_WEBHOOK_SIGNING_SECRET", expected).add_to(errors);
        return None;
    };
    // Several while they are changed.
    let secrets: Option<Vec<WebhookSecret>> =
        secrets.pieces(b" ,\n").filter(|secret| !secret.trim().is_empty()).map(WebhookSecret::parse).collect();
    let is_strong = |secret: &WebhookSecret| secret.key().len() >= limits::WEBHOOK_SECRET_BYTES;
    let secrets = secrets.filter(|secrets| secrets.len() <= limits::WEBHOOK_SECRETS && secrets.iter().all(is_strong));
    if secrets.is_none() {
        let expected =
            format!("`whsec_…` as Clerk's dashboard shows it, or up to {} of them with blanks between", limits::WEBHOOK_SECRETS);
        SettingError::secret("CLERK_WEBHOOK_SIGNING_SECRET", &expected).add_to(errors);
    }
    Some(WebhookSettings { pattern: pattern?, secrets: secrets?, path })
}

/// Whether a path is its own canonical form and none of the gate's own.
fn is_plain(path: &str) -> bool {
    let is_literal = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte));
    let is_canonical = judge(&["https://gate.invalid", path].concat(), &PathSettings::default())
        .is_ok_and(|target| target.path().as_str() == path);
    is_literal
        && is_canonical
        && path.len() > 1
        && !text::contains(path, "//")
        && !path.ends_with('/')
        && !path.starts_with("/.well-known/portcullis")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        for good in ["/api/webhooks/clerk", "/hooks", "/api/v1.0/clerk_hooks-x~"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "api",
            "/a/",
            "/a//b",
            "/a/../b",
            "/a/./b",
            "/:a",
            "/a(.*)",
            "/a b",
            "/a?b",
            "/a%41",
            "/.well-known/portcullis/x",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
