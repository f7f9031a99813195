//! A deployment: `wrangler.toml` (or `wrangler.jsonc`) with the place of every setting, and the environment that the Worker would have.
//!
//! Wrangler's rules: with `--env NAME`, `[env.NAME]` is read, and what it does not say is taken from the top level, but for
//! bindings: `vars` and `services` are its own, replaced and never merged. Secrets are not in the file: they are read from this
//! process's variables, and with `--local` from `.dev.vars` (`.dev.vars.NAME`), whose values also replace `[vars]`.

use std::{collections::BTreeMap, ops::Range, path::PathBuf};

use super::{
    DeploymentArguments, config_file, dev_vars, read_text,
    source::{Fault, Place, SourceFile},
    tree::{Entry, Located, Value},
    variable,
};
use crate::{
    settings::{Environment, SECRETS},
    table::{Problem, SettingError},
};

/// A deployment as it stands in files.
#[derive(Debug)]
pub(super) struct Deployment {
    /// The file.
    pub source: SourceFile,
    /// All of it.
    pub root: Located,
    /// Files beside it that look like it, and that nobody reads.
    pub unread: Vec<PathBuf>,
    /// Whether it is looked at as `wrangler dev` runs it.
    pub is_local: bool,
    environment_name: Option<String>,
    /// From this process's variables or `.dev.vars`.
    overrides: BTreeMap<String, String>,
}

impl Deployment {
    /// Reads it.
    pub(super) fn read(arguments: &DeploymentArguments) -> Result<Self, Fault> {
        let path = arguments.config.clone().unwrap_or_else(config_file::find);
        let source = read_text(&path).map_err(|fault| match arguments.config {
            None => fault.help("name the file by `--config FILE`, or write one by `portcullis init`"),
            Some(_) => fault,
        })?;
        let unread = if arguments.config.is_none() { config_file::unread_beside(&path) } else { Vec::new() };
        let root = Located::parse(&source)?;
        if let Some(key) = key_of_package(&root) {
            let fault =
                Fault::new(format!("`{}` is the configuration of a gate of the npm package, and of no Worker", source.name));
            let help =
                "`npx portcullis explain METHOD URL --gate FILE` reads it; a Worker has the same settings in `[vars.PORTCULLIS]`";
            return Err(fault.at(source.place(&key)).help(help));
        }
        let mut deployment = Self {
            source,
            root,
            unread,
            is_local: arguments.local,
            environment_name: arguments.env.clone(),
            overrides: BTreeMap::new(),
        };
        if let Some(name) = &arguments.env
            && deployment.level().is_none()
        {
            let known: Vec<&str> =
                deployment.root.get("env").map(Located::entries).unwrap_or_default().iter().map(|entry| &*entry.key).collect();
            let known =
                if known.is_empty() { "it has no environments".to_owned() } else { format!("it has: {}", known.join(", ")) };
            let message = format!("there is no environment `{name}` in `{}`; {known}", deployment.source.name);
            return Err(Fault::new(message));
        }
        deployment.overrides = deployment.read_overrides()?;
        Ok(deployment)
    }

    /// The folder of the file.
    pub(super) fn folder(&self) -> PathBuf {
        let parent = std::path::Path::new(&self.source.name).parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.map_or_else(|| PathBuf::from("."), PathBuf::from)
    }

    fn read_overrides(&self) -> Result<BTreeMap<String, String>, Fault> {
        let mut overrides: BTreeMap<String, String> =
            SECRETS.iter().filter_map(|name| Some(((*name).to_owned(), variable(name)?))).collect();
        if self.is_local {
            let named = self.environment_name.as_ref().map(|name| self.folder().join(format!(".dev.vars.{name}")));
            // A link that leads nowhere is there, and cannot be read.
            let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
            let path = named.filter(is_there).unwrap_or_else(|| self.folder().join(".dev.vars"));
            if is_there(&path) {
                let source = read_text(&path)?;
                overrides.extend(dev_vars::parse(&source)?);
            }
        }
        Ok(overrides)
    }

