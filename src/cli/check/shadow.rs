//! Shadow mode of the whole gate: nobody is refused.

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{cli::deployment::Deployment, policy::lint::Severity, settings::Settings};

pub(super) fn check(deployment: &Deployment, settings: &Settings, findings: &mut Vec<Finding>) {
    if settings.enforce {
        return;
    }
    findings.push(finding(
        Kind::GateInShadow,
        if deployment.is_local { Severity::Note } else { Severity::Warning },
        Some(deployment.place_of("enforce")),
        [
            "`enforce = false`: the gate refuses nobody",
            "every protected path is open to whoever asks; what would have been refused is only logged",
            "remove it when the log shows no `would-deny` that should have passed",
        ],
    ));
}
