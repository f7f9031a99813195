//! Webhooks as Svix and Standard Webhooks sign them: header fields, secrets and the time to the signatures that are to be checked,
//! and what came of that to a delivery that may be believed.
//!
//! 1. The three header fields of one family, `svix-*` or `webhook-*`: id, timestamp, signatures.
//! 2. The timestamp, within [`limits::WEBHOOK_TOLERANCE`] of now, so that a delivery cannot be played back later.
//! 3. One of the `v1` signatures has to be the HMAC-SHA-256 of `id.timestamp.body` under one of the secrets. The host's cryptography
//!    checks that, in constant time; there is none here.
//! 4. The body is a JSON object with a `type`.
//!
//! Whether a delivery was seen before is remembered by its id: in [`inbox`], where the host has a database, or by the app.
//!
//! Source: the Standard Webhooks specification; `verifyWebhook` in `@clerk/backend`.

mod error;
pub mod inbox;
mod secret;

pub use self::{error::WebhookError, secret::WebhookSecret};

use crate::{base64, json::Document, limits, text::ByAny as _, time::UnixMillis};

/// The names of the header fields, by family: id, timestamp, signatures.
pub const HEADER_FAMILIES: [[&str; 3]; 2] =
    [["svix-id", "svix-timestamp", "svix-signature"], ["webhook-id", "webhook-timestamp", "webhook-signature"]];

/// An HMAC-SHA-256.
pub type Mac = [u8; 32];

/// A delivery whose signature is not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    header_names: [&'static str; 3],
    id: String,
    timestamp_secs: i64,
    signatures: Vec<Mac>,
}

/// A delivery that was signed with one of the secrets. Comes only from [`Unverified::conclude`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    header_names: [&'static str; 3],
    id: String,
    kind: String,
}

impl Unverified {
    /// Reads the header fields; `header` gives the value of one by its name in lower case.
    ///
    /// # Errors
    ///
    /// [`WebhookError::HeadersMissing`], [`WebhookError::HeadersInvalid`], [`WebhookError::TooOld`] or [`WebhookError::TooNew`].
    pub fn read(header: impl Fn(&str) -> Option<String>, now: UnixMillis) -> Result<Self, WebhookError> {
        let family = HEADER_FAMILIES.into_iter().find_map(|names| {
            // No other blanks: the origin would see them, and take the id for another one.
            let [id, timestamp, signature] =
                names.map(|name| header(name).map(|value| value.trim_ascii().to_owned()).filter(|value| !value.is_empty()));
            Some((names, id?, timestamp?, signature?))
        });
        let (header_names, id, timestamp, signatures) = family.ok_or(WebhookError::HeadersMissing)?;
        // A dot in the id could move where the timestamp begins in what was signed.
        let is_id = id.len() <= limits::WEBHOOK_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
        if !is_id {
            return Err(WebhookError::HeadersInvalid { what: "id" });
        }
        let is_number =
            timestamp.len() <= 12 && !timestamp.starts_with('0') && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let timestamp_secs =
            timestamp.parse().ok().filter(|_| is_number).ok_or(WebhookError::HeadersInvalid { what: "timestamp" })?;
        let tolerance_secs = limits::WEBHOOK_TOLERANCE.as_secs().cast_signed();
        let now_secs = now.0.div_euclid(1000);
        if now_secs - timestamp_secs > tolerance_secs {
            return Err(WebhookError::TooOld { timestamp_secs, now_secs });
        }
        if timestamp_secs - now_secs > tolerance_secs {
            return Err(WebhookError::TooNew { timestamp_secs, now_secs });
        }
        let signatures: Vec<Mac> = signatures.pieces(b" ").filter_map(read_signature).take(limits::WEBHOOK_SIGNATURES).collect();
        if signatures.is_empty() {
            return Err(WebhookError::HeadersInvalid { what: "signature" });
        }
        Ok(Self { header_names, id, timestamp_secs, signatures })
    }

    /// What was signed, up to the body: the whole is this and the body's bytes behind it.
    #[must_use]
    pub fn signed_prefix(&self) -> String {
        format!("{}.{}.", self.id, self.timestamp_secs)
    }

    /// The signatures; one of them has to be good under one of the secrets.
    #[must_use]
    pub fn signatures(&self) -> &[Mac] {
        &self.signatures
    }

    /// Ends the check. `is_signed`: one of the signatures was good.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Signature`], [`WebhookError::BodyTooLarge`] or [`WebhookError::BodyInvalid`].
    pub fn conclude(self, is_signed: bool, body: &[u8]) -> Result<Verified, WebhookError> {
        if !is_signed {
            return Err(WebhookError::Signature);
        }
        if body.len() > limits::WEBHOOK_BODY_BYTES {
            return Err(WebhookError::BodyTooLarge);
        }
        let event = Document::parse_bytes(body.to_vec()).map_err(|_| WebhookError::BodyInvalid)?;
        let kind = event.get("type").and_then(crate::json::Raw::as_str).ok_or(WebhookError::BodyInvalid)?.into_owned();
        Ok(Verified { header_names: self.header_names, id: self.id, kind })
    }
}

