//! Rewrites of separators: slashes, dot segments, parameters, ends.

use super::{
    super::{
        canonical::resolve_dot_segments,
        encoding::{escape_at, segments},
    },
    Sink, Step, Traits, shorten_segments,
};
use crate::text::{self, ByAny as _};

/// Resolves dot segments; or cuts `../` out, as filters do. Three and more dots may climb as two do. And two dots at the end of a name
/// climb out of what an `alias` of nginx stands for, where its `location` lacks the slash that it ends with: an alias, few have that fault.
///
/// Canonical paths have no dot segments. Here they come out of a decoding, a `;` or a trimmed space.
///
/// Source: RFC 3986 section 5.2.4; `...` of Windows 9x and Novell shells; `ngx_http_map_uri_to_path`.
pub(super) fn dot_segments(path: &str, sink: &mut Sink<'_>) {
    if let Some(resolved) = resolve_dot_segments(path) {
        sink.elsewhere(&resolved);
    }
    if text::contains(path, "...") {
        let is_dots = |segment: &str| segment.len() > 2 && segment.bytes().all(|byte| byte == b'.');
        if let Some(climbing) = shorten_segments(path, &|segment| if is_dots(segment) { ".." } else { segment }) {
            sink.elsewhere(&climbing);
        }
    }
    let mut start = 0;
    for segment in segments(path) {
        // From slash to slash; the first segment is what comes before the first slash, nothing.
        let end = start + segment.len();
        if segment.ends_with("..") && segment.bytes().any(|byte| byte != b'.') {
            let (before, after) = (path.get(..start).unwrap_or_default(), path.get(end..).unwrap_or_default());
            sink.alias(&text::concat(&[before, after.strip_prefix('/').unwrap_or(after)]));
            break;
        }
        start = end + 1;
    }
    if text::contains(path, "../") {
        sink.put_respelled(&text::replace(path, "../", ""), Step::Elsewhere);
    }
}

/// Merges runs of slashes.
pub(super) fn merged_slashes(path: &str, sink: &mut Sink<'_>) {
    let mut merged = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((segment, after)) = rest.cut(b"/") {
        merged.push_str(segment);
        merged.push('/');
        rest = after.trim_start_any(b"/");
    }
    merged.push_str(rest);
    sink.elsewhere(&merged);
}

/// `//host/path` as a URL without a scheme; any number of slashes from two on.
///
/// Source: WHATWG URL, "special authority ignore slashes state"; `new URL(request.url, base)` in many Node servers.
pub(super) fn protocol_relative(path: &str, sink: &mut Sink<'_>) {
    if !path.starts_with("//") {
        return;
    }
    let after = path.trim_start_any(b"/\\");
    sink.elsewhere(after.find_any(b"/\\?#").and_then(|at| after.get(at..)).unwrap_or("/"));
}

/// `/http://host/path` as an absolute URL behind the first slash; `http:/host` too, since proxies merge slashes. An alias: most such
/// paths are arguments of the route `/`.
///
/// Source: `new URL(request.url.slice(1))` and alike; RFC 9112 section 3.2.2 makes every server read the absolute form.
pub(super) fn absolute_form(path: &str, sink: &mut Sink<'_>) {
    let after = path.trim_start_any(b"/");
    let scheme = after.find_any(b":").and_then(|at| after.split_at_checked(at));
    let Some((_, rest)) = scheme.filter(|(scheme, _)| is_http(scheme)) else { return };
    let rest = rest.trim_start_any(b":").trim_start_any(b"/\\");
    sink.alias(rest.find_any(b"/\\?#").and_then(|at| rest.get(at..)).unwrap_or("/"));
}

pub(super) fn is_http(scheme: &str) -> bool {
    text::is_same_name(scheme, "http") || text::is_same_name(scheme, "https")
}

