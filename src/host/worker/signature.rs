//! Signatures by the platform's Web Crypto, with imported keys kept.

use std::cell::RefCell;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{crossing, describe, settle::settle_here};
use crate::{
    key::{Algorithm, SignatureCheck},
    machine::SignatureOutcome,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = verify, catch)]
    fn subtle_verify(algorithm: &JsValue, key: &JsValue, signature: &Uint8Array, data: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = importKey, catch)]
    pub(super) fn subtle_import_key(
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> Result<Promise, JsValue>;
}

/// Imported keys that are kept. A key set holds one or two; more only while keys change.
const IMPORTED_KEYS: usize = 64;

thread_local! {
    static IMPORTED: RefCell<Vec<(u64, Algorithm, JsValue)>> = const { RefCell::new(Vec::new()) };
    static RSA: JsValue = JsValue::from_str("RSASSA-PKCS1-v1_5");
}

/// Checks a signature. Whatever goes wrong, it is not valid.
pub(super) async fn check(check: &SignatureCheck) -> SignatureOutcome {
    match verify(check).await {
        Ok(true) => SignatureOutcome::Valid,
        Ok(false) => SignatureOutcome::Invalid,
        Err(error) => SignatureOutcome::Unusable(describe(&error)),
    }
}

/// Whether an HMAC-SHA-256 is that of `data` under `key`; compared in constant time. Whatever goes wrong, it is not.
pub(super) async fn is_mac(key: &[u8], mac: &[u8], data: &Uint8Array) -> bool {
    let verified = async {
        let algorithm = Object::new();
        Reflect::set(&algorithm, &"name".into(), &"HMAC".into())?;
        Reflect::set(&algorithm, &"hash".into(), &"SHA-256".into())?;
        let usages = Array::of1(&"verify".into());
        let key = settle_here(&subtle_import_key("raw", &Uint8Array::from(key), &algorithm, false, &usages)?).await?;
        settle_here(&subtle_verify(&"HMAC".into(), &key, &Uint8Array::from(mac), data)?).await
    };
    verified.await.is_ok_and(|is_good: JsValue| is_good.is_truthy())
}

async fn verify(check: &SignatureCheck) -> Result<bool, JsValue> {
    let is_it = |(id, algorithm, _): &&(u64, Algorithm, JsValue)| *id == check.key.id && *algorithm == check.algorithm;
    let kept = IMPORTED.with_borrow(|keys| keys.iter().find(is_it).map(|(_, _, key)| key.clone()));
    let key = match kept {
        Some(key) => key,
        None => import(check).await?,
    };
    let begin = |algorithm: &JsValue| crossing::verify(algorithm, &key, &check.signature, check.signing_input());
    let promise = match check.algorithm {
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => RSA.with(begin)?,
        _ => begin(&parameters(check)?.into())?,
    };
    Ok(settle_here(&promise).await?.is_truthy())
}

/// What Web Crypto wants to know of an algorithm, to import a key and to verify: of the members each reads its own.
fn parameters(check: &SignatureCheck) -> Result<Object, JsValue> {
    let bits = check.algorithm.hash_bits();
    let parameters = Object::new();
    for (name, value) in [
        ("name", check.algorithm.web_crypto_name().into()),
        ("hash", ["SHA-", &bits.to_string()].concat().into()),
        ("namedCurve", check.key.kind.as_str().into()),
        // The salt has the hash's length (RFC 7518 section 3.5).
        ("saltLength", (bits / 8).into()),
    ] {
        Reflect::set(&parameters, &name.into(), &value)?;
    }
    Ok(parameters)
}

async fn import(check: &SignatureCheck) -> Result<JsValue, JsValue> {
    let jwk = Object::new();
    for (name, value) in &check.key.members {
        Reflect::set(&jwk, &(*name).into(), &value.as_str().into())?;
    }
    let algorithm = parameters(check)?;
    let key = settle_here(&subtle_import_key("jwk", &jwk, &algorithm, false, &Array::of1(&"verify".into()))?).await?;
    IMPORTED.with_borrow_mut(|keys| {
        if keys.len() >= IMPORTED_KEYS {
            keys.clear();
        }
        keys.push((check.key.id, check.algorithm, key.clone()));
    });
    Ok(key)
}
