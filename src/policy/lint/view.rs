//! A policy as the lints look at it: one list of entries in the order in which they decide, and what a request would get.

use super::finding::{Finding, Kind, Severity, Witness};
use crate::{
    path::{self, PathSettings},
    policy::{
        Access, Demand, KNOWN_METHODS, Policy, Requirement, Source, Tie,
        pattern::{
            Pattern,
            language::{Budget, Query, Scope, Search},
        },
    },
    table::quote,
};

/// One pattern and what it gives.
#[derive(Debug)]
pub(super) struct Entry<'p> {
    pub pattern: &'p Pattern,
    /// Its place in the settings.
    pub setting: String,
    pub source: Source,
    pub access: Access,
    pub unit: Unit,
}

/// Patterns of one unit give the same, so which of them matches first makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Rule(usize),
    Admin,
    Public,
    Protected,
}

/// The policy, prepared.
pub(super) struct View<'p> {
    pub policy: &'p Policy,
    pub paths: &'p PathSettings,
    /// All patterns in the order in which they decide: those of the rules, then `admin`, `public`, `protected`.
    pub entries: Vec<Entry<'p>>,
    /// The patterns of `api`, with their places.
    pub api: Vec<(String, &'p Pattern)>,
    /// One method for each way in which rules can tell methods apart: all that are named, and one that is not.
    pub methods: Vec<String>,
    pub budget: &'p mut Budget,
}

impl<'p> View<'p> {
    pub fn of(policy: &'p Policy, paths: &'p PathSettings, budget: &'p mut Budget) -> Self {
        let mut entries = Vec::new();
        for (index, rule) in policy.rules.iter().enumerate() {
            for (place, pattern) in rule.patterns.iter().enumerate() {
                let setting =
                    if rule.is_bare { format!("rules[{index}].match") } else { format!("rules[{index}].match[{place}]") };
                let source = Source::Rule(index);
                entries.push(Entry { pattern, setting, source, access: rule.access, unit: Unit::Rule(index) });
            }
        }
        let mut list = |name, patterns: &'p [Pattern], unit, source: fn(usize) -> Source, access| {
            let placed = patterns.iter().enumerate();
            entries.extend(placed.map(|(index, pattern)| Entry {
                pattern,
                setting: place(policy, name, index),
                source: source(index),
                access,
                unit,
            }));
        };
        list("admin", policy.admin.patterns(), Unit::Admin, Source::Admin, Access::Admin);
        list("public", policy.public.patterns(), Unit::Public, Source::Public, Access::Public);
        list("protected", policy.protected.patterns(), Unit::Protected, Source::Protected, Access::Protected);
        let api = policy.api.patterns().iter().enumerate();
        let api = api.map(|(index, pattern)| (place(policy, "api", index), pattern)).collect();
        Self { policy, paths, entries, api, methods: methods(policy), budget }
    }

    pub fn entry(&self, at: usize) -> Option<&Entry<'p>> {
        self.entries.get(at)
    }

    pub fn has_method(&self, entry: &Entry<'_>, method: &str) -> bool {
        match entry.unit {
            Unit::Rule(index) => self.policy.rules.get(index).is_some_and(|rule| rule.has_method(method)),
            Unit::Admin | Unit::Public | Unit::Protected => true,
        }
    }

    /// The first method that the entry is asked about.
    pub fn method_of(&self, entry: &Entry<'_>) -> String {
        self.methods.iter().find(|method| self.has_method(entry, method)).cloned().unwrap_or_else(|| "GET".to_owned())
    }

    /// The entries that decide before this one for requests of this method, as far as they could share a path with it.
    pub fn before(&self, at: usize, method: &str) -> Vec<usize> {
        let Some(entry) = self.entry(at) else { return Vec::new() };
        let earlier = self.entries.iter().enumerate().take(at);
        let earlier = earlier.filter(|(_, other)| other.unit != entry.unit && self.has_method(other, method));
        earlier.filter(|(_, other)| other.pattern.may_overlap(entry.pattern)).map(|(index, _)| index).collect()
    }

    pub fn patterns(&self, entries: &[usize]) -> Vec<&'p Pattern> {
        entries.iter().filter_map(|at| self.entry(*at)).map(|entry| entry.pattern).collect()
    }

    /// Looks for a path that all of one and none of the other match.
    pub fn search(&mut self, all_of: &[&Pattern], none_of: &[&Pattern], scope: Scope) -> Search {
        Query { all_of, none_of, scope }.search(self.budget)
    }

    /// An ordinary path that this entry decides for this method.
    pub fn decided_by(&mut self, at: usize, method: &str) -> Option<String> {
        let pattern = self.entry(at)?.pattern;
        let before = self.patterns(&self.before(at, method));
        self.search(&[pattern], &before, Scope::Ordinary).path()
    }

    /// What a request would be asked for. Nothing where the path cannot be judged.
    pub fn demand(&self, method: &str, path: &str) -> Option<Demand> {
        let target = path::judge(&format!("https://gate.invalid{}", escape(path)), self.paths).ok()?;
        Some(self.policy.demand_for(method, &target))
    }

    /// Whether some of what `other` asks for is not asked for by `one`.
    pub fn asks_less(&self, one: Source, other: Source) -> bool {
        self.lacks(self.policy.access_of(one), &[one], other)
    }

    /// Whether some of what `source` asks for is not asked for by a request.
    pub fn demands_less(&self, demand: &Demand, source: Source) -> bool {
        self.lacks(demand.access, &demand.sources, source)
    }

    fn lacks(&self, access: Access, sources: &[Source], other: Source) -> bool {
        let asked = |wanted: &Requirement| {
            sources.iter().flat_map(|source| self.policy.requirements_of(*source)).any(|requirement| requirement == wanted)
        };
        let wanted = self.policy.requirements_of(other).filter(|requirement| **requirement != Requirement::default());
        let is_tied = |tie: &Tie| sources.iter().any(|source| self.policy.ties_of(*source).contains(tie));
        access < self.policy.access_of(other)
            || wanted.into_iter().any(|wanted| !asked(wanted))
            || !self.policy.ties_of(other).iter().all(is_tied)
    }

    /// The words for what an entry does: "public", "protected", "for admins".
    pub fn word(access: Access) -> &'static str {
        match access {
            Access::Public => "public",
            Access::Protected => "protected",
            Access::Admin => "for admins",
        }
    }
}

