//! Rewrites by convention: what frameworks and servers agree to call the same page.

use super::{Sink, Step, Traits, segments};
use crate::text::{self, ByAny as _};

/// Takes out `(S(id))` segments: a letter and parentheses, one or more times.
///
/// Source: ASP.NET cookieless sessions, `CookielessHelper`.
pub(super) fn cookieless_session(path: &str, sink: &mut Sink<'_>) {
    let is_session = |segment: &str| {
        segment.strip_prefix('(').is_some_and(|inner| {
            inner.ends_with("))")
                && inner.starts_with(|c: char| c.is_ascii_alphabetic())
                && inner.get(1..).is_some_and(|rest| rest.starts_with('('))
        })
    };
    if segments(path).any(is_session) {
        let kept: Vec<&str> = segments(path).filter(|segment| !is_session(segment)).collect();
        sink.elsewhere(&kept.join("/"));
    }
}

/// What follows the first script, below its directory; what follows the last, below its; and what comes before the end of the last: its
/// name. An application that is not told where it is mounted reads what follows the first alone.
///
/// Source: CGI `PATH_INFO` (RFC 3875 section 4.1.5); `index.php/admin` in PHP frameworks.
pub(super) fn path_info(path: &str, sink: &mut Sink<'_>) {
    let (mut first, mut last, mut start) = (None, None, 0);
    for segment in segments(split_last(path).0) {
        // Behind the segment; behind the last is nothing but the end of the directory.
        let end = start + segment.len();
        if end < path.len() && is_script(segment) {
            first = first.or(Some((start, end)));
            last = Some((start, end));
        }
        start = end + 1;
    }
    let (Some((start, end)), Some((last_start, last_end))) = (first, last) else { return };
    let part = |start, end| path.get(start..end).unwrap_or_default();
    let directory = part(0, start).trim_end_any(b"/");
    let rest = part(end, path.len());
    if directory.is_empty() {
        sink.elsewhere(rest);
    } else {
        sink.elsewhere(&text::concat(&[directory, rest]));
        sink.alias(rest);
    }
    if last_start != start {
        sink.elsewhere(&text::concat(&[part(0, last_start).trim_end_any(b"/"), part(last_end, path.len())]));
    }
    sink.elsewhere(part(0, last_end));
}

/// Whether the first or the last segment is `index`.
pub(super) fn has_index(path: &str) -> bool {
    let at_end = path.len().checked_sub(6).and_then(|at| path.get(at..)).is_some_and(|end| text::is_same_name(end, "/index"));
    at_end || path.get(..7).is_some_and(|start| text::is_same_name(start, "/index/"))
}

/// The directory of an index page; the page behind a leading `/index`.
///
/// Source: Apache `DirectoryIndex`, IIS default documents; Next.js `denormalizePagePath`.
pub(super) fn index_file(path: &str, sink: &mut Sink<'_>) {
    if let Some(rest) = path.get(..6).filter(|start| text::is_same_name(start, "/index")).and_then(|_| path.get(6..))
        && rest.starts_with('/')
    {
        sink.alias(rest);
    }
    let (directory, file) = split_last(path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path));
    let is_index = match file.cut(b".") {
        Some((name, extension)) => is_one_of(name, &["index", "default"]) && is_one_of(extension, PAGES),
        None => text::is_same_name(file, "index"),
    };
    if is_index {
        sink.alias(directory);
    }
}

/// The last segment without its last extension, and without all of them.
///
/// Source: Rails `(.:format)`, Spring suffix patterns, Apache `MultiViews`, Next.js `.rsc`.
pub(super) fn format_suffix(path: &str, sink: &mut Sink<'_>) {
    let (directory, file) = split_last(path.strip_suffix('/').unwrap_or(path));
    let mut cut = |at: Option<usize>| {
        if let Some((name, extension)) = at.and_then(|at| file.split_at_checked(at))
            && !extension.bytes().all(|byte| byte == b'.')
            && !name.bytes().all(|byte| byte == b'.')
        {
            sink.alias(path.get(..directory.len() + name.len()).unwrap_or_default());
        }
    };
    let last = file.rfind_any(b".");
    cut(last);
    let first = file.find(|c| c != '.').and_then(|start| Some(start + file.get(start..)?.find_any(b".")?));
    if first != last {
        cut(first);
    }
}