    /// `[env.NAME]`, or the top level.
    fn level(&self) -> Option<&Located> {
        match &self.environment_name {
            Some(name) => self.root.get("env")?.get(name),
            None => Some(&self.root),
        }
    }

    /// A setting of Wrangler's that environments inherit.
    pub(super) fn inherited(&self, key: &str) -> Option<&Entry> {
        self.level().and_then(|level| level.entry(key)).or_else(|| self.root.entry(key))
    }

    /// Rate limit bindings, and the period of each in seconds where it is known; environments have their own.
    pub(super) fn counters(&self) -> Vec<(&str, Option<usize>)> {
        let level = self.level();
        let current = level.and_then(|level| level.get("ratelimits")).map(Located::items).unwrap_or_default();
        // As it was written before Wrangler 4.36.
        let former = level.and_then(|level| level.get("unsafe")?.get("bindings")).map(Located::items).unwrap_or_default();
        let is_counter = |binding: &&Located| binding.get("type").and_then(Located::as_text) == Some("ratelimit");
        let bindings = current.iter().chain(former.iter().filter(is_counter));
        let period = |binding: &Located| match binding.get("simple")?.get("period")?.to_node() {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 10 or 60
            crate::table::Node::Number(period) => Some(period as usize),
            _ => None,
        };
        bindings.filter_map(|binding| Some((binding.get("name")?.as_text()?, period(binding)))).collect()
    }

    fn vars(&self) -> Option<&Located> {
        self.level()?.get("vars")
    }

    fn policy(&self) -> Option<&Entry> {
        self.vars()?.entry("PORTCULLIS")
    }

    /// The policy's table, for commands that look at its lists.
    pub(super) fn policy_table(&self) -> Option<&Located> {
        self.policy().map(|entry| &entry.value)
    }

    /// Where paths are asked for: the first authorized party that is one host, since that is where the app's pages are. Without one
    /// `wrangler dev`'s address, or any.
    pub(super) fn base_url(&self) -> String {
        let parties = self.policy_table().and_then(|table| table.get("authorized_parties"));
        let listed = parties.map(|parties| match &parties.value {
            Value::Text(party) => vec![party.as_str()],
            _ => parties.items().iter().filter_map(Located::as_text).collect(),
        });
        let party = listed.into_iter().flatten().find(|party| !party.contains('*'));
        party.unwrap_or(if self.is_local { "http://localhost:8787" } else { "https://example.com" }).to_owned()
    }

