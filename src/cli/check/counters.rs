//! Rate limits: each has a counter, with the period that `Retry-After` tells.

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{cli::deployment::Deployment, policy::lint::Severity, settings::Settings};

pub(super) fn check(deployment: &Deployment, settings: &Settings, findings: &mut Vec<Finding>) {
    let counters = deployment.counters();
    for (index, limit) in settings.rate_limits.iter().enumerate() {
        let place = |key| Some(deployment.place_of(&format!("rate_limits[{index}].{key}")));
        match counters.iter().find(|(name, _)| *name == &*limit.binding) {
            None => findings.push(finding(
                Kind::RateLimitUnbound,
                Severity::Error,
                place("binding"),
                [
                    &format!("there is no rate limit binding `{}`", limit.binding),
                    "without it the gate answers 500 to everything: a limit that does not count would not be noticed",
                    "add it under `[[ratelimits]]`, of this environment if it is one",
                ],
            )),
            Some((_, Some(period))) if *period != limit.period_secs => findings.push(finding(
                Kind::RateLimitPeriod,
                Severity::Warning,
                place("period"),
                [
                    &format!("`{}` counts for {period} seconds, and the limit says {}", limit.binding, limit.period_secs),
                    "`Retry-After` then names a time at which nothing changes",
                    "write the same `period` in both places",
                ],
            )),
            Some(_) => {}
        }
    }
}
