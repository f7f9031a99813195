//! Where to sign in and sign up: the application's own pages or the account portal, with the way back.
//!
//! Source: `createRedirect` in `@clerk/backend`.

use super::{context::DEV_BROWSER, cross_origin::accounts_base_url, satellite::SYNCED};
use crate::{text, web_url::WebUrl};

/// What is known about the pages for signing in and up.
#[derive(Clone, Debug)]
pub struct Redirects {
    /// The public URL of the request.
    pub base_url: WebUrl,
    /// The Frontend API as encoded in the publishable key.
    pub frontend_api: String,
    /// The application's page for signing in; absolute, or relative to the request.
    pub sign_in_url: Option<String>,
    /// Its page for signing up.
    pub sign_up_url: Option<String>,
    /// The dev browser, for development instances; it goes along to other origins.
    pub dev_browser: Option<String>,
    /// The session has tasks to be done.
    pub is_pending: bool,
    /// This is a satellite: it asks its primary when the browser comes back.
    pub is_satellite: bool,
}

impl Redirects {
    /// The address of the page for signing in, or of the session's tasks. `return_to` is where to come back to afterwards.
    /// `None` where an address is no URL.
    #[must_use]
    pub fn to_sign_in(&self, return_to: Option<&str>) -> Option<String> {
        let target = given(&self.sign_in_url).map_or_else(|| text::concat(&[&self.portal()?, "/sign-in"]).into(), Some)?;
        self.build(&target, return_to)
    }

    /// The same for signing up.
    #[must_use]
    pub fn to_sign_up(&self, return_to: Option<&str>) -> Option<String> {
        let combined = || {
            let mut url = self.base_url.join(&given(&self.sign_in_url)?)?;
            url.set_path(&text::concat(&[url.path(), "/create"]));
            Some(url.href())
        };
        let portal = || Some(text::concat(&[&self.portal()?, "/sign-up"]));
        let target = given(&self.sign_up_url).or_else(combined).or_else(portal)?;
        self.build(&target, return_to)
    }

    fn portal(&self) -> Option<String> {
        Some(accounts_base_url(&self.frontend_api)).filter(|portal| !portal.is_empty())
    }

    fn build(&self, target: &str, return_to: Option<&str>) -> Option<String> {
        let mut url =
            if self.is_pending { self.base_url.join(&text::concat(&[target, "/tasks"]))? } else { self.base_url.join(target)? };
        let leaves = self.base_url.hostname() != url.hostname() || self.base_url.port() != url.port();
        if let Some(return_to) = return_to {
            let mut back = self.base_url.join(return_to)?;
            if leaves && self.is_satellite {
                back.set_param(SYNCED, "false");
            }
            url.set_param("redirect_url", &back.href());
        }
        if let Some(browser) = self.dev_browser.as_deref().filter(|_| leaves) {
            url.set_param(DEV_BROWSER, browser);
        }
        Some(url.href())
    }
}

fn given(url: &Option<String>) -> Option<String> {
    url.clone().filter(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirects(base: &str) -> Redirects {
        Redirects {
            base_url: WebUrl::parse(base).unwrap(),
            frontend_api: "clerk.example.com".into(),
            sign_in_url: None,
            sign_up_url: None,
            dev_browser: None,
            is_pending: false,
            is_satellite: false,
        }
    }

    #[test]
    fn without_pages_of_its_own_an_application_uses_the_portal() {
        let here = redirects("https://www.example.com/a");
        assert_eq!(
            here.to_sign_in(Some("/a?b=c")).unwrap(),
            "https://accounts.example.com/sign-in?redirect_url=https%3A%2F%2Fwww.example.com%2Fa%3Fb%3Dc"
        );
        assert_eq!(here.to_sign_up(None).unwrap(), "https://accounts.example.com/sign-up");
    }

    #[test]
    fn own_pages_come_first_and_signing_up_is_below_signing_in() {
        let mut here = redirects("https://www.example.com/a/b");
        here.sign_in_url = Some("/sign-in".into());
        assert_eq!(here.to_sign_in(None).unwrap(), "https://www.example.com/sign-in");
        assert_eq!(here.to_sign_up(None).unwrap(), "https://www.example.com/sign-in/create");
        here.sign_up_url = Some("/join".into());
        assert_eq!(here.to_sign_up(None).unwrap(), "https://www.example.com/join");
        here.is_pending = true;
        assert_eq!(here.to_sign_in(None).unwrap(), "https://www.example.com/sign-in/tasks");
    }

    #[test]
    fn only_other_origins_get_the_dev_browser_and_the_sign_to_sync() {
        let mut here = redirects("https://satellite.example/x");
        here.sign_in_url = Some("https://primary.example/sign-in".into());
        here.dev_browser = Some("dvb_1".into());
        here.is_satellite = true;
        assert_eq!(
            here.to_sign_in(Some("https://satellite.example/x")).unwrap(),
            "https://primary.example/sign-in?redirect_url=https%3A%2F%2Fsatellite.example%2Fx%3F__clerk_synced%3Dfalse&__clerk_db_jwt=dvb_1"
        );
        here.sign_in_url = Some("/sign-in".into());
        assert_eq!(here.to_sign_in(None).unwrap(), "https://satellite.example/sign-in");
    }
}
