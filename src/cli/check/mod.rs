//! `portcullis check`: is this gate ready for production?
//!
//! Every check is a file here that looks at one deployment and pushes findings; this one runs them in order.

mod connectivity;
mod counters;
mod domain;
mod entrances;
mod evidence;
mod finding;
mod keys;
mod kind;
mod leaks;
mod live;
mod parties;
mod policy;
mod report;
mod routes;
mod shadow;
mod sign_in;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use self::{domain::Question, routes::Coverage};
use super::{
    DeploymentArguments, FINDINGS,
    deployment::Deployment,
    output::{Report, json},
    source::Fault,
};
use crate::policy::lint::Severity;

/// A part of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What the files say: settings, keys, leaks, parties, lints, routes.
    Files,
    /// Clerk and the origin, asked from here.
    Network,
    /// What `--domain` names.
    Domain,
    /// What `--live` names.
    Live,
}

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// The app's own routes: which of them does no rule name? A plain list, an `OpenAPI` document (JSON or YAML), or
    /// Next.js' `routes-manifest.json` or `app-paths-manifest.json`.
    #[arg(long, value_name = "FILE")]
    routes: Option<PathBuf>,
    /// The production domain, as `example.com`: its DNS records for Clerk, CAA, and certificates.
    #[arg(long, value_name = "DOMAIN", conflicts_with = "offline")]
    domain: Option<String>,
    /// The name server to ask about it, as `1.1.1.1` or `127.0.0.1:5353`. Without it: this machine's.
    #[arg(long, value_name = "ADDRESS", requires = "domain", value_parser = parse_name_server)]
    name_server: Option<SocketAddr>,
    /// Where its certificates are looked at.
    #[arg(long, value_name = "PORT", requires = "domain", default_value_t = 443, hide = true)]
    tls_port: u16,
    #[command(flatten)]
    live: live::LiveArguments,
    /// Ask nobody over the network: neither Clerk nor the origin.
    #[arg(long)]
    offline: bool,
    /// Only these parts, instead of all.
    #[arg(long, value_name = "PART", value_delimiter = ',', value_enum)]
    only: Vec<Part>,
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

/// An address with or without a port; 53 where it has none.
fn parse_name_server(text: &str) -> Result<SocketAddr, String> {
    let bare = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    text.parse().or(bare).map_err(|_| "expected an address, as `1.1.1.1` or `[2606:4700:4700::1111]:53`".to_owned())
}

impl Arguments {
    /// A part that is named and has nothing to ask about would be "ready" without a look.
    fn refuse_parts_without_question(&self) -> Result<(), Fault> {
        for part in &self.only {
            let (message, help) = match part {
                Part::Network if self.offline => {
                    ("`--only network` asks over the network, and `--offline` forbids it", "leave one of the two out")
                }
                Part::Domain if self.domain.is_none() => {
                    ("`--only domain` has no domain to look at", "name it by `--domain example.com`")
                }
                Part::Live if self.live.is_absent() => {
                    ("`--only live` has no edge to ask", "name it by `--live https://example.com`")
                }
                Part::Files | Part::Network | Part::Domain | Part::Live => continue,
            };
            return Err(Fault::new(message).help(help));
        }
        Ok(())
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    arguments.refuse_parts_without_question()?;
    let deployment = Deployment::read(&arguments.deployment)?;
    let wants = |part| arguments.only.is_empty() || arguments.only.contains(&part);
    let (mut findings, mut evidence) = (Vec::new(), Vec::new());
    let mut coverage = None;
    let mut of_settings = Vec::new();
    let settings = policy::check(&deployment, &mut of_settings)?;
    if wants(Part::Files) {
        keys::check(&deployment, &mut findings);
        leaks::check(&deployment, &mut findings);
        entrances::check(&deployment, &mut findings);
        findings.append(&mut of_settings);
        if let Some(settings) = &settings {
            parties::check(&deployment, settings, &mut findings);
            counters::check(&deployment, settings, &mut findings);
            shadow::check(&deployment, settings, &mut findings);
            sign_in::check(&deployment, settings, &mut findings);
        }
        if let Some(path) = &arguments.routes {
            let routes = routes::read(path)?;
            if let Some(settings) = &settings {
                coverage = Some(Coverage::of(settings, &path.display().to_string(), routes, &mut findings));
            }
        }
    } else if settings.is_none() {
        // The other parts ask by these settings: without them they ask nothing.
        findings.append(&mut of_settings);
    }
    if let Some(settings) = settings.as_ref().filter(|_| wants(Part::Network) && !arguments.offline) {
        connectivity::check(&deployment, settings, &mut evidence, &mut findings)?;
    }
    if let Some(domain) = arguments.domain.as_ref().filter(|_| wants(Part::Domain)) {
        let question = Question { domain, name_server: arguments.name_server, tls_port: arguments.tls_port };
        domain::check(&deployment, settings.as_ref(), &question, &mut evidence, &mut findings)?;
    }
    if let Some(settings) = settings.as_ref().filter(|_| wants(Part::Live)) {
        live::check(&deployment, settings, &arguments.live, &mut evidence, &mut findings)?;
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));

    let code = if findings.iter().any(|finding| finding.severity > Severity::Note) { FINDINGS } else { 0 };
    let text = if arguments.json {
        json(&report::json(&findings, &evidence, coverage.as_ref()))
    } else if arguments.sarif {
        json(&report::sarif(&findings, &deployment.source.name))
    } else {
        report::text(&findings, &evidence, coverage.as_ref(), arguments.notes)
    };
    Ok(Report { text, code, ..Report::default() })
}
