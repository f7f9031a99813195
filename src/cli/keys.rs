//! Where the key of a token is from: `CLERK_JWT_KEY`, a file, Clerk, or another issuer's key set.
//!
//! With the secret key the Backend API is asked, as the Worker asks it. Without one the instance's Frontend API is: it shows the same
//! key set to everybody. Other issuers are asked at the address in their settings, as the Worker asks them.

use std::{path::Path, rc::Rc};

use serde_json::json;

use super::{
    deployment::Deployment,
    network::{Call, Network},
    read_text,
    secret::PRIVATE_KEY,
    source::{Fault, SourceFile},
};
use crate::{
    key::VerificationKey,
    limits,
    machine::{BackendRequest, BackendResponse, Outage, Purpose},
    session::PublishableKey,
    settings::{Environment, Settings},
    token::KeySet,
};

/// Who is asked for Clerk's keys.
enum Source {
    /// Nobody: a PEM key is there, from here.
    Pem(String),
    /// A key set in a file.
    File { name: String, json: String },
    /// Nobody, since it was asked for.
    Offline,
    /// The Backend API.
    Backend,
    /// The key set that the Frontend API shows, at this address.
    Frontend(String),
}

/// Answers what the gate asks the Backend API and other issuers for.
pub(super) struct Keys {
    source: Source,
    /// A key of one's own as a key set, which stands for that of whoever issued the token: its file, and the set.
    given: Option<(String, String)>,
    is_offline: bool,
    has_secret_key: bool,
    /// Where other issuers have their key sets.
    others: Vec<String>,
    /// Where the key of another issuer's token was looked for.
    looked: Option<String>,
    network: Network,
}

impl Keys {
    /// `kid` is that of the token, which a PEM file does not say; the environment gets the key where it is Clerk's.
    pub(super) fn new(
        deployment: &Deployment,
        file: Option<&Path>,
        is_offline: bool,
        kid: Option<&str>,
        environment: &mut Environment,
    ) -> Result<Self, Fault> {
        let mut given = None;
        let publishable = environment.publishable_key.as_deref().and_then(|key| PublishableKey::parse(key.trim()));
        let source = match file.map(read_text).transpose()? {
            Some(source) if is_json(&source) => {
                KeySet::parse(source.text.as_bytes(), None).map_err(|error| Fault::new(format!("`{}`: {error}", source.name)))?;
                environment.jwt_key = None;
                given = Some((source.name.clone(), source.text.clone()));
                Source::File { name: source.name, json: source.text }
            }
            Some(source) => {
                let key = parse_public_pem(&source)?;
                let jwk = json!({"kty": "RSA", "kid": kid.unwrap_or_default(), "n": key.member("n"), "e": key.member("e")});
                given = Some((source.name.clone(), json!({"keys": [jwk]}).to_string()));
                // One setting of Clerk's alone would mean that there is an instance.
                environment.jwt_key = publishable.is_some().then_some(source.text);
                Source::Pem(format!("`{}`", source.name))
            }
            None if environment.jwt_key.is_some() => Source::Pem("CLERK_JWT_KEY".to_owned()),
            None if is_offline => Source::Offline,
            None if deployment.text("CLERK_SECRET_KEY").is_some() => Source::Backend,
            None => match publishable {
                Some(key) => Source::Frontend(format!("https://{}/.well-known/jwks.json", key.frontend_api)),
                None => Source::Offline,
            },
        };
        let has_secret_key = deployment.text("CLERK_SECRET_KEY").is_some();
        Ok(Self { source, given, is_offline, has_secret_key, others: Vec::new(), looked: None, network: Network::new() })
    }

    /// Whose key sets may be asked for beside Clerk's.
    pub(super) fn know_issuers_of(&mut self, settings: &Settings) {
        self.others = settings.issuers.iter().map(|issuer| issuer.jwks_url.clone()).collect();
    }

    /// Answers a call, or says why it is not made.
    pub(super) fn answer(&mut self, call: &BackendRequest) -> Result<BackendResponse, Outage> {
        if call.purpose == Purpose::KeySet && self.others.contains(&call.url) {
            return self.answer_of_other(call);
        }
        match (call.purpose, &self.source) {
            (Purpose::KeySet, Source::File { json, .. }) => Ok(found(json.clone().into_bytes())),
            (_, _) if self.is_offline => Err(offline()),
            (Purpose::KeySet, Source::Offline) => Err(offline()),
            (Purpose::KeySet, Source::Backend) => self.network.ask_backend(call),
            (Purpose::KeySet, Source::Frontend(url)) => {
                let call = Call { method: "GET", url, headers: Vec::new(), body: None, time_limit: limits::BACKEND_TIME_LIMIT };
                let reply = self.network.send(&call).map_err(Outage)?;
                Ok(BackendResponse { status: reply.status, body: reply.body })
            }
            // The key of sessions has nothing to do with it, wherever that is from.
            (Purpose::MachineToken, _) if self.has_secret_key => self.network.ask_backend(call),
            (Purpose::MachineToken, _) => Err(Outage("machine tokens are checked with CLERK_SECRET_KEY only".to_owned())),
            // Nothing is renewed or taken in, and a key that is given is no set to ask for.
            (_, _) => Err(Outage("the command line asks for key sets and about machine tokens only".to_owned())),
        }
    }

    fn answer_of_other(&mut self, call: &BackendRequest) -> Result<BackendResponse, Outage> {
        if let Some((name, json)) = &self.given {
            self.looked = Some(format!("`{name}`"));
            return Ok(found(json.clone().into_bytes()));
        }
        if self.is_offline {
            self.looked = Some(Source::Offline.in_words());
            return Err(offline());
        }
        self.looked = Some(format!("the key set at {}", call.url));
        self.network.ask_backend(call)
    }

    /// Where the key was looked for.
    pub(super) fn in_words(&self) -> String {
        self.looked.clone().unwrap_or_else(|| self.source.in_words())
    }
}

impl Source {
    fn in_words(&self) -> String {
        match self {
            Self::Pem(from) => from.clone(),
            Self::File { name, .. } => format!("the key set in `{name}`"),
            Self::Offline => "none (offline): name one by --key FILE".to_owned(),
            Self::Backend => "the key set of the Backend API".to_owned(),
            Self::Frontend(url) => format!("the key set at {url}"),
        }
    }
}

/// Whether a file is a key set rather than PEM.
pub(super) fn is_json(source: &SourceFile) -> bool {
    source.text.trim_start().starts_with('{')
}

/// Reads a public key in PEM, and says what else a file is.
pub(super) fn parse_public_pem(source: &SourceFile) -> Result<Rc<VerificationKey>, Fault> {
    let name = &source.name;
    if source.text.contains(PRIVATE_KEY) {
        let fault = Fault::new(format!("`{name}` is the private half of a key, and the public one is asked for"));
        return Err(fault.help(format!("`openssl pkey -in {name} -pubout` prints it")));
    }
    VerificationKey::parse_pem(&source.text).map_err(|error| match source.text.contains("-----BEGIN ") {
        true => Fault::new(format!("`{name}`: {error}")),
        false => Fault::new(format!("`{name}` is neither a public key in PEM nor a key set in JSON")),
    })
}

fn found(body: Vec<u8>) -> BackendResponse {
    BackendResponse { status: 200, body }
}

fn offline() -> Outage {
    Outage("nobody was asked, since this is offline".to_owned())
}
