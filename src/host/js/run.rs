//! Runs: what was begun and waits for the host, and the exports by which it goes on.
//!
//! A step is one number: the run in the upper bits, what it came to in the lowest three. 0: failed, 1: done, and
//! the [text](super::text_place) says how; 2: a signature is to be checked, and [`signature_place`] has where it is; 3: the Backend
//! API is to be called, 4: time has to pass, 5: something is to be signed, and the text describes it. 6: done, and there is no run in the upper
//! bits but what the decision consists of, as `parts.rs` has it.

use core::time::Duration;
use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{
    Slots,
    outcome::{self, Outcome},
    take_bytes, take_scratch, tell, time,
};
use crate::{
    json::{Document, push_string},
    key::{Algorithm, KeyKind, SignatureCheck},
    machine::{Answer, BackendRequest, BackendResponse, Need, Outage, SignatureOutcome, Step, Suspended},
    request::HeaderName,
    session::{CheckedFacts, HasParams},
    text::{self, ByAny as _},
};

struct Held {
    runs: Slots<Run>,
    /// See [`signature_place`].
    signature: [usize; SIGNATURE_WORDS],
}

/// A decision that waits, and the signature that it waits for: JavaScript reads it in place.
struct Run {
    suspended: Suspended<Outcome>,
    signature: Option<SignatureCheck>,
}

const SIGNATURE_WORDS: usize = 6;

// What a step is about.
const SIGNATURE: u32 = 2;
const BACKEND: u32 = 3;
const WAIT: u32 = 4;
const SIGNING: u32 = 5;
#[cfg(feature = "js-gate")]
pub(super) const KNOWN: u32 = 6;

thread_local! {
    static RUNS: RefCell<Held> = const { RefCell::new(Held { runs: Slots::new(), signature: [0; SIGNATURE_WORDS] }) };
}

/// The names of the headers that may be read, by the numbers that `read_header` is asked with;
/// commas between. They are the text.
#[wasm_bindgen]
pub fn header_names() {
    let mut names = String::new();
    for (at, name) in HeaderName::ALL.iter().enumerate() {
        names.push_str(if at > 0 { "," } else { "" });
        names.push_str(name.as_str());
    }
    tell(names, 0);
}

/// Where the last step's signature check is described, as words of 32 bits: the key's number, the hash's bits (and 1024 for RSA-PSS, 2048
/// for ECDSA, 3072 for Ed25519), and then address and
/// length in bytes of the signature and of what it signs, which stay in place while the run waits.
#[wasm_bindgen]
#[must_use]
pub fn signature_place() -> usize {
    RUNS.with_borrow(|held| held.signature.as_ptr() as usize)
}

/// The public key that a run's signature is to be checked with, as a JWK, is the text. Asked for only where the key is not known by its id.
#[wasm_bindgen]
pub fn signature_key(run: u32) {
    let jwk = RUNS.with_borrow(|held| {
        let Some(check) = &held.runs.get(run).signature else { panic!("the run needs no signature") };
        let mut jwk = String::from("{");
        for (at, (name, value)) in check.key.members.iter().enumerate() {
            jwk.push_str(if at > 0 { ",\"" } else { "\"" });
            jwk.push_str(name);
            jwk.push_str("\":");
            push_string(&mut jwk, value);
        }
        jwk.push('}');
        jwk
    });
    tell(jwk, 0);
}

/// Goes on with what a step asked for, `kind` being the step's.
///
/// | `kind` | `outcome` | the buffer |
/// |---|---|---|
/// | 2 | 1: the signature is valid, 0: it is not | |
/// | 3 | the status of the Backend API's answer | its body |
/// | 4 | | |
/// | 5 | 0 | the signature |
///
/// An `outcome` of -1 says that it could not be had, and the buffer why.
#[wasm_bindgen]
#[must_use]
pub fn resume(run: u32, kind: u32, outcome: i32, bytes: usize, now: f64) -> u32 {
    let answer = match (kind, outcome) {
        (SIGNATURE, 1) => Answer::Signature(SignatureOutcome::Valid),
        (SIGNATURE, 0) => Answer::Signature(SignatureOutcome::Invalid),
        (SIGNATURE, _) => Answer::Signature(SignatureOutcome::Unusable(take_scratch(bytes))),
        (BACKEND, status) => Answer::Backend(match u16::try_from(status) {
            Ok(status) => Ok(BackendResponse { status, body: take_bytes(bytes) }),
            Err(_) => Err(Outage(take_scratch(bytes))),
        }),
        (SIGNING, 0) => Answer::Signed(Ok(take_bytes(bytes))),
        (SIGNING, _) => Answer::Signed(Err(take_scratch(bytes))),
        _ => Answer::Waited,
    };
    let Run { suspended, signature: _ } = RUNS.with_borrow_mut(|held| held.runs.take(run));
    advance(suspended.resume(answer, time(now)))
}

