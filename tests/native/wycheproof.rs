//! Project Wycheproof's vectors: forged and broken signatures, and JWS that must not pass. See `tests/vectors/wycheproof`.

use std::{collections::BTreeSet, rc::Rc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis::{
    host::native::check_signature,
    key::{Algorithm, SignatureCheck},
    machine::{self, Answer, BackendResponse, Need, SignatureOutcome, Step},
    session::{AuthenticateOptions, TokenVerifier},
    time::UnixMillis,
    token::KeySet,
};
use serde_json::{Value, json};

/// Vectors on which a reader may go either way, and we refuse: the DER in the padding is not the one that RFC 8017 section 9.2
/// asks for.
const ACCEPTABLE_AND_REFUSED: &[u64] = &[8];

/// Not UTF-8, and a signing input is always ASCII. `tests/oracle/wycheproof.test.mjs` has it.
const NO_TEXT: &[u64] = &[7];

#[test]
fn rsa_signatures_are_judged_as_the_vectors_say() {
    let file = read(include_str!("../vectors/wycheproof/rsa_signature_2048_sha256_test.json"));
    let mut judged = 0;
    let mut skipped = Vec::new();
    for group in array(&file["testGroups"]) {
        let jwk = &group["keyJwk"];
        let keys = KeySet::parse(json!({"keys": [jwk]}).to_string().as_bytes(), None).unwrap();
        let key = keys.select(text(&jwk["kid"])).unwrap().unwrap();
        for vector in array(&group["tests"]) {
            let id = vector["tcId"].as_u64().unwrap();
            let Ok(message) = String::from_utf8(from_hex(text(&vector["msg"]))) else {
                skipped.push(id);
                continue;
            };
            let check = SignatureCheck {
                key: key.clone(),
                algorithm: Algorithm::Rs256,
                signing_input_bytes: message.len(),
                token: message.into(),
                signature: from_hex(text(&vector["sig"])),
            };
            let expected = match text(&vector["result"]) {
                "valid" => true,
                "invalid" => false,
                _ => !ACCEPTABLE_AND_REFUSED.contains(&id),
            };
            assert_eq!(check_signature(&check) == SignatureOutcome::Valid, expected, "{id}: {}", vector["comment"]);
            judged += 1;
        }
    }
    assert_eq!((judged, skipped.as_slice()), (258, NO_TEXT));
}

#[test]
fn a_jws_passes_where_its_signature_is_good_and_its_key_is_meant_for_it() {
    let file = read(include_str!("../vectors/wycheproof/json_web_signature_test.json"));
    let mut judged = 0;
    let mut passed = BTreeSet::new();
    for group in array(&file["testGroups"]) {
        for vector in array(&group["tests"]) {
            let id = vector["tcId"].as_u64().unwrap();
            let good = is_good(text(&vector["jws"]), &group["public"]);
            assert!(!good || vector["result"] == "valid", "{id}: {}", vector["comment"]);
            if good {
                passed.insert(id);
            } else if vector["result"] == "valid" {
                // Good ones that are MACs, and two of RFC 7520 whose keys are marked for another algorithm.
                let is_mac = group["private"]["kty"] == "oct";
                let is_marked_otherwise = [346, 347, 350, 351].contains(&id);
                assert!(is_mac || is_marked_otherwise, "{id}: {}", vector["comment"]);
            }
            judged += 1;
        }
    }
    assert_eq!(judged, 401);
    let rsa_pkcs1 = (33..=33).chain(259..=271).chain([345, 349]);
    let rsa_pss = (272..=275).chain([287, 288, 320, 321, 322, 323, 325, 326, 327, 328]);
    let expected = rsa_pkcs1.chain(rsa_pss).chain([18, 378]).collect();
    assert_eq!(passed, expected);
}

/// The payloads are no claims, so that not even the good ones are tokens.
#[test]
fn none_of_these_jws_is_a_session_token() {
    let file = read(include_str!("../vectors/wycheproof/json_web_signature_test.json"));
    for group in array(&file["testGroups"]) {
        for vector in array(&group["tests"]) {
            assert!(!is_session_token(text(&vector["jws"]), &group["public"]), "{}: {}", vector["tcId"], vector["comment"]);
        }
    }
}

/// What token verification does before it looks at claims, with the crate's own steps.
fn is_good(jws: &str, public: &Value) -> bool {
    let parts: Vec<&str> = jws.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return false };
    let (Ok(header_json), Ok(_), Ok(signature)) =
        (URL_SAFE_NO_PAD.decode(header), URL_SAFE_NO_PAD.decode(payload), URL_SAFE_NO_PAD.decode(signature))
    else {
        return false;
    };
    let Ok(fields) = serde_json::from_slice::<Value>(&header_json) else { return false };
    let Some(algorithm) = fields["alg"].as_str().and_then(Algorithm::parse) else { return false };
    let Ok(keys) = KeySet::parse(json!({"keys": [public]}).to_string().as_bytes(), None) else { return false };
    let Some(Ok(key)) = fields["kid"].as_str().and_then(|kid| keys.select(kid)) else { return false };
    if key.algorithm.is_some_and(|only| only != algorithm) {
        return false;
    }
    let signing_input_bytes = header.len() + 1 + payload.len();
    let check = SignatureCheck { key, algorithm, token: jws.into(), signing_input_bytes, signature };
    check_signature(&check) == SignatureOutcome::Valid
}

/// The whole of token verification, the group's key in the key set.
fn is_session_token(jws: &str, public: &Value) -> bool {
    let options = AuthenticateOptions { secret_key: Some("sk_test_1".into()), ..AuthenticateOptions::default() };
    let verifier = Rc::new(TokenVerifier::new(&options, None).unwrap());
    let body = json!({"keys": [public]}).to_string();
    let (now, token) = (UnixMillis(1_750_000_000_000), jws.to_owned());
    let mut step = machine::start(now, |io| async move { verifier.verify_token(&io, &token).await });
    loop {
        match step {
            Step::Done(outcome) => return outcome.is_ok(),
            Step::Need(need, suspended) => {
                let answer = match need {
                    Need::Backend(_) => Answer::Backend(Ok(BackendResponse { status: 200, body: body.clone().into() })),
                    Need::Signature(check) => Answer::Signature(check_signature(&check)),
                    Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_) => Answer::Waited,
                };
                step = suspended.resume(answer, now);
            }
        }
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn from_hex(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
