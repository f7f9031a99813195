//! The publishable key: which instance, of which type, at which Frontend API; and the suffix of its cookies.

use sha1::{Digest as _, Sha1};

use crate::{base64, text::ByAny as _};

/// Whether an instance is for development or production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceType {
    /// `pk_test_…`
    Development,
    /// `pk_live_…`
    Production,
}

/// What a publishable key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishableKey {
    /// The type of the instance.
    pub instance_type: InstanceType,
    /// The host of its Frontend API, as encoded in the key.
    pub frontend_api: String,
}

impl PublishableKey {
    /// Reads a publishable key.
    ///
    /// Source: `parsePublishableKey` in `@clerk/shared`.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (instance_type, encoded) = match key.strip_prefix("pk_live_") {
            Some(encoded) => (InstanceType::Production, encoded),
            None => (InstanceType::Development, key.strip_prefix("pk_test_")?),
        };
        let mut decoded = String::new();
        for byte in base64::decode_forgiving(encoded)? {
            decoded.push(char::from(byte));
        }
        let frontend_api = decoded.strip_suffix('$')?;
        let is_host = !frontend_api.contains_any(b"$") && frontend_api.contains_any(b".");
        is_host.then(|| Self { instance_type, frontend_api: frontend_api.to_owned() })
    }
}

/// The suffix that keeps apart the cookies of instances on one domain.
///
/// Source: `getCookieSuffix` in `@clerk/shared`.
#[must_use]
pub fn cookie_suffix(publishable_key: &str) -> String {
    // Six bytes are eight letters.
    let digest = Sha1::digest(publishable_key.as_bytes());
    base64::encode_url(digest.get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_type_and_frontend_api() {
        let key = PublishableKey::parse("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k").unwrap();
        assert_eq!(key, PublishableKey { instance_type: InstanceType::Production, frontend_api: "clerk.example.com".into() });
        assert!(PublishableKey::parse("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k").is_some());
        for key in
            ["", "pk_live_", "pk_LIVE_Y2xlcmsuZXhhbXBsZS5jb20k", "sk_live_x", "pk_live_Y2xlcmsuZXhhbXBsZS5jb20", "pk_live_a_b"]
        {
            assert_eq!(PublishableKey::parse(key), None, "{key}");
        }
    }

    #[test]
    fn the_suffix_is_eight_url_safe_letters() {
        assert_eq!(cookie_suffix("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"), "naoXFJnI");
    }
}