impl Verified {
    /// The header fields that were checked, by their names; nobody looked at those of the other family.
    #[must_use]
    pub fn header_names(&self) -> [&'static str; 3] {
        self.header_names
    }

    /// The delivery's id; a repeated delivery has the same.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event's `type`, as `user.created`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

/// `v1,` and a MAC in base64. Other versions, and what is none, are passed over: senders may send what is yet to come.
fn read_signature(text: &str) -> Option<Mac> {
    base64::decode_strict(text.strip_prefix("v1,")?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_500);
    const MAC: &str = "v1,AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn read(fields: &[(&str, &str)]) -> Result<Unverified, WebhookError> {
        Unverified::read(|name| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()), NOW)
    }

    fn svix(id: &str, timestamp: &str, signature: &str) -> Result<Unverified, WebhookError> {
        read(&[("svix-id", id), ("svix-timestamp", timestamp), ("svix-signature", signature)])
    }

    #[test]
    fn what_was_signed_is_id_timestamp_and_body() {
        let delivery = svix(" msg_1 ", "1700000000", MAC).unwrap();
        assert_eq!(delivery.signed_prefix(), "msg_1.1700000000.");
        assert_eq!(delivery.signatures().len(), 1);
        assert_eq!(delivery.signatures()[0][31], 31);
    }

    #[test]
    fn the_fields_are_of_one_family() {
        let standard = [("webhook-id", "a"), ("webhook-timestamp", "1700000000"), ("webhook-signature", MAC)];
        assert_eq!(read(&standard).unwrap().signed_prefix(), "a.1700000000.");
        let both = [&standard[..], &[("svix-id", "b"), ("svix-timestamp", "1700000001"), ("svix-signature", MAC)]].concat();
        assert_eq!(read(&both).unwrap().signed_prefix(), "b.1700000001.");
        let mixed = [("webhook-id", "a"), ("svix-timestamp", "1700000000"), ("svix-signature", MAC)];
        assert_eq!(read(&mixed), Err(WebhookError::HeadersMissing));
        assert_eq!(svix("", "1700000000", MAC), Err(WebhookError::HeadersMissing));
        assert_eq!(read(&[]), Err(WebhookError::HeadersMissing));
    }

    #[test]
    fn five_minutes_either_way_and_not_a_second_more() {
        for good in ["1699999700", "1700000300"] {
            assert!(svix("a", good, MAC).is_ok(), "{good}");
        }
        assert!(matches!(svix("a", "1699999699", MAC), Err(WebhookError::TooOld { .. })));
        assert!(matches!(svix("a", "1700000301", MAC), Err(WebhookError::TooNew { .. })));
        for bad in ["01700000000", "1700000000.5", "+1700000000", "1e9", "x", "-1", "9999999999999"] {
            assert_eq!(svix("a", bad, MAC), Err(WebhookError::HeadersInvalid { what: "timestamp" }), "{bad}");
        }
    }

    #[test]
    fn a_dot_cannot_move_between_the_parts() {
        assert_eq!(svix("a.1700000000", "1700000000", MAC), Err(WebhookError::HeadersInvalid { what: "id" }));
        assert_eq!(svix(&"a".repeat(257), "1700000000", MAC), Err(WebhookError::HeadersInvalid { what: "id" }));
    }

    #[test]
    fn signatures_of_other_versions_are_passed_over_and_many_are_cut() {
        let several = format!("v1a,xyz {MAC} v1,tooshort {MAC} nonsense");
        assert_eq!(svix("a", "1700000000", &several).unwrap().signatures().len(), 2);
        assert_eq!(svix("a", "1700000000", &vec![MAC; 100].join(" ")).unwrap().signatures().len(), limits::WEBHOOK_SIGNATURES);
        for none in ["v2,AAAA", "v1,", MAC.trim_end_matches('='), &MAC.replace("8=", "9="), ","] {
            assert_eq!(svix("a", "1700000000", none), Err(WebhookError::HeadersInvalid { what: "signature" }), "{none}");
        }
    }

    #[test]
    fn only_a_good_signature_makes_an_event() {
        let delivery = svix("a", "1700000000", MAC).unwrap();
        let body = br#"{"type":"user.created","data":{}}"#;
        assert_eq!(delivery.clone().conclude(false, body), Err(WebhookError::Signature));
        let verified = delivery.clone().conclude(true, body).unwrap();
        assert_eq!((verified.id(), verified.kind()), ("a", "user.created"));
        for bad in [&b""[..], b"null", b"[]", b"{}", br#"{"type":5}"#, b"{\xff}"] {
            assert_eq!(delivery.clone().conclude(true, bad), Err(WebhookError::BodyInvalid));
        }
        let large = vec![b' '; limits::WEBHOOK_BODY_BYTES + 1];
        assert_eq!(delivery.conclude(true, &large), Err(WebhookError::BodyTooLarge));
    }
}