/// The page whose data, or part, a framework serves under another path; and what else a framework takes another path for.
pub(super) fn data_route(path: &str, sink: &mut Sink<'_>) {
    in_directory(path, sink);
    behind_trpc(path, sink);
    if sink.subject.has(Traits::DOT) {
        by_file_name(path, sink);
    }
}

/// What stands behind a directory of the framework's own.
///
/// Source: Next.js `normalizers/request/` and CVE-2026-44575; Nuxt `/_ipx/` of its images, and `.server.vue` pages as islands; Astro, which
/// takes what follows the last `/_actions/` for the name of an action; Analog 2.7 `getPageHandlers`.
fn in_directory(path: &str, sink: &mut Sink<'_>) {
    let letters = if sink.subject.has(Traits::UNDERSCORE) { letters_after_underscore(path) } else { 0 };
    let may_begin = |letter: u8| letters & bit_of(letter) != 0;
    if may_begin(b'n')
        && let Some((base, rest)) = split_once_ignore_case(path, "/_next/data/")
        && let Some(at) = rest.find_any(b"/")
    {
        let page = rest.get(at..).unwrap_or_default();
        let page = strip_suffix_ignore_case(page.strip_suffix('/').unwrap_or(page), ".json").unwrap_or(page);
        let page = match page.get(..7) {
            Some(start) if text::is_same_name(start, "/index/") => page.get(6..).unwrap_or_default(),
            _ if text::is_same_name(page, "/index") => "/",
            _ => page,
        };
        sink.elsewhere(&text::concat(&[base, page]));
    }
    if sink.subject.has(Traits::DOT_INSIDE)
        && let Some((page, _)) = split_once_ignore_case(path, ".segments/")
    {
        sink.elsewhere(page);
    }
    if may_begin(b'i')
        && let Some((base, rest)) = split_once_ignore_case(path, "/_ipx/")
        && let Some(image) = rest.find_any(b"/").and_then(|at| rest.get(at..))
        && !image.contains_any(b":")
    {
        sink.elsewhere(&text::concat(&[base, image]));
    }
    if may_begin(b'_')
        && let Some((base, rest)) = split_once_ignore_case(path, "/__nuxt_island/page_")
        && let Some((name, _hash)) = rest.rcut(b"_")
    {
        joined_page(base, name, '-', sink);
    }
    if may_begin(b'a')
        && let Some((base, _)) = split_once_ignore_case(path, ACTIONS)
        && let Some((_, action)) = path.get(base.len() + 1..).and_then(|first| split_once_ignore_case(first, ACTIONS))
    {
        sink.elsewhere(&text::concat(&[base, ACTIONS, action]));
    }
    if may_begin(b'a')
        && let Some((base, page)) = split_once_ignore_case(path, "/_analog/pages/")
    {
        // A group of routes, `(auth)`, is `-auth-` here and nothing in the page's path.
        let is_group = |segment: &str| segment.len() > 2 && segment.starts_with('-') && segment.ends_with('-');
        let page: Vec<&str> = segments(page).filter(|segment| !is_group(segment)).collect();
        sink.alias(&text::concat(&[strip_suffix_ignore_case(base, "/api").unwrap_or(base), "/", &page.join("/")]));
    }
}

/// The procedure of tRPC in Express, which cuts off what is before the last slash.
///
/// Source: tRPC 11.25 `createExpressMiddleware`.
fn behind_trpc(path: &str, sink: &mut Sink<'_>) {
    let (directory, file) = split_last(path.strip_suffix('/').unwrap_or(path));
    if sink.subject.has(Traits::BELOW_TRPC)
        && let Some((endpoint, procedure)) = split_once_ignore_case(directory, TRPC)
        && !procedure.is_empty()
        && let Some(mount) = path.get(..endpoint.len() + TRPC.len())
    {
        sink.alias(&text::concat(&[mount, file]));
    }
}

