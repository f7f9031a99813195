//! Host names and IPv4 addresses in URLs.
//!
//! Source: <https://url.spec.whatwg.org/#host-parsing>.

use super::{escape::percent_decode, ipv6};
use crate::text::{self, ByAny as _};

/// A host as it is compared: in lower case, an address in its usual notation. `None` where it is none, or needs the tables of IDNA.
pub(super) fn parse(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']').and_then(ipv6::parse);
    }
    // Credentials come before an `@`, which is no host character, so they are refused here.
    let mut host = String::from_utf8(percent_decode(host)).ok()?;
    let is_allowed = |byte: u8| {
        matches!(byte, b'!'..=b'~')
            && !matches!(byte, b'#' | b'/' | b':' | b'<' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']' | b'^' | b'|' | b'%')
    };
    if host.is_empty() || !text::is_all(&host, is_allowed) {
        return None;
    }
    host.make_ascii_lowercase();
    let last = host.strip_suffix('.').unwrap_or(&host);
    let last = last.rcut(b".").map_or(last, |(_, last)| last);
    let ends_in_number = (!last.is_empty() && text::is_all(last, |b| b.is_ascii_digit()))
        || last.strip_prefix("0x").is_some_and(|hex| text::is_all(hex, |b| b.is_ascii_hexdigit()));
    if ends_in_number { ipv4(&host) } else { Some(host) }
}

/// An IPv4 address in any of the notations that browsers read.
fn ipv4(host: &str) -> Option<String> {
    let mut numbers = Vec::new();
    for part in host.strip_suffix('.').unwrap_or(host).pieces(b".") {
        if numbers.len() == 4 {
            return None;
        }
        numbers.push(match (part.strip_prefix("0x"), part.strip_prefix('0')) {
            (Some(""), _) => 0,
            (Some(hex), _) => text::whole_number(hex, 16)?,
            (None, Some(octal)) if !octal.is_empty() => text::whole_number(octal, 8)?,
            _ => text::whole_number(part, 10)?,
        });
    }
    let (last, first) = numbers.split_last()?;
    let free_bits = 8 * (4 - u32::try_from(first.len()).ok()?);
    if first.iter().any(|number| *number > 255) || u64::from(*last) >= 1_u64.checked_shl(free_bits)? {
        return None;
    }
    let high = first.iter().zip([24_u32, 16, 8]).fold(0, |sum, (number, shift)| sum | number << shift);
    let [a, b, c, d] = (high | last).to_be_bytes();
    Some(text::fill("#.#.#.#", &[], &[a, b, c, d].map(i64::from)))
}
