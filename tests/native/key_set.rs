//! The key set under many requests at once, under outages and under made-up key ids: through the public API, with keys and
//! tokens made here.

use std::{cell::Cell, rc::Rc, time::Duration};

use base64::Engine as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use portcullis::{
    host::native::check_signature,
    limits,
    machine::{self, Answer, BackendResponse, Need, Outage, Step, Suspended},
    request::{HeaderList, RequestView},
    session::{AuthenticateOptions, Authenticator, MissingAzp, RequestState, Status},
    time::UnixMillis,
};
use serde_json::{Value, json};

const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

fn corpus_keys() -> Value {
    serde_json::from_str(include_str!("../vectors/clerk/keys.json")).unwrap()
}

fn key_set(names: &[&str]) -> Vec<u8> {
    let keys = corpus_keys();
    let jwks: Vec<&Value> = names.iter().map(|name| &keys["keys"][name]["jwk"]).collect();
    json!({"keys": jwks}).to_string().into_bytes()
}

fn token(key: &str, claims: &Value) -> String {
    let keys = corpus_keys();
    let key = &keys["keys"][key];
    let header = Header { kid: key["kid"].as_str().map(str::to_owned), ..Header::new(Algorithm::RS256) };
    let pem: String = key["privateKeyPem"].as_str().unwrap().lines().filter(|line| !line.starts_with('-')).collect();
    let pkcs8 = base64::engine::general_purpose::STANDARD.decode(pem).unwrap();
    // What is signed with is the PKCS #1 key behind the 26 bytes of PKCS #8 that say so.
    let private = EncodingKey::from_rsa_der(&pkcs8[26..]);
    let mut all = json!({"sub": "user_1", "sid": "sess_1", "exp": 1_760_000_000, "iat": 1_749_999_990, "nbf": 1_749_999_990});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    encode(&header, &all, &private).unwrap()
}

fn authenticator(options: AuthenticateOptions) -> Rc<Authenticator> {
    Rc::new(
        Authenticator::new(AuthenticateOptions {
            publishable_key: "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k".into(),
            secret_key: Some("sk_live_test".into()),
            ..options
        })
        .unwrap(),
    )
}

fn bearer(token: &str) -> RequestView {
    request(&[("authorization", &format!("Bearer {token}"))])
}

fn request(headers: &[(&str, &str)]) -> RequestView {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RequestView { method: "GET".into(), url: "https://www.example.com/p".into(), headers: Rc::new(HeaderList::new(headers)) }
}

fn begin(authenticator: &Rc<Authenticator>, request: RequestView, now: UnixMillis) -> Step<RequestState> {
    let authenticator = authenticator.clone();
    machine::start(now, |io| async move { *authenticator.authenticate(&io, &request).await.unwrap() })
}

/// Goes on to the end, key sets answered by `api`; waits pass at once.
fn finish(mut step: Step<RequestState>, now: UnixMillis, api: &dyn Fn() -> Result<BackendResponse, Outage>) -> RequestState {
    loop {
        match step {
            Step::Done(state) => return state,
            Step::Need(Need::Backend(_), suspended) => step = suspended.resume(Answer::Backend(api()), now),
            Step::Need(Need::Signature(check), suspended) => {
                step = suspended.resume(Answer::Signature(check_signature(&check)), now);
            }
            Step::Need(Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_), suspended) => {
                step = suspended.resume(Answer::Waited, now)
            }
        }
    }
}

fn ok(names: &[&str]) -> Result<BackendResponse, Outage> {
    Ok(BackendResponse { status: 200, body: key_set(names) })
}

fn waits(step: Step<RequestState>) -> Suspended<RequestState> {
    match step {
        Step::Need(Need::Wait(time), suspended) => {
            assert_eq!(time, limits::WAIT_FOR_OTHER_FETCH);
            suspended
        }
        Step::Need(need, _) => panic!("expected to wait, needs {need:?}"),
        Step::Done(state) => panic!("expected to wait, got {state:?}"),
    }
}

fn fetches(step: Step<RequestState>) -> Suspended<RequestState> {
    match step {
        Step::Need(Need::Backend(_), suspended) => suspended,
        Step::Need(need, _) => panic!("expected to fetch, needs {need:?}"),
        Step::Done(state) => panic!("expected to fetch, got {state:?}"),
    }
}

#[test]
fn sixty_four_requests_on_a_cold_key_set_make_one_fetch() {
    let authenticator = authenticator(AuthenticateOptions::default());
    let token = token("a", &json!({}));
    let first = fetches(begin(&authenticator, bearer(&token), NOW));
    let others: Vec<_> = (1..64).map(|_| waits(begin(&authenticator, bearer(&token), NOW))).collect();
    // They look again and again while it takes its time.
    let others: Vec<_> =
        others.into_iter().map(|other| waits(other.resume(Answer::Waited, NOW.plus(Duration::from_millis(5))))).collect();
    let unexpected = || -> Result<BackendResponse, Outage> { panic!("a second fetch") };
    let state = finish(first.resume(Answer::Backend(ok(&["a"])), NOW), NOW, &unexpected);
    assert_eq!(state.status, Status::SignedIn);
    for other in others {
        let state = finish(other.resume(Answer::Waited, NOW), NOW, &unexpected);
        assert_eq!(state.auth.user_id(), Some("user_1"));
    }
}

