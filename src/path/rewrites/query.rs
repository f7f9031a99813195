//! Routes that a query names: for an image optimizer, which fetches the named path from the origin itself, and for the front
//! controller of a PHP application. The first is what optimizers are for, so such a route is firm; the second is a convention that the
//! application may not have. Adapters to a platform put a path of the query in the place of any, for pages that the platform makes anew.
//! And a query may say that the path names several things at once, a batch.
//!
//! Pairs are cut at `&`, as nearly everybody does, and at `;` as well, as some do: `?url=/a;/../b` names `/a;/../b` and `/a`. None is
//! left out because there are many: whatever a query names is a reading, and too many of them are too many readings.

use super::{
    ReadingKind, Step, Take,
    conventions::{ACTIONS, TRPC, is_script, split_last, strip_suffix_ignore_case},
    decode_query_text,
    separators::is_http,
    uppercase_escapes,
};
use crate::{
    text::{self, ByAny as _},
    web_url::php_name,
};

/// What of a query may name a route.
pub(in super::super) struct Query<'a> {
    /// Whether it says that the path names several procedures.
    is_batch: bool,
    /// The name, or none where there is a value alone; the value as it is written.
    pairs: Vec<(Option<&'static str>, &'a str)>,
}

impl<'a> Query<'a> {
    /// Picks them out of a query with its `?`.
    pub(in super::super) fn of(search: &'a str) -> Self {
        let mut query = Self { is_batch: false, pairs: Vec::new() };
        if let Some(search) = search.strip_prefix('?').filter(|search| !search.is_empty()) {
            query.pick(search, b"&");
            // CodeIgniter takes the whole query for a route, up to the next question mark.
            if search.starts_with('/') || search.get(..3).is_some_and(|start| text::is_same_name(start, "%2f")) {
                query.pairs.push((None, search.cut(b"?").map_or(search, |(route, _)| route)));
            }
            if search.contains_any(b";") {
                query.pick(search, b"&;");
            }
        }
        query
    }

    fn pick(&mut self, search: &'a str, ends: &'a [u8]) {
        for pair in search.pieces(ends) {
            match pair.cut(b"=") {
                None => self.pairs.push((None, pair)),
                Some((name, value)) => {
                    let name = php_name(name);
                    match NAMES.iter().find(|known| text::is_same_name(known, &name)) {
                        Some(&BATCH) => self.is_batch = true,
                        Some(known) => self.pairs.push((Some(known), value)),
                        None => {}
                    }
                }
            }
        }
    }

    /// Whether it names a route for whoever is at a path.
    pub(in super::super) fn has_route_at(&self, path: &str) -> bool {
        struct Any(bool);
        impl Take for Any {
            fn works(&mut self, _bytes: usize) -> bool {
                !self.0
            }

            fn take(&mut self, _path: &str, _kind: ReadingKind, _step: Step<'_>) {
                self.0 = true;
            }
        }
        let mut any = Any(false);
        self.routes_at(path, &mut any);
        any.0
    }

    /// Hands over each route that it names for whoever is at a path, until `take` has had enough.
    ///
    /// Front controllers are scripts, or behind a directory, and may or may not count their directory as part of the route.
    ///
    /// Source: `/_next/image` and its like, see [`OPTIMIZERS`]; CodeIgniter `?/route`, Phalcon `_url`, ThinkPHP `s`, Drupal `q`, Yii `r`,
    /// WordPress `rest_route`.
    pub(in super::super) fn routes_at(&self, path: &str, take: &mut dyn Take) {
        if self.is_batch {
            take_batch(path, take);
        }
        if self.pairs.is_empty() {
            return;
        }
        let bare = path.strip_suffix('/').unwrap_or(path);
        let optimizer = OPTIMIZERS.iter().find(|(end, _)| strip_suffix_ignore_case(bare, end).is_some());
        let (directory, file) = split_last(path);
        let is_script = is_script(file);
        let is_controller = is_script || file.is_empty();
        let directory = if is_controller { directory.trim_end_any(b"/") } else { "" };
        for (name, value) in &self.pairs {
            let is_rest = *name == Some(REST_ROUTE);
            let actions = ACTION_PARAMETERS.iter().find(|(parameter, _)| *name == Some(*parameter));
            let is_replacing = name.is_some_and(|name| REPLACING.contains(&name));
            let is_read = match optimizer {
                _ if is_replacing || actions.is_some() => true,
                Some((_, parameter)) => *name == Some(*parameter),
                None => is_rest || is_controller && *name != Some("href"),
            };
            if !is_read {
                continue;
            }
            if !take.works(value.len()) {
                return;
            }
            let mut route = decode_query_text(value);
            uppercase_escapes(&mut route);
            if is_replacing {
                if !route.starts_with('/') {
                    route.insert(0, '/');
                }
                take_elsewhere(before_query(&route), path, take);
                continue;
            }
            if let Some((_, actions)) = actions {
                route.insert_str(0, actions);
                take_below(split_last(path).0, route.get(1..).unwrap_or_default(), false, take);
                continue;
            }
            if optimizer.is_some() {
                take_source(&route, path, take);
                continue;
            }
            if is_url(&route) {
                continue;
            }
            if !route.starts_with('/') {
                // `/?q=admin` is a search, and `/?q=admin/users` hardly one.
                if !is_script && !is_rest && !route.contains_any(b"/") {
                    continue;
                }
                route.insert(0, '/');
            }
            if is_rest {
                route.insert_str(0, "/wp-json");
            }
            take.take(&route, ReadingKind::QueryRoute, Step::Alias);
            if !directory.is_empty() {
                take.take(&text::concat(&[directory, &route]), ReadingKind::QueryRoute, Step::Alias);
            }
        }
    }
}

