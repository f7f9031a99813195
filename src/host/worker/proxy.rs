//! Carries requests to Clerk's Frontend API and its answers back. Both bodies stream.

use wasm_bindgen::JsValue;

use super::{crossing, respond};
use crate::{
    gate::Proxied,
    headers::{Field, NETWORK_CACHE_CONTROL, names, private_cache_control},
    settings::Settings,
};

/// Sends the request with the secret key, to the Frontend API and to nobody else.
///
/// # Errors
///
/// The platform's exception when there was no answer.
pub(super) async fn send(
    request: &web_sys::Request,
    settings: &Settings,
    proxied: &Proxied,
    headers: &[Field],
) -> Result<web_sys::Response, JsValue> {
    let secret = settings.instance.secret_key.as_deref().map(|secret| (names::CLERK_SECRET_KEY, secret));
    let fields = headers.iter().map(|(name, value)| (*name, &**value)).chain(secret);
    let outgoing = crossing::proxied(&proxied.url, request, fields)?;
    // INVARIANT: the platform reads the URL as it was written, so the host is the one that was written.
    if outgoing.url() != proxied.url {
        return Err(js_sys::Error::new("the platform would send to another address than the one that was judged").into());
    }
    answer(&crossing::send(&outgoing).await?, proxied)
}

/// The answer as the client gets it: redirects lead to the proxy, and no cache on the way keeps what is one user's.
fn answer(response: &web_sys::Response, proxied: &Proxied) -> Result<web_sys::Response, JsValue> {
    let response = respond::anew(response)?;
    let headers = response.headers();
    if let Some(location) = headers.get("location")?.and_then(|location| proxied.location(&location)) {
        headers.set("location", &location)?;
    }
    // It names ways to the Frontend API's own host.
    headers.delete("alt-svc")?;
    let kept = headers.get("cache-control")?;
    if kept.is_none() || headers.has("set-cookie")? {
        let private = if kept.is_none() { "no-store".to_owned() } else { private_cache_control(kept.as_deref()) };
        headers.set("cache-control", &private)?;
        for name in NETWORK_CACHE_CONTROL {
            headers.delete(name)?;
        }
    }
    Ok(response)
}
