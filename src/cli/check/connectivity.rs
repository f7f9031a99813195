//! Whether those whom the gate needs answer it: the Backend API, the Frontend API, the origin. And whether the keys are of one instance.

use std::{rc::Rc, time::Duration};

use serde_json::Value as Json;

use super::{
    evidence::Evidence,
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{
        deployment::Deployment,
        drive, moment,
        network::{Call, Network, Reply},
        source::Fault,
        tree::Value,
    },
    gate::Gate,
    key::VerificationKey,
    machine::{BackendResponse, Outage},
    path,
    policy::{Access, lint::Severity},
    request::{HeaderList, RequestView},
    settings::Settings,
};

/// Longer than a gate would wait: a check from another network is no verdict about speed.
const TIME_LIMIT: Duration = Duration::from_secs(10);

pub(super) fn check(
    deployment: &Deployment,
    settings: &Settings,
    evidence: &mut Vec<Evidence>,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let network = Network::new();
    let mut asking = Asking { deployment, settings, network: &network, evidence, findings };
    let backend = if deployment.text("CLERK_SECRET_KEY").is_some() { asking.backend()? } else { None };
    let frontend = asking.frontend();
    asking.compare(backend.as_ref(), frontend.as_ref());
    asking.issuers();
    asking.origin();
    Ok(())
}

struct Asking<'a> {
    deployment: &'a Deployment,
    settings: &'a Settings,
    network: &'a Network,
    evidence: &'a mut Vec<Evidence>,
    findings: &'a mut Vec<Finding>,
}

/// The keys of a key set: `kid` and modulus.
type Keys = Vec<(String, String)>;

