//! The secret that sender and receiver share.

use crate::{base64, secret};

/// A signing secret, as Clerk's dashboard shows it: `whsec_` and base64.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret {
    key: Vec<u8>,
}

impl WebhookSecret {
    /// Reads a secret; `None` where it is none. The prefix may be missing, as in the senders' own libraries.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let key = base64::decode_forgiving(text.strip_prefix(secret::WEBHOOK).unwrap_or(text))?;
        (!key.is_empty()).then_some(Self { key })
    }

    /// The key of the HMAC. Only the host's cryptography may see it.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }
}

impl core::fmt::Debug for WebhookSecret {
    /// Shows nothing of the secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_base64_behind_a_prefix_and_never_shown() {
        let secret = WebhookSecret::parse(" whsec_AAEC\n").unwrap();
        assert_eq!(secret.key(), [0, 1, 2]);
        assert_eq!(WebhookSecret::parse("AAECAw==").unwrap(), WebhookSecret::parse("whsec_AAECAw").unwrap());
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        for bad in ["", "whsec_", "whsec_*", "whsec_A", "whsk_AAEC", "whsec_AA-_"] {
            assert!(WebhookSecret::parse(bad).is_none(), "{bad}");
        }
    }
}
