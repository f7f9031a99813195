//! Where the key of a token is from: `CLERK_JWT_KEY`, a file, or Clerk.
//!
//! With the secret key the Backend API is asked, as the Worker asks it. Without one the instance's Frontend API is: it shows the same
//! key set to everybody.

use std::path::Path;

use crate::{
    cli::{
        deployment::Deployment,
        network::{Call, Network},
        read_text,
        source::Fault,
    },
    limits,
    machine::{BackendRequest, BackendResponse, Outage, Purpose},
    session::PublishableKey,
    settings::Environment,
    token::{KeySet, VerificationKey},
};

/// Who is asked for keys.
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

/// Answers what the gate asks the Backend API for.
pub(super) struct Keys {
    source: Source,
    network: Network,
}

impl Keys {
    pub(super) fn new(
        deployment: &Deployment,
        file: Option<&Path>,
        is_offline: bool,
        environment: &mut Environment,
    ) -> Result<Self, Fault> {
        let source = match file.map(read_text).transpose()? {
            Some(source) if source.text.trim_start().starts_with('{') => {
                KeySet::parse(source.text.as_bytes(), None).map_err(|error| Fault::new(format!("`{}`: {error}", source.name)))?;
                environment.jwt_key = None;
                Source::File { name: source.name, json: source.text }
            }
            Some(source) => {
                VerificationKey::parse_pem(&source.text).map_err(|error| Fault::new(format!("`{}`: {error}", source.name)))?;
                environment.jwt_key = Some(source.text);
                Source::Pem(format!("`{}`", source.name))
            }
            None if environment.jwt_key.is_some() => Source::Pem("CLERK_JWT_KEY".to_owned()),
            None if is_offline => Source::Offline,
            None if deployment.text("CLERK_SECRET_KEY").is_some() => Source::Backend,
            None => {
                let key = environment.publishable_key.as_deref().and_then(|key| PublishableKey::parse(key.trim()));
                match key {
                    Some(key) => Source::Frontend(format!("https://{}/.well-known/jwks.json", key.frontend_api)),
                    None => Source::Offline,
                }
            }
        };
        Ok(Self { source, network: Network::new() })
    }

    /// Answers a call, or says why it is not made.
    pub(super) fn answer(&mut self, call: &BackendRequest) -> Result<BackendResponse, Outage> {
        match (call.purpose, &self.source) {
            (Purpose::KeySet, Source::File { json, .. }) => Ok(BackendResponse { status: 200, body: json.clone().into_bytes() }),
            (_, Source::Offline) => Err(Outage("nobody was asked, since this is offline".to_owned())),
            (Purpose::KeySet | Purpose::MachineToken | Purpose::Freshness, Source::Backend) => self.network.ask_backend(call),
            (Purpose::KeySet, Source::Frontend(url)) => {
                let call = Call { method: "GET", url, headers: Vec::new(), body: None, time_limit: limits::BACKEND_TIME_LIMIT };
                let reply = self.network.send(&call).map_err(Outage)?;
                Ok(BackendResponse { status: reply.status, body: reply.body })
            }
            (Purpose::MachineToken, _) => Err(Outage("machine tokens are checked with CLERK_SECRET_KEY only".to_owned())),
            (Purpose::Freshness, _) => {
                Err(Outage("whether a token is still right is asked with CLERK_SECRET_KEY only".to_owned()))
            }
            (Purpose::Refresh, _) => Err(Outage("an explanation does not renew a session".to_owned())),
            (_, _) => Err(Outage("an explanation does not take in a handshake".to_owned())),
        }
    }

    /// Who was asked.
    pub(super) fn in_words(&self) -> String {
        match &self.source {
            Source::Pem(from) => from.clone(),
            Source::File { name, .. } => format!("the key set in `{name}`"),
            Source::Offline => "none (offline): name one by --key FILE".to_owned(),
            Source::Backend => "the key set of the Backend API".to_owned(),
            Source::Frontend(url) => format!("the key set at {url}"),
        }
    }
}
