//! The page that the answer to a server action of Next.js holds, where the action redirects to it.
//!
//! Under `next start` the app fetches that page from itself, behind the gate, and puts it into the answer, which names it:
//! `X-Action-Redirect: /admin;push`. So it is shown only to those who may open the page. For all others it is taken out of the answer;
//! the client of Next.js then opens the page, and the gate decides about that.
//!
//! Source: `createRedirectRenderResult` and `getAppRelativeRedirectUrl` of Next.js.

use super::{Action, Gate, came_from::base_paths, public_origin};
use crate::{
    machine::{self, Io, Step},
    path,
    policy::Source,
    request::RequestView,
    text::{self, ByAny as _},
    time::UnixMillis,
    web_url::{WebUrl, has_web_scheme},
};

/// The header of the answer that says where the action redirects to, and how.
pub const ACTION_REDIRECT: &str = "x-action-redirect";

/// The methods of requests whose answer can have that header.
pub const ACTION_METHOD: &str = "POST";

/// What an answer keeps whose page is taken out. The page's own headers were put over the action's, and are not known apart.
pub const KEPT_WITHOUT_PAGE: [&str; 5] = ["cache-control", "set-cookie", "vary", ACTION_REDIRECT, "x-action-revalidated"];

impl Gate {
    /// Begins to find out whether whoever sent `request` may open the page that the answer redirects to, by the value of
    /// [`ACTION_REDIRECT`]. An address that cannot be understood is nobody's page.
    #[must_use]
    pub fn begin_may_show(&self, request: RequestView, redirect: String, now: UnixMillis) -> Step<bool> {
        let gate = self.clone();
        machine::start(now, move |io| async move { gate.may_show(&io, &request, &redirect).await })
    }

    /// The same as part of a larger run of the machine. Awaits nothing but `io`.
    pub async fn may_show(&self, io: &Io, request: &RequestView, redirect: &str) -> bool {
        let Ok(own) = path::judge(&request.url, &self.shared.settings.path) else { return false };
        let own_path = own.forward_target();
        let own_path = own_path.cut(b"?").map_or(&*own_path, |(path, _)| path);
        let Some((address, how)) = redirect.rcut(b";") else { return false };
        // Older versions of Next.js say the address alone: what stands behind its last semicolon leads to the page, too.
        if how != "push" && how != "replace" {
            return false;
        }
        // Several fields, put together: nobody knows which the page is of.
        if [";push,", ";replace,"].iter().any(|end| text::contains(address, end)) {
            return false;
        }
        // Of another address nobody knows what the app takes it to be relative to, or which bytes it had.
        if !address.is_ascii() || !(address.starts_with('/') || has_web_scheme(address)) {
            return false;
        }
        let Some(origin) = WebUrl::parse(&public_origin(&own)) else { return false };
        // An address on this site says nothing of the `basePath` of the app, which is put before it as it stands.
        let bases = base_paths(own_path).filter(|_| address.starts_with('/'));
        for base in core::iter::once("").chain(bases) {
            let Some(page) = origin.join(&[base, address].concat()) else { return false };
            if !self.may_open(io, request, &page.moved_to(&origin).href(), !base.is_empty()).await {
                return false;
            }
        }
        true
    }

    /// Whether the gate would forward a GET of this URL that came with the headers of `request`. With `only_listed` it also may where no
    /// list names the path.
    async fn may_open(&self, io: &Io, request: &RequestView, url: &str, only_listed: bool) -> bool {
        let request = RequestView { method: "GET".into(), url: url.into(), headers: request.headers.clone() };
        let Ok(judged) = self.shared.judgements.of(&self.shared.settings, &request) else { return false };
        let is_listed = |source: &Source| !matches!(source, Source::Default | Source::StaticFiles);
        if only_listed && !judged.demand.sources.iter().any(is_listed) {
            return true;
        }
        let decision = self.shared.decide_by_policy(io, &request, &judged, "").await;
        matches!(decision.action, Action::Forward(_))
    }
}
