//! Runs the corpus of `tests/vectors/clerk`: the same requests that `@clerk/backend` was asked, compared field by field.
//!
//! The list of cases with another answer, `differences.json`, has to be exact both ways: an unlisted difference fails, and so
//! does a listed one that is gone.

use std::{cell::RefCell, collections::BTreeMap, path::PathBuf, rc::Rc, time::Duration};

use portcullis::{
    host::native::check_signature,
    json::Document,
    machine::{self, Answer, BackendRequest, BackendResponse, Need, Outage, Step},
    reason::Reason,
    request::{HeaderList, RequestView},
    session::{
        AcceptsToken, AuthenticateOptions, Authenticator, HasParams, OrganizationSync, RequestState, Satellite, TokenType,
        TokenVerifier, VercelEnvironment, auto_proxy_path,
    },
    time::UnixMillis,
    token::{KeySetCaches, VerifiedClaims},
};
use serde_json::{Value, json};

#[test]
fn every_case_gets_clerks_answer_or_is_listed_with_ours() {
    let listed = read("differences.json");
    let mut listed: BTreeMap<(String, String), Value> = array(&listed["differences"])
        .iter()
        .map(|entry| ((text(&entry["area"]), text(&entry["name"])), entry["ours"].clone()))
        .collect();
    let mut failures = Vec::new();
    let mut counts = Vec::new();
    let mut found = Vec::new();
    for area in AREAS {
        let file = read(&format!("{area}.json"));
        let mut agree = 0;
        let cases = array(&file["cases"]);
        for case in cases {
            let name = text(&case["name"]);
            let key = ((*area).to_owned(), name.clone());
            let differences = run(&text(&file["kind"]), case);
            if differences.is_empty() {
                agree += 1;
                if listed.remove(&key).is_some() {
                    failures.push(format!("{area}: {name}: listed as different, but agrees"));
                }
                continue;
            }
            let ours = Value::Array(differences.iter().map(|difference| difference.ours.clone()).collect());
            found.push(json!({"area": area, "name": name, "tag": case["weakness"], "ours": ours}));
            match listed.remove(&key) {
                Some(expected) if expected == ours => {}
                Some(expected) => failures.push(format!("{area}: {name}: ours is {ours}, listed as {expected}")),
                None => failures.push(format!("{area}: {name}: {differences:?}")),
            }
        }
        counts.push(format!("{area}: {agree} of {} agree", cases.len()));
    }
    failures.extend(listed.into_keys().map(|(area, name)| format!("{area}: {name}: listed, but there is no such case")));
    println!("{}", counts.join("\n"));
    if let Some(path) = option_env!("CLERK_CORPUS_OUT") {
        std::fs::write(path, serde_json::to_string(&found).unwrap()).unwrap();
    }
    assert!(failures.is_empty(), "{} unexpected:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_class_of_differences_is_explained() {
    let explained = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/differences.md")).unwrap();
    for entry in array(&read("differences.json")["differences"]) {
        let tag = text(&entry["tag"]);
        assert!(explained.contains(&format!("### `{tag}`")), "docs/differences.md says nothing of `{tag}`");
    }
}

/// A field in which an answer is not Clerk's.
#[derive(Debug)]
#[allow(dead_code)] // `clerk` is for the message
struct Difference {
    clerk: Value,
    ours: Value,
}

fn run(kind: &str, case: &Value) -> Vec<Difference> {
    let caches = KeySetCaches::default();
    match kind {
        "sequence" => {
            let mut differences = Vec::new();
            for (at, step) in array(&case["steps"]).iter().enumerate() {
                let mut options = case["options"].as_object().unwrap().clone();
                options.extend(step["options"].as_object().cloned().unwrap_or_default());
                let mut found = run_request(step, &Value::Object(options), &case["env"], &caches);
                for difference in &mut found {
                    difference.ours["step"] = json!(at + 1);
                }
                differences.extend(found);
            }
            differences
        }
        "verifyToken" => run_verify_token(case, &caches),
        _ => run_request(case, &case["options"], &case["env"], &caches),
    }
}

fn run_verify_token(case: &Value, caches: &KeySetCaches) -> Vec<Difference> {
    let api = Rc::new(Api::new(&case["apiResponses"]));
    let mut compare = Compare::default();
    let options = options(&case["options"], &Value::Null).unwrap();
    let cache = caches.of("", "", options.secret_key.as_deref().unwrap_or_default());
    let expect = &case["expect"];
    let ours = match TokenVerifier::new(&options, Some(cache)) {
        Err(_) => json!({"ok": false, "threw": true}),
        Ok(verifier) => {
            let token = text(&case["token"]);
            let outcome = drive(now(&case["now"]), &api, |io| async move { verifier.verify_token(&io, &token).await });
            match outcome {
                Ok(claims) => json!({"ok": true, "claims": claims_value(&claims)}),
                Err(error) if error.reason() == Reason::UnexpectedError => json!({"ok": false, "reason": null}),
                Err(error) => json!({"ok": false, "reason": error.reason().to_string()}),
            }
        }
    };
    let clerk = match expect["ok"].as_bool() {
        Some(true) => json!({"ok": true, "claims": expect["claims"]}),
        _ => json!({"ok": false, "reason": expect["error"]["reason"]}),
    };
    for field in ["ok", "claims", "reason", "threw"] {
        compare.field(field, &clerk[field], &ours[field]);
    }
    compare.calls(&case["expectCalls"], &api);
    compare.0
}

fn run_request(case: &Value, option_values: &Value, env: &Value, caches: &KeySetCaches) -> Vec<Difference> {
    let api = Rc::new(Api::new(&case["apiResponses"]));
    let expect = &case["expect"];
    let mut compare = Compare::default();
    let options = options(option_values, env);
    let authenticator = options.map_err(|what| format!("options: {what}")).and_then(|options| {
        let secret = options.secret_key.clone().unwrap_or_default();
        let cache = caches.of(options.api_url.as_deref().unwrap_or_default(), "v1", &secret);
        Authenticator::sharing(options, cache).map(Rc::new).map_err(|error| error.to_string())
    });
    let request = request(&case["request"]);
    let outcome = authenticator.and_then(|authenticator| {
        drive(now(&case["now"]), &api, |io| async move { authenticator.authenticate(&io, &request).await })
            .map_err(|error| error.to_string())
    });
    let clerk_threw = expect["threw"].is_object();
    match outcome {
        Err(message) if !clerk_threw => compare.field("threw", &json!(false), &json!(message)),
        Err(_) => {}
        Ok(state) if clerk_threw => {
            let ours = json!({"status": state.status.as_str(), "reason": reason(&state)});
            compare.field("state", &expect["threw"], &ours);
        }
        Ok(state) => compare.state(case, expect, &state),
    }
    compare.calls(&case["expectCalls"], &api);
    compare.0
}

#[derive(Default)]
struct Compare(Vec<Difference>);

impl Compare {
    fn field(&mut self, field: &str, clerk: &Value, ours: &Value) {
        if !is_same(clerk, ours) {
            self.0.push(Difference { clerk: json!({ field: clerk }), ours: json!({ field: brief(field, ours) }) });
        }
    }

    fn state(&mut self, case: &Value, expect: &Value, state: &RequestState) {
        self.field("status", &expect["status"], &json!(state.status.as_str()));
        self.field("reason", &expect["reason"], &json!(reason(state)));
        self.field("isAuthenticated", &expect["isAuthenticated"], &json!(state.is_authenticated()));
        self.field("tokenType", &expect["tokenType"], &json!(state.token_type.map(TokenType::as_str)));
        self.field("token", &expect["token"], &json!(state.token.as_deref()));
        let mut headers = state.headers.clone();
        headers.sort_by_key(|(name, _)| *name);
        // The message's words are our own; that there is one is not.
        let shown = |name: &str, value: &str| json!([name, if name == "x-clerk-auth-message" { "…" } else { value }]);
        let ours: Vec<Value> = headers.iter().map(|(name, value)| shown(name, value)).collect();
        let clerks: Vec<Value> = array(&expect["headers"]).iter().map(|pair| shown(&text(&pair[0]), &text(&pair[1]))).collect();
        self.field("headers", &Value::Array(clerks), &Value::Array(ours));
        self.field("auth", &expect["auth"], &auth_value(&state.auth.to_json()));
        if let Some(pending) = expect.get("authTreatPendingAsSignedIn") {
            self.field("authTreatPendingAsSignedIn", pending, &auth_value(&state.auth.with_pending().to_json()));
        }
        for check in case["checks"].as_array().into_iter().flatten() {
            let params = HasParams::parse(&Document::parse(&check["params"].to_string()).unwrap());
            let held = params.is_some_and(|params| state.auth.has(&params));
            self.field(&format!("has({})", check["params"]), &check["result"], &json!(held));
        }
    }

    /// Calls other than those for the key set have to be the same, in the same order.
    fn calls(&mut self, expected: &Value, api: &Api) {
        let is_other = |call: &&Value| !text(&call["path"]).ends_with("/jwks");
        let clerks: Vec<Value> = array(expected).iter().filter(is_other).cloned().collect();
        let ours: Vec<Value> = api.calls.borrow().iter().filter(is_other).cloned().collect();
        self.field("calls", &Value::Array(clerks), &Value::Array(ours));
    }
}

/// An answer as the list of differences has it: of tokens, auth objects and the like only that they differ, of headers the
/// `location` up to the session.
fn brief(field: &str, value: &Value) -> Value {
    match field {
        "token" | "auth" | "claims" | "calls" => json!("…"),
        "headers" => {
            let location = array(value).iter().find(|pair| pair[0] == "location").map(|pair| text(&pair[1]));
            json!(location.map(|location| location.split("&__session=").next().unwrap_or_default().to_owned()))
        }
        _ => value.clone(),
    }
}

/// Equal as JavaScript sees it: numbers by value, objects without regard to the order of members.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        _ => a == b,
    }
}

