//! Claims that were verified.

use std::{borrow::Cow, rc::Rc};

use super::CompactJws;
use crate::json::Raw;

/// The claims of a token whose signature and claims were checked. Only [`verify`](super::verify) makes it: who holds one, holds
/// the proof.
#[derive(Clone, Debug)]
pub struct VerifiedClaims {
    jws: Rc<CompactJws>,
    azp_missing: bool,
}

impl VerifiedClaims {
    // INVARIANT: called by `verify` alone, after all checks.
    pub(super) fn new(jws: Rc<CompactJws>, azp_missing: bool) -> Self {
        Self { jws, azp_missing }
    }

    /// A claim by name; own members only, the last of two counts.
    #[must_use]
    pub fn get(&self, claim: &str) -> Option<Raw<'_>> {
        self.jws.payload().get(claim)
    }

    /// A claim that is a string.
    #[must_use]
    pub fn text(&self, claim: &str) -> Option<Cow<'_, str>> {
        self.get(claim)?.as_str()
    }

    /// A claim by its path: each step a member of the one before.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<Raw<'_>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first)?, |value, step| value.get(step))
    }

    /// All claims, as the object that they are.
    #[must_use]
    pub fn root(&self) -> Raw<'_> {
        self.jws.payload().root()
    }

    /// The whole payload, as JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        self.jws.payload().text()
    }

    /// The token that carried the claims.
    #[must_use]
    pub fn token(&self) -> &Rc<str> {
        self.jws.token()
    }

    /// Whether authorized parties are asked for and the token has none, but was let through all the same.
    #[must_use]
    pub fn is_azp_missing(&self) -> bool {
        self.azp_missing
    }
}