/// Each procedure of a batch, `/api/trpc/a,b`: all of them run. They follow the directory of the first, or one that it is below: what
/// takes requests at `/api` cuts what follows that at commas, slashes and all. Nobody knows which it is, unless it is called as it mostly is.
///
/// Source: `getRequestInfo` and `fetchRequestHandler` of `@trpc/server` 11.25.
fn take_batch(path: &str, take: &mut dyn Take) {
    let Some((first, others)) = path.cut(b",").filter(|_| take.works(path.len())) else { return };
    take.take(first, ReadingKind::QueryRoute, Step::Elsewhere);
    let own = split_last(first).0;
    for part in others.pieces(b",") {
        if !part.is_empty() && !take_below(own, part, true, take) {
            return;
        }
    }
}

/// Hands over a route below a directory, and below each that this is in, up to the endpoint of tRPC; whether there may be more. Certain are
/// the first and the last of them, or none.
fn take_below(directory: &str, route: &str, is_certain: bool, take: &mut dyn Take) -> bool {
    let mut below = directory;
    while take.works(route.len()) {
        let is_endpoint = strip_suffix_ignore_case(below, TRPC).is_some();
        let is_elsewhere = is_certain && (is_endpoint || below.len() == directory.len());
        let step = if is_elsewhere { Step::Elsewhere } else { Step::Alias };
        take.take(&text::concat(&[below, route]), ReadingKind::QueryRoute, step);
        match below.strip_suffix('/').filter(|name| !is_endpoint && !name.is_empty()) {
            Some(name) => below = split_last(name).0,
            None => return true,
        }
    }
    false
}

/// What an optimizer fetches from the origin: the path up to a query of its own. What has another host is not the origin's.
fn take_source(source: &str, path: &str, take: &mut dyn Take) {
    if source.starts_with('/') {
        take_elsewhere(before_query(source), path, take);
        take.take(source, ReadingKind::QueryRoute, Step::Alias);
    } else if !source.is_empty() && !source.contains_any(b":") {
        take.take(&text::concat(&["/", source]), ReadingKind::QueryRoute, Step::Alias);
    }
}

/// A route that is the path itself is no other reading.
fn take_elsewhere(route: &str, path: &str, take: &mut dyn Take) {
    if !text::is_same(route, path) {
        take.take(route, ReadingKind::QueryRoute, Step::Elsewhere);
    }
}

fn before_query(route: &str) -> &str {
    route.find_any(b"?#").and_then(|end| route.get(..end)).unwrap_or(route)
}

/// Whether it names another server's page, as links to share and pages to preview do.
fn is_url(route: &str) -> bool {
    text::split_once(route, "://").is_some_and(|(scheme, _)| is_http(scheme))
}

/// Where image optimizers are, below any directory, and the parameter that names their source.
const OPTIMIZERS: &[(&str, &str)] =
    &[("/_next/image", "url"), ("/_vercel/image", "url"), ("/.netlify/images", "url"), ("/_image", "href")];

/// Query parameters that some route is taken from: by front controllers those up to `href`.
const NAMES: &[&str] = &[
    "_url",
    "url",
    "q",
    "s",
    "r",
    "path",
    "route",
    REST_ROUTE,
    "href",
    REPLACING[0],
    REPLACING[1],
    REPLACING[2],
    BATCH,
    ACTION_PARAMETERS[0].0,
    ACTION_PARAMETERS[1].0,
];

/// Parameters whose value is served in the place of any path: SvelteKit and Nitro on Vercel (`__isr_route` where the route is one that is
/// made anew), Astro there.
///
/// Source: `files/serverless.js` of `@sveltejs/adapter-vercel` 6.3.0, `entrypoint.js` of `@astrojs/vercel` 9.0.0, `ISR_URL_PARAM` of Nitro.
const REPLACING: [&str; 3] = ["__pathname", "x_astro_path", "__isr_route"];

/// What WordPress takes for what follows `/wp-json`, wherever it is asked.
const REST_ROUTE: &str = "rest_route";

/// Where a query has it, the path names several procedures of tRPC.
const BATCH: &str = "batch";

/// The action that runs before any page is rendered, in Astro and SvelteKit, and where it is by itself.
///
/// Source: `getCallerInfo` of Astro 7, `get_remote_action` of SvelteKit 3.
const ACTION_PARAMETERS: [(&str, &str); 2] = [("_action", ACTIONS), ("/remote", "/_app/remote/")];
