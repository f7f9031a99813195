//! Carries lines for the operator's log to the console, and data points to Analytics Engine.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::{environment::binding, settle::settle_here};
use crate::{
    gate::{Level, Record, is_logged, plain_line},
    machine::rare,
    settings::LogUser,
    settings::Settings,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = digest, catch)]
    fn subtle_digest(algorithm: &str, data: &Uint8Array) -> Result<Promise, JsValue>;
}

/// Bytes of a user's hash that are written: two users are never the same, and a line stays short.
const HASH_BYTES: u32 = 16;

/// Something is wrong that the operator should mend.
pub(super) fn error(event: &str, message: &str) {
    worker::console_error!("{}", plain_line(event, message));
}

/// A request that has been answered.
pub(super) async fn answered(env: &JsValue, settings: &Settings, record: Record<'_>) {
    if let Some(dataset) = binding(env, "ANALYTICS") {
        // A dataset that takes no point is no reason to refuse a request.
        let _ = count(&dataset, &record);
    }
    if !is_logged(record.decision, record.request_id, settings) && record.failure.is_none() {
        return;
    }
    rare(write(settings, record)).await;
}

async fn write(settings: &Settings, record: Record<'_>) {
    let user = match record.user.or_else(|| record.decision.auth.user_id()) {
        Some(id) if !id.is_empty() => name(id, settings.log_user).await,
        _ => None,
    };
    for (level, line) in (Record { user: user.as_deref(), ..record }).lines(settings) {
        match level {
            Level::Info => worker::console_log!("{line}"),
            Level::Warning => worker::console_warn!("{line}"),
            Level::Error => worker::console_error!("{line}"),
        }
    }
}

/// A user by the name that the settings allow; none where it cannot be made.
async fn name(id: &str, named: LogUser) -> Option<String> {
    match named {
        LogUser::None => None,
        LogUser::Plain => Some(id.to_owned()),
        LogUser::Hashed => {
            let digest = settle_here(&subtle_digest("SHA-256", &Uint8Array::from(id.as_bytes())).ok()?).await.ok()?;
            let bytes = Uint8Array::new(&digest).slice(0, HASH_BYTES).to_vec();
            Some(super::request_id::hexadecimal(&bytes))
        }
    }
}

/// One data point, indexed by rule. Texts: event, decision, reason, reason of what is in shadow, rule, access, method. Numbers: status,
/// milliseconds. No user, no path.
#[inline(never)]
fn count(dataset: &JsValue, record: &Record<'_>) -> Result<(), JsValue> {
    let Record { decision, .. } = record;
    let rule = JsValue::from(decision.rule.as_deref().unwrap_or_default());
    let trial = decision.trial.as_ref().map_or("", |trial| &trial.reason);
    let texts = Array::new();
    for text in [decision.event.as_str(), decision.verb(), &decision.reason, trial] {
        texts.push(&text.into());
    }
    texts.push(&rule);
    texts.push(&decision.access.map_or("", |access| access.as_str()).into());
    texts.push(&record.method.into());
    #[allow(clippy::cast_precision_loss)] // milliseconds
    let numbers = Array::of2(&f64::from(record.status).into(), &(record.duration_ms as f64).into());
    let point = Object::new();
    Reflect::set(&point, &"indexes".into(), &Array::of1(&rule))?;
    Reflect::set(&point, &"blobs".into(), &texts)?;
    Reflect::set(&point, &"doubles".into(), &numbers)?;
    let write: Function = Reflect::get(dataset, &"writeDataPoint".into())?.dyn_into()?;
    write.call1(dataset, &point).map(|_| ())
}
