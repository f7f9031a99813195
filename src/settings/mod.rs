//! Settings: an environment of strings and one table, read once into [`Settings`] that cannot be wrong.
//!
//! The names are those of `wrangler.toml` (see `docs/settings.md`); hosts that call them otherwise translate before they come here.
//! Every error is collected, so that an operator sees all of them at once.

mod authorized_parties;
mod environment;
mod issuers;
mod proxy;
mod rate_limit;
mod webhook;

pub(crate) use self::environment::{is_loopback, is_loopback_host};
pub use self::{
    environment::{DATABASE_BINDING, Environment, Instance, ORIGIN_BINDING, SECRETS},
    proxy::ProxySettings,
    rate_limit::{Per, RateLimit},
    webhook::WebhookSettings,
};
use crate::{
    headers::{AddedHeaders, ContentSecurityPolicy, Cors, frontend_origin, read_fields},
    key::SigningKeys,
    limits,
    path::{PathSettings, ReadingKind, ReadingKinds},
    policy::{Access, Policy, PolicyLists, Requirement, Rule, pattern::Pattern},
    session::{IssuerOptions, MissingAzp, TokenType},
    table::{Node, Problem, SettingError, TableReader, Written, quote, read_each},
    web_url::url_origin_of,
};

/// All settings of a gate, checked.
#[derive(Debug)]
pub struct Settings {
    /// The Clerk instance and how to talk to it.
    pub instance: Instance,
    /// Whose tokens are taken beside Clerk's.
    pub issuers: Vec<IssuerOptions>,
    /// Which access a request gets.
    pub policy: Policy,
    /// How paths are read.
    pub path: PathSettings,
    /// Origins whose tokens are accepted; empty: any, as in Clerk.
    pub authorized_parties: Vec<String>,
    /// What a token without `azp` is, where `authorized_parties` is set.
    pub missing_azp: MissingAzp,
    /// The app behind the gate, as `https://host[:port]`; `None`: a binding, or the route's own origin.
    pub origin: Option<String>,
    /// Where to sign in: a path on the request's own origin, or an absolute URL. `None`: Clerk's account portal.
    pub sign_in_url: Option<String>,
    /// Where to sign up.
    pub sign_up_url: Option<String>,
    /// Where a signed-in user goes who may not see a page. `None`: a plain 403 page.
    pub unauthorized_url: Option<String>,
    /// Whether protected paths refuse unsafe requests of foreign pages, where a rule does not say otherwise.
    pub csrf: bool,
    /// Whether the decisions hold. Where not, what the gate would have done is logged, and the request is forwarded.
    pub enforce: bool,
    /// What is added to the fields of answers.
    pub headers: AddedHeaders,
    /// Whether static assets have pages of the operator's own for the gate's answers.
    pub own_pages: bool,
    /// How users are named in the log.
    pub log_user: LogUser,
    /// Which share of forwarded requests is logged: 0 none, 1 all.
    pub log_forwards: f64,
    /// How many tokens are remembered whose signature was good; zero: none.
    pub token_cache: usize,
    /// The proxy of Clerk's Frontend API; `None`: there is none here.
    pub proxy: Option<ProxySettings>,
    /// How many requests of one client or user are let through.
    pub rate_limits: Vec<RateLimit>,
    /// The keys that sign what the origin is told; `None`: nothing is signed.
    pub signing_keys: Option<SigningKeys>,
    /// Whom assertions are for, where that is not the origin's address.
    pub assertion_audience: Option<String>,
    /// Whether the host has a database.
    pub has_database: bool,
    /// Where webhooks come in; `None`: nowhere.
    pub webhook: Option<WebhookSettings>,
}

/// How users are named in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogUser {
    /// By their id.
    Plain,
    /// By a hash of their id: the same user is the same name.
    #[default]
    Hashed,
    /// Not at all.
    None,
}

