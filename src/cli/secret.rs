//! How Clerk's secrets look, so that they are found where they should not be and never printed.

/// What sort of secret a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secret {
    /// `sk_live_…`
    LiveKey,
    /// `sk_test_…`
    TestKey,
    /// `whsec_…`
    Webhook,
}

impl Secret {
    const ALL: [Self; 3] = [Self::LiveKey, Self::TestKey, Self::Webhook];

    fn prefix(self) -> &'static str {
        match self {
            Self::LiveKey => "sk_live_",
            Self::TestKey => "sk_test_",
            Self::Webhook => "whsec_",
        }
    }

    /// What it is, for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LiveKey => "a live secret key (`sk_live_…`)",
            Self::TestKey => "a development secret key (`sk_test_…`)",
            Self::Webhook => "a webhook signing secret (`whsec_…`)",
        }
    }
}

/// The characters behind the prefix that make a secret rather than a placeholder such as `sk_live_...`: Clerk's keys have 42, the
/// base64 of the shortest signing secret 32.
const LEAST_CHARACTERS: usize = 32;
/// So many different ones: `sk_test_xxxxxxxxxxxxxxxxxxxxxxxx` is a placeholder.
const LEAST_DIFFERENT: usize = 8;

/// The secrets in a text, with the byte at which each begins.
pub(super) fn find(text: &str) -> Vec<(usize, Secret)> {
    let mut found = Vec::new();
    for secret in Secret::ALL {
        for (at, prefix) in text.match_indices(secret.prefix()) {
            let body = body(&text[at + prefix.len()..]);
            let mut letters: Vec<u8> = body.bytes().collect();
            letters.sort_unstable();
            letters.dedup();
            if body.len() >= LEAST_CHARACTERS && letters.len() >= LEAST_DIFFERENT {
                found.push((at, secret));
            }
        }
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    found
}

/// The text with everything behind a secret's prefix taken out, placeholders or not.
pub(super) fn mask(text: &str) -> String {
    let mut masked = text.to_owned();
    for prefix in Secret::ALL.map(Secret::prefix) {
        let mut from = 0;
        while let Some(at) = masked[from..].find(prefix) {
            let start = from + at + prefix.len();
            let end = start + body(&masked[start..]).len();
            if end > start {
                masked.replace_range(start..end, "…");
            }
            from = start;
        }
    }
    masked
}

fn body(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_and_placeholders_are_not() {
        let key = format!("sk_{}_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "live");
        assert_eq!(find(&format!("a = '{key}'")), [(5, Secret::LiveKey)]);
        for placeholder in ["sk_live_...", "sk_test_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "whsec_your_secret"] {
            assert_eq!(find(placeholder), []);
        }
    }

    #[test]
    fn nothing_of_a_secret_is_left_in_a_masked_line() {
        let line = format!("K = \"sk_{}_AbCd\" # whsec_abc==", "test");
        assert_eq!(mask(&line), "K = \"sk_test_…\" # whsec_…");
        assert_eq!(mask("nothing here"), "nothing here");
    }
}
