//! `--routes`: the app's own routes, and which of them no rule names.
//!
//! A route with parameters is asked about with sample values, a number and a word: it counts as named when the policy names both.

use std::path::Path;

use serde_json::Value;
use serde_yaml_ng::Value as Yaml;

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{
        read_text,
        source::{Fault, Place, SourceFile},
    },
    path,
    policy::{Source, lint::Severity},
    settings::Settings,
};

/// A route of the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// `None`: any; GET is asked about.
    pub method: Option<String>,
    /// As the app writes it.
    pub path: String,
    line: Option<usize>,
}

/// A route and what the policy says about it.
#[derive(Debug)]
pub(super) struct Judged {
    pub route: Route,
    /// The path that was asked about.
    pub sample: String,
    /// The access that it gets, or why it gets none.
    pub access: String,
    /// What names it; `None`: nothing but the default.
    pub rule: Option<String>,
}

/// All routes, those first that nothing names.
#[derive(Debug)]
pub(super) struct Coverage {
    pub routes: Vec<Judged>,
}

impl Coverage {
    pub(super) fn of(settings: &Settings, file: &str, routes: Vec<Route>, findings: &mut Vec<Finding>) -> Self {
        let mut judged: Vec<Judged> = routes.into_iter().map(|route| judge(settings, route)).collect();
        judged.sort_by_key(|judged| judged.rule.is_some());
        for open in judged.iter().filter(|judged| judged.rule.is_none() && judged.access == "public") {
            let method = open.route.method.as_deref().unwrap_or("GET");
            let place = Place { line: open.route.line, ..Place::file(file) };
            findings.push(finding(
                Kind::RouteNotNamed,
                Severity::Warning,
                Some(place),
                [
                    &format!("`{method} {}` is public, and no rule says so", open.route.path),
                    "it is open because nothing mentions it, which is how the next private page will be open too",
                    "name it in `public` or in `protected`",
                ],
            ));
        }
        Self { routes: judged }
    }

    /// How many routes nothing names.
    pub(super) fn unnamed(&self) -> usize {
        self.routes.iter().filter(|judged| judged.rule.is_none()).count()
    }
}

fn judge(settings: &Settings, route: Route) -> Judged {
    let method = route.method.clone().unwrap_or_else(|| "GET".to_owned());
    let mut answer: Option<Judged> = None;
    for sample in samples(&route.path) {
        let (access, rule) = match path::judge(&format!("https://gate.invalid{sample}"), &settings.path) {
            Err(ambiguity) => (format!("refused ({})", ambiguity.kind()), Some("refused".to_owned())),
            Ok(target) => {
                let demand = settings.policy.demand_for(&method, &target);
                let is_named = !matches!(demand.source, Source::Default | Source::StaticFiles);
                (demand.access.as_str().to_owned(), is_named.then(|| settings.policy.name_of(demand.source).to_string()))
            }
        };
        let is_worse = answer.as_ref().is_none_or(|known| known.rule.is_some() && rule.is_none());
        if is_worse {
            answer = Some(Judged { route: route.clone(), sample, access, rule });
        }
    }
    answer.unwrap_or(Judged { sample: route.path.clone(), route, access: "protected".into(), rule: None })
}

/// Paths of a route: parameters filled in with a number, and with a word; without what may be left out, and with it.
fn samples(route: &str) -> Vec<String> {
    let fill = |value: &str, has_optional: bool| {
        let mut sample = String::new();
        for segment in route.split('/').skip(1) {
            let is_optional = segment.starts_with("[[...") || segment.starts_with(':') && segment.ends_with(['?', '*']);
            if is_optional && !has_optional {
                continue;
            }
            sample.push('/');
            let is_rest = segment.starts_with("[...") || segment.starts_with("[[...");
            if is_rest || segment.starts_with(':') && segment.ends_with(['*', '+']) {
                sample.push_str(&format!("{value}/{value}"));
            } else if segment.starts_with('[') || segment.starts_with(':') || segment == "*" {
                sample.push_str(value);
            } else {
                sample.push_str(&fill_braces(segment, value));
            }
        }
        if sample.is_empty() { "/".to_owned() } else { sample }
    };
    let mut samples = Vec::new();
    for (value, has_optional) in [("1", false), ("a", false), ("1", true), ("a", true)] {
        let sample = fill(value, has_optional);
        if !samples.contains(&sample) {
            samples.push(sample);
        }
    }
    samples
}

