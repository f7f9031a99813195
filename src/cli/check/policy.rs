//! The settings and the policy: errors with their place, then the lints.

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{deployment::Deployment, source::Fault},
    policy::{
        lint::{self, Severity},
        pattern::PatternError,
    },
    settings::Settings,
    table::{Problem, SettingError},
};

/// Reads the settings; `None` where they are wrong, which the findings then say.
pub(super) fn check(deployment: &Deployment, findings: &mut Vec<Finding>) -> Result<Option<Settings>, Fault> {
    let environment = deployment.complete_environment()?;
    let settings = match Settings::read(environment) {
        Ok(settings) => settings,
        Err(errors) => {
            for error in errors {
                let error = deployment.with_type(error);
                let message = error.to_string();
                let usual = "write what is expected there; docs/settings.md explains every setting";
                let (what, help) = message.split_once("; help: ").unwrap_or((&message, help_of_pattern(&error).unwrap_or(usual)));
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

/// What to write instead of a pattern that does not parse.
fn help_of_pattern(error: &SettingError) -> Option<&'static str> {
    let Problem::Pattern { pattern, error } = &error.problem else { return None };
    // `(?i:` of other languages.
    let opened = match error {
        PatternError::MissingExpression { at, .. } => pattern.get(*at..)?.strip_prefix('?'),
        PatternError::UnknownGroup { at, .. } => pattern.get(*at..)?.strip_prefix("(?"),
        _ => None,
    };
    let behind_flags = opened.map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '-'));
    match (opened, behind_flags) {
        (Some(opened), Some(behind)) if behind.len() < opened.len() && behind.starts_with([':', ')']) => {
            Some("flags, as `(?i:…)`, are not supported: leave them out; patterns match in any case")
        }
        _ => error.help(),
    }
}
