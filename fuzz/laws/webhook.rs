//! The laws of webhooks: a delivery is an event only if it was signed, within five minutes, and its body says what it is; what was signed can be
//! taken apart in one way only.
//!
//! One input is header fields, `name: value` a line, an empty line, and the body.

use portcullis::{limits, time::UnixMillis, webhook::Unverified};

/// Checks the laws on one input; gives whether it would be an event, were it signed.
///
/// # Panics
///
/// If one does not hold.
pub fn check(data: &[u8]) -> bool {
    let end = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let (head, body) = (String::from_utf8_lossy(&data[..end]), data.get(end + 2..).unwrap_or_default());
    let header = |name: &str| {
        head.split('\n')
            .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name))
            .map(|(_, value)| value.to_owned())
    };
    let delivery = match Unverified::read(header, UnixMillis(NOW_SECS * 1000)) {
        Ok(delivery) => delivery,
        Err(error) => {
            assert!((400..500).contains(&error.status()) && !error.reason().is_empty(), "{error:?}");
            return false;
        }
    };
    let prefix = delivery.signed_prefix();
    let parts: Vec<&str> = prefix.split('.').collect();
    assert!(matches!(parts[..], [id, _, ""] if !id.is_empty()), "{prefix}");
    assert!(parts[1].parse::<i64>().is_ok_and(|secs| secs.abs_diff(NOW_SECS) <= 300), "{prefix}");
    assert!((1..=limits::WEBHOOK_SIGNATURES).contains(&delivery.signatures().len()));
    assert!(delivery.clone().conclude(false, body).is_err(), "an event that nobody has signed");
    let concluded = delivery.conclude(true, body);
    if let Ok(event) = &concluded {
        assert!(body.len() <= limits::WEBHOOK_BODY_BYTES && event.id() == parts[0], "{event:?}");
        // Where both can read the body they read the same.
        if let Ok(json) = serde_json::from_slice::<serde_json::Value>(body) {
            assert_eq!(json["type"].as_str(), Some(event.kind()));
        }
    }
    concluded.is_ok()
}

const NOW_SECS: i64 = 1_750_000_000;
