//! `portcullis test`: policy tests, decided by the gate itself.
//!
//! A test says a request, who asks, and what has to come of it. Its token is signed by a key made for this run, which the gate is
//! given as `CLERK_JWT_KEY`, and as the key set of other issuers: all checks of a real token run, and no real key is near.

mod document;
mod issuer;
mod report;

use std::{collections::BTreeSet, path::PathBuf, rc::Rc};

use serde_json::{Value, json};

use self::{
    document::{Case, Document, Identity, Via},
    issuer::Issuer,
};
use super::{
    DeploymentArguments, FINDINGS,
    browser::{self, Kind, offer},
    deployment::Deployment,
    drive,
    key_pair::KeyPair,
    moment,
    output::Report,
    read_text,
    source::{Fault, Place},
    tree::Value as Toml,
    worker,
};
use crate::{
    gate::{Action, Decision, Gate},
    machine::{BackendRequest, BackendResponse, Outage, Purpose},
    policy::Source,
    request::{HeaderList, RequestView},
    settings::{Environment, Settings},
    table::quote,
    time::UnixMillis,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The tests, in TOML (docs/cli.md).
    file: PathBuf,
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// Write the results as JUnit XML too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail where a rule or pattern decides no test.
    #[arg(long)]
    require_coverage: bool,
    /// The time of the requests, in seconds since 1970 or RFC 3339. Without it: this machine's clock.
    #[arg(long, value_parser = moment::parse)]
    now: Option<UnixMillis>,
    /// One JSON document instead of text.
    #[arg(long)]
    json: bool,
}

/// A test that ran.
#[derive(Debug)]
pub(super) struct Outcome {
    pub name: String,
    pub place: Place,
    /// What differs from what was expected; none: passed.
    pub differences: Vec<String>,
    /// What was decided, in one line.
    pub decided: String,
}

/// What all tests came to.
#[derive(Debug)]
pub(super) struct Results {
    pub file: String,
    pub outcomes: Vec<Outcome>,
    /// The names of the entries of the policy that decided no test.
    pub untouched: Vec<String>,
    /// How many entries there are.
    pub entries: usize,
    /// Whether each of them has to decide a test.
    pub requires_coverage: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    let document = Document::read(read_text(&arguments.file)?)?;
    let deployment = Deployment::read(&arguments.deployment)?;
    let key = KeyPair::generate()?;
    let mut environment = deployment.complete_environment()?;
    if environment.publishable_key.is_some() {
        environment.jwt_key = Some(key.render_public_pem()?);
    }
    let gate = make_gate(&deployment, environment)?;
    let issuers = gate.settings().issuers.iter().map(|options| Issuer::new(options, &key)).collect::<Result<_, _>>()?;
    let bench = Bench { gate, key, issuers, base: deployment.base_url(), now: arguments.now.unwrap_or_else(moment::now) };

    let mut outcomes = Vec::new();
    let mut touched = BTreeSet::new();
    for case in &document.cases {
        let decision = bench.decide(case, &document)?;
        touched.extend(decision.rule.as_deref().map(str::to_owned));
        outcomes.push(Outcome {
            name: case.name.clone(),
            place: case.place.clone(),
            differences: case.expected.differences(&decision),
            decided: describe(&decision),
        });
    }
    let entries = entries(&deployment, bench.gate.settings());
    let untouched: Vec<String> = entries.iter().filter(|name| !touched.contains(*name)).cloned().collect();
    let results = Results {
        file: document.source.name.clone(),
        outcomes,
        entries: entries.len(),
        untouched,
        requires_coverage: arguments.require_coverage,
    };
    if let Some(path) = &arguments.junit {
        let written = std::fs::write(path, report::junit(&results));
        written.map_err(|error| Fault::new(format!("cannot write `{}`: {error}", path.display())))?;
    }
    let has_failed = results.outcomes.iter().any(|outcome| !outcome.differences.is_empty());
    let text = if arguments.json { super::output::json(&report::json(&results)) } else { report::text(&results) };
    Ok(Report { text, code: if has_failed || results.lacks_coverage() { FINDINGS } else { 0 }, ..Report::default() })
}

