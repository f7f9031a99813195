//! Tokens: text to [`VerifiedClaims`].
//!
//! The way of a token, one file a step:
//!
//! 1. [`compact`] splits and decodes the JWS Compact Serialization, sizes first.
//! 2. [`header`] reads the protected header and holds the allow-list of algorithms.
//! 3. [`keyset`] reads keys (JWK Set or PEM), [`cache`] says which key set is good for how long, [`resolve`] gets it.
//! 4. [`seen`] knows the signatures that were good before.
//! 5. [`verify`] checks header, signature and claims, in this order; it alone makes [`VerifiedClaims`].
//!
//! And the other way round, [`signing_key`]: the keys by which the gate itself signs.
//!
//! The signature itself is the host's to check ([`SignatureCheck`]); the decision stays here.

use std::rc::Rc;

pub mod cache;
pub mod claims;
pub mod compact;
mod error;
pub mod header;
pub mod keyset;
pub mod resolve;
pub mod seen;
pub mod signing_key;
pub mod verify;

pub use cache::{KeySetCache, KeySetCaches};
pub use claims::VerifiedClaims;
pub use compact::CompactJws;
pub use error::{KeySetError, TokenCheck, TokenError};
pub use header::{Algorithm, Category, KeyKind, ProtectedHeader};
pub use keyset::{KeySet, PemError, VerificationKey};
pub use resolve::{KeySource, RemoteKeys};
pub use seen::SeenTokens;
pub use signing_key::{SigningKey, SigningKeys, SigningRequest};
pub use verify::{AuthorizedParty, Leniency, MissingAzp, VerifyOptions};

/// What a check of a token comes to. The error is in a box, since the result goes through many hands and is hardly ever one.
pub type Verified = Result<VerifiedClaims, Box<TokenError>>;

/// A signature to be checked by the host.
#[derive(Clone, Debug)]
pub struct SignatureCheck {
    /// The key; hosts keep the imported key by its `id`.
    pub key: Rc<VerificationKey>,
    /// The algorithm of the protected header, from the allow-list.
    pub algorithm: Algorithm,
    /// The whole token; its first `signing_input_bytes` bytes are what was signed.
    pub token: Rc<str>,
    /// See `token`.
    pub signing_input_bytes: usize,
    /// The decoded signature.
    pub signature: Vec<u8>,
}

impl SignatureCheck {
    /// What was signed: the encoded header, a dot and the encoded payload (RFC 7515 section 5.2).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.token.as_bytes().get(..self.signing_input_bytes).unwrap_or_default()
    }
}
