//! `Next-Url`, the page that a visitor of a Next.js app comes from.
//!
//! With intercepting routes Next.js answers `/photo/7` by `app/feed/@modal/(..)photo/[id]`, within the layout of `/feed`, where the
//! header says `/feed` or anything below it. So whoever asks must be one who may see that page. For all others the header says, when
//! it gets to the origin, that they come from the page that they ask for. Nothing is refused: the client of Next.js sends the header
//! with every page that it fetches, also after a session has ended.
//!
//! Source: `generateInterceptionRoutesRewrites` of Next.js.

use std::borrow::Cow;

use super::{Deciding, RequestState};
use crate::{
    headers::{Field, names},
    path::{self, JudgedTarget},
    policy::{Access, Source},
    request::HeaderName,
    text::ByAny as _,
};

/// Segments that are looked at; nobody comes from further down.
const SEGMENTS: usize = 8;

/// Beginnings of the path that may be the `basePath` of the app.
const BASES: usize = 2;

/// Readings of a page, or of one that it is below. What can be read in more ways is nobody's page, and is not looked at any further: a
/// request would cost as much as several whose paths are hostile.
const READINGS: usize = 32;

impl Deciding<'_> {
    /// What the origin is told instead of what the client says.
    pub(super) fn came_from(&self, state: &RequestState) -> Option<Field> {
        let page = self.request.header(HeaderName::NextUrl)?;
        if !self.settings.enforce || self.may_come_from(page, state) {
            return None;
        }
        Some((names::NEXT_URL, Cow::Owned(self.target.path().as_str().to_owned())))
    }

    /// Whether the page, and each that it is below, asks nothing that is not met. Those that it is below count where they are listed, and
    /// so does what has a directory before it.
    fn may_come_from(&self, page: &str, state: &RequestState) -> bool {
        let policy = &self.settings.policy;
        let page = page.find_any(b"?#").and_then(|end| page.get(..end)).unwrap_or(page);
        let own = self.target.path().as_str();
        let ends = ends(page);
        if !page.starts_with('/') || ends.len() > SEGMENTS {
            return false;
        }
        core::iter::once("").chain(base_paths(own)).all(|base| {
            ends.iter().all(|end| {
                let Some(directory) = page.get(..*end) else { return false };
                let url = [self.target.scheme(), "://", self.target.host(), base, directory].concat();
                let Ok(target) = path::judge(&url, &self.settings.path) else { return false };
                if target.readings().len() > READINGS {
                    return false;
                }
                let is_itself = base.is_empty() && *end == page.len();
                let (answers, _) = policy.answers("GET", &target, false);
                answers.into_iter().all(|(source, _)| {
                    let is_listed = !matches!(source, Source::Default | Source::StaticFiles);
                    !(is_itself || is_listed) || self.may_see(source, &target, state)
                })
            })
        })
    }

    fn may_see(&self, source: Source, target: &JudgedTarget, state: &RequestState) -> bool {
        let policy = &self.settings.policy;
        policy.access_of(source) == Access::Public
            || !state.unknown
                && state.auth.is_authenticated()
                // What is so now was asked only for what the request's own path demands.
                && (!policy.is_fresh(source) || self.demand.sources.contains(&source))
                && self.meets(source, target, state)
    }
}

/// What a path begins with that may be the `basePath` of the app, whose first page is there itself. Next.js leaves it out of the addresses
/// that it names.
pub(super) fn base_paths(path: &str) -> impl Iterator<Item = &str> {
    ends(path).into_iter().take(BASES).filter_map(|end| path.get(..end)).filter(|base| !base.ends_with('/'))
}

/// Where each segment of a path ends.
fn ends(path: &str) -> Vec<usize> {
    let slashes = path.bytes().enumerate().skip(1).filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    slashes.chain([path.len()]).take(SEGMENTS + 1).collect()
}