fn make_gate(deployment: &Deployment, environment: Environment) -> Result<Gate, Fault> {
    Gate::taking_tokens_for_fresh(environment).map_err(|errors| deployment.refuse(&errors))
}

/// The name of every entry that can decide a request.
fn entries(deployment: &Deployment, settings: &Settings) -> Vec<String> {
    let length = |list: &str| match deployment.policy_table().and_then(|table| table.get(list)).map(|list| &list.value) {
        Some(Toml::List(items)) => items.len(),
        Some(Toml::Text(_)) => 1,
        _ => 0,
    };
    let rules = (0..settings.policy.rules.len()).map(Source::Rule);
    let admin = (0..length("admin")).map(Source::Admin);
    let public = (0..length("public")).map(Source::Public);
    let protected = (0..length("protected")).map(Source::Protected);
    let all = rules.chain(admin).chain(public).chain(protected);
    all.map(|source| settings.policy.name_of(source).to_string()).collect()
}

/// The cookies of a browser that has met the instance, and is signed out there.
const SIGNED_OUT: &str = "__client_uat=0; __clerk_db_jwt=dvb_policy_test";

/// What all tests share.
struct Bench {
    gate: Gate,
    key: KeyPair,
    issuers: Vec<Issuer>,
    base: String,
    now: UnixMillis,
}

impl Bench {
    fn decide(&self, case: &Case, document: &Document) -> Result<Decision, Fault> {
        let url = if case.url.starts_with('/') { format!("{}{}", self.base, case.url) } else { case.url.clone() };
        let origin = crate::web_url::url_origin_of(&url).unwrap_or(&self.base).to_owned();
        let mut headers = case.headers.clone();
        let kind = if case.is_document { Kind::Document } else { Kind::Fetch };
        // What a page of the app itself sends: a test of another page says so in its headers.
        browser::complete(&mut headers, &case.method, kind, &origin);
        if let Some(identity) = case.identity.as_ref().and_then(|name| document.identities.get(name)) {
            self.identify(identity, &mut headers)?;
        }
        if !self.gate.settings().instance.is_production {
            // A browser that a development instance has not met is sent to it first: whoever is signed out there has been there.
            offer(&mut headers, "cookie", SIGNED_OUT.to_owned());
        }
        let view =
            RequestView { method: case.method.as_str().into(), url: url.into(), headers: Rc::new(HeaderList::new(headers)) };
        if let Some(decision) = worker::answer(self.gate.settings(), &view) {
            return Ok(decision);
        }
        let step = self.gate.begin(view, "policy-test".to_owned(), self.now);
        Ok(drive::run_asking(step, self.now, |call| self.answer(call)))
    }

    /// Other issuers show the keys of this run; nobody else is asked.
    fn answer(&self, call: &BackendRequest) -> Result<BackendResponse, Outage> {
        let asked = self.issuers.iter().find(|issuer| call.purpose == Purpose::KeySet && issuer.jwks_url() == call.url);
        let key_set = asked.map(|issuer| issuer.key_set.clone().into_bytes());
        key_set.map(|body| BackendResponse { status: 200, body }).ok_or_else(drive::asks_nobody)
    }

