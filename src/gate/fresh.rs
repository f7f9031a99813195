//! Rules with `fresh = true`: what the token says is checked against what is so now, before anything is forwarded.

use super::{Deciding, Io, RequestState};
use crate::{
    fresh::{Asked, Verdict},
    machine::rare,
    policy::Access,
    reason::Reason,
};

impl Deciding<'_> {
    /// The state as it is now, and what forbids a request of somebody who is still signed in. Nobody is asked where the request would
    /// be refused anyway.
    pub(super) async fn refreshed(&self, io: &Io, state: RequestState) -> (RequestState, Option<Reason>) {
        let policy = &self.settings.policy;
        let Some(freshness) = self.freshness else { return (state, None) };
        let is_asked = self.demand.access != Access::Public && self.demand.sources.iter().any(|source| policy.is_fresh(*source));
        let is_decided = state.unknown || !state.auth.is_authenticated() || !self.is_met(&state);
        if !is_asked || is_decided || self.foreign_page(&state).is_some() {
            return (state, None);
        }
        let requirements = self.demand.sources.iter().flat_map(|source| policy.requirements_of(*source));
        let tests = requirements.filter_map(|requirement| requirement.claim.as_ref());
        let ties = self.demand.sources.iter().flat_map(|source| policy.ties_of(*source));
        let Some(asked) = Asked::of(&state.auth, tests, ties) else { return (state, None) };
        match rare(freshness.check(io, &asked)).await {
            Verdict::Holds => (state, None),
            Verdict::Denied(reason @ (Reason::UserDeleted | Reason::SessionEnded)) => {
                (RequestState { from_cookies: state.from_cookies, ..*RequestState::outdated(reason, String::new(), false) }, None)
            }
            Verdict::Denied(reason) => (state, Some(reason)),
            Verdict::Unknown(why) => (*RequestState::outdated(Reason::FreshnessUnknown, why, true), None),
        }
    }
}