impl Settings {
    /// Reads and checks everything.
    ///
    /// # Errors
    ///
    /// All that is wrong, in the order in which it was found.
    pub fn read(environment: Environment) -> Result<Self, Vec<SettingError>> {
        let mut errors = Vec::new();
        let settings = Self::collect(environment, &mut errors);
        settings.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// What many gates do without has a function of its own, which V8 compiles only where it is called.
    fn collect(environment: Environment, errors: &mut Vec<SettingError>) -> Option<Self> {
        let signing_keys =
            if environment.has_signing_keys() { environment::read_signing_keys(&environment, errors) } else { None };
        let has_issuer = environment.portcullis.as_ref().is_some_and(|table| table.has("issuer") || table.has("issuers"));
        let mut instance = Instance::read(&environment, has_issuer, errors);
        let Some(table) = environment.portcullis else {
            SettingError::missing("PORTCULLIS", "the policy, a table `[vars.PORTCULLIS]`").add_to(errors);
            return None;
        };
        let mut table = TableReader::open("", table, errors)?;

        let issuer_nodes = [table.take("issuer"), table.take("issuers")];
        let authorized_parties = authorized_parties::read(&mut table);
        let missing_azp = table.take_choice(
            "missing_azp",
            &[("reject", MissingAzp::Reject), ("observe", MissingAzp::Observe), ("navigation", MissingAzp::Navigation)],
        );
        let origin = table.take_text("origin");
        let origin = origin.and_then(|text| read_url_origin("origin", &text, table.errors()));
        let sign_in_url = read_page(&mut table, "sign_in_url");
        let sign_up_url = read_page(&mut table, "sign_up_url");
        let unauthorized_url = read_page(&mut table, "unauthorized_url");
        let default = table.take_choice("default", &[("protected", Access::Protected), ("public", Access::Public)]);
        let static_files = table.take_choice("static_files", &[("public", true), ("default", false)]);
        let locales = table.take("locales");
        let path_readings = table.take("path_readings");
        let token_cache = table.take_count("token_cache", 65535, "a whole number from 0 to 65535").unwrap_or(limits::SEEN_TOKENS);
        let csrf = table.take_flag("csrf").unwrap_or(true);
        let security_headers = table.take("security_headers");
        let csp = table.take("csp");
        let cors = table.take("cors");
        let proxy = table.take("proxy");
        let own_pages = table.take_flag("own_pages").unwrap_or(false);
        let log_user = table
            .take_choice("log_user", &[("plain", LogUser::Plain), ("hashed", LogUser::Hashed), ("none", LogUser::None)])
            .unwrap_or_default();
        let log_forwards = table.take_share("log_forwards").unwrap_or(0.0);
        let assertion_audience = table.take_text("assertion_audience").and_then(|text| read_audience(&mut table, text));
        let enforce = table.take_flag("enforce").unwrap_or(true);
        let webhook = table
            .take_text("webhook_path")
            .and_then(|path| webhook::read(path, environment.webhook_signing_secret.as_deref(), table.errors()));
        let mut lists = take_lists(&mut table);
        let rules = table.take("rules");
        let rate_limits = table.take("rate_limits");
        let admin_requires = table.take("admin_requires");
        table.finish();

        let proxy = proxy.zip(instance.as_mut()).and_then(|(node, instance)| read_proxy(node, instance, errors));
        let issuers = if has_issuer { issuers::read_all(issuer_nodes, errors) } else { Vec::new() };
        if let Some(instance) = instance.as_ref().filter(|_| has_issuer) {
            issuers::check_names(&issuers, &instance.issuers(&authorized_parties), errors);
        }
        if let Some(rules) = rules {
            lists.rules = Rule::read_all(rules, errors);
        }
        let rate_limits = rate_limits.map(|node| RateLimit::read_all(node, errors)).unwrap_or_default();
        if let Some(webhook) = &webhook {
            errors.extend(rate_limits.iter().filter_map(|limit| limit.counts_nothing(&webhook.path)));
        }
        let admin_requires = read_admin_requires(admin_requires, &lists, errors);
        let policy = Policy::new(lists, admin_requires, static_files.unwrap_or(false), default.unwrap_or(Access::Protected));
        if has_issuer {
            check_nothing_is_fresh(&policy, errors);
        }
        check_secret_key_is_there(&policy, instance.as_ref(), errors);
        let path = read_path(locales, path_readings, errors);

        if environment.has_origin_binding && origin.is_some() {
            let why = "there is a service binding `ORIGIN` too, and a request can go to one origin only";
            SettingError::conflict("origin", why, "remove the setting or the binding").add_to(errors);
        }
        let headers = AddedHeaders {
            fields: security_headers.map(|node| read_fields(node, errors)).unwrap_or_default(),
            csp: csp.and_then(|node| read_csp(node, instance.as_ref(), errors)),
            cors: cors.and_then(|node| Cors::read(node, errors)),
        };
        let settings = Self {
            // Where there is none, an error says why, and `read` drops the settings.
            instance: instance.unwrap_or_default(),
            issuers,
            policy,
            path,
            authorized_parties,
            missing_azp: missing_azp.unwrap_or_default(),
            origin,
            sign_in_url,
            sign_up_url,
            unauthorized_url,
            csrf,
            enforce,
            headers,
            own_pages,
            log_user,
            log_forwards,
            token_cache,
            proxy,
            rate_limits,
            signing_keys,
            assertion_audience,
            has_database: environment.has_database,
            webhook,
        };
        if errors.is_empty() {
            settings.check_pages_are_open(errors);
        }
        Some(settings)
    }

    /// Whether an address that is trusted is on this machine: then the gate serves requests to this machine only.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.instance.is_local() || self.issuers.iter().any(|issuer| is_loopback(&issuer.jwks_url))
    }