/// `report-{id}.pdf`, as OpenAPI allows.
fn fill_braces(segment: &str, value: &str) -> String {
    let mut filled = String::new();
    let mut rest = segment;
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((_, after)) = behind.split_once('}') else { break };
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled + rest
}

/// Reads the routes in any of the forms. A file without one is a mistake of whatever wrote it: nothing would be looked at, and all be well.
pub(super) fn read(file: &Path) -> Result<Vec<Route>, Fault> {
    let source = read_text(file)?;
    let routes = read_any(file, &source)?;
    if routes.is_empty() {
        return Err(
            Fault::new(format!("`{}` names no route", source.name)).help("leave `--routes` out where there is none to ask about")
        );
    }
    Ok(routes)
}

fn read_any(file: &Path, source: &SourceFile) -> Result<Vec<Route>, Fault> {
    let is_yaml = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let document = match source.text.trim_start().starts_with('{') {
        true => read_json(source)?,
        false if is_yaml => read_yaml(source)?,
        false => return read_list(source),
    };
    let routes = of_openapi(&document).or_else(|| of_routes_manifest(&document)).or_else(|| of_app_paths(&document));
    routes.ok_or_else(|| {
        Fault::new(format!("`{}` is no list of routes that is known here", source.name)).help(
            "a plain list, an OpenAPI document with `paths` (JSON, or YAML in a `.yaml` file), or Next.js' `routes-manifest.json` or `app-paths-manifest.json`",
        )
    })
}

fn read_json(source: &SourceFile) -> Result<Value, Fault> {
    serde_json::from_str(&source.text).map_err(|error| {
        let start: usize = source.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = start + error.column().saturating_sub(1);
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Fault::new(format!("`{}` is not JSON: {why}", source.name)).at(source.place(&(at..at + 1)))
    })
}

fn read_yaml(source: &SourceFile) -> Result<Value, Fault> {
    let document: Result<Yaml, _> = serde_yaml_ng::from_str(&source.text);
    document.map(to_json).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        let fault = Fault::new(format!("`{}` is not YAML: {why}", source.name));
        match error.location() {
            Some(place) => fault.at(source.place(&(place.index()..place.index() + 1))),
            None => fault,
        }
    })
}

/// As JSON: keys that are no text, as status codes, become text.
fn to_json(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Mapping(members) => {
            let name = |key: Yaml| match key {
                Yaml::String(text) => text,
                other => serde_json::to_string(&other).unwrap_or_default(),
            };
            Value::Object(members.into_iter().map(|(key, value)| (name(key), to_json(value))).collect())
        }
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(to_json).collect()),
        Yaml::Tagged(tagged) => to_json(tagged.value),
        scalar => serde_json::to_value(scalar).unwrap_or_default(),
    }
}

/// A line each: `/path` or `METHOD /path`; `#` begins a comment.
fn read_list(source: &SourceFile) -> Result<Vec<Route>, Fault> {
    let mut routes = Vec::new();
    let mut at = 0;
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        let text = line.split('#').next().unwrap_or(line).trim();
        if text.is_empty() {
            continue;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let (method, path) = match words.as_slice() {
            [path] => (None, *path),
            [method, path] => (Some((*method).to_owned()), *path),
            _ => (None, ""),
        };
        if !path.starts_with('/') {
            let message = format!("`{}` is not a list of routes: expected `/path` or `METHOD /path`", source.name);
            let from = start + (line.len() - line.trim_start().len());
            return Err(Fault::new(message).at(source.place(&(from..from + text.len()))));
        }
        routes.push(Route { method, path: path.to_owned(), line: Some(index + 1) });
    }
    Ok(routes)
}

