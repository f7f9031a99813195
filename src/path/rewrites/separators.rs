//! Rewrites of separators: slashes, dot segments, parameters, ends.

use super::{super::canonical::resolve_dot_segments, Sink, map_segments};
use crate::text::{self, ByAny as _};

/// Resolves dot segments; or cuts `../` out, as filters do. Three and more dots may climb as two do.
///
/// Canonical paths have no dot segments. Here they come out of a decoding, a `;` or a trimmed space.
///
/// Source: RFC 3986 section 5.2.4; `...` of Windows 9x and Novell shells.
pub(super) fn dot_segments(path: &str, sink: &mut Sink<'_, '_>) {
    if let Some(resolved) = resolve_dot_segments(path) {
        sink.elsewhere(resolved);
    }
    if text::contains(path, "...") {
        let is_dots = |segment: &str| segment.len() > 2 && segment.bytes().all(|byte| byte == b'.');
        sink.elsewhere(map_segments(path, |segment| if is_dots(segment) { ".." } else { segment }));
    }
    if text::contains(path, "../") {
        sink.elsewhere(text::replace(path, "../", ""));
    }
}

/// Merges runs of slashes.
pub(super) fn merged_slashes(path: &str, sink: &mut Sink<'_, '_>) {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    sink.elsewhere(merged);
}

/// `//host/path` as a URL without a scheme; any number of slashes from two on.
///
/// Source: WHATWG URL, "special authority ignore slashes state"; `new URL(request.url, base)` in many Node servers.
pub(super) fn protocol_relative(path: &str, sink: &mut Sink<'_, '_>) {
    if !path.starts_with("//") {
        return;
    }
    let after = path.trim_start_any(b"/\\");
    sink.elsewhere(after.find_any(b"/\\?#").and_then(|at| after.get(at..)).unwrap_or("/").into());
}

/// `/http://host/path` as an absolute URL behind the first slash; `http:/host` too, since proxies merge slashes. An alias: most such
/// paths are arguments of the route `/`.
///
/// Source: `new URL(request.url.slice(1))` and alike; RFC 9112 section 3.2.2 makes every server read the absolute form.
pub(super) fn absolute_form(path: &str, sink: &mut Sink<'_, '_>) {
    let after = path.trim_start_any(b"/");
    let scheme = after.find_any(b":").and_then(|at| after.split_at_checked(at));
    let Some((_, rest)) = scheme.filter(|(scheme, _)| is_http(scheme)) else { return };
    let rest = rest.trim_start_any(b":").trim_start_any(b"/\\");
    sink.alias(rest.find_any(b"/\\?#").and_then(|at| rest.get(at..)).unwrap_or("/").into());
}

fn is_http(scheme: &str) -> bool {
    text::is_same_name(scheme, "http") || text::is_same_name(scheme, "https")
}

/// `\` as `/`; or left out, as an escape character.
///
/// Source: Win32 and WHATWG URL; `stripslashes` of PHP.
pub(super) fn backslash(path: &str, sink: &mut Sink<'_, '_>) {
    sink.elsewhere(path.replace('\\', "/"));
    sink.by_shape(path.replace('\\', ""));
}

/// Cuts `;…` out of each segment.
///
/// Source: RFC 3986 section 3.3; Servlet 6.0 section 3.5.2.
pub(super) fn matrix_params(path: &str, sink: &mut Sink<'_, '_>) {
    if path.contains_any(b";") {
        sink.elsewhere(map_segments(path, |segment| segment.pieces(b";").next().unwrap_or(segment)));
    }
}

/// Ends the path at the first of each delimiter; or begins it after a line end.
///
/// `?` and `#`: decoded before the query was cut off. `;`: a query delimiter for older Fastify. `&`: the path put into a query by
/// a rewrite rule. NUL: C strings. Line ends: expressions that match line by line. A space: a proxy that puts the decoded path into
/// its request line, which only works out when `HTTP/` follows; otherwise it is an alias.
pub(super) fn cut_short(path: &str, sink: &mut Sink<'_, '_>) {
    for delimiter in ["?", "#", ";", "&", "%00"] {
        if let Some((before, _)) = text::split_once(path, delimiter) {
            sink.elsewhere(before.into());
        }
    }
    let line_end = [text::find(path, "%0A"), text::find(path, "%0D")].into_iter().flatten().min();
    if let Some((before, after)) = line_end.and_then(|at| path.split_at_checked(at)) {
        sink.elsewhere(before.into());
        let next_line = text::trim_start(text::trim_start(after, "%0D"), "%0A");
        if next_line.starts_with('/') {
            sink.elsewhere(next_line.into());
        }
    }
    let space = [text::find(path, "%20"), text::find(path, "%09")].into_iter().flatten().min();
    if let Some((before, after)) = space.and_then(|at| path.split_at_checked(at)) {
        if text::contains(&after.to_ascii_uppercase(), "HTTP/") {
            sink.elsewhere(before.into())
        } else {
            sink.alias(before.into())
        }
    }
}

/// Drops trailing dots and spaces of segments, and what names a stream or an attribute of a file.
///
/// Source: Win32 path normalisation; NTFS `::$DATA` and `:$i30:$INDEX_ALLOCATION`.
pub(super) fn windows_names(path: &str, sink: &mut Sink<'_, '_>) {
    sink.by_shape(map_segments(path, |segment| {
        let name = text::split_once(segment, ":$").map_or(segment, |(name, _)| name.trim_end_any(b":"));
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
    }));
}