    /// Whether webhooks keep a mirror of users and sessions: where there is a rule to ask it.
    #[must_use]
    pub fn has_mirror(&self) -> bool {
        self.has_database && self.webhook.is_some() && self.policy.rules.iter().any(|rule| rule.fresh)
    }

    /// A sign-in page behind the gate would send its visitors round in circles, and so would an "unauthorized" page that asks
    /// for more than a session.
    #[inline(never)]
    fn check_pages_are_open(&self, errors: &mut Vec<SettingError>) {
        let pages = [
            ("sign_in_url", &self.sign_in_url, Access::Public),
            ("sign_up_url", &self.sign_up_url, Access::Public),
            ("unauthorized_url", &self.unauthorized_url, Access::Protected),
        ];
        for (name, page, allowed) in pages {
            let Some(page) = page.as_deref().filter(|page| page.starts_with('/')) else { continue };
            let Ok(target) = crate::path::judge(&["https://gate.invalid", page].concat(), &self.path) else {
                SettingError::value(name, page, "a path that can be read in one way only").add_to(errors);
                continue;
            };
            // With the rules in shadow and without: a mistake is found before they are enforced.
            let demands = [Some(self.policy.demand_for("GET", &target)), self.policy.enforced_demand_for("GET", &target)];
            let closed = demands.into_iter().flatten().find(|demand| {
                let mut requirements = demand.sources.iter().flat_map(|source| self.policy.requirements_of(*source));
                demand.access > allowed
                    || requirements.any(|requirement| !requirement.is_empty())
                    || demand.sources.iter().any(|source| !self.policy.ties_of(*source).is_empty())
            });
            if let Some(demand) = closed {
                let why = format!(
                    "`{}` is {} by `{}`, so a visitor sent there would be sent there again",
                    quote(page),
                    demand.access.as_str(),
                    quote(&self.policy.name_of(demand.source))
                );
                SettingError::conflict(name, &why, "add the path to `public`").add_to(errors);
            }
        }
    }
}

