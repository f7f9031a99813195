//! Laws of the session check, over made-up requests: it never panics, always ends, and signs nobody in whose signature the host
//! did not call valid.

use std::rc::Rc;

use portcullis::{
    json::Document,
    machine::{self, Answer, BackendResponse, Need, Outage, SignatureOutcome, Step},
    request::{HeaderList, RequestView},
    session::{
        AcceptsToken, AuthenticateError, AuthenticateOptions, Authenticator, OrganizationSync, RequestState, Satellite, Status,
    },
    time::UnixMillis,
    token::CompactJws,
    web_url::WebUrl,
};
use proptest::prelude::*;

/// What has a meaning in cookies, URLs and tokens.
const SIGNS: &[&str] = &["=", ";", "; ", "&", "?", "/", "//", "\\\\", "%", "%2", "%ff", ".", ",", "#", "@", ":"];

const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

/// Pieces that requests are made of: words that mean something, and noise.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("__session".to_owned()),
        Just("__session_naoXFJnI".to_owned()),
        Just("__client_uat".to_owned()),
        Just("__client_uat_naoXFJnI".to_owned()),
        Just("__refresh_naoXFJnI".to_owned()),
        Just("__clerk_db_jwt".to_owned()),
        Just("__clerk_handshake".to_owned()),
        Just("__clerk_handshake_nonce".to_owned()),
        Just("__clerk_redirect_count".to_owned()),
        Just("__clerk_redirect_url".to_owned()),
        Just("__clerk_synced".to_owned()),
        Just("Bearer ".to_owned()),
        Just("document".to_owned()),
        Just("https://www.example.com/".to_owned()),
        Just("0".to_owned()),
        Just("1749999000".to_owned()),
        proptest::sample::select(SIGNS.to_vec()).prop_map(str::to_owned),
        token(),
        "\\PC{0,6}",
    ]
}

