//! Keys, and what a host does with them: the public ones that signatures are checked with, and the gate's own, which sign.
//!
//! A key is read and bounded here; the cryptography is the host's, which is asked by [`SignatureCheck`] and [`SigningRequest`].

use std::rc::Rc;

mod algorithm;
mod signing;
mod verification;

pub(crate) use signing::digest;
pub use {
    algorithm::{Algorithm, KeyKind},
    signing::{SigningKey, SigningKeys},
    verification::{PemError, VerificationKey},
};

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

/// Something to be signed by the host, with ES256.
#[derive(Clone)]
pub struct SigningRequest {
    /// With which key; hosts keep the imported key by its [`kid`](SigningKey::kid).
    pub key: Rc<SigningKey>,
    /// The bytes to sign.
    pub input: String,
}

impl core::fmt::Debug for SigningRequest {
    /// Leaves out what is signed: it becomes a credential.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SigningRequest").field("key", &self.key).finish_non_exhaustive()
    }
}
