//! The settings and the policy: errors with their place, then the lints.

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{deployment::Deployment, source::Fault},
    policy::lint::{self, Severity},
    settings::Settings,
};

/// Reads the settings; `None` where they are wrong, which the findings then say.
pub(super) fn check(deployment: &Deployment, findings: &mut Vec<Finding>) -> Result<Option<Settings>, Fault> {
    let environment = deployment.complete_environment()?;
    let settings = match Settings::read(environment) {
        Ok(settings) => settings,
        Err(errors) => {
            for error in errors {
                let message = error.to_string();
                let usual = "write what is expected there; docs/settings.md explains every setting";
                let (what, help) = message.split_once("; help: ").unwrap_or((&message, usual));
                let why = "with wrong settings the gate answers 500 to every request";
                let place = Some(deployment.place_of_error(&error));
                findings.push(finding(Kind::InvalidSetting, Severity::Error, place, [what, why, help]));
            }
            return Ok(None);
        }
    };
    for found in lint::lint(&settings.policy, &settings.path) {
        findings.push(Finding {
            kind: found.kind.as_str(),
            about: found.kind.about(),
            severity: found.severity,
            place: Some(deployment.place_of(&found.setting)),
            what: found.what,
            why: found.why,
            help: found.help,
        });
    }
    Ok(Some(settings))
}