/// A text of three encoded parts, some of them good.
fn token() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        Just(r#"{"alg":"RS256","kid":"k"}"#.to_owned()),
        Just(r#"{"alg":"RS256","kid":"k","cat":"cl_B7d4PD111AAA","typ":"JWT"}"#.to_owned()),
        Just(r#"{"alg":"none"}"#.to_owned()),
        "\\PC{0,12}",
    ];
    let payload = prop_oneof![
        Just(r#"{"sub":"user_1","sid":"s","iss":"https://clerk.example.com","exp":1750000060,"iat":1749999995}"#.to_owned()),
        Just(r#"{"sub":"user_1","sid":"s","iss":"https://clerk.example.com","exp":1749999000,"iat":1749998000}"#.to_owned()),
        Just(r#"{"sub":"mch_1","exp":1750000060}"#.to_owned()),
        Just(r#"{"handshake":["__session=x.y.z; Path=/"]}"#.to_owned()),
        Just(r#"{"sub":"user_1","exp":1750000060,"v":2,"o":{"id":"o","rol":"a","per":"r","fpm":"9"},"fea":"o:x"}"#.to_owned()),
        "\\PC{0,12}",
    ];
    (header, payload, "[A-Za-z0-9_-]{0,8}").prop_map(|(header, payload, signature)| {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    })
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

fn request() -> impl Strategy<Value = RequestView> {
    let names = [
        "cookie",
        "authorization",
        "sec-fetch-dest",
        "accept",
        "referer",
        "origin",
        "x-forwarded-host",
        "x-forwarded-proto",
        "host",
    ];
    let header = (proptest::sample::select(names.to_vec()), text()).prop_map(|(name, value)| (name.to_owned(), value));
    let cookies = proptest::collection::vec((piece(), piece()), 0..6)
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| format!("{name}={value}; ")).collect::<String>());
    let method = prop_oneof![4 => Just("GET"), 1 => Just("POST")];
    (method, text(), proptest::collection::vec(header, 0..5), cookies, any::<bool>()).prop_map(
        |(method, path, mut headers, cookies, document)| {
            headers.push(("cookie".into(), cookies));
            if document {
                headers.push(("sec-fetch-dest".into(), "document".into()));
            }
            let url = format!("https://www.example.com/{path}");
            RequestView { method: method.into(), url: url.into(), headers: Rc::new(HeaderList::new(headers)) }
        },
    )
}

fn options() -> impl Strategy<Value = AuthenticateOptions> {
    let accepts = prop_oneof![3 => Just(AcceptsToken::default()), 1 => Just(AcceptsToken::any())];
    (any::<(bool, bool, bool, bool)>(), accepts).prop_map(|((live, satellite, forwarded, auto), accepts_token)| {
        AuthenticateOptions {
            publishable_key: if live { "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k" } else { "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k" }.into(),
            secret_key: Some("sk_live_1".into()),
            satellite: if satellite { Satellite::one(auto) } else { Satellite::default() },
            domain: satellite.then(|| "www.example.com".into()),
            sign_in_url: satellite.then(|| "https://primary.example/sign-in".into()),
            forwarded_headers: forwarded,
            organization_sync: OrganizationSync::patterns(auto.then(|| vec!["/:slug/(.*)".into()]), None),
            accepts_token,
            ..AuthenticateOptions::default()
        }
    })
}

fn key_set() -> BackendResponse {
    let n = "x".repeat(342) + "w";
    BackendResponse { status: 200, body: format!(r#"{{"keys":[{{"kid":"k","kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#).into_bytes() }
}

/// Runs to the end with this host: what it says about signatures, and whether the Backend API answers.
fn drive(
    options: AuthenticateOptions,
    request: RequestView,
    signature: &SignatureOutcome,
    body: &str,
) -> Result<RequestState, AuthenticateError> {
    let authenticator = Rc::new(Authenticator::new(options).unwrap());
    let mut step = machine::start(NOW, |io| async move { authenticator.authenticate(&io, &request).await });
    for _ in 0..100 {
        match step {
            Step::Done(done) => return done.map(|state| *state),
            Step::Need(need, suspended) => {
                let answer = match need {
                    Need::Backend(request) if request.url.ends_with("/jwks") => Answer::Backend(Ok(key_set())),
                    Need::Backend(_) if body.is_empty() => Answer::Backend(Err(Outage("down".into()))),
                    Need::Backend(_) => Answer::Backend(Ok(BackendResponse { status: 200, body: body.as_bytes().to_vec() })),
                    Need::Signature(_) => Answer::Signature(signature.clone()),
                    Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_) => Answer::Waited,
                };
                step = suspended.resume(answer, NOW);
            }
        }
    }
    panic!("does not end");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_signed_in_without_a_valid_signature(options in options(), request in request(), body in text()) {
        for outcome in [SignatureOutcome::Invalid, SignatureOutcome::Unusable("no key".into())] {
            if let Ok(state) = drive(options.clone(), request.clone(), &outcome, &body) {
                prop_assert_eq!(state.auth.user_id(), None);
                prop_assert_ne!(state.status, Status::SignedIn);
            }
        }
    }

    #[test]
    fn every_request_ends_in_a_state_that_fits_together(options in options(), request in request(), body in text()) {
        let Ok(state) = drive(options, request, &SignatureOutcome::Valid, &body) else { return Ok(()) };
        prop_assert_eq!(state.status == Status::SignedIn, state.reason.is_none());
        prop_assert_eq!(state.status == Status::SignedIn, state.token.is_some());
        prop_assert_eq!(state.status == Status::Handshake, state.header("location").is_some() && state.status != Status::SignedIn && !state.headers.iter().any(|(name, _)| *name == "access-control-allow-origin"));
        prop_assert!(Document::parse(&state.auth.to_json()).is_ok());
        for (name, value) in &state.headers {
            prop_assert!(!value.contains(['\r', '\n', '\0']), "{}: {}", name, value);
        }
        if let Some(location) = state.header("location") {
            prop_assert!(WebUrl::parse(location).is_some(), "{}", location);
        }
        prop_assert!(!state.message.contains("eyJ"), "a token in {}", state.message);
    }

    #[test]
    fn decoding_never_panics(token in text(), bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = CompactJws::decode(&token.as_str().into());
        let _ = Document::parse_bytes(bytes);
    }

    #[test]
    fn json_is_what_serde_json_says_it_is(text in "[\\[\\]{}\",:0-9eE.+\\-a-f\\\\u ntrls]{0,24}") {
        let ours = Document::parse(&text).is_ok();
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // Numbers beyond a double and lone surrogates are JavaScript's to read.
        let is_odd = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range") || error.to_string().contains("surrogate") || error.to_string().contains("hex escape"));
        prop_assert!(is_odd || ours == theirs.is_ok(), "{}", text);
    }

    #[test]
    fn a_url_that_was_parsed_is_parsed_again_to_the_same(path in text()) {
        if let Some(url) = WebUrl::parse(&format!("https://{path}")) {
            prop_assert_eq!(WebUrl::parse(&url.href()), Some(url));
        }
    }
}
