//! Tokens: text to [`VerifiedClaims`].
//!
//! The way of a token, one file a step:
//!
//! 1. [`compact`] splits and decodes the JWS Compact Serialization, sizes first.
//! 2. [`header`] reads the protected header.
//! 3. [`keyset`] reads key sets, [`cache`] says which key set is good for how long, [`resolve`] gets it.
//! 4. [`seen`] knows the signatures that were good before.
//! 5. [`verify`] checks header, signature and claims, in this order; it alone makes [`VerifiedClaims`].
//!
//! The signature itself is the host's to check ([`SignatureCheck`](crate::key::SignatureCheck)); the decision stays here.

pub mod cache;
pub mod claims;
pub mod compact;
mod error;
pub mod header;
pub mod keyset;
pub mod resolve;
pub mod seen;
pub mod verify;

pub use cache::{KeySetCache, KeySetCaches};
pub use claims::VerifiedClaims;
pub use compact::CompactJws;
pub use error::{KeySetError, TokenCheck, TokenError};
pub use header::{Category, ProtectedHeader};
pub use keyset::KeySet;
pub use resolve::{KeySource, RemoteKeys};
pub use seen::SeenTokens;
pub use verify::{AuthorizedParty, Leniency, MissingAzp, VerifyOptions};

/// What a check of a token comes to. The error is in a box, since the result goes through many hands and is hardly ever one.
pub type Verified = Result<VerifiedClaims, Box<TokenError>>;
