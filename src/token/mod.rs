//! Tokens: text to [`VerifiedClaims`]. (contract stub)

use std::rc::Rc;

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

/// RSASSA-PKCS1-v1_5 with SHA-2 (RFC 7518 section 3.3): all that Clerk signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
}

/// A public RSA key.
#[derive(Debug)]
pub struct VerificationKey {
    /// Unique in this process; never reused, so a host's cache of imported keys cannot mix two up.
    pub id: u64,
    /// `n`, base64url.
    pub n: String,
    /// `e`, base64url.
    pub e: String,
}