fn claims_value(claims: &VerifiedClaims) -> Value {
    claims.root().to_value()
}

fn auth_value(json: &str) -> Value {
    Document::parse(json).unwrap().root().to_value()
}

fn reason(state: &RequestState) -> Option<String> {
    state.reason.as_ref().map(ToString::to_string)
}

/// Runs a decision to its end: signatures natively, the Backend API from the case's answers, waits at once.
fn drive<T, F>(now: UnixMillis, api: &Api, decide: impl FnOnce(machine::Io) -> F) -> T
where
    F: Future<Output = T> + 'static,
{
    let mut step = machine::start(now, decide);
    loop {
        match step {
            Step::Done(done) => return done,
            Step::Need(need, suspended) => {
                let answer = match need {
                    Need::Backend(request) => Answer::Backend(api.answer(&request)),
                    Need::Signature(check) => Answer::Signature(check_signature(&check)),
                    Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_) => Answer::Waited,
                };
                step = suspended.resume(answer, now);
            }
        }
    }
}

/// The Backend API of one case.
struct Api {
    responses: Vec<Value>,
    used: RefCell<Vec<u64>>,
    calls: RefCell<Vec<Value>>,
}

impl Api {
    fn new(responses: &Value) -> Self {
        let responses = array(responses).to_vec();
        Self { used: RefCell::new(vec![0; responses.len()]), responses, calls: RefCell::default() }
    }