    /// A variable or a secret, as far as it is known here.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let given = self.overrides.get(name).map(String::as_str);
        given.or_else(|| self.vars()?.get(name)?.as_text()).filter(|text| !text.trim().is_empty())
    }

    /// As [`environment`](Self::environment), with a stand-in for a secret key that Wrangler keeps: nothing that is asked here needs
    /// the real one.
    pub(super) fn complete_environment(&self) -> Result<Environment, Fault> {
        let mut environment = self.environment()?;
        // Where all tokens are other issuers', a key of Clerk's would mean an instance that is not there.
        let names_issuers = environment.portcullis.as_ref().is_some_and(|table| table.has("issuer") || table.has("issuers"));
        if environment.secret_key.is_none() && (environment.publishable_key.is_some() || !names_issuers) {
            let is_live = environment.publishable_key.as_deref().is_some_and(|key| key.trim().starts_with("pk_live_"));
            environment.secret_key = Some(format!("sk_{}_not-known-here", if is_live { "live" } else { "test" }));
        }
        environment.webhook_signing_secret.get_or_insert_with(|| ["whsec_", &"A".repeat(32)].concat());
        Ok(environment)
    }

    /// The environment that the Worker would have, as far as it is known here.
    fn environment(&self) -> Result<Environment, Fault> {
        let portcullis = match self.policy() {
            None => None,
            Some(entry) => Some(match &entry.value.value {
                Value::Text(json) => {
                    let place = || self.source.place(&entry.value.span);
                    Environment::parse_table(json).map_err(|error| Fault::new(error).at(place()))?
                }
                _ => entry.value.to_node(),
            }),
        };
        let kinds = ["services", "d1_databases"];
        let bindings = kinds.iter().filter_map(|kind| self.level()?.get(kind)).flat_map(Located::items);
        let bound: Vec<&str> = bindings.filter_map(|one| one.get("binding")?.as_text()).collect();
        let text = |name: &str| self.text(name).map(str::to_owned);
        Ok(Environment::read(text, |name| bound.contains(&name), portcullis))
    }

    /// The settings are wrong: says the first thing, and how many there are.
    pub(super) fn refuse(&self, errors: &[SettingError]) -> Fault {
        let Some(first) = errors.first() else { return Fault::new("the settings are invalid") };
        let first = &self.with_type(first.clone());
        let fault = Fault::new(first.to_string()).at(self.place_of_error(first));
        match errors.len() {
            1 => fault,
            2 => fault.help("there is one more error: see `portcullis check`"),
            several => fault.help(format!("there are {} more errors: see `portcullis check`", several - 1)),
        }
    }

    /// The same error. But a variable that is no text is there, and not missing: the Worker reads texts only, and does not see it.
    pub(super) fn with_type(&self, error: SettingError) -> SettingError {
        let Problem::Missing { expected } = error.problem else { return error };
        let is_variable = error.setting.starts_with("CLERK_") || error.setting.starts_with("PORTCULLIS_");
        let written = self.vars().filter(|_| is_variable).and_then(|vars| vars.get(&error.setting));
        match written.filter(|value| !matches!(value.value, Value::Text(_) | Value::Null)) {
            Some(value) => SettingError { problem: Problem::Type { found: value.to_node().kind(), expected }, ..error },
            None => error,
        }
    }

    /// Where an error of the settings stands.
    pub(super) fn place_of_error(&self, error: &SettingError) -> Place {
        let span = match &error.problem {
            Problem::Unknown { .. } => match self.policy() {
                Some(entry) => entry.value.find_key(&entry.key_span, &error.setting),
                None => self.span_of(&error.setting),
            },
            _ => self.span_of(&error.setting),
        };
        let mut place = self.source.place(&span);
        // What is wrong with a secret need not look like one: its line is not shown.
        place.excerpt = place.excerpt.filter(|_| !SECRETS.contains(&error.setting.as_str()));
        place
    }

    /// Where a setting stands, by its name in errors and findings.
    pub(super) fn place_of(&self, setting: &str) -> Place {
        self.source.place(&self.span_of(setting))
    }

    /// Where something of Wrangler's own stands.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        self.source.place(span)
    }

    fn span_of(&self, setting: &str) -> Range<usize> {
        let Some(vars) = self.vars() else { return 0..0 };
        let vars_key = self.level().and_then(|level| level.entry("vars")).map_or(0..0, |entry| entry.key_span.clone());
        if setting == "PORTCULLIS" || setting.starts_with("CLERK_") || setting.starts_with("PORTCULLIS_") {
            return vars.find(&vars_key, setting);
        }
        match self.policy() {
            Some(entry) if !matches!(entry.value.value, Value::Text(_)) => entry.value.find(&entry.key_span, setting),
            Some(entry) => entry.value.span.clone(),
            None => vars_key,
        }
    }
}

/// Where a file says that it is what `createGate` of the npm package gets: its settings, in camelCase and at the top.
fn key_of_package(root: &Located) -> Option<Range<usize>> {
    let names = ["publishableKey", "authorizedParties", "jwtKey", "secretKey"];
    names.iter().find_map(|name| root.entry(name)).map(|entry| entry.key_span.clone())
}