impl Asking<'_> {
    fn find(&mut self, kind: Kind, severity: Severity, setting: Option<&str>, words: [&str; 3]) {
        let place = setting.map(|setting| self.deployment.place_of(setting));
        self.findings.push(finding(kind, severity, place, words));
    }

    /// Asks for the key set as the gate itself does when it is asked whether it is ready.
    fn backend(&mut self) -> Result<Option<Keys>, Fault> {
        let mut environment = self.deployment.complete_environment()?;
        environment.jwt_key = None;
        let gate = Gate::new(environment).map_err(|errors| self.deployment.refuse(&errors))?;
        let request = RequestView {
            method: "GET".into(),
            url: "http://localhost/.well-known/portcullis/ready".into(),
            headers: Rc::new(HeaderList::default()),
        };
        let mut last: Option<(String, Result<BackendResponse, Outage>)> = None;
        let now = moment::now();
        drive::run_asking(gate.begin(request, "check".to_owned(), now), now, |call| {
            let answer = self.network.ask_backend(call);
            // Other issuers are asked without a secret, and their keys have nothing to do with Clerk's.
            if call.headers.iter().any(|(name, _)| *name == "authorization") {
                last = Some((format!("{} {} with CLERK_SECRET_KEY", call.method, call.url), answer.clone()));
            }
            answer
        });
        let Some((asked, answer)) = last else { return Ok(None) };
        let (keys, said, proves) = match &answer {
            Ok(BackendResponse { status: 200, body }) => match read_keys(body) {
                Some(keys) => (Some(keys), "200".to_owned(), "the Backend API takes the secret key, and there are keys"),
                None => (None, "200".to_owned(), "what answers is no key set"),
            },
            Ok(BackendResponse { status: status @ (401 | 403), .. }) => {
                (None, status.to_string(), "the Backend API refuses the secret key")
            }
            Ok(BackendResponse { status, .. }) => (None, status.to_string(), "the Backend API does not give its key set"),
            Err(Outage(why)) => (None, why.clone(), "nothing: there was no answer"),
        };
        if matches!(answer, Ok(BackendResponse { status: 401 | 403, .. })) {
            self.find(
                Kind::SecretKeyRefused,
                Severity::Error,
                None,
                [
                    &format!("the Backend API refuses CLERK_SECRET_KEY ({said})"),
                    "without it no session is renewed, and without CLERK_JWT_KEY no token is verified: protected pages answer 503",
                    "copy the secret key of this instance from Clerk's dashboard, \"API keys\"; it may have been rotated",
                ],
            );
        } else if keys.is_none() {
            self.find(
                Kind::BackendApiUnreachable,
                Severity::Warning,
                None,
                [
                    &format!("the Backend API did not give its key set ({said})"),
                    "a gate that has no keys answers 503 on protected paths",
                    "look at CLERK_API_URL, at this network, and at status.clerk.com; ask nobody by `--offline`",
                ],
            );
        }
        self.evidence.push(Evidence::new(keys.is_some(), asked, said, proves));
        Ok(keys)
    }

    /// The key set that the Frontend API shows to everybody.
    fn frontend(&mut self) -> Option<Keys> {
        let instance = &self.settings.instance;
        if instance.is_absent() {
            return None;
        }
        let base = match &instance.proxy_url {
            Some(path) if path.starts_with('/') => format!("{}{path}", self.deployment.base_url()),
            Some(url) => url.clone(),
            None => format!("https://{}", instance.frontend_api),
        };
        let url = format!("{}/.well-known/jwks.json", base.trim_end_matches('/'));
        let answer = self.get(&url);
        let said = in_words(&answer);
        let keys = answer.ok().filter(|reply| reply.status == 200).and_then(|reply| read_keys(&reply.body));
        let proves = match &keys {
            Some(_) => "the Frontend API of the publishable key is there",
            None => "browsers cannot sign in by this Frontend API",
        };
        if keys.is_none() {
            self.find(
                Kind::FrontendApiUnreachable,
                Severity::Error,
                Some(if instance.proxy_url.is_some() { "CLERK_PROXY_URL" } else { "CLERK_PUBLISHABLE_KEY" }),
                [
                    &format!("the Frontend API does not show its key set at `{url}` ({said})"),
                    "browsers are sent there to sign in and to renew their sessions",
                    "look at the DNS records by `--domain`, and whether the publishable key is of this instance",
                ],
            );
        }
        self.evidence.push(Evidence::new(keys.is_some(), format!("GET {url}"), said, proves));
        keys
    }

    fn compare(&mut self, backend: Option<&Keys>, frontend: Option<&Keys>) {
        if let (Some(backend), Some(frontend)) = (backend, frontend)
            && !backend.iter().any(|key| frontend.contains(key))
        {
            self.find(
                Kind::KeysOfTwoInstances,
                Severity::Error,
                Some("CLERK_PUBLISHABLE_KEY"),
                [
                    "the secret key and the publishable key are of two instances: their key sets have no key in common",
                    "every token that a browser gets is then refused",
                    "copy both keys from the same instance in Clerk's dashboard",
                ],
            );
        }
        let pem = self.settings.instance.jwt_key.as_deref().and_then(|pem| VerificationKey::parse_pem(pem).ok());
        let (Some(key), Some(set)) = (pem, backend.or(frontend)) else { return };
        let is_known = set.iter().any(|(_, modulus)| *modulus == *key.member("n"));
        if !is_known {
            self.find(
                Kind::JwtKeyNotInKeySet,
                Severity::Error,
                Some("CLERK_JWT_KEY"),
                [
                    "CLERK_JWT_KEY is none of the instance's keys",
                    "with it every token is refused: it is of another instance, or the keys were rotated",
                    "copy it anew from Clerk's dashboard (\"API keys\", \"JWKS public key\"), or remove it: keys are then fetched",
                ],
            );
        }
        let count = set.len();
        let proves = if is_known { "CLERK_JWT_KEY is one of the instance's keys" } else { "CLERK_JWT_KEY is of no use" };
        self.evidence.push(Evidence::new(is_known, "CLERK_JWT_KEY in the key set", format!("{count} keys"), proves));
    }

    /// The key sets of other issuers, asked for as the gate does: without any credential.
    fn issuers(&mut self) {
        let named_alone = self.deployment.policy_table().and_then(|table| table.get("issuer"));
        let before_list = usize::from(named_alone.is_some_and(|issuer| matches!(issuer.value, Value::Table(_))));
        for (index, issuer) in self.settings.issuers.iter().enumerate() {
            let setting = match index.checked_sub(before_list) {
                Some(index) => format!("issuers[{index}].jwks_url"),
                None => "issuer.jwks_url".to_owned(),
            };
            let url = &issuer.jwks_url;
            let answer = self.get(url);
            let said = in_words(&answer);
            let is_good = answer.is_ok_and(|reply| reply.status == 200 && names_keys(&reply.body));
            if !is_good {
                self.find(
                    Kind::IssuerKeysUnreachable,
                    Severity::Error,
                    Some(&setting),
                    [
                        &format!("there is no key set of the issuer `{}` at `{url}` ({said})", issuer.issuer),
                        "its tokens are answered 503 until there is one",
                        "take `jwks_uri` from the provider's `/.well-known/openid-configuration`",
                    ],
                );
            }
            let proves = if is_good { "the issuer shows its keys" } else { "no token of the issuer can be checked" };
            self.evidence.push(Evidence::new(is_good, format!("GET {url}"), said, proves));
        }
    }

    /// Asks the origin for a page that is not public, past the gate and as nobody.
    fn origin(&mut self) {
        let Some(origin) = self.settings.origin.clone() else { return };
        let protected = closed_path(self.deployment, self.settings, &["admin", "protected"]);
        let url = format!("{origin}{}", protected.as_deref().unwrap_or("/"));
        let answer = self.get(&url);
        let said = in_words(&answer);
        let is_open = protected.is_some()
            && !self.deployment.is_local
            && matches!(&answer, Ok(reply) if (200..300).contains(&reply.status));
        let proves = match &answer {
            Err(_) => "the origin does not answer here; whether it answers the gate was not seen",
            Ok(Reply { status: 502..=504 | 520..=530, .. }) => "the origin fails",
            Ok(_) if is_open => "the origin shows a page that is not public to whoever knows its address",
            Ok(_) => "the origin answers, and does not show this page to the world",
        };
        let is_good = match &answer {
            Err(_) => {
                self.find(
                    Kind::OriginNotReached,
                    Severity::Note,
                    Some("origin"),
                    [
                        &format!("the origin did not answer from here ({said})"),
                        "where a firewall lets nobody in but the gate this is as it should be",
                        "ask for `/.well-known/portcullis/ready` and a public page of the deployed gate",
                    ],
                );
                true
            }
            Ok(Reply { status: 502..=504 | 520..=530, .. }) => {
                self.find(
                    Kind::OriginFailing,
                    Severity::Warning,
                    Some("origin"),
                    [
                        &format!("the origin answers `{said}`"),
                        "the gate hands its answers on, so visitors would see the same",
                        "start the app, or correct `origin`",
                    ],
                );
                false
            }
            Ok(_) if is_open => {
                self.find(
                    Kind::OriginOpen,
                    Severity::Warning,
                    Some("origin"),
                    [
                        &format!("the origin answers `{url}` ({said}) to whoever asks it directly"),
                        "whoever learns its address walks around the gate, and may write the headers that say who asks",
                        "let nobody but the gate in (a tunnel, a firewall, mutual TLS), or have the origin check the gate's assertion",
                    ],
                );
                false
            }
            Ok(_) => true,
        };
        self.evidence.push(Evidence::new(is_good, format!("GET {url} as nobody"), said, proves));
    }

    fn get(&self, url: &str) -> Result<Reply, String> {
        self.network.send(&Call { method: "GET", url, headers: Vec::new(), body: None, time_limit: TIME_LIMIT })
    }
}