impl Entry<'_> {
    /// The pattern and its place, for messages.
    pub fn name(&self) -> String {
        name(self.pattern, &self.setting)
    }

    /// A finding at this place.
    pub fn finding(&self, kind: Kind, severity: Severity) -> Finding {
        finding(kind, severity, &self.setting)
    }

    pub fn is_rule(&self) -> bool {
        matches!(self.unit, Unit::Rule(_))
    }

    /// The text before the first parameter, without slashes at its end: the tree that the pattern stands for.
    pub fn root(&self) -> String {
        self.pattern.literal_prefix().trim_end_matches('/').to_owned()
    }
}

/// A finding whose words are still to be found.
pub(super) fn finding(kind: Kind, severity: Severity, setting: &str) -> Finding {
    Finding {
        kind,
        severity,
        setting: setting.to_owned(),
        related: Vec::new(),
        what: String::new(),
        why: String::new(),
        help: String::new(),
        witness: None,
    }
}

pub(super) fn witness(method: &str, path: &str) -> Option<Witness> {
    Some(Witness { method: method.to_owned(), path: path.to_owned() })
}

pub(super) fn name(pattern: &Pattern, setting: &str) -> String {
    format!("`{}` in `{setting}`", quote(pattern.as_str()))
}

/// Names in a row: at most three of them, then how many more.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, two, three, more @ ..] => format!("{one}, {two}, {three} and {} more", more.len()),
    }
}

fn place(policy: &Policy, list: &str, index: usize) -> String {
    if policy.bare.contains(&list) { list.to_owned() } else { format!("{list}[{index}]") }
}

/// GET comes first where no rule tells it apart, since it is what links ask for. Methods that nobody knows are left out: they
/// take the strictest of all rules, whatever their order.
fn methods(policy: &Policy) -> Vec<String> {
    let mut methods: Vec<String> = Vec::new();
    for method in policy.rules.iter().flat_map(|rule| rule.methods.iter().flatten()) {
        // HEAD follows GET, but may be named before it.
        let follower = (method == "GET").then_some("HEAD");
        for method in [method.as_str()].into_iter().chain(follower) {
            if !methods.iter().any(|known| known == method) {
                methods.push(method.to_owned());
            }
        }
    }
    let unnamed = KNOWN_METHODS.into_iter().find(|method| !methods.iter().any(|named| named == method));
    methods.extend(unnamed.map(str::to_owned));
    methods.sort_by_key(|method| method != "GET");
    methods
}

/// A path as it stands in a URL. `%` stays: patterns are written with escapes, too.
pub(super) fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_graphic() && !b"?#".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
