//! Another issuer for policy tests: a key made for this run, its key set, and tokens as such an issuer makes them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm as Jose, EncodingKey, Header};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
        KeyPair as _,
    },
};
use serde_json::{Value, json};

use crate::{
    cli::{key_pair::KeyPair, source::Fault},
    host::native::jose_of,
    key::Algorithm,
    session::IssuerOptions,
    table::quote,
};

/// What its key is called.
const KID: &str = "policy-test";

/// An issuer of the settings with a key of ours.
pub(super) struct Issuer {
    options: IssuerOptions,
    algorithm: Jose,
    encoding: EncodingKey,
    /// What stands at `jwks_url`.
    pub key_set: String,
}

impl Issuer {
    /// Makes a key for the first of the issuer's algorithms that this program can sign with; `rsa` serves all of that kind.
    ///
    /// # Errors
    ///
    /// The settings take ES512 alone.
    pub(super) fn new(options: &IssuerOptions, rsa: &KeyPair) -> Result<Self, Fault> {
        let of_curve = |kty: &str, crv: &str, members: Value| {
            let mut jwk = json!({"kty": kty, "crv": crv});
            if let (Value::Object(jwk), Value::Object(members)) = (&mut jwk, members) {
                jwk.extend(members);
            }
            jwk
        };
        let made = options.algorithms.iter().find_map(|algorithm| {
            let jose = jose_of(*algorithm)?;
            let (encoding, jwk) = match algorithm {
                Algorithm::Es256 => {
                    let (encoding, [x, y]) = on_curve(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
                    (encoding, of_curve("EC", "P-256", json!({"x": x, "y": y})))
                }
                Algorithm::Es384 => {
                    let (encoding, [x, y]) = on_curve(&ECDSA_P384_SHA384_FIXED_SIGNING)?;
                    (encoding, of_curve("EC", "P-384", json!({"x": x, "y": y})))
                }
                Algorithm::EdDsa => {
                    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
                    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).ok()?;
                    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
                    (EncodingKey::from_ed_der(document.as_ref()), of_curve("OKP", "Ed25519", json!({"x": x})))
                }
                _ => {
                    let (n, e) = rsa.public_members();
                    (rsa.encoding().clone(), json!({"kty": "RSA", "n": n, "e": e}))
                }
            };
            Some((jose, encoding, jwk))
        });
        let Some((algorithm, encoding, mut jwk)) = made else {
            let message = format!("tokens of the issuer `{}` cannot be made here: it takes ES512 alone", quote(&options.issuer));
            return Err(Fault::new(message));
        };
        jwk["kid"] = KID.into();
        Ok(Self { options: options.clone(), algorithm, encoding, key_set: json!({"keys": [jwk]}).to_string() })
    }

    /// `iss`.
    pub(super) fn name(&self) -> &str {
        &self.options.issuer
    }

    pub(super) fn jwks_url(&self) -> &str {
        &self.options.jwks_url
    }

    /// The cookie that holds its tokens.
    pub(super) fn cookie(&self) -> Option<&str> {
        self.options.cookie.as_deref()
    }

    /// The header that holds its tokens, in lower case.
    pub(super) fn header(&self) -> Option<&str> {
        self.options.header.as_deref()
    }

    /// The claims that each of its tokens has, user id included, wherever the settings look for it.
    pub(super) fn usual_claims(&self, now: i64, expires_in_secs: i64) -> Value {
        let mut claims = json!({
            "aud": self.options.audience.first(),
            "exp": now + expires_in_secs,
            "iat": (now - 5).min(now + expires_in_secs),
            "iss": self.options.issuer,
            "sub": "user_policy_test",
        });
        let mut place = &mut claims;
        for name in &self.options.user_id {
            place = &mut place[name.as_str()];
        }
        *place = "user_policy_test".into();
        claims
    }

    /// Signs claims as they are.
    pub(super) fn sign(&self, claims: &Value) -> Result<String, Fault> {
        let header = Header { kid: Some(KID.to_owned()), ..Header::new(self.algorithm) };
        let signed = jsonwebtoken::encode(&header, claims, &self.encoding);
        signed.map_err(|error| Fault::new(format!("the token could not be signed: {error}")))
    }
}

/// A key on a curve, and its coordinates.
fn on_curve(algorithm: &'static EcdsaSigningAlgorithm) -> Option<(EncodingKey, [String; 2])> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()?;
    // Uncompressed: a four, then both coordinates (SEC 1 section 2.3.3).
    let (x, y) = pair.public_key().as_ref().get(1..).map(|both| both.split_at(both.len() / 2))?;
    Some((EncodingKey::from_ec_der(document.as_ref()), [x, y].map(|number| URL_SAFE_NO_PAD.encode(number))))
}
