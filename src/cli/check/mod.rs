//! `portcullis check`: is this gate ready for production?
//!
//! Every check is a file here that looks at one deployment and pushes findings; this one runs them in order.

mod connectivity;
mod entrances;
mod evidence;
mod finding;
mod keys;
mod leaks;
mod parties;
mod policy;
mod report;
mod routes;

use std::path::PathBuf;

use self::routes::Coverage;
use super::{
    DeploymentArguments, FINDINGS,
    deployment::Deployment,
    output::{Report, json},
    source::Fault,
};
use crate::policy::lint::Severity;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// The app's own routes: which of them does no rule name? A plain list, an `OpenAPI` document (JSON), or Next.js'
    /// `routes-manifest.json` or `app-paths-manifest.json`.
    #[arg(long, value_name = "FILE")]
    routes: Option<PathBuf>,
    /// Ask nobody over the network: neither Clerk nor the origin.
    #[arg(long)]
    offline: bool,
    /// Show notes too: what is worth knowing and needs no change.
    #[arg(long)]
    notes: bool,
    /// One JSON document instead of text.
    #[arg(long, conflicts_with = "sarif")]
    json: bool,
    /// A SARIF 2.1.0 log instead of text, for code scanning.
    #[arg(long)]
    sarif: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    let deployment = Deployment::read(&arguments.deployment)?;
    let mut findings = Vec::new();
    keys::check(&deployment, &mut findings);
    leaks::check(&deployment, &mut findings);
    entrances::check(&deployment, &mut findings);
    let mut coverage = None;
    let settings = policy::check(&deployment, &mut findings)?;
    if let Some(settings) = &settings {
        parties::check(&deployment, settings, &mut findings);
    }
    let mut evidence = Vec::new();
    if let Some(settings) = settings.as_ref().filter(|_| !arguments.offline) {
        connectivity::check(&deployment, settings, &mut evidence, &mut findings)?;
    }
    if let Some(path) = &arguments.routes {
        let routes = routes::read(path)?;
        if let Some(settings) = &settings {
            coverage = Some(Coverage::of(settings, &path.display().to_string(), routes, &mut findings));
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));

    let code = if findings.iter().any(|finding| finding.severity > Severity::Note) { FINDINGS } else { 0 };
    let text = if arguments.json {
        json(&report::json(&findings, &evidence, coverage.as_ref()))
    } else if arguments.sarif {
        json(&report::sarif(&findings))
    } else {
        report::text(&findings, &evidence, coverage.as_ref(), arguments.notes)
    };
    Ok(Report { text, code, ..Report::default() })
}