/// Gives a run up.
#[wasm_bindgen]
pub fn give_up(run: u32) {
    // Dropped outside of the borrow: a run that was fetching frees the place for another.
    let run = RUNS.with_borrow_mut(|held| held.runs.take(run));
    drop(run);
}

/// `has()`: whether the facts of an auth object meet what is asked; both are JSON in the buffer, a line each.
#[wasm_bindgen]
#[must_use]
pub fn has(bytes: usize) -> bool {
    let text = take_scratch(bytes);
    let parse = |text: &str| Document::parse(text).ok();
    let Some((facts, asked)) = text.cut(b"\n") else { return false };
    let (Some(facts), Some(asked)) = (parse(facts), parse(asked)) else { return false };
    // Only a gate knows other issuers than Clerk.
    #[cfg(feature = "js-gate")]
    let issued = CheckedFacts::read_issued(&facts);
    #[cfg(not(feature = "js-gate"))]
    let issued = None;
    HasParams::parse(&asked).is_some_and(|asked| issued.unwrap_or_else(|| CheckedFacts::read(&facts)).meet(&asked))
}

/// Keeps what is suspended, and says what it needs or came to.
pub(super) fn advance(step: Step<Outcome>) -> u32 {
    let (need, suspended) = match step {
        Step::Done(outcome) => return tell(outcome.text, outcome.step),
        Step::Need(need, suspended) => (need, suspended),
    };
    let (kind, text, signature) = match need {
        Need::Signature(check) => (SIGNATURE, String::new(), Some(check)),
        Need::Backend(call) => (BACKEND, describe_call(&call), None),
        #[cfg(feature = "js-gate")]
        Need::Sign(request) => (SIGNING, describe_signing(&request), None),
        // Only a gate signs; an answer of another kind says so.
        #[cfg(not(feature = "js-gate"))]
        Need::Sign(_) => (WAIT, "0".to_owned(), None),
        // The package has no database; an answer of another kind says so.
        Need::Store(_) => (WAIT, "0".to_owned(), None),
        // No runtime of the package has counters; `config.rs` refuses limits. Whatever is answered, it is not counted.
        Need::Count(_) => (WAIT, "0".to_owned(), None),
        Need::Wait(time) => (WAIT, text::fill("#", &[], &[millis(time)]), None),
    };
    let run = RUNS.with_borrow_mut(|held| {
        if let Some(check) = &signature {
            held.signature = describe_check(check);
        }
        held.runs.put(Run { suspended, signature })
    });
    tell(text, run << 3 | kind)
}

/// See [`signature_place`].
fn describe_check(check: &SignatureCheck) -> [usize; SIGNATURE_WORDS] {
    let algorithm = check.algorithm;
    let scheme = match algorithm.key_kind() {
        KeyKind::Rsa => usize::from(!Algorithm::OF_CLERK.contains(&algorithm)),
        KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => 2,
        KeyKind::Ed25519 => 3,
    };
    let algorithm = usize::from(algorithm.hash_bits()) + 1024 * scheme;
    let (signature, data) = (&check.signature, check.signing_input());
    [check.key.id as usize, algorithm, signature.as_ptr() as usize, signature.len(), data.as_ptr() as usize, data.len()]
}

/// The key's id, the key as a JWK, and the text.
#[cfg(feature = "js-gate")]
fn describe_signing(crate::key::SigningRequest { key, input }: &crate::key::SigningRequest) -> String {
    let mut out = String::from("[");
    push_string(&mut out, key.kid());
    out.extend([",", &key.private_jwk(), ","]);
    push_string(&mut out, input);
    out.push(']');
    out
}

fn describe_call(call: &BackendRequest) -> String {
    let mut out = String::from("{\"method\":");
    push_string(&mut out, call.method);
    out.push_str(",\"url\":");
    push_string(&mut out, &call.url);
    out.push_str(",\"headers\":");
    outcome::push_pairs(&mut out, call.headers.iter().map(|(name, value)| (*name, value.as_str())));
    if let Some(body) = &call.body {
        out.push_str(",\"body\":");
        push_string(&mut out, body);
    }
    let numbers = [millis(call.time_limit), i64::try_from(crate::limits::BACKEND_BODY_BYTES).unwrap_or(0)];
    out.push_str(&text::fill(",\"timeLimitMs\":#,\"limitBytes\":#", &[], &numbers));
    out.push('}');
    out
}

/// Milliseconds of a wait or a limit, which are seconds. A number of 128 bits, as the standard library has them, takes 2 KB to print.
fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(0) * 1000 + i64::from(time.subsec_millis())
}
