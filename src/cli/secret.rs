//! How Clerk's secrets look, so that they are found where they should not be and never printed.

use crate::secret;

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
            Self::LiveKey => secret::LIVE_KEY,
            Self::TestKey => secret::TEST_KEY,
            Self::Webhook => secret::WEBHOOK,
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

/// Ends the first line of a private key in PEM; more than that stands behind it where the key is written on one line.
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// The text with everything behind a secret's prefix taken out, placeholders or not.
pub(super) fn mask(text: &str) -> String {
    let mut masked = text.to_owned();
    let mut from = 0;
    while let Some(at) = masked[from..].find(PRIVATE_KEY) {
        from += at + PRIVATE_KEY.len();
        let end = masked[from..].find('\n').map_or(masked.len(), |line_end| from + line_end);
        if end > from {
            masked.replace_range(from..end, "…");
        }
    }
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

/// What begins a credential of a browser or a machine: a JWT, Clerk's dev browser, machine, OAuth and API key tokens.
const CREDENTIALS: [&str; 5] = ["eyJ", "dvb_", "mt_", "oat_", "ak_"];
/// A shorter text behind such a beginning is a word.
const LEAST_CREDENTIAL_CHARACTERS: usize = 16;

/// The text without secrets, without what looks like a session's credential, and without those that are `known`.
pub(super) fn mask_credentials(text: &str, known: &[String]) -> String {
    let mut masked = mask(text);
    for credential in known.iter().filter(|credential| credential.len() >= LEAST_CREDENTIAL_CHARACTERS) {
        masked = masked.replace(credential.as_str(), "…");
    }
    for prefix in CREDENTIALS {
        let mut from = 0;
        while let Some(at) = masked[from..].find(prefix) {
            let start = from + at;
            let is_beginning = !masked[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let rest = &masked[start + prefix.len()..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c)).unwrap_or(rest.len());
            from = start + prefix.len();
            if is_beginning && end >= LEAST_CREDENTIAL_CHARACTERS {
                masked.replace_range(from..from + end, "…");
            }
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
    fn credentials_are_masked_wherever_they_stand() {
        let text = "https://a.example/?t=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.AAAA&d=dvb_0123456789abcdefgh /ak_short known-0123456789abcdef";
        let masked = mask_credentials(text, &["known-0123456789abcdef".to_owned(), "a".to_owned()]);
        assert_eq!(masked, "https://a.example/?t=eyJ…&d=dvb_… /ak_short …");
    }

    #[test]
    fn nothing_of_a_secret_is_left_in_a_masked_line() {
        let line = format!("K = \"sk_{}_AbCd\" # whsec_abc==", "test");
        assert_eq!(mask(&line), "K = \"sk_test_…\" # whsec_…");
        assert_eq!(mask("nothing here"), "nothing here");
        let key = format!("K = \"-----BEGIN {PRIVATE_KEY}\\nMIGH\\n-----END {PRIVATE_KEY}\"\nL = 1");
        assert_eq!(mask(&key), format!("K = \"-----BEGIN {PRIVATE_KEY}…\nL = 1"));
    }
}