    fn answer(&self, request: &BackendRequest) -> Result<BackendResponse, Outage> {
        let (origin, target) = split_origin(&request.url);
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!([decode(name), decode(value)])
        };
        let query: Option<Value> = query.map(|query| query.split('&').map(pair).collect());
        let body: Option<Value> = request.body.as_deref().map(|body| serde_json::from_str(body).unwrap());
        let mut call = json!({"method": request.method, "origin": origin, "path": path});
        for (name, value) in [("query", &query), ("body", &body)] {
            if let Some(value) = value {
                call[name] = value.clone();
            }
        }
        if let Some((_, value)) = request.headers.iter().find(|(name, _)| *name == "authorization") {
            call["authorization"] = json!(value);
        }
        self.calls.borrow_mut().push(call);
        for (response, used) in self.responses.iter().zip(self.used.borrow_mut().iter_mut()) {
            let fits = text(&response["method"]) == request.method
                && text(&response["path"]) == path
                && response.get("query").is_none_or(|expected| Some(expected) == query.as_ref())
                && response.get("body").is_none_or(|expected| Some(expected) == body.as_ref())
                && response["times"].as_u64().is_none_or(|times| *used < times);
            if !fits {
                continue;
            }
            *used += 1;
            if let Some(error) = response["networkError"].as_str() {
                return Err(Outage(error.into()));
            }
            let body = match response["text"].as_str() {
                Some(text) => text.into(),
                None => response.get("json").map(ToString::to_string).unwrap_or_default(),
            };
            let status = response["status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap());
            return Ok(BackendResponse { status, body: body.into() });
        }
        Err(Outage("no such answer".into()))
    }
}