/// `\` as `/`; or left out, as an escape character.
///
/// Source: Win32 and WHATWG URL; `stripslashes` of PHP.
pub(super) fn backslash(path: &str, sink: &mut Sink<'_>) {
    sink.elsewhere(&text::replace(path, "\\", "/"));
    sink.by_shape(&text::replace(path, "\\", ""));
}

/// Cuts `;…` out of each segment.
///
/// Source: RFC 3986 section 3.3; Servlet 6.0 section 3.5.2.
pub(super) fn matrix_params(path: &str, sink: &mut Sink<'_>) {
    if path.contains_any(b";")
        && let Some(bare) = shorten_segments(path, &|segment| segment.cut(b";").map_or(segment, |(before, _)| before))
    {
        sink.elsewhere(&bare);
    }
}

/// Ends the path at the first of each delimiter; or begins it after a line end.
///
/// `?` and `#`: decoded before the query was cut off. `;`: a query delimiter for older Fastify. `&`: the path put into a query by
/// a rewrite rule. NUL: C strings. Line ends: expressions that match line by line. A space: a proxy that puts the decoded path into
/// its request line, which only works out when `HTTP/` follows; otherwise it is an alias.
pub(super) fn cut_short(path: &str, sink: &mut Sink<'_>) {
    if sink.subject.has(Traits::DELIMITER) {
        for delimiter in [b"?", b"#", b";", b"&"] {
            if let Some((before, _)) = path.cut(delimiter) {
                sink.elsewhere(before);
            }
        }
    }
    if sink.subject.has(Traits::CONTROL | Traits::SPACE) {
        cut_at_blanks(path, sink);
    }
}

fn cut_at_blanks(path: &str, sink: &mut Sink<'_>) {
    let first = |is: fn(u8) -> bool| {
        let mut from = 0;
        loop {
            let at = from + text::find_byte(path.as_bytes().get(from..)?, b'%')?;
            if escape_at(path.as_bytes().get(at..)?).is_some_and(is) {
                return path.split_at_checked(at);
            }
            from = at + 1;
        }
    };
    if sink.subject.has(Traits::CONTROL) {
        if let Some((before, _)) = first(|byte| byte == 0) {
            sink.elsewhere(before);
        }
        if let Some((before, after)) = first(|byte| matches!(byte, b'\n' | b'\r')) {
            sink.elsewhere(before);
            let next_line = text::trim_start(text::trim_start(after, "%0D"), "%0A");
            if next_line.starts_with('/') {
                sink.elsewhere(next_line);
            }
        }
    }
    if let Some((before, after)) = first(|byte| matches!(byte, b' ' | b'\t')) {
        if has_protocol(after) {
            sink.elsewhere(before);
        } else {
            sink.alias(before);
        }
    }
}

/// Whether there is an `HTTP/`, in any case.
fn has_protocol(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.cut(b"/") {
        if before.len().checked_sub(4).and_then(|at| before.get(at..)).is_some_and(|end| text::is_same_name(end, "http")) {
            return true;
        }
        rest = after;
    }
    false
}

/// Drops trailing dots and spaces of segments, and what names a stream or an attribute of a file.
///
/// Source: Win32 path normalisation; NTFS `::$DATA` and `:$i30:$INDEX_ALLOCATION`.
pub(super) fn windows_names(path: &str, sink: &mut Sink<'_>) {
    let has_colon = sink.subject.has(Traits::COLON);
    let bare = shorten_segments(path, &|segment| {
        let stream = if has_colon { text::split_once(segment, ":$") } else { None };
        let name = stream.map_or(segment, |(name, _)| name.trim_end_any(b":"));
        if matches!(name, "." | "..") {
            return name;
        }
        let mut bare = name;
        while let Some(shorter) = bare.strip_suffix('.').or_else(|| bare.strip_suffix("%20")) {
            bare = shorter;
            if bare == ".." && text::contains(name, "%20") {
                break;
            }
        }
        bare
    });
    if let Some(bare) = bare {
        sink.by_shape(&bare);
    }
}
