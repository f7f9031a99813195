//! The Cloudflare Worker: from its fetch event to the response.
//!
//! `handle` is the whole of it: read the environment once per isolate, begin a decision, do what the core needs, carry the
//! decision out. What each step touches of the platform has a file of its own.

mod action_redirect;
mod backend;
mod crossing;
mod environment;
mod forward;
mod log;
mod pages;
mod proxy;
mod rate_limit;
mod request_id;
mod respond;
mod settle;
mod signature;
mod signing;
mod store;
mod task;
mod timer;
mod webhook;

use core::convert::Infallible;
use std::cell::RefCell;

use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use worker::{Context, Env, event};

use self::crossing::view_of;
use crate::{
    gate::{ACTION_METHOD, Action, Decision, Endpoint, Forward, Gate, Record, Refusal, not_configured, refuse, server_timing},
    machine::{Answer, Need, Step, rare},
    reason,
    request::{HeaderName, RequestView},
    table::SettingError,
    time::UnixMillis,
};

/// The standard library's has eight times the code, which V8 would compile before the first answer.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

thread_local! {
    /// The gate of this isolate, made by its first request; `None` inside: the settings are wrong, and the log says how.
    static GATE: RefCell<Option<Option<Gate>>> = const { RefCell::new(None) };
}

/// The Worker's entry.
///
/// # Errors
///
/// None: what the platform refuses while a response is made is answered 500.
#[event(fetch)]
pub async fn fetch(request: web_sys::Request, env: Env, _context: Context) -> Result<web_sys::Response, Infallible> {
    let answering = async move { handle(&request, &env).await.unwrap_or_else(|error| crossing::failed(&error)).into() };
    // INVARIANT: a response, or a promise of one. The event's own promise is resolved with it, and follows it
    // (ECMAScript, 27.2.1.3.2 Promise Resolve Functions).
    Ok(task::run(answering).unchecked_into())
}

/// The decision alone, not carried out: the status that the gate would answer by itself, or 0 where it would forward. For the
/// benchmark, which loops over it. As within `fetch`, what needs nothing of the host is decided at once; else it is a promise.
///
/// # Errors
///
/// The status 500 as an exception where the settings are wrong.
#[wasm_bindgen]
pub fn decide_only(request: &web_sys::Request, env: JsValue) -> Result<JsValue, JsValue> {
    let gate = gate(&env).ok_or(JsValue::from(500))?;
    let status = |decision: Decision| match decision.action {
        Action::Forward(_) | Action::Webhook(_) => JsValue::from(0),
        Action::Answer(answer) => answer.status.into(),
    };
    match gate.begin(view_of(request), request_id::next(), now()) {
        Step::Done(decision) => Ok(status(decision)),
        step => Ok(task::run(async move { status(run(&env, step).await) })),
    }
}