    /// Adds the identity's token where it stands.
    fn identify(&self, identity: &Identity, headers: &mut Vec<(String, String)>) -> Result<(), Fault> {
        let issuer = self.issuer_of(identity)?;
        let token = self.token(identity, issuer)?;
        let usual = match issuer {
            Some(issuer) if issuer.cookie().is_none() => Via::Header,
            _ => Via::Cookie,
        };
        match (identity.via.unwrap_or(usual), issuer.map(|issuer| (issuer.cookie(), issuer.header()))) {
            (Via::Bearer, _) | (Via::Header, Some((_, Some("authorization")))) => {
                offer(headers, "authorization", format!("Bearer {token}"));
            }
            (Via::Cookie, None) => {
                let seconds = self.now.as_secs() - 60;
                let cookies = format!("__session={token}; __client_uat={seconds}; __clerk_db_jwt=dvb_policy_test");
                offer(headers, "cookie", cookies);
            }
            (Via::Cookie, Some((Some(cookie), _))) => offer(headers, "cookie", format!("{cookie}={token}; {SIGNED_OUT}")),
            (Via::Header, Some((_, Some(name)))) => offer(headers, name, token),
            (Via::Cookie | Via::Header, _) => {
                let message = "the settings of the identity's issuer name no such place for a token";
                return Err(Fault::new(message).at(identity.place.clone()));
            }
        }
        Ok(())
    }

    /// Who makes the identity's token; `None`: Clerk.
    fn issuer_of(&self, identity: &Identity) -> Result<Option<&Issuer>, Fault> {
        let names = || self.issuers.iter().map(|issuer| format!("`{}`", issuer.name())).collect::<Vec<_>>().join(", ");
        match (&identity.issuer, self.issuers.as_slice()) {
            (Some(name), issuers) => match issuers.iter().find(|issuer| issuer.name() == name) {
                Some(issuer) => Ok(Some(issuer)),
                None => {
                    let known = if issuers.is_empty() { "they name none".to_owned() } else { format!("they name {}", names()) };
                    let message = format!("the settings have no issuer `{}`; {known}", quote(name));
                    Err(Fault::new(message).at(identity.place.clone()))
                }
            },
            (None, _) if !self.gate.settings().instance.is_absent() => Ok(None),
            (None, [only]) => Ok(Some(only)),
            (None, _) => {
                let message = format!("there is no Clerk instance and several issuers: `issuer` has to name one of {}", names());
                Err(Fault::new(message).at(identity.place.clone()))
            }
        }
    }

    /// The token of an identity: its issuer's usual claims with its own over them; Clerk's are of version 2.
    fn token(&self, identity: &Identity, issuer: Option<&Issuer>) -> Result<String, Fault> {
        let settings = self.gate.settings();
        let now = self.now.as_secs();
        let mut claims = match issuer {
            Some(issuer) => issuer.usual_claims(now, identity.expires_in_secs),
            None => json!({
                "azp": self.base,
                "exp": now + identity.expires_in_secs,
                "fva": [0, -1],
                "iat": (now - 5).min(now + identity.expires_in_secs),
                "iss": format!("https://{}", settings.instance.frontend_api),
                "jti": "policy-test",
                "nbf": (now - 15).min(now + identity.expires_in_secs),
                "sid": "sess_policy_test",
                "sts": "active",
                "sub": "user_policy_test",
                "v": 2,
            }),
        };
        if let Value::Object(claims) = &mut claims {
            claims.extend(identity.claims.as_object().cloned().into_iter().flatten());
            claims.retain(|name, _| !identity.without.contains(name));
        }
        let token = match issuer {
            Some(issuer) => issuer.sign(&claims)?,
            None => self.key.sign("ins_policy_test", &claims)?,
        };
        if identity.is_forged { Ok(forge(&token)) } else { Ok(token) }
    }
}

/// The token with another signature of the same length.
fn forge(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{other}{}", signature.get(1..).unwrap_or_default())
}

fn describe(decision: &Decision) -> String {
    let rule = decision.rule.as_deref().map_or(String::new(), |rule| format!(", by `{rule}`"));
    let location = match &decision.action {
        Action::Answer(answer) => answer.location.as_deref().map_or(String::new(), |location| {
            // A handshake's address carries nothing secret, but much: the page is what matters.
            format!(" to {}", location.split('?').next().unwrap_or(location))
        }),
        Action::Forward(_) | Action::Webhook(_) => String::new(),
    };
    format!("{} {}{location} ({}){rule}", decision.verb(), decision.status(), decision.reason)
}