fn split_origin(url: &str) -> (&str, &str) {
    let start = url.find("://").unwrap() + 3;
    url.split_at(url[start..].find('/').map_or(url.len(), |at| start + at))
}

fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(out).unwrap()
}

fn request(request: &Value) -> RequestView {
    let headers = request["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), text(value))).collect();
    RequestView {
        method: text(&request["method"]).into(),
        url: text(&request["url"]).into(),
        headers: Rc::new(HeaderList::new(headers)),
    }
}

/// The options as a JavaScript host would hand them in: what is falsy is not given.
fn options(options: &Value, env: &Value) -> Result<AuthenticateOptions, String> {
    let given = |name: &str| options[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let list = |name: &str| match &options[name] {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let patterns = |name: &str| {
        options["organizationSyncOptions"][name].as_array().map(|patterns| patterns.iter().map(text).collect::<Vec<_>>())
    };
    let kind = |value: &Value| TokenType::parse(value.as_str().unwrap_or_default()).ok_or(format!("acceptsToken {value}"));
    let accepts_token = match &options["acceptsToken"] {
        Value::Null => AcceptsToken::default(),
        Value::String(any) if any == "any" => AcceptsToken::any(),
        Value::Array(kinds) => AcceptsToken::list(kinds.iter().map(kind).collect::<Result<_, _>>()?),
        one => AcceptsToken::one(kind(one)?),
    };
    let publishable_key = given("publishableKey").unwrap_or_default();
    let environment = |name: &str| env[name].as_str().map(str::to_owned);
    let vercel = VercelEnvironment {
        target_env: environment("VERCEL_TARGET_ENV"),
        project_production_url: environment("VERCEL_PROJECT_PRODUCTION_URL"),
        disable_auto_proxy: environment("CLERK_DISABLE_AUTO_PROXY"),
    };
    let automatic = || {
        let path = auto_proxy_path(&publishable_key, &vercel);
        path.filter(|_| given("domain").is_none()).map(str::to_owned)
    };
    let clock_skew = options["clockSkewInMs"].as_f64().map(|ms| Duration::from_secs_f64(ms.max(0.0) / 1000.0));
    let defaults = AuthenticateOptions::default();
    Ok(AuthenticateOptions {
        secret_key: given("secretKey"),
        machine_secret_key: given("machineSecretKey"),
        jwt_key: given("jwtKey"),
        api_url: given("apiUrl"),
        api_version: given("apiVersion"),
        authorized_parties: list("authorizedParties"),
        audience: list("audience"),
        issuer: list("issuer"),
        clock_skew: clock_skew.unwrap_or(defaults.clock_skew),
        header_type: options.get("headerType").map(|_| list("headerType")),
        skip_jwks_cache: options["skipJwksCache"] == true,
        proxy_url: given("proxyUrl").or_else(automatic),
        domain: given("domain"),
        satellite: match &options["isSatellite"] {
            Value::Null | Value::Bool(false) => Satellite::default(),
            Value::String(empty) if empty.is_empty() => Satellite::default(),
            _ => Satellite::one(options["satelliteAutoSync"] == true),
        },
        sign_in_url: given("signInUrl"),
        sign_up_url: given("signUpUrl"),
        organization_sync: OrganizationSync::patterns(patterns("organizationPatterns"), patterns("personalAccountPatterns")),
        accepts_token,
        publishable_key,
        ..defaults
    })
}

/// The clock has whole milliseconds.
#[allow(clippy::cast_possible_truncation)]
fn now(seconds: &Value) -> UnixMillis {
    UnixMillis((seconds.as_f64().unwrap() * 1000.0).round() as i64)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn read(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/clerk").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // Not by serde_json: some claims hold half of a surrogate pair.
    Document::parse(&text).unwrap().root().to_value()
}

const AREAS: &[&str] = &[
    "verify-token",
    "clock-skew",
    "malformed-tokens",
    "authorized-parties",
    "header-token",
    "cookies-and-suffix",
    "handshake",
    "primary-cross-origin",
    "satellite",
    "org-sync",
    "refresh",
    "forwarded-host",
    "token-category",
    "token-category-padding",
    "machine-tokens",
    "session-claims-v1-v2",
    "has-authorization",
    "keys-and-options",
    "jwks-cache",
];