fn of_openapi(document: &Value) -> Option<Vec<Route>> {
    const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let paths = document.get("paths")?.as_object()?;
    let base = base_path(document);
    let operations = |(path, item): (&String, &Value)| {
        let methods: Vec<&str> = METHODS.into_iter().filter(|method| item.get(method).is_some()).collect();
        let path = format!("{base}{path}");
        let route = |method: &str| Route { method: Some(method.to_ascii_uppercase()), path: path.clone(), line: None };
        methods.into_iter().map(route).collect::<Vec<_>>()
    };
    Some(paths.iter().flat_map(operations).collect())
}

/// What stands before every path: the path of the first server, or Swagger's `basePath`.
fn base_path(document: &Value) -> String {
    let server = document.get("servers").and_then(|servers| servers.get(0)?.get("url")).or_else(|| document.get("basePath"));
    let url = server.and_then(Value::as_str).unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    };
    // Of a variable nobody knows the value.
    if path.contains('{') { String::new() } else { path.trim_end_matches('/').to_owned() }
}

fn of_routes_manifest(document: &Value) -> Option<Vec<Route>> {
    let base = document.get("basePath").and_then(Value::as_str).unwrap_or_default();
    let lists = ["staticRoutes", "dynamicRoutes"].map(|key| document.get(key).and_then(Value::as_array));
    if lists.iter().all(Option::is_none) {
        return None;
    }
    let pages = lists.into_iter().flatten().flatten().filter_map(|route| route.get("page")?.as_str());
    // Pages of the framework itself are no routes of the app.
    let pages = pages.filter(|page| !page.starts_with("/_"));
    Some(pages.map(|page| Route { method: None, path: format!("{base}{page}"), line: None }).collect())
}

/// `/(shop)/cart/page` is `/cart`: groups and slots are no part of the address.
fn of_app_paths(document: &Value) -> Option<Vec<Route>> {
    let keys = document.as_object()?.keys();
    let mut routes = Vec::new();
    for key in keys {
        let path = key.strip_suffix("/page").or_else(|| key.strip_suffix("/route"))?;
        let is_group = |segment: &str| segment.starts_with('@') || segment.starts_with('(') && segment.ends_with(')');
        let is_address = |segment: &&str| !segment.is_empty() && !is_group(segment);
        let segments: Vec<&str> = path.split('/').filter(is_address).collect();
        if segments.iter().all(|segment| !segment.starts_with('_')) {
            routes.push(Route { method: None, path: format!("/{}", segments.join("/")), line: None });
        }
    }
    Some(routes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(routes: Option<Vec<Route>>) -> Vec<String> {
        routes.unwrap().into_iter().map(|route| route.path).collect()
    }

    #[test]
    fn parameters_are_filled_in_as_each_framework_writes_them() {
        assert_eq!(samples("/users/:id"), ["/users/1", "/users/a"]);
        assert_eq!(samples("/blog/[slug]/edit"), ["/blog/1/edit", "/blog/a/edit"]);
        assert_eq!(samples("/docs/[...path]"), ["/docs/1/1", "/docs/a/a"]);
        assert_eq!(samples("/docs/[[...path]]"), ["/docs", "/docs/1/1", "/docs/a/a"]);
        assert_eq!(samples("/:lang?/docs"), ["/docs", "/1/docs", "/a/docs"]);
        assert_eq!(samples("/files/:path*"), ["/files", "/files/1/1", "/files/a/a"]);
        assert_eq!(samples("/files/report-{id}.pdf"), ["/files/report-1.pdf", "/files/report-a.pdf"]);
        assert_eq!(samples("/"), ["/"]);
    }

    #[test]
    fn groups_and_slots_of_the_app_router_are_no_part_of_the_address() {
        let manifest = serde_json::json!({"/page": "", "/(shop)/cart/page": "", "/a/@modal/b/page": "", "/api/x/route": "", "/_not-found/page": ""});
        let mut found = paths(of_app_paths(&manifest));
        found.sort();
        assert_eq!(found, ["/", "/a/b", "/api/x", "/cart"]);
    }

    #[test]
    fn a_manifest_of_routes_has_a_base_path() {
        let manifest = serde_json::json!({"basePath": "/app", "staticRoutes": [{"page": "/x"}, {"page": "/_error"}], "dynamicRoutes": [{"page": "/y/[id]"}]});
        assert_eq!(paths(of_routes_manifest(&manifest)), ["/app/x", "/app/y/[id]"]);
    }
}
