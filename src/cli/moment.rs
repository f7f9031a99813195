//! Moments and durations, read from arguments and said in words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::time::UnixMillis;

/// The time of this machine.
#[allow(clippy::disallowed_methods)] // this is the host: the clock is read here and nowhere else
pub(super) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Reads a moment: seconds since 1970, or RFC 3339 (`2026-04-01T12:00:00Z`).
pub(super) fn parse(text: &str) -> Result<UnixMillis, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(UnixMillis(seconds.saturating_mul(1000)));
    }
    let moment =
        humantime::parse_rfc3339_weak(text).map_err(|_| "expected seconds since 1970, or `2026-04-01T12:00:00Z`".to_owned())?;
    let since = moment.duration_since(UNIX_EPOCH).map_err(|_| "expected a moment after 1970".to_owned())?;
    Ok(UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// Reads a duration, as `60s` or `10min`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "expected a duration, as `60s` or `10min`".to_owned())
}

/// `2026-04-01T12:00:00Z, 3m 5s ago`.
pub(super) fn in_words(seconds: f64, now: UnixMillis) -> String {
    // The last second of the year 9999 is the last that RFC 3339 can say.
    if !(0.0..253_402_300_800.0).contains(&seconds) {
        return "out of range".to_owned();
    }
    let moment = UNIX_EPOCH + Duration::from_secs_f64(seconds.floor());
    let now = UNIX_EPOCH + Duration::from_secs(u64::try_from(now.as_secs()).unwrap_or(0));
    let distance = match moment.duration_since(now) {
        Ok(Duration::ZERO) => "now".to_owned(),
        Ok(ahead) => format!("in {}", about(ahead)),
        Err(behind) => format!("{} ago", about(behind.duration())),
    };
    format!("{}, {distance}", humantime::format_rfc3339_seconds(moment))
}

/// A duration in the two largest units that it has: nobody reads the seconds of three years.
fn about(duration: Duration) -> String {
    let whole = humantime::format_duration(duration).to_string();
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_said() {
        let noon = parse("2026-04-01T12:00:00Z").unwrap();
        assert_eq!(noon, parse("1775044800").unwrap());
        assert_eq!(in_words(1_775_044_740.5, noon), "2026-04-01T11:59:00Z, 1m ago");
        assert_eq!(in_words(1_775_048_400.0, noon), "2026-04-01T13:00:00Z, in 1h");
        assert_eq!(in_words(1_775_041_195.0, noon), "2026-04-01T10:59:55Z, 1h 5s ago");
        assert_eq!(in_words(1_677_000_002.0, noon), "2023-02-21T17:20:02Z, 3years 1month ago");
        assert_eq!(in_words(1e300, noon), "out of range");
        assert_eq!(in_words(f64::NAN, noon), "out of range");
        assert!(parse("tomorrow").is_err());
    }
}