#[test]
fn a_request_that_goes_away_in_its_fetch_leaves_it_to_another() {
    let authenticator = authenticator(AuthenticateOptions::default());
    let token = token("a", &json!({}));
    let first = fetches(begin(&authenticator, bearer(&token), NOW));
    let second = waits(begin(&authenticator, bearer(&token), NOW));
    drop(first);
    let second = fetches(second.resume(Answer::Waited, NOW));
    assert_eq!(finish(second.resume(Answer::Backend(ok(&["a"])), NOW), NOW, &|| panic!()).status, Status::SignedIn);
}

#[test]
fn a_fetch_that_hangs_holds_the_place_until_it_must_have_failed() {
    let authenticator = authenticator(AuthenticateOptions::default());
    let token = token("a", &json!({}));
    let hung = fetches(begin(&authenticator, bearer(&token), NOW));
    let second = waits(begin(&authenticator, bearer(&token), NOW));
    // The call ends just now, so its failure comes in a moment: nobody else is to begin one.
    let second = waits(second.resume(Answer::Waited, NOW.plus(limits::BACKEND_TIME_LIMIT)));
    let then = NOW.plus(limits::FETCH_SILENCE);
    let second = fetches(second.resume(Answer::Waited, then));
    assert_eq!(finish(second.resume(Answer::Backend(ok(&["a"])), then), then, &|| panic!()).status, Status::SignedIn);
    drop(hung);
}

#[test]
fn a_flood_of_made_up_key_ids_makes_one_fetch_a_minute() {
    let authenticator = authenticator(AuthenticateOptions::default());
    let count = Cell::new(0);
    let api = || {
        count.set(count.get() + 1);
        ok(&["a"])
    };
    let good = bearer(&token("a", &json!({})));
    assert_eq!(finish(begin(&authenticator, good.clone(), NOW), NOW, &api).status, Status::SignedIn);
    let made_up = bearer(&token("b", &json!({})));
    for second in 0..60 {
        let now = NOW.plus(Duration::from_secs(second));
        let state = finish(begin(&authenticator, made_up.clone(), now), now, &api);
        assert_eq!(state.reason.unwrap().as_str(), "jwk-kid-mismatch");
        assert!(!state.unknown);
        assert_eq!(finish(begin(&authenticator, good.clone(), now), now, &api).status, Status::SignedIn);
    }
    assert_eq!(count.get(), 2);
}

#[test]
fn no_key_set_is_neither_signed_in_nor_signed_out() {
    let authenticator = authenticator(AuthenticateOptions { key_set_attempts: 1, ..AuthenticateOptions::default() });
    let request = bearer(&token("a", &json!({})));
    let count = Cell::new(0);
    let down = || {
        count.set(count.get() + 1);
        Err(Outage("down".into()))
    };
    for _ in 0..10 {
        let state = finish(begin(&authenticator, request.clone(), NOW), NOW, &down);
        assert!(state.unknown);
        assert_eq!((state.status, state.auth.user_id()), (Status::SignedOut, None));
    }
    assert_eq!(count.get(), 1, "the others rest after a failure");
    let then = NOW.plus(limits::FAILED_FETCH_COOLDOWN);
    assert!(!finish(begin(&authenticator, request, then), then, &|| ok(&["a"])).unknown);
}

#[test]
fn readiness_is_a_fresh_key_set() {
    let authenticator = authenticator(AuthenticateOptions { key_set_attempts: 1, ..AuthenticateOptions::default() });
    let check = |now, api: Result<BackendResponse, Outage>| {
        let authenticator = authenticator.clone();
        match machine::start(now, |io| async move { authenticator.check_keys(&io).await }) {
            Step::Done(result) => result,
            Step::Need(Need::Backend(_), suspended) => match suspended.resume(Answer::Backend(api), now) {
                Step::Done(result) => result,
                Step::Need(need, _) => panic!("needs {need:?}"),
            },
            Step::Need(need, _) => panic!("needs {need:?}"),
        }
    };
    let down = || Err(Outage("down".into()));
    assert!(check(NOW, down()).is_err());
    let then = NOW.plus(limits::FAILED_FETCH_COOLDOWN);
    assert!(check(then, ok(&["a"])).is_ok());
    assert!(check(then, down()).is_ok(), "it is fresh, nobody asks");
    assert!(check(then.plus(limits::KEY_SET_FRESH), down()).is_err());
}

#[test]
fn an_outage_is_bridged_but_not_for_ever() {
    let authenticator = authenticator(AuthenticateOptions::default());
    let request = bearer(&token("a", &json!({})));
    let down = || Err(Outage("down".into()));
    assert_eq!(finish(begin(&authenticator, request.clone(), NOW), NOW, &|| ok(&["a"])).status, Status::SignedIn);
    let later = NOW.plus(limits::KEY_SET_STALE - Duration::from_secs(1));
    assert_eq!(finish(begin(&authenticator, request.clone(), later), later, &down).status, Status::SignedIn);
    let day = NOW.plus(limits::KEY_SET_STALE + limits::FAILED_FETCH_COOLDOWN);
    assert!(finish(begin(&authenticator, request, day), day, &down).unknown);
}

