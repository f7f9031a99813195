//! Shadow mode: what is not enforced yet is decided, told to the log, and not done.
//!
//! A rule in shadow is as good as absent: what the rest of the policy says of the path holds, other rules, lists and the default
//! alike. So trying a rule can neither close a path nor open one. The gate as a whole in shadow forwards what it would have
//! answered, handshakes too, but not what protects the gate itself or cannot be taken back: paths that cannot be judged, its own
//! endpoints, refused methods, wrong settings, and requests of foreign pages.

use super::{Action, Checked, Deciding, Decision, Io, Refusal, RequestState, Trial};
use crate::reason;

/// Decides by the policy without its rules in shadow (`enforced`), and notes where all of it (`all`) would have refused.
pub(super) async fn with_rules(io: &Io, all: &Deciding<'_>, enforced: &Deciding<'_>) -> Decision {
    let state = match enforced.check(io).await {
        Ok(state) => state,
        Err(decision) => return *decision,
    };
    let mut decision = enforced.conclude(io, Ok(state.clone())).await;
    if let Action::Forward(_) = decision.action {
        // A rule may take other kinds of token. What came from cookies is not asked for again: a handshake works once.
        let state = if all.tokens == enforced.tokens || state.from_cookies { Ok(state) } else { all.check(io).await };
        decision.trial = Trial::of(all.conclude(io, state).await);
    }
    decision
}

/// Forwards, and notes what the gate would have answered.
pub(super) async fn whole_gate(io: &Io, deciding: &Deciding<'_>, checked: Checked) -> Decision {
    let (state, decision) = match checked {
        Ok(state) => {
            // What the origin is told is true now, and not only by the token.
            let (state, changed) = deciding.refreshed(io, state).await;
            (state.clone(), deciding.decide(state, changed, io.now()))
        }
        // Wrong settings are for the operator to mend, now. A handshake that is none of ours may be the app's own.
        Err(decision) if decision.status() == Refusal::Misconfigured.wire().0 => return *decision,
        Err(decision) => (*RequestState::unjudged(), *decision),
    };
    if matches!(decision.action, Action::Forward(_)) || decision.reason == reason::CROSS_SITE_REQUEST {
        return decision;
    }
    let mut forward = deciding.forward(reason::SHADOW, state);
    forward.trial = Trial::of(decision);
    forward
}

impl Trial {
    /// What a decision would have done; `None` where that is to forward.
    pub(super) fn of(decision: Decision) -> Option<Box<Self>> {
        let (verb, status) = (decision.verb(), decision.status());
        let Decision { action: Action::Answer(_), reason, message, access, rule, .. } = decision else { return None };
        Some(Box::new(Self { verb, status, reason, message, access, rule }))
    }
}
