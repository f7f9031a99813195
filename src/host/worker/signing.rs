//! The gate's own signatures, by the platform's Web Crypto, with imported keys kept.

use std::cell::RefCell;

use js_sys::{Array, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{describe, settle::settle_here, signature::subtle_import_key};
use crate::key::{SigningKey, SigningRequest};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = sign, catch)]
    fn subtle_sign(algorithm: &JsValue, key: &JsValue, data: &Uint8Array) -> Result<Promise, JsValue>;
}

thread_local! {
    /// The key that signs, by its id: there is one.
    static IMPORTED: RefCell<Option<(String, JsValue)>> = const { RefCell::new(None) };
}

/// Signs with ES256.
pub(super) async fn sign(request: &SigningRequest) -> Result<Vec<u8>, String> {
    try_sign(request).await.map_err(|error| describe(&error))
}

async fn try_sign(SigningRequest { key, input }: &SigningRequest) -> Result<Vec<u8>, JsValue> {
    let kept = IMPORTED.with_borrow(|kept| kept.as_ref().filter(|(kid, _)| kid == key.kid()).map(|(_, key)| key.clone()));
    let key = match kept {
        Some(key) => key,
        None => import(key).await?,
    };
    let promise = subtle_sign(&algorithm("hash", "SHA-256")?, &key, &Uint8Array::from(input.as_bytes()))?;
    Ok(Uint8Array::new(&settle_here(&promise).await?).to_vec())
}

async fn import(key: &SigningKey) -> Result<JsValue, JsValue> {
    let jwk = JSON::parse(&key.private_jwk())?;
    let usages = Array::of1(&"sign".into());
    let imported = settle_here(&subtle_import_key("jwk", &jwk, &algorithm("namedCurve", "P-256")?, false, &usages)?).await?;
    IMPORTED.set(Some((key.kid().to_owned(), imported.clone())));
    Ok(imported)
}

fn algorithm(name: &str, value: &str) -> Result<JsValue, JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"ECDSA".into())?;
    Reflect::set(&algorithm, &name.into(), &value.into())?;
    Ok(algorithm.into())
}