/// What the name of a file says, alone or with the directory of it.
///
/// Source: SvelteKit `__data.json`; Nuxt `_payload.json`; React Router `.data`; Gatsby `page-data`, behind its `pathPrefix`; Qwik `q-data.json`
/// and, in its router 2, `recognizeRequest`; VitePress 1.6 `sanitizeFileName` of a page; Waku 0.27 `decodeRscPath` and `decodeRoutePath`.
fn by_file_name(path: &str, sink: &mut Sink<'_>) {
    let bare = path.strip_suffix('/').unwrap_or(path);
    let (directory, file) = split_last(bare);
    // The slash before the page stays, and the prefix of a site below a directory.
    if let Some(page) = strip_suffix_ignore_case(path, "/page-data.json")
        && let Some((base, page)) = split_once_ignore_case(page, "/page-data/")
    {
        sink.elsewhere(&text::concat(&[base, "/", if page == "index" { "" } else { page }]));
    }
    for suffix in PARTS {
        if let Some(page) = strip_suffix_ignore_case(bare, suffix) {
            sink.elsewhere(page);
        }
    }
    if file.starts_with("__next.") && strip_suffix_ignore_case(file, ".txt").is_some()
        || file.starts_with("q-loader-") && strip_suffix_ignore_case(file, ".json").is_some()
    {
        sink.elsewhere(directory.strip_suffix('/').unwrap_or(directory));
    }
    if let Some((page, _hash)) = strip_suffix_ignore_case(file, ".js").and_then(|file| split_once_ignore_case(file, ".md."))
        && let Some(base) = strip_suffix_ignore_case(directory, "/assets/")
    {
        let directory = page.strip_suffix("index").filter(|rest| rest.is_empty() || rest.ends_with('_'));
        joined_page(base, directory.unwrap_or(page), '_', sink);
    }
    if let Some(path) = strip_suffix_ignore_case(path, ".txt")
        && let Some((base, encoded)) = split_once_ignore_case(path, "/RSC/")
        && let Some(page) = encoded.strip_prefix('_').unwrap_or(encoded).strip_prefix("R/")
    {
        let page = page.strip_suffix('_').unwrap_or(page);
        let page = if page == "_root" { "" } else { page.strip_prefix('_').filter(|page| page.starts_with('_')).unwrap_or(page) };
        sink.elsewhere(&text::concat(&[base, "/", page]));
    }
}

/// Whether a path that goes on so behind a slash has more than one segment below the endpoint of tRPC.
pub(super) fn is_below_trpc(rest: &[u8]) -> bool {
    let endpoint = TRPC.as_bytes().get(1..).unwrap_or_default();
    let parts = rest.split_at_checked(endpoint.len());
    parts.is_some_and(|(name, below)| name.eq_ignore_ascii_case(endpoint) && below.contains(&b'/'))
}

/// The letters that segments have behind an underscore at their start, so that only what can be there is looked for.
fn letters_after_underscore(path: &str) -> u32 {
    let triples = path.as_bytes().windows(3);
    triples.fold(0, |found, triple| match triple {
        [b'/', b'_', letter] => found | bit_of(*letter),
        _ => found,
    })
}

/// One bit for a letter in either case, and for a few other bytes with it.
const fn bit_of(letter: u8) -> u32 {
    1 << (letter & 31)
}

/// The page of a Nuxt island, or of a script of VitePress: `admin-users` is `/admin/users` or `/admin-users`. Each of the first that join
/// may be either, those behind them together.
///
/// An island is nothing to who has no such page. A script is open by its extension, and then says what a page shows that nobody listed.
fn joined_page(base: &str, name: &str, joint: char, sink: &mut Sink<'_>) {
    const APART: u32 = 3;
    #[allow(clippy::cast_possible_truncation)] // of a path
    let joints = name.chars().filter(|letter| *letter == joint).count() as u32;
    let all = (1_u32 << joints.min(APART + 1)) - 1;
    for slashes in 0..=all {
        let mut page = text::concat(&[base, "/"]);
        let mut at = 0;
        for letter in name.chars() {
            let is_slash = letter == joint && slashes >> at & 1 == 1;
            page.push(if is_slash { '/' } else { letter });
            at = if letter == joint { APART.min(at + 1) } else { at };
        }
        if all == 0 || joint == '_' && slashes == all {
            sink.elsewhere(&page);
        } else {
            sink.alias(&page);
        }
    }
}

