//! The algorithms of signatures, and what kind of key each takes.

use crate::json::Raw;

/// The signature algorithms that can be checked: asymmetric ones only (RFC 7518 section 3.1, RFC 8037 section 3.1). Clerk signs with
/// the first three and nothing else; which ones a token may have is for [`VerifyOptions`](crate::token::VerifyOptions) to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

/// What kind of key an algorithm takes: `kty` and `crv` in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum KeyKind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl KeyKind {
    /// `crv`, or `kty` where there is no curve.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
        }
    }
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// What Clerk signs with.
    pub const OF_CLERK: [Self; 3] = [Self::Rs256, Self::Rs384, Self::Rs512];

    /// Reads a JWA name; exactly, there is no other spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The same, from JSON.
    pub(crate) fn read(name: Raw<'_>) -> Option<Self> {
        Self::parse(&name.as_string()?)
    }

    /// The JWA name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The only kind of key that it takes.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => KeyKind::Rsa,
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Es512 => KeyKind::P521,
            Self::EdDsa => KeyKind::Ed25519,
        }
    }

    /// The bits of its SHA-2 hash, which is not EdDSA's to choose: 512 there.
    #[must_use]
    pub fn hash_bits(self) -> u16 {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => 256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => 384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => 512,
        }
    }

    /// How long its signatures are, in bytes; `None`: as long as the key. Some hosts refuse to look at others.
    ///
    /// Source: RFC 7518 section 3.4, RFC 8032 section 5.1.6.
    #[must_use]
    pub fn signature_bytes(self) -> Option<usize> {
        match self.key_kind() {
            KeyKind::Rsa => None,
            KeyKind::P256 | KeyKind::Ed25519 => Some(64),
            KeyKind::P384 => Some(96),
            KeyKind::P521 => Some(132),
        }
    }

    /// Its name in Web Crypto.
    #[must_use]
    pub fn web_crypto_name(self) -> &'static str {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => "RSASSA-PKCS1-v1_5",
            Self::Ps256 | Self::Ps384 | Self::Ps512 => "RSA-PSS",
            Self::Es256 | Self::Es384 | Self::Es512 => "ECDSA",
            Self::EdDsa => "Ed25519",
        }
    }
}