/// A path that the policy does not open: the text of a pattern of these lists up to its first parameter.
pub(super) fn closed_path(deployment: &Deployment, settings: &Settings, lists: &[&str]) -> Option<String> {
    let table = deployment.policy_table()?;
    let mut patterns = Vec::new();
    for list in lists {
        table.get(list).into_iter().for_each(|list| list.texts("", &mut patterns));
    }
    patterns.iter().find_map(|(_, pattern, _)| {
        let literal = &pattern[..pattern.find(['(', ':', '*', '{', '[']).unwrap_or(pattern.len())];
        let path = literal.trim_end_matches('/');
        let target = path::judge(&format!("https://gate.invalid{path}"), &settings.path).ok()?;
        let access = settings.policy.demand_for("GET", &target).access;
        (path.starts_with('/') && access != Access::Public).then(|| path.to_owned())
    })
}

fn in_words(answer: &Result<Reply, String>) -> String {
    match answer {
        Ok(reply) => reply.status.to_string(),
        Err(why) => why.clone(),
    }
}

/// Whether this is a key set in which a token can name a key.
fn names_keys(body: &[u8]) -> bool {
    let set: Option<Json> = serde_json::from_slice(body).ok();
    let keys = set.as_ref().and_then(|set| set.get("keys")?.as_array());
    keys.is_some_and(|keys| keys.iter().any(|key| key.get("kid").is_some_and(Json::is_string)))
}

fn read_keys(body: &[u8]) -> Option<Keys> {
    let set: Json = serde_json::from_slice(body).ok()?;
    let text = |key: &Json, name: &str| Some(key.get(name)?.as_str()?.trim_end_matches('=').to_owned());
    let keys: Keys = set.get("keys")?.as_array()?.iter().filter_map(|key| Some((text(key, "kid")?, text(key, "n")?))).collect();
    (!keys.is_empty()).then_some(keys)
}
