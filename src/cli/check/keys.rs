//! The keys: live ones, of one instance, well-formed. What the settings room refuses is not said twice.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{cli::deployment::Deployment, policy::lint::Severity, secret::WEBHOOK};

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<Finding>) {
    let publishable = deployment.text("CLERK_PUBLISHABLE_KEY");
    if !deployment.is_local && publishable.is_some_and(|key| key.starts_with("pk_test_")) {
        findings.push(finding(
            Kind::DevelopmentKeys,
            Severity::Error,
            Some(deployment.place_of("CLERK_PUBLISHABLE_KEY")),
            [
                "the publishable key is of a development instance",
                "development instances keep sessions in addresses, share OAuth credentials and are limited to 100 users",
                "put the `pk_live_…` key of the production instance here; for `wrangler dev` check with `--local`",
            ],
        ));
    }
    if publishable.is_some() && deployment.text("CLERK_SECRET_KEY").is_none() && deployment.text("CLERK_JWT_KEY").is_none() {
        findings.push(finding(
            Kind::SecretKeyNotSeen,
            Severity::Note,
            None,
            [
                "CLERK_SECRET_KEY is not known here, so it was not checked",
                "a secret that Wrangler keeps cannot be read back",
                "run with CLERK_SECRET_KEY set in the environment, as CI can from its own secrets",
            ],
        ));
    }
    let webhook_names = ["CLERK_WEBHOOK_SIGNING_SECRET", "CLERK_WEBHOOK_SECRET"];
    let takes_webhooks = deployment.policy_table().is_some_and(|table| table.get("webhook_path").is_some());
    if takes_webhooks && webhook_names.iter().all(|name| deployment.text(name).is_none()) {
        findings.push(finding(
            Kind::WebhookSecretNotSeen,
            Severity::Note,
            Some(deployment.place_of("webhook_path")),
            [
                "CLERK_WEBHOOK_SIGNING_SECRET is not known here, so it was not checked",
                "without it the gate answers 500 to every request",
                "set it by `npx wrangler secret put`, and run this with it in the environment",
            ],
        ));
    }
    for name in webhook_names {
        if deployment.text(name).is_some_and(|secret| !is_webhook_secret(secret)) {
            findings.push(finding(
                Kind::WebhookSecretMalformed,
                Severity::Error,
                None,
                [
                    &format!("{name} (not shown) is no webhook signing secret"),
                    "no signature can be checked with it, so every webhook is refused",
                    "copy it from Clerk's dashboard, \"Webhooks\", \"Signing secret\": `whsec_` and base64",
                ],
            ));
        }
    }
}

/// `whsec_` and the base64 of 24 to 64 bytes.
///
/// Source: Standard Webhooks, "Signature scheme".
fn is_webhook_secret(secret: &str) -> bool {
    let key = secret.trim().strip_prefix(WEBHOOK).and_then(|key| STANDARD.decode(key).ok());
    key.is_some_and(|key| (24..=64).contains(&key.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_secret_is_a_prefix_and_enough_bytes() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        assert!(is_webhook_secret(&of(24)) && is_webhook_secret(&of(64)));
        for wrong in [of(23), of(65), "whsec_".into(), "whsec_%%%".into(), STANDARD.encode([7; 32])] {
            assert!(!is_webhook_secret(&wrong), "{wrong}");
        }
    }
}
