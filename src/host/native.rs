//! The native host's cryptography: signatures by `jsonwebtoken`, for the command line and tests.

use jsonwebtoken::{Algorithm as Jose, DecodingKey, crypto};

use crate::{
    machine::SignatureOutcome,
    token::{Algorithm, SignatureCheck},
};

/// Checks a signature.
#[must_use]
pub fn check_signature(check: &SignatureCheck) -> SignatureOutcome {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let key = match DecodingKey::from_rsa_components(&check.key.n, &check.key.e) {
        Ok(key) => key,
        Err(error) => return SignatureOutcome::Unusable(error.to_string()),
    };
    let algorithm = match check.algorithm {
        Algorithm::Rs256 => Jose::RS256,
        Algorithm::Rs384 => Jose::RS384,
        Algorithm::Rs512 => Jose::RS512,
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
