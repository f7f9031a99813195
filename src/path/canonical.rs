//! The canonical path: the one spelling that is judged and forwarded.
//!
//! 1. `\` is `/`, as in every WHATWG URL parser between here and the origin.
//! 2. Escapes of unreserved bytes are decoded, once; other escapes get upper-case digits and stay.
//! 3. Bytes that a path cannot hold raw are escaped.
//! 4. Dot segments are resolved, `%2e` too; a path never climbs above the root.
//! 5. Empty segments stay: `/wiki/.hack//Sign` is another page than `/wiki/.hack/Sign` for some origins.
//!
//! A path that went through is not changed by going through again, nor by `new URL` on the way to the origin.

use super::{
    Ambiguity,
    encoding::{escape_at, is_unreserved, must_escape, push_byte, push_escape, segments},
};
use crate::{
    limits,
    text::{self, ByAny as _},
};

/// Brings a raw path to its canonical form.
///
/// # Errors
///
/// [`Ambiguity::EncodedNul`] and [`Ambiguity::PathTooLong`].
///
/// Source: RFC 3986 sections 6.2.2.1 to 6.2.2.3 and 5.2.4; WHATWG URL, "path state".
pub(super) fn canonicalize(raw: &str) -> Result<Canonical, Ambiguity> {
    if is_canonical(raw) && raw.len() <= limits::PATH_BYTES {
        return Ok(Canonical { path: raw.into(), as_written: None });
    }
    let unresolved = decode_unreserved(raw)?;
    if unresolved.len() > limits::PATH_BYTES {
        return Err(Ambiguity::PathTooLong { bytes: unresolved.len() });
    }
    let slashed = if unresolved.contains_any(b"\\") { unresolved.replace('\\', "/") } else { unresolved.clone() };
    let path = resolve_dot_segments(&slashed).unwrap_or(slashed);
    let as_written = (path != unresolved).then_some(unresolved);
    Ok(Canonical { path, as_written })
}

/// Whether there is plainly nothing to do; nearly every path is such.
fn is_canonical(raw: &str) -> bool {
    raw.starts_with('/')
        && !raw.bytes().any(|byte| must_escape(byte) || matches!(byte, b'%' | b'\\'))
        && !text::contains(raw, "/.")
}

/// A canonical path, and what it was made from where more than the spelling changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Canonical {
    pub path: String,
    /// With the backslashes and dot segments of the raw path, otherwise canonical.
    pub as_written: Option<String>,
}

/// Rules 2 and 3.
fn decode_unreserved(raw: &str) -> Result<String, Ambiguity> {
    let mut out = String::with_capacity(raw.len() + 1);
    out.push('/');
    // How much of an escape the output seems to begin with: a stray `%` is 1, one hexadecimal digit after it 2. Decoding the
    // next digit there would make an escape that was none, and a second pass would read another path.
    let mut stray = 0_u8;
    let mut rest = raw.strip_prefix(['/', '\\']).unwrap_or(raw).as_bytes();
    while let [first, tail @ ..] = rest {
        if let Some(byte) = escape_at(rest) {
            if byte == 0 {
                return Err(Ambiguity::EncodedNul { at: raw.len() - rest.len() });
            }
            if is_unreserved(byte) && !(stray > 0 && byte.is_ascii_hexdigit()) {
                out.push(char::from(byte));
            } else {
                push_escape(&mut out, byte);
            }
            stray = 0;
            rest = rest.get(3..).unwrap_or_default();
            continue;
        }
        stray = match first {
            b'%' => 1,
            digit if stray == 1 && digit.is_ascii_hexdigit() => 2,
            _ => 0,
        };
        push_byte(&mut out, *first);
        rest = tail;
    }
    Ok(out)
}

/// Removes `.` and `..` segments; `None` where there are none. Empty segments count as segments.
///
/// Source: RFC 3986 section 5.2.4.
pub(super) fn resolve_dot_segments(path: &str) -> Option<String> {
    let segments = || segments(path.strip_prefix('/').unwrap_or(path));
    if !segments().any(|segment| matches!(segment, "." | "..")) {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    let mut ends_in_dots = false;
    for segment in segments() {
        ends_in_dots = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => out.truncate(out.rfind_any(b"/").unwrap_or(0)),
            _ => {
                out.push('/');
                out.push_str(segment);
            }
        }
    }
    if ends_in_dots || out.is_empty() {
        out.push('/');
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> String {
        canonicalize(raw).unwrap().path
    }

    #[test]
    fn what_was_written_is_kept_where_more_than_the_spelling_changed() {
        let as_written = |raw| canonicalize(raw).unwrap().as_written;
        assert_eq!(as_written("/%61dmin\\%2e%2e/about").as_deref(), Some("/admin\\../about"));
        assert_eq!(as_written("/%61%2f//b"), None);
    }

    #[test]
    fn unreserved_bytes_are_decoded_and_others_keep_their_escape() {
        assert_eq!(canonical("/%61dmin"), "/admin");
        assert_eq!(canonical("/%2561dmin"), "/%2561dmin");
        assert_eq!(canonical("/a%2fb%3b"), "/a%2Fb%3B");
        assert_eq!(canonical("/caf%c3%a9"), "/caf%C3%A9");
        assert_eq!(canonical("/café ^"), "/caf%C3%A9%20%5E");
    }

    #[test]
    fn dot_segments_are_resolved_in_every_spelling() {
        for raw in
            ["/x/../admin", "/x/%2e%2E/admin", "/./admin", "/../../admin", "/x\\..\\admin", "\\admin", "/admin/x/../../admin"]
        {
            assert_eq!(canonical(raw), "/admin", "{raw}");
        }
        assert_eq!(canonical("/a/."), "/a/");
        assert_eq!(canonical("/a/.."), "/");
        assert_eq!(canonical("/.."), "/");
        assert_eq!(canonical("/a/.../b"), "/a/.../b");
        assert_eq!(canonical("/x//../admin"), "/x/admin");
    }

    #[test]
    fn empty_segments_and_file_names_stay() {
        for path in ["/", "//admin", "/wiki/.hack//Sign", "/proxy/https://example.org/a.png", "/a//", "/v1.0...v1.1", "/..hidden"]
        {
            assert_eq!(canonical(path), path);
        }
        assert_eq!(canonical(""), "/");
    }

    #[test]
    fn a_stray_percent_never_becomes_an_escape() {
        assert_eq!(canonical("/%%36%31dmin"), "/%%361dmin");
        assert_eq!(canonical("/%6%31dmin"), "/%6%31dmin");
        assert_eq!(canonical("/100%"), "/100%");
        for raw in ["/%%36%31", "/%6%31", "/%%%36%31", "/%2%65", "/%%41%42", "/%25%36%31", "/%a%%61"] {
            assert_eq!(canonical(&canonical(raw)), canonical(raw), "{raw}");
        }
    }

    #[test]
    fn nul_has_no_reading() {
        assert_eq!(canonicalize("/a%00b"), Err(Ambiguity::EncodedNul { at: 2 }));
        assert_eq!(canonical("/a%2500b"), "/a%2500b");
    }
}
