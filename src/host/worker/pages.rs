//! The operator's own pages in place of the gate's: `/portcullis/403.html` and the like in the static assets.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::{environment::binding, settle::settle};
use crate::gate::HTML;

/// The same answer with the page of its status, where there is one. Status and header fields stay, but for the
/// `Content-Security-Policy`, which fits the gate's own pages only.
pub(super) async fn replace(env: &JsValue, response: web_sys::Response) -> web_sys::Response {
    match own_page(env, &response).await {
        Ok(Some(page)) => page,
        Ok(None) | Err(_) => response,
    }
}

async fn own_page(env: &JsValue, response: &web_sys::Response) -> Result<Option<web_sys::Response>, JsValue> {
    let headers = response.headers();
    if headers.get("content-type")?.as_deref() != Some(HTML) {
        return Ok(None);
    }
    let Some(assets) = binding(env, "ASSETS") else { return Ok(None) };
    let fetch: Function = Reflect::get(&assets, &"fetch".into())?.dyn_into()?;
    let name = format!("https://assets.invalid/portcullis/{}", response.status());
    // Assets answer a page under the one name or the other, depending on how they are set up, and redirect between them.
    for url in [format!("{name}.html"), name] {
        let promise: Promise = fetch.call1(&assets, &url.into())?.dyn_into()?;
        let page: web_sys::Response = settle(promise).await?.dyn_into()?;
        let kind = page.headers().get("content-type")?;
        if page.status() == 200 && kind.is_some_and(|kind| kind.starts_with("text/html")) {
            headers.delete("content-security-policy")?;
            let init = web_sys::ResponseInit::new();
            init.set_status(response.status());
            init.set_headers(&headers);
            return web_sys::Response::new_with_opt_readable_stream_and_init(page.body().as_ref(), &init).map(Some);
        }
    }
    Ok(None)
}
