//! Ways to the Worker: its routes, and the addresses on `workers.dev` that are there beside them.

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{
        deployment::Deployment,
        source::Place,
        tree::{Located, Value},
    },
    policy::lint::Severity,
};

/// The hosts of the routes, each with the place of its pattern; a star where the pattern has one.
pub(super) fn route_hosts(deployment: &Deployment) -> Vec<(String, &Located)> {
    let mut patterns = Vec::new();
    if let Some(entry) = deployment.inherited("route") {
        patterns.push(&entry.value);
    }
    if let Some(entry) = deployment.inherited("routes") {
        match &entry.value.value {
            Value::List(items) => patterns.extend(items),
            _ => patterns.push(&entry.value),
        }
    }
    let pattern_of =
        |item: &'_ Located| item.as_text().or_else(|| item.get("pattern").and_then(Located::as_text)).map(str::to_owned);
    patterns
        .into_iter()
        .filter_map(|item| {
            let pattern = pattern_of(item)?;
            let bare = pattern.split_once("://").map_or(&*pattern, |(_, rest)| rest);
            let host = bare.split('/').next().unwrap_or(bare).to_ascii_lowercase();
            Some((host, item.get("pattern").unwrap_or(item)))
        })
        .collect()
}

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<Finding>) {
    for unread in &deployment.unread {
        findings.push(finding(
            Kind::ConfigurationUnread,
            Severity::Warning,
            Some(Place::file(unread.display().to_string())),
            [
                &format!("`{}` is not read: Wrangler takes `{}`", unread.display(), deployment.source.name),
                "whoever changes the policy in the wrong file believes it to be deployed",
                "keep one of them",
            ],
        ));
    }
    if deployment.is_local {
        return;
    }
    let has_routes = !route_hosts(deployment).is_empty();
    let flag = |key: &str| deployment.inherited(key).map(|entry| (entry.value.as_bool(), deployment.place(&entry.value.span)));
    let why = "there the gate answers for another host than yours: none of your authorized parties is right, and rules of your \
               zone (WAF, rate limits, Access) don't apply";
    let workers_dev = flag("workers_dev");
    let is_open = workers_dev.as_ref().map_or(!has_routes, |(flag, _)| *flag != Some(false));
    if is_open {
        findings.push(finding(
            Kind::WorkersDevOpen,
            Severity::Warning,
            workers_dev.map(|(_, place)| place),
            ["the gate also answers at `….workers.dev`", why, "write `workers_dev = false`"],
        ));
    }
    let preview_urls = flag("preview_urls");
    if preview_urls.as_ref().is_none_or(|(flag, _)| *flag != Some(false)) {
        findings.push(finding(
            Kind::PreviewUrlsOpen,
            Severity::Warning,
            preview_urls.map(|(_, place)| place),
            [
                "every version of the gate may get an address of its own at `….workers.dev`",
                "an old version answers with the old policy, and rules of your zone don't apply",
                "write `preview_urls = false`",
            ],
        ));
    }
    if !has_routes {
        findings.push(finding(
            Kind::NoRoute,
            Severity::Note,
            None,
            [
                "the configuration has no route",
                "a route that was set in the dashboard is not seen here, so whether it fits the authorized parties was not checked",
                "write `routes = [{ pattern = \"example.com/*\", zone_name = \"example.com\" }]`",
            ],
        ));
    }
}