/// A page that visitors are sent to: a path on the request's own origin, or an absolute http(s) URL.
fn read_page(table: &mut TableReader<'_>, key: &'static str) -> Option<String> {
    let text = table.take_text(key)?;
    let is_path = text.starts_with('/') && !text.starts_with("//");
    let is_absolute = url_origin_of(&text).is_some();
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'"' && byte != b'<' && byte != b'>');
    if is_plain && (is_path || is_absolute) {
        return Some(text);
    }
    let name = table.name(key);
    SettingError::value(&name, &text, "a path as `/sign-in` or an absolute URL, percent-encoded").add_to(table.errors());
    None
}

/// The four lists of patterns.
fn take_lists(table: &mut TableReader<'_>) -> PolicyLists {
    let mut lists = PolicyLists::default();
    let PolicyLists { public, protected, admin, api, bare, rules: _ } = &mut lists;
    let mut take_list = |key, patterns: &mut Vec<Pattern>| {
        if table.take_patterns(key, patterns) == Some(Written::AsOne) {
            bare.push(key);
        }
    };
    take_list("public", public);
    take_list("protected", protected);
    take_list("admin", admin);
    take_list("api", api);
    lists
}

/// What makes an admin: it has to be said where there are admin paths.
fn read_admin_requires(node: Option<Node>, lists: &PolicyLists, errors: &mut Vec<SettingError>) -> Requirement {
    if let Some(node) = node {
        return Requirement::read("admin_requires", node, errors);
    }
    if !lists.admin.is_empty() || lists.rules.iter().any(|rule| rule.access == Access::Admin) {
        let expected = "what makes an admin, as `{ claim = \"metadata.role\", equals = \"admin\" }`, since there are admin paths";
        SettingError::missing("admin_requires", expected).add_to(errors);
    }
    Requirement::default()
}

/// How paths are read.
fn read_path(locales: Option<Node>, readings: Option<Node>, errors: &mut Vec<SettingError>) -> PathSettings {
    let readings = readings.map_or(ReadingKinds::ALL, |names| read_path_readings(&names, errors));
    let locales = locales.map(|locales| read_locales(&locales, errors)).unwrap_or_default();
    if !locales.is_empty() && !readings.contains(ReadingKind::Locale) {
        let why = "the ways to read paths that are looked at leave out `locale`, without which no path is read behind one";
        SettingError::conflict("locales", why, "add `locale` to those ways, or drop `locales`").add_to(errors);
    }
    PathSettings { locales, readings }
}

#[inline(never)]
fn read_proxy(node: Node, instance: &mut Instance, errors: &mut Vec<SettingError>) -> Option<ProxySettings> {
    let proxy = ProxySettings::read(node, instance.fapi_url.as_deref(), instance.proxy_url.as_deref(), errors)?;
    if instance.secret_key.is_none() {
        let expected = "a secret key, by which the Frontend API believes its proxy";
        SettingError::missing("CLERK_SECRET_KEY", expected).add_to(errors);
    }
    instance.proxy_url.get_or_insert_with(|| proxy.path.clone());
    Some(proxy)
}

#[inline(never)]
fn read_csp(node: Node, instance: Option<&Instance>, errors: &mut Vec<SettingError>) -> Option<ContentSecurityPolicy> {
    let instance = instance.filter(|instance| !instance.is_absent());
    let frontend = instance.map(|instance| frontend_origin(&instance.frontend_api, instance.proxy_url.as_deref()));
    ContentSecurityPolicy::read(node, frontend.as_deref().unwrap_or_default(), errors)
}

/// Whether a user is still there, and what a machine's token says, is asked by the secret key.
fn check_secret_key_is_there(policy: &Policy, instance: Option<&Instance>, errors: &mut Vec<SettingError>) {
    if instance.is_none_or(|instance| instance.secret_key.is_some()) {
        return;
    }
    if policy.rules.iter().any(|rule| rule.fresh) {
        SettingError::missing("CLERK_SECRET_KEY", "a secret key, since a rule has `fresh = true`").add_to(errors);
    }
    let takes_machines = |source| policy.tokens_of(source).iter().any(|kind| *kind != TokenType::SessionToken);
    if policy.sources_with_requirements().any(takes_machines) {
        SettingError::missing("CLERK_SECRET_KEY", "a secret key, since a rule takes machine tokens").add_to(errors);
    }
}

