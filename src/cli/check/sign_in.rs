//! The steps of signing in, which Clerk's components put below the page: `/sign-in/factor-one`, `/sign-in/sso-callback`.

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::deployment::Deployment,
    path,
    policy::{Access, lint::Severity},
    settings::Settings,
    table::quote,
};

/// Where an identity provider sends the browser back to, below either page.
const STEP: &str = "/sso-callback";

pub(super) fn check(deployment: &Deployment, settings: &Settings, findings: &mut Vec<Finding>) {
    for (name, page) in [("sign_in_url", &settings.sign_in_url), ("sign_up_url", &settings.sign_up_url)] {
        let Some(page) = page.as_deref().filter(|page| page.starts_with('/')) else { continue };
        let page = page.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let Ok(target) = path::judge(&format!("https://gate.invalid{page}{STEP}"), &settings.path) else { continue };
        // A page at the root has its steps in the fragment.
        if page.is_empty() || settings.policy.demand_for("GET", &target).access == Access::Public {
            continue;
        }
        let page = quote(page);
        findings.push(finding(
            Kind::SignInStepsClosed,
            Severity::Warning,
            Some(deployment.place_of(name)),
            [
                &format!("`{page}` is public, and `{page}{STEP}` is not"),
                "Clerk's components go on below the page, so that who comes back from Google is sent to sign in again",
                &format!("add `{page}/:path*` to `public`"),
            ],
        ));
    }
}