fn remembering() -> Rc<Authenticator> {
    authenticator(AuthenticateOptions { token_cache: 8, ..AuthenticateOptions::default() })
}

#[test]
fn a_token_seen_before_costs_no_signature_but_its_times_are_judged_anew() {
    let authenticator = remembering();
    let request = bearer(&token("a", &json!({"exp": 1_750_000_060})));
    assert_eq!(finish(begin(&authenticator, request.clone(), NOW), NOW, &|| ok(&["a"])).status, Status::SignedIn);
    let Step::Done(state) = begin(&authenticator, request.clone(), NOW) else { panic!("needs something") };
    assert_eq!(state.status, Status::SignedIn);
    assert_eq!(state.auth.user_id(), Some("user_1"));
    let expired = NOW.plus(Duration::from_secs(65));
    let Step::Done(state) = begin(&authenticator, request.clone(), expired) else { panic!("needs something") };
    assert_eq!(state.status, Status::SignedOut);
    // Expired, it is forgotten: were the clock to go back, the signature would be looked at again.
    assert!(matches!(begin(&authenticator, request, NOW), Step::Need(Need::Signature(_), _)));
}

#[test]
fn a_token_seen_before_is_nothing_under_another_key() {
    let authenticator = remembering();
    let request = bearer(&token("a", &json!({})));
    assert_eq!(finish(begin(&authenticator, request.clone(), NOW), NOW, &|| ok(&["a"])).status, Status::SignedIn);
    // A set with another key under this id: what was good under the old one is not good.
    let later = NOW.plus(limits::KEY_SET_FRESH);
    let mut other: Value = serde_json::from_slice(&key_set(&["b"])).unwrap();
    other["keys"][0]["kid"] = json!("ins_portcullis_a");
    let swapped = || Ok(BackendResponse { status: 200, body: other.to_string().into_bytes() });
    let state = finish(begin(&authenticator, request.clone(), later), later, &swapped);
    assert_eq!(state.reason.unwrap().as_str(), "token-invalid-signature");
    // And where the set has no key of this id any more, it is unknown.
    let much_later = later.plus(limits::KEY_SET_FRESH);
    let state = finish(begin(&authenticator, request, much_later), much_later, &|| ok(&["b"]));
    assert_eq!(state.reason.unwrap().as_str(), "jwk-kid-mismatch");
}

#[test]
fn only_the_very_same_text_was_seen_before_and_a_bad_one_never_was() {
    let authenticator = remembering();
    let good = token("a", &json!({}));
    assert_eq!(finish(begin(&authenticator, bearer(&good), NOW), NOW, &|| ok(&["a"])).status, Status::SignedIn);
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let forged = bearer(&String::from_utf8(bytes).unwrap());
        for _ in 0..2 {
            let step = begin(&authenticator, forged.clone(), NOW);
            // The last letter of a part may hold bits that count for nothing; then it is no base64url for us.
            let state = finish(step, NOW, &|| ok(&["a"]));
            assert_eq!(state.status, Status::SignedOut, "byte {at}");
        }
    }
    // The good one is still known: nothing of that pushed it out.
    assert!(matches!(begin(&authenticator, bearer(&good), NOW), Step::Done(_)));
}

#[test]
fn a_missing_azp_passes_where_the_settings_say_so_and_is_told() {
    let with = |missing_azp| {
        authenticator(AuthenticateOptions {
            authorized_parties: vec!["https://www.example.com".into()],
            missing_azp,
            ..AuthenticateOptions::default()
        })
    };
    let token = token("a", &json!({}));
    let cookie = format!("__session={token}; __client_uat=1749999000");
    let navigation = |site: &str| request(&[("cookie", &cookie), ("sec-fetch-dest", "document"), ("sec-fetch-site", site)]);
    let fetch = request(&[("cookie", &cookie), ("sec-fetch-dest", "empty"), ("sec-fetch-site", "same-origin")]);
    let ask = |authenticator: &Rc<Authenticator>, request: RequestView| {
        let state = finish(begin(authenticator, request, NOW), NOW, &|| ok(&["a"]));
        (state.status, state.azp_missing)
    };
    let refused = (Status::SignedOut, false);
    let passed = (Status::SignedIn, true);
    let strict = with(MissingAzp::Reject);
    assert_eq!(ask(&strict, navigation("same-origin")), refused);
    let observing = with(MissingAzp::Observe);
    for request in [navigation("cross-site"), fetch.clone(), bearer(&token)] {
        assert_eq!(ask(&observing, request), passed);
    }
    let navigating = with(MissingAzp::Navigation);
    assert_eq!(ask(&navigating, navigation("same-origin")), passed);
    assert_eq!(ask(&navigating, navigation("none")), passed);
    for request in [navigation("same-site"), navigation("cross-site"), fetch, bearer(&token)] {
        assert_eq!(ask(&navigating, request), refused);
    }
}