/// The path without each segment that is a locale, one at a time. At the start it is a prefix. Further in it may be one, too, behind the
/// directory that an application is mounted at, or an ordinary name: an alias. Until `see` has had enough.
///
/// Source: Next.js serves `/fr/admin` as `/docs/fr/admin` where its `basePath` is `/docs`.
pub(in super::super) fn each_without_locale(path: &str, locales: &[String], see: &mut dyn FnMut(&str, Step<'static>) -> bool) {
    let mut start = 0;
    // INVARIANT: at `start` is a slash.
    while let Some(rest) = path.get(start + 1..) {
        let end = rest.find_any(b"/").map_or(path.len(), |at| start + 1 + at);
        let segment = path.get(start + 1..end).unwrap_or_default();
        if locales.iter().any(|locale| text::is_same_name(locale.trim_any(b"/"), segment)) {
            let (before, after) = (path.get(..start).unwrap_or_default(), path.get(end..).unwrap_or_default());
            let goes_on = match (before, after) {
                ("", "") => see("/", Step::Unprefixed),
                ("", _) => see(after, Step::Unprefixed),
                _ => see(&text::concat(&[before, after]), Step::Alias),
            };
            if !goes_on {
                return;
            }
        }
        start = end;
    }
}

/// Whether a segment is the name of a script that takes a `PATH_INFO`.
pub(super) fn is_script(segment: &str) -> bool {
    segment.rcut(b".").is_some_and(|(name, extension)| !name.is_empty() && is_one_of(extension, SCRIPTS))
}

/// Directory with its slash, and file.
pub(super) fn split_last(path: &str) -> (&str, &str) {
    path.split_at_checked(path.rfind_any(b"/").map_or(0, |at| at + 1)).unwrap_or(("", path))
}

fn is_one_of(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| text::is_same_name(name, text))
}

pub(super) fn strip_suffix_ignore_case<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (start, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    text::is_same_name(end, suffix).then_some(start)
}

fn split_once_ignore_case<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let [first, second, rest @ ..] = separator.as_bytes() else { return None };
    let mut windows = text.as_bytes().windows(separator.len());
    // Slashes and dots are many.
    let at = windows.position(|window| match window {
        [one, two, after @ ..] => one == first && two.eq_ignore_ascii_case(second) && after.eq_ignore_ascii_case(rest),
        _ => false,
    })?;
    Some((text.get(..at)?, text.get(at + separator.len()..)?))
}

/// What the endpoint of tRPC mostly is called.
pub(super) const TRPC: &str = "/trpc/";

/// Where Astro has its actions.
pub(super) const ACTIONS: &str = "/_actions/";

/// Extensions of scripts that take a `PATH_INFO`.
/// Those of server-side includes (`.shtml`) and of servlet extensions (`.do`) take none.
const SCRIPTS: &[&str] = &[
    "php", "php5", "php7", "php8", "phtml", "phar", "cgi", "fcgi", "pl", "py", "wsgi", "rb", "asp", "aspx", "ashx", "asmx",
    "svc", "cfm", "jsp", "dll", "exe",
];

/// Extensions of index pages. No `js` and no `css`: those are files of their own.
const PAGES: &[&str] = &["html", "htm", "php", "asp", "aspx", "jsp", "cgi", "txt", "json", "rsc", "xml", "md"];

/// Last segments, or ends of them, that frameworks add to the path of a page.
const PARTS: &[&str] = &[
    "/__data.json",
    ".html__data.json",
    "__data.json",
    "/__route.js",
    ".html__route.js",
    "/_payload.json",
    "/_payload.js",
    "/__PAGE__.txt",
    "/q-data.json",
    "/_.data",
    "/_root.data",
    "/_.rsc",
    ".prefetch.rsc",
];