async fn handle(request: &web_sys::Request, env: &JsValue) -> Result<web_sys::Response, JsValue> {
    let view = view_of(request);
    let url = view.url.clone();
    if Endpoint::of(&url) == Some(Endpoint::Health) && matches!(&*view.method, "GET" | "HEAD") {
        return respond::health();
    }
    let Some(gate) = gate(env) else {
        let is_ready_asked = Endpoint::of(&url) == Some(Endpoint::Ready);
        let refusal =
            if is_ready_asked { not_configured() } else { refuse(&view, Refusal::Misconfigured, reason::INVALID_SETTINGS) };
        return respond::answer(refusal, &[]);
    };
    let settings = gate.settings();
    if let Some(cors) = &settings.headers.cors
        && respond::is_preflight(request)?
        && !settings.proxy.as_ref().is_some_and(|proxy| proxy.seems_meant(&url))
    {
        return respond::preflight(cors, view.header(HeaderName::Origin));
    }
    let request_id = request_id::next();
    let began = now();
    let mut decision = decide(env, &gate, view.clone(), &request_id).await;
    let mut delivery = None;
    if let Action::Webhook(_) = decision.action {
        (decision, delivery) = rare(webhook::receive(env, settings, request, &request_id, decision)).await?;
    }
    let nonce = if settings.headers.needs_nonce() { Some(request_id::nonce()?) } else { None };
    let mut is_proxied = false;
    if let Action::Forward(forward) = &mut decision.action {
        is_proxied = forward.proxied.is_some();
        if !is_proxied {
            forward.headers.extend(settings.headers.for_origin(nonce.as_deref()));
        }
    }
    if !settings.instance.is_production {
        decision.response_headers.push(("server-timing", server_timing(&decision, milliseconds_since(began)).into()));
    }
    let mut failure = None;
    let response = match decision.action {
        Action::Answer(ref answer) => respond::answer(answer.clone(), &decision.response_headers),
        Action::Webhook(_) => respond::answer(refuse(&view, Refusal::Misconfigured, reason::INTERNAL_ERROR), &[]),
        Action::Forward(Forward { proxied: Some(ref proxied), ref headers, .. }) => {
            match rare(proxy::send(request, settings, proxied, headers)).await {
                Ok(response) => Ok(response),
                Err(error) => {
                    failure = Some(describe(&error));
                    respond::answer(refuse(&view, Refusal::OriginUnreachable, reason::FRONTEND_API_UNREACHABLE), &[])
                }
            }
        }
        Action::Forward(ref forward) => {
            let sent = match &delivery {
                Some(delivery) => rare(delivery.hand_over(env, settings, forward)).await,
                None => forward::send(request, env, settings.origin.as_deref(), forward, decision.is_private).await,
            };
            match sent {
                Ok(response) => {
                    let response = match &*view.method {
                        ACTION_METHOD => rare(action_redirect::checked(env, &gate, &view, response)).await?,
                        _ => response,
                    };
                    respond::of_origin(response, &decision)
                }
                Err(error) => {
                    failure = Some(describe(&error));
                    respond::answer(
                        refuse(&view, Refusal::OriginUnreachable, reason::ORIGIN_UNREACHABLE),
                        &decision.response_headers,
                    )
                }
            }
        }
    }?;
    let is_own = failure.is_some() || matches!(decision.action, Action::Answer(_));
    let response = if is_own && settings.own_pages { rare(pages::replace(env, response)).await } else { response };
    // What Clerk says of its answers stands.
    let response = if settings.headers.is_empty() || is_proxied && !is_own {
        response
    } else {
        respond::with_added(response, &settings.headers, nonce.as_deref(), view.header(HeaderName::Origin))?
    };
    let record = Record {
        decision: &decision,
        method: &view.method,
        url: &url,
        request_id: &request_id,
        status: response.status(),
        duration_ms: milliseconds_since(began),
        user: delivery.as_ref().and_then(|delivery| delivery.signed_out.as_deref()),
        failure: failure.as_deref(),
    };
    log::answered(env, settings, record).await;
    Ok(response)
}

fn milliseconds_since(began: UnixMillis) -> u64 {
    u64::try_from(now().since(began).as_millis()).unwrap_or_default()
}

async fn decide(env: &JsValue, gate: &Gate, view: RequestView, request_id: &str) -> Decision {
    run(env, gate.begin(view, request_id.to_owned(), now())).await
}

/// The loop that every host has: do what is needed until all is done.
async fn run<T>(env: &JsValue, mut step: Step<T>) -> T {
    loop {
        match step {
            Step::Done(done) => return done,
            Step::Need(need, suspended) => step = suspended.resume(satisfy(env, need).await, now()),
        }
    }
}

async fn satisfy(env: &JsValue, need: Need) -> Answer {
    match need {
        Need::Signature(check) => Answer::Signature(signature::check(&check).await),
        Need::Sign(request) => Answer::Signed(rare(signing::sign(&request)).await),
        Need::Count(counts) => Answer::Counted(rare(rate_limit::count(env, &counts)).await),
        Need::Backend(call) => Answer::Backend(rare(backend::call(call)).await),
        Need::Store(batch) => Answer::Store(rare(store::run(env, &batch)).await),
        Need::Wait(time) => {
            rare(timer::pass(time)).await;
            Answer::Waited
        }
    }
}

/// This isolate's gate. Settings do not change while an isolate lives: a deploy makes new ones.
fn gate(env: &JsValue) -> Option<Gate> {
    GATE.with(|slot| {
        slot.borrow_mut()
            .get_or_insert_with(|| match environment::read(env) {
                Ok(environment) => match Gate::new(environment).and_then(|gate| rate_limit::check(env, gate)) {
                    Ok(gate) => Some(gate),
                    Err(errors) => {
                        log_invalid(&errors);
                        None
                    }
                },
                Err(message) => {
                    log::error(reason::INVALID_SETTINGS, &message);
                    None
                }
            })
            .clone()
    })
}

#[inline(never)]
fn log_invalid(errors: &[SettingError]) {
    for error in errors {
        log::error(reason::INVALID_SETTINGS, &error.to_string());
    }
}

#[allow(clippy::cast_possible_truncation)] // milliseconds since 1970 fit
fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as i64)
}

/// What a JavaScript exception says.
fn describe(error: &JsValue) -> String {
    js_sys::Reflect::get(error, &"message".into())
        .ok()
        .and_then(|message| message.as_string())
        .or_else(|| error.as_string())
        .unwrap_or_else(|| "an exception without a message".to_owned())
}