#[inline(never)]
fn check_nothing_is_fresh(policy: &Policy, errors: &mut Vec<SettingError>) {
    if let Some(index) = policy.rules.iter().position(|rule| rule.fresh) {
        let why = "whether a token of another issuer is still right cannot be asked";
        let help = "drop `fresh`, or put a gate of its own before what it is for";
        SettingError::conflict(&["rules[", &index.to_string(), "].fresh"].concat(), why, help).add_to(errors);
    }
}

/// `assertion_audience`: any name that the origin knows itself by.
#[inline(never)]
fn read_audience(table: &mut TableReader<'_>, text: String) -> Option<String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(text);
    }
    table.refuse_value("assertion_audience", &text, "a name without blanks, as `https://app.example.com`");
    None
}

/// `https://host[:port]` and nothing behind it.
#[inline(never)]
fn read_url_origin(setting: &str, text: &str, errors: &mut Vec<SettingError>) -> Option<String> {
    let bare = text.strip_suffix('/').unwrap_or(text);
    if url_origin_of(bare) == Some(bare) {
        return Some(bare.to_owned());
    }
    SettingError::value(setting, text, "scheme and host without a path, as `https://app.example.com`").add_to(errors);
    None
}

#[inline(never)]
fn read_locales(locales: &Node, errors: &mut Vec<SettingError>) -> Vec<String> {
    let mut read = Vec::new();
    let mut see = |locale: &str| {
        if !locale.is_empty() && locale.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            read.push(locale.to_owned());
            Ok(())
        } else {
            Err(Problem::value(locale, "a locale as it stands in paths, as `en` or `pt-BR`"))
        }
    };
    read_each("locales", locales, errors, &mut see);
    read
}

/// The kinds of reading that are looked at: those of the list, or with `all` first, all but those with a `-` before their name.
#[inline(never)]
fn read_path_readings(names: &Node, errors: &mut Vec<SettingError>) -> ReadingKinds {
    let mut kinds = ReadingKinds::NONE;
    let (mut is_first, mut takes_away) = (true, false);
    let mut see = |name: &str| {
        if core::mem::take(&mut is_first) && name == "all" {
            (kinds, takes_away) = (ReadingKinds::ALL, true);
            return Ok(());
        }
        let bare = if takes_away { name.strip_prefix('-') } else { Some(name) };
        match bare.and_then(ReadingKind::from_name).filter(|kind| *kind != ReadingKind::Canonical) {
            Some(kind) => kinds = if takes_away { kinds.without(kind) } else { kinds.with(kind) },
            None => return Err(Problem::value(name, &expected_reading(takes_away))),
        }
        Ok(())
    };
    let before = errors.len();
    read_each("path_readings", names, errors, &mut see);
    if is_first && errors.len() == before {
        SettingError::empty("path_readings", "at least one way to read paths; without the setting all are looked at")
            .add_to(errors);
    }
    // What is wrong here is reported once, and not where another setting needs a kind.
    if errors.len() == before { kinds } else { ReadingKinds::ALL }
}

