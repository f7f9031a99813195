//! The Frontend API's proxy where the platform has one of its own.
//!
//! Source: `getAutoProxyUrlFromEnvironment` in `@clerk/shared`.

use crate::text::ByAny as _;

/// What a host on Vercel knows about where it runs.
#[derive(Clone, Debug, Default)]
pub struct VercelEnvironment {
    /// `VERCEL_TARGET_ENV`.
    pub target_env: Option<String>,
    /// `VERCEL_PROJECT_PRODUCTION_URL`: a host, or an address.
    pub project_production_url: Option<String>,
    /// `CLERK_DISABLE_AUTO_PROXY`: `true` in any case, or a whole number above zero.
    pub disable_auto_proxy: Option<String>,
}

/// The path of the proxy, for [`proxy_url`](super::AuthenticateOptions::proxy_url), where neither proxy nor domain is given: a
/// production instance on a `vercel.app` host cannot have a Frontend API below its own domain.
#[must_use]
pub fn auto_proxy_path(publishable_key: &str, environment: &VercelEnvironment) -> Option<&'static str> {
    let is_live = publishable_key.starts_with("pk_live_") || publishable_key.starts_with("live_");
    let is_disabled = environment.disable_auto_proxy.as_deref().is_some_and(is_truthy);
    let is_production = environment.target_env.as_deref() == Some("production");
    let url = environment.project_production_url.as_deref().unwrap_or_default();
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    let end = host.find_any(b"/:?#").unwrap_or(host.len());
    let host = host.get(..end).unwrap_or_default();
    // Of an address the host is lower-cased, as URLs have it; alone it is taken as it is.
    let is_address = host.len() < url.len() && !url.starts_with(host);
    let is_vercels = host.ends_with(".vercel.app") || (is_address && host.to_ascii_lowercase().ends_with(".vercel.app"));
    (is_live && !is_disabled && is_production && is_vercels).then_some("/__clerk")
}

/// As the library reads a variable that switches something: `true`, or what begins like a number above zero.
fn is_truthy(value: &str) -> bool {
    let digits = value.trim_start();
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    let is_above_zero = digits.bytes().take_while(u8::is_ascii_digit).any(|digit| digit != b'0');
    value.eq_ignore_ascii_case("true") || is_above_zero
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_production_on_vercels_own_domain_has_the_proxy() {
        let environment = |url: &str| VercelEnvironment {
            target_env: Some("production".into()),
            project_production_url: Some(url.into()),
            disable_auto_proxy: None,
        };
        assert_eq!(auto_proxy_path("pk_live_x", &environment("my-app.vercel.app")), Some("/__clerk"));
        assert_eq!(auto_proxy_path("pk_live_x", &environment("https://my-app.vercel.app/x")), Some("/__clerk"));
        assert_eq!(auto_proxy_path("pk_live_x", &environment("www.example.com")), None);
        assert_eq!(auto_proxy_path("pk_test_x", &environment("my-app.vercel.app")), None);
        assert_eq!(auto_proxy_path("pk_live_x", &environment("https://My-App.Vercel.app/x")), Some("/__clerk"));
    }

    #[test]
    fn it_is_switched_off_by_what_the_library_takes_for_true() {
        for (value, is_off) in [
            ("true", true),
            ("TRUE", true),
            ("1", true),
            (" 2x", true),
            ("+10", true),
            ("0", false),
            ("yes", false),
            ("", false),
            ("-1", false),
            (" true", false),
        ] {
            let environment = VercelEnvironment {
                target_env: Some("production".into()),
                project_production_url: Some("my-app.vercel.app".into()),
                disable_auto_proxy: Some(value.into()),
            };
            assert_eq!(auto_proxy_path("pk_live_x", &environment).is_none(), is_off, "{value:?}");
        }
    }
}
