//! The native host's cryptography: signatures by `jsonwebtoken`, for the command line and tests.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm as Jose, DecodingKey, EncodingKey, crypto};

use crate::{
    key::{Algorithm, KeyKind, SignatureCheck, SigningRequest},
    machine::SignatureOutcome,
};

/// Checks a signature.
#[must_use]
pub fn check_signature(check: &SignatureCheck) -> SignatureOutcome {
    let key = &check.key;
    let decoding = match key.kind {
        KeyKind::Rsa => DecodingKey::from_rsa_components(key.member("n"), key.member("e")),
        KeyKind::P256 | KeyKind::P384 => DecodingKey::from_ec_components(key.member("x"), key.member("y")),
        KeyKind::Ed25519 => DecodingKey::from_ed_components(key.member("x")),
        KeyKind::P521 => return SignatureOutcome::Unusable("P-521 is not supported natively".to_owned()),
    };
    let key = match decoding {
        Ok(key) => key,
        Err(error) => return SignatureOutcome::Unusable(error.to_string()),
    };
    let Some(algorithm) = jose_of(check.algorithm) else {
        return SignatureOutcome::Unusable("ES512 is not supported natively".to_owned());
    };
    // An empty signature is no base64url to some readers; it is never a good one.
    if check.signature.is_empty() {
        return SignatureOutcome::Invalid;
    }
    match crypto::verify(&URL_SAFE_NO_PAD.encode(&check.signature), check.signing_input(), &key, algorithm) {
        Ok(true) => SignatureOutcome::Valid,
        Ok(false) => SignatureOutcome::Invalid,
        Err(error) => SignatureOutcome::Unusable(error.to_string()),
    }
}

/// The library's name of an algorithm; it has none for ES512.
pub(crate) fn jose_of(algorithm: Algorithm) -> Option<Jose> {
    Some(match algorithm {
        Algorithm::Rs256 => Jose::RS256,
        Algorithm::Rs384 => Jose::RS384,
        Algorithm::Rs512 => Jose::RS512,
        Algorithm::Ps256 => Jose::PS256,
        Algorithm::Ps384 => Jose::PS384,
        Algorithm::Ps512 => Jose::PS512,
        Algorithm::Es256 => Jose::ES256,
        Algorithm::Es384 => Jose::ES384,
        Algorithm::EdDsa => Jose::EdDSA,
        Algorithm::Es512 => return None,
    })
}

/// Signs.
///
/// # Errors
///
/// What the library says of a key that it cannot use.
pub fn sign(request: &SigningRequest) -> Result<Vec<u8>, String> {
    let key = EncodingKey::from_ec_der(&request.key.to_pkcs8());
    let signature = crypto::sign(request.input.as_bytes(), &key, Jose::ES256).map_err(|error| error.to_string())?;
    URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn what_is_signed_here_is_good_under_the_public_half() {
        // RFC 7515 appendix A.3.
        let jwk = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
        let key = Rc::new(SigningKey::parse(jwk).unwrap());
        let signature = sign(&SigningRequest { key: key.clone(), input: "a.b".into() }).unwrap();
        assert_eq!(signature.len(), 64);
        let public: serde_json::Value = serde_json::from_str(&key.public_jwk()).unwrap();
        let public = DecodingKey::from_ec_components(public["x"].as_str().unwrap(), public["y"].as_str().unwrap()).unwrap();
        for (input, expected) in [("a.b", true), ("a.c", false)] {
            let outcome = crypto::verify(&URL_SAFE_NO_PAD.encode(&signature), input.as_bytes(), &public, Jose::ES256).unwrap();
            assert_eq!(outcome, expected);
        }
    }
}