fn expected_reading(takes_away: bool) -> String {
    let kinds = ReadingKind::ALL.iter().filter(|kind| **kind != ReadingKind::Canonical);
    let names: Vec<&str> = kinds.map(|kind| kind.as_str()).collect();
    let form = if takes_away { "after `all` a `-` and one of" } else { "`all` as the first, or one of" };
    format!("{form} {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(table: &str) -> Vec<String> {
        let environment = Environment {
            publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
            secret_key: Some("sk_test_of_the_tests".into()),
            portcullis: Some(Node::parse_json(table).unwrap()),
            ..Environment::default()
        };
        Settings::read(environment).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_list_or_a_name_that_is_empty_asks_for_nothing_and_is_an_error() {
        let issuer = r#""issuer":{"issuer":"https://id.example","jwks_url":"https://id.example/keys","audience":"app""#;
        let requires = |what: &str| ["{\"rules\":[{\"match\":\"/x\",\"require\":{", what, "}}]}"].concat();
        let list = "is an empty list, expected at least one";
        let text = "is an empty string, expected";
        for (table, setting, said) in [
            (r#"{"authorized_parties":[]}"#.to_owned(), "authorized_parties", list),
            (r#"{"path_readings":[]}"#.to_owned(), "path_readings", list),
            (r#"{"rules":[{"match":"/x","methods":[]}]}"#.to_owned(), "rules[0].methods", list),
            (["{", issuer, r#","algorithms":[]}}"#].concat(), "issuer.algorithms", list),
            (requires(r#""role":"org:admin","token":[]"#), "rules[0].require.token", list),
            (requires(r#""claim":"role","one_of":[]"#), "rules[0].require.one_of", list),
            (requires(r#""claim":[],"equals":1"#), "rules[0].require.claim", list),
            (["{", issuer, r#","role":[]}}"#].concat(), "issuer.role", list),
            (requires(r#""role":"""#), "rules[0].require.role", text),
            (requires(r#""role":"org:""#), "rules[0].require.role", "is `org:`, expected an organization's own name"),
            (requires(r#""permission":"""#), "rules[0].require.permission", text),
            (requires(r#""feature":"""#), "rules[0].require.feature", text),
            (requires(r#""plan":"""#), "rules[0].require.plan", text),
            (r#"{"default":""}"#.to_owned(), "default", text),
            (requires(r#""claim":"a..b","equals":1"#), "rules[0].require.claim", "is `a..b`, expected"),
        ] {
            let said = ["setting `", setting, "` ", said].concat();
            assert!(matches!(&*errors(&table), [one] if one.starts_with(&said)), "{table}: {:?}", errors(&table));
        }
    }

    #[test]
    fn null_is_an_error_only_in_the_place_of_what_closes() {
        let parties = errors(r#"{"authorized_parties":null}"#);
        assert!(matches!(&*parties, [one] if one.starts_with("setting `authorized_parties` is null, expected")), "{parties:?}");
        // Whoever names no claim for roles gives nobody one.
        let issuer = r#"{"issuer":{"issuer":"https://id.example","jwks_url":"https://id.example/keys","audience":"app","role":null,"permissions":null}}"#;
        assert_eq!(errors(issuer), [""; 0]);
        assert_eq!(errors(r#"{"public":null,"default":null,"origin":null,"csrf":null,"path_readings":null}"#), [""; 0]);
    }

    #[test]
    fn settings_that_would_switch_readings_off_unsaid_are_errors() {
        let is_one = |table: &str, said: &str| matches!(&*errors(table), [one] if one.contains(said));
        assert!(is_one(r#"{"path_readings":[]}"#, "`path_readings` is an empty list, expected at least one"));
        assert!(is_one(r#"{"path_readings":[],"locales":["fr"]}"#, "`path_readings` is an empty list"));
        assert!(is_one(r#"{"path_readings":[1]}"#, "`path_readings[0]`"));
        for readings in [r#"["decoded"]"#, r#"["all","-locale"]"#] {
            let table = ["{\"locales\":[\"fr\"],\"path_readings\":", readings, "}"].concat();
            assert!(is_one(&table, "setting `locales`: "), "{table}: {:?}", errors(&table));
        }
        for table in [
            "{}",
            r#"{"path_readings":"decoded"}"#,
            r#"{"locales":[],"path_readings":["decoded"]}"#,
            r#"{"locales":["fr"],"path_readings":["decoded","locale"]}"#,
            r#"{"locales":["fr"],"path_readings":["all","-decoded"]}"#,
        ] {
            assert_eq!(errors(table), [""; 0], "{table}");
        }
    }
}
