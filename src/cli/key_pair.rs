//! Key pairs that sign tokens: made on the spot for policy tests, kept in a file for a development instance.

use jsonwebtoken::{Algorithm, EncodingKey};
use rsa::{
    RsaPrivateKey,
    pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey},
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::OsRng,
    traits::PublicKeyParts,
};
use serde::Serialize;
use serde_json::Value;

use super::source::Fault;

/// The least that a gate takes a signature of.
const MODULUS_BITS: usize = 2048;

/// A private RSA key.
pub(super) struct KeyPair {
    private: RsaPrivateKey,
    encoding: EncodingKey,
}

/// Clerk's protected header of session tokens.
#[derive(Serialize)]
struct SessionHeader<'a> {
    alg: &'static str,
    cat: &'static str,
    kid: &'a str,
    typ: &'static str,
}

impl KeyPair {
    /// Makes a new one.
    pub(super) fn generate() -> Result<Self, Fault> {
        let broken = |error: rsa::Error| Fault::new(format!("no key could be made: {error}"));
        Self::of(RsaPrivateKey::new(&mut OsRng, MODULUS_BITS).map_err(broken)?)
    }

    /// Reads PEM, PKCS #8 or PKCS #1.
    pub(super) fn parse_pem(pem: &str) -> Result<Self, Fault> {
        let parsed = RsaPrivateKey::from_pkcs8_pem(pem).ok().or_else(|| RsaPrivateKey::from_pkcs1_pem(pem).ok());
        let private = parsed.ok_or_else(|| Fault::new("the key file holds no RSA private key in PEM"))?;
        if private.size() * 8 < MODULUS_BITS {
            return Err(Fault::new(format!("the key has {} bits, expected at least {MODULUS_BITS}", private.size() * 8)));
        }
        Self::of(private)
    }

    fn of(private: RsaPrivateKey) -> Result<Self, Fault> {
        let der = private.to_pkcs1_der().map_err(|_| Fault::new("the key cannot be written as PKCS #1"))?;
        let encoding = EncodingKey::from_rsa_der(der.as_bytes());
        Ok(Self { private, encoding })
    }

    /// What verifies: the value of `CLERK_JWT_KEY`.
    pub(super) fn render_public_pem(&self) -> Result<String, Fault> {
        let pem = self.private.to_public_key().to_public_key_pem(LineEnding::LF);
        pem.map_err(|_| Fault::new("the public key cannot be written as PEM"))
    }

    /// The private key, for a file that only its owner reads.
    pub(super) fn render_private_pem(&self) -> Result<String, Fault> {
        let pem = self.private.to_pkcs8_pem(LineEnding::LF);
        pem.map(|pem| pem.to_string()).map_err(|_| Fault::new("the key cannot be written as PEM"))
    }

    /// `n` and `e`, as a JWK has them.
    pub(super) fn public_members(&self) -> (String, String) {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let text = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        (text(self.private.n()), text(self.private.e()))
    }

    /// The key as the JOSE library takes it.
    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    /// Signs claims as they are, under the header of Clerk's session tokens.
    pub(super) fn sign(&self, kid: &str, claims: &Value) -> Result<String, Fault> {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        // `cat` tells session tokens from the other tokens that an instance signs; `Header` of jsonwebtoken has no place for it.
        let header = SessionHeader { alg: "RS256", cat: "cl_B7d4PD111AAA", kid, typ: "JWT" };
        let header = serde_json::to_vec(&header).map_err(|error| Fault::new(error.to_string()))?;
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = jsonwebtoken::crypto::sign(input.as_bytes(), &self.encoding, Algorithm::RS256);
        let signature = signature.map_err(|error| Fault::new(format!("the token could not be signed: {error}")))?;
        Ok(format!("{input}.{signature}"))
    }
}
