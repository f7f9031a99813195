//! `authorized_parties`: set, of this deployment, and no more than meant.

use super::{
    entrances::route_hosts,
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::deployment::Deployment,
    policy::lint::Severity,
    settings::{Settings, is_loopback_host},
    token::{AuthorizedParty, MissingAzp},
};

pub(super) fn check(deployment: &Deployment, settings: &Settings, findings: &mut Vec<Finding>) {
    let parties = &settings.authorized_parties;
    // They are Clerk's: tokens of other issuers have an audience, which is required.
    if settings.instance.is_absent() && parties.is_empty() {
        return;
    }
    let severity = if deployment.is_local { Severity::Note } else { Severity::Error };
    if parties.is_empty() {
        findings.push(finding(
            Kind::AuthorizedPartiesMissing,
            severity,
            Some(deployment.place_of("authorized_parties")),
            [
                "`authorized_parties` is not set, so tokens of every origin are accepted",
                "a page on any subdomain that shares your session can then act as its visitor",
                "list the origins of your own pages: `authorized_parties = [\"https://example.com\"]`",
            ],
        ));
        return;
    }
    for (index, party) in parties.iter().enumerate() {
        let place = || Some(deployment.place_of(&format!("authorized_parties[{index}]")));
        let authority = party.split_once("://").map_or("", |(_, authority)| authority);
        if is_loopback_host(authority) && !deployment.is_local {
            findings.push(finding(
                Kind::AuthorizedPartyLocal,
                Severity::Error,
                place(),
                [
                    &format!("`{party}` is an authorized party in production"),
                    "whatever runs on a visitor's own machine may then use the session",
                    "take it out, and put it into the variables of an environment for development",
                ],
            ));
        }
        if party.contains('*') {
            findings.push(finding(
                Kind::AuthorizedPartyWildcard,
                Severity::Warning,
                place(),
                [
                    &format!("`{party}` trusts the pages of every host of that form"),
                    "one forgotten or taken-over subdomain is enough to use the session of whoever visits it",
                    "name the origins one by one, or keep the wildcard in the environment for previews",
                ],
            ));
        }
    }
    if settings.missing_azp != MissingAzp::Reject {
        findings.push(finding(
            Kind::MissingAzpAccepted,
            Severity::Note,
            Some(deployment.place_of("missing_azp")),
            [
                "tokens without `azp` are let through",
                "they carry no proof of where they were made",
                "count the `azp-missing` lines in the log, and remove the setting when there are none",
            ],
        ));
    }
    if !deployment.is_local {
        check_routes(deployment, parties, findings);
    }
}

fn check_routes(deployment: &Deployment, parties: &[String], findings: &mut Vec<Finding>) {
    let known: Vec<AuthorizedParty> = parties.iter().map(|party| AuthorizedParty::parse(party, true)).collect();
    for (host, route) in route_hosts(deployment) {
        let origin = format!("https://{host}");
        // `*.example.com/*` and `*example.com/*` stand for many hosts: that one party is below them is all that can be asked.
        let is_covered = match host.rsplit_once('*') {
            Some((_, base)) => {
                let base = base.trim_start_matches('.');
                parties.iter().any(|party| party.strip_suffix(base).is_some_and(|rest| rest.ends_with(['.', '/'])))
            }
            None => known.iter().any(|party| party.is_met_by(&origin)),
        };
        if !is_covered {
            findings.push(finding(
                Kind::RouteWithoutParty,
                Severity::Warning,
                Some(deployment.place(&route.span)),
                [
                    &format!("no authorized party is at `{host}`, which the gate answers for"),
                    "whoever signs in on a page there is refused",
                    &format!("add \"{origin}\" to `authorized_parties`, unless only other origins call it"),
                ],
            ));
        }
    }
}
