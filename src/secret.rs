//! How secrets begin: by this a text is taken for one, and never shown.

use crate::text;

/// A secret key of a production instance.
pub(crate) const LIVE_KEY: &str = "sk_live_";
/// A secret key of a development instance.
pub(crate) const TEST_KEY: &str = "sk_test_";
/// The signing secret of webhooks.
pub(crate) const WEBHOOK: &str = "whsec_";
/// In the first line of every private key in PEM.
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Whether what looks like a secret stands in a text.
pub(crate) fn is_in(text: &str) -> bool {
    [LIVE_KEY, TEST_KEY, WEBHOOK, PRIVATE_KEY].iter().any(|mark| text::contains(text, mark))
}
