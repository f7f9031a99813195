//! Gets the key that a token names: from a PEM, or from the instance's key set.

use core::time::Duration;
use std::rc::Rc;

use super::{
    KeySet, KeySetCache, KeySetError, ProtectedHeader, TokenError,
    cache::{FetchTicket, Look},
};
use crate::{
    json::{Document, Raw},
    key::VerificationKey,
    limits,
    machine::{BackendRequest, Io},
};

/// Where keys come from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// `CLERK_JWT_KEY`: one key, whatever the token's `kid`.
    Pem(Rc<VerificationKey>),
    /// The Backend API.
    Remote(RemoteKeys),
    /// Nowhere.
    None,
}

/// The key set of an instance, over the Backend API.
#[derive(Clone, Debug)]
pub struct RemoteKeys {
    /// The request for the key set; `None` where the address is no URL.
    pub request: Option<BackendRequest>,
    /// What is known already; shared by all that verify for the instance.
    pub cache: Rc<KeySetCache>,
    /// Ask each time, and keep nothing.
    pub skip_cache: bool,
    /// How often to ask before giving up, the first time included.
    pub attempts: u32,
}

/// The key of a token, or what is wrong with it.
pub(super) type Selected = Result<Rc<VerificationKey>, &'static str>;

impl KeySource {
    /// The key for a token with this header.
    ///
    /// # Errors
    ///
    /// [`TokenError::KeySet`], [`TokenError::KidNotFound`] or [`TokenError::NoKeySource`].
    ///
    /// Source: `loadClerkJwkFromPem` and `loadClerkJWKFromRemote` in `@clerk/backend`.
    pub(super) async fn resolve(&self, io: &Io, header: &ProtectedHeader) -> Result<Selected, Box<TokenError>> {
        match self {
            Self::Pem(key) => Ok(Ok(key.clone())),
            Self::Remote(remote) => remote.resolve(io, header).await,
            Self::None => Err(TokenError::NoKeySource.into()),
        }
    }
}

impl RemoteKeys {
    async fn resolve(&self, io: &Io, header: &ProtectedHeader) -> Result<Selected, Box<TokenError>> {
        let not_found = || Box::new(TokenError::KidNotFound { kid: header.found_kid() });
        // A token without a `kid` names no key, but Clerk asks for the set all the same; no key has this name.
        let kid = header.kid().unwrap_or_default();
        let is_named = header.kid().is_some();
        if self.skip_cache {
            let set = self.fetch(io, None).await.map_err(TokenError::KeySet)?;
            return set.select(kid).filter(|_| is_named).ok_or_else(not_found);
        }
        loop {
            match self.cache.look(kid, io.now()) {
                Look::Found(key) if is_named => return Ok(key),
                Look::Found(_) | Look::NotFound => return Err(not_found()),
                Look::Failed(error) => return Err(TokenError::KeySet(error).into()),
                Look::Wait => io.wait(limits::WAIT_FOR_OTHER_FETCH).await,
                Look::Fetch(ticket) => {
                    let outcome = self.fetch(io, Some(&ticket)).await;
                    let error = outcome.as_ref().err().cloned();
                    self.cache.settle(ticket, outcome, io.now());
                    return match (self.cache.found(kid, io.now()), error) {
                        (Some(key), _) if is_named => Ok(key),
                        (_, Some(error)) => Err(TokenError::KeySet(error).into()),
                        (_, None) => Err(not_found()),
                    };
                }
            }
        }
    }

    /// Makes sure that there is a fresh set.
    ///
    /// # Errors
    ///
    /// [`KeySetError`]: what came of the last attempt to get one.
    pub(crate) async fn check(&self, io: &Io) -> Result<(), KeySetError> {
        while !self.cache.is_fresh(io.now()) {
            match self.cache.look("", io.now()) {
                Look::Wait => io.wait(limits::WAIT_FOR_OTHER_FETCH).await,
                Look::Failed(error) => return Err(error),
                Look::Found(_) | Look::NotFound => return Ok(()),
                Look::Fetch(ticket) => {
                    let outcome = self.fetch(io, Some(&ticket)).await;
                    let result = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
                    self.cache.settle(ticket, outcome, io.now());
                    return result;
                }
            }
        }
        Ok(())
    }

    /// Asks for the set, again where that may help. No borrow of the cache is held while it waits.
    async fn fetch(&self, io: &Io, ticket: Option<&FetchTicket>) -> Result<Rc<KeySet>, KeySetError> {
        let request = self.request.as_ref().ok_or(KeySetError::Url)?;
        let attempts = if ticket.is_some_and(|ticket| ticket.has_fallback) { 1 } else { self.attempts.max(1) };
        let mut delay = limits::KEY_SET_RETRY_DELAY;
        let mut attempt = 1;
        loop {
            if let Some(ticket) = ticket {
                self.cache.attempt(ticket, io.now());
            }
            match self.fetch_once(io, request).await {
                Err(error) if attempt < attempts && error.is_passing() => {
                    attempt += 1;
                    io.wait(delay).await;
                    delay = delay.saturating_mul(2).min(Duration::from_secs(1));
                }
                outcome => return outcome,
            }
        }
    }

    async fn fetch_once(&self, io: &Io, request: &BackendRequest) -> Result<Rc<KeySet>, KeySetError> {
        let response = io.backend(request.clone()).await?;
        if (200..300).contains(&response.status) {
            let previous = self.cache.held();
            return KeySet::parse(&response.body, previous.as_deref()).map(Rc::new);
        }
        let Ok(body) = Document::parse_bytes(response.body) else {
            return Err(KeySetError::Status { status: response.status, json: false });
        };
        let is_our_key = body.get("errors").and_then(Raw::elements).is_some_and(|errors| {
            errors.iter().any(|error| error.get("code").is_some_and(|code| code.is_str("clerk_key_invalid")))
        });
        Err(if is_our_key { KeySetError::SecretKeyInvalid } else { KeySetError::Status { status: response.status, json: true } })
    }
}
