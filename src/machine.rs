//! The machine without I/O: how straight-line decisions stop at what they lack and go on when the host has it.
//!
//! The rooms that decide are written as `async fn`s that await nothing but [`Io`]. There is no runtime: [`start`] polls the future
//! once, and it either ends or has put one [`Need`] on the table. The host gets what is needed and hands the [`Answer`] to
//! [`Suspended::resume`], which polls again. So the compiler writes the state machine, and the host's loop is one screen long.
//!
//! Nothing here is thread-safe, on purpose: a Wasm instance has one thread, and a native host makes one gate a thread.

use core::time::Duration;
use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use crate::{
    key::{SignatureCheck, SigningRequest},
    store::{Batch, Rows},
    time::UnixMillis,
};

/// The one thing that a suspended decision waits for.
#[derive(Debug)]
pub enum Need {
    /// A call to Clerk's Backend API.
    Backend(BackendRequest),
    /// A signature to be checked with the host's native cryptography.
    Signature(SignatureCheck),
    /// Something to be signed with one of the gate's own keys.
    Sign(SigningRequest),
    /// Statements to be run in the host's database, where it has one.
    Store(Batch),
    /// A request to be counted towards rate limits.
    Count(RateCounts),
    /// Some time to pass: another request is already fetching what this one needs.
    Wait(Duration),
}

/// What the host hands back: the variant of the [`Need`] that was asked for.
#[derive(Debug)]
pub enum Answer {
    /// The Backend API's answer, whatever its status; or that there was none.
    Backend(Result<BackendResponse, Outage>),
    /// What the host's cryptography said.
    Signature(SignatureOutcome),
    /// The signature, as ES256 has it (64 bytes, RFC 7518 section 3.4); or why there is none.
    Signed(Result<Vec<u8>, String>),
    /// What the statements gave; or that they were not run.
    Store(Result<Rows, Outage>),
    /// Whether the request is within each of the limits, in their order; `None` where it could not be counted, which the host logs.
    Counted(Vec<Option<bool>>),
    /// The time has passed.
    Waited,
}

/// One request, to be counted by several counters: all are begun before one is waited for, so that none that hangs keeps another
/// from counting, and given up together after `time_limit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCounts {
    /// What counts, and what.
    pub counts: Vec<RateCount>,
    /// When to give up.
    pub time_limit: Duration,
}

/// One request, counted by the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCount {
    /// The name of the counter.
    pub binding: Rc<str>,
    /// What it counts apart from everything else.
    pub key: String,
}

/// A call to the Backend API. The host makes it as it stands, follows no redirect, reads at most
/// [`limits::BACKEND_BODY_BYTES`](crate::limits::BACKEND_BODY_BYTES) of the answer and gives up after `time_limit`.
#[derive(Clone, PartialEq, Eq)]
pub struct BackendRequest {
    /// What the answer is for; hosts may log it.
    pub purpose: Purpose,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The absolute URL.
    pub url: String,
    /// Header fields. They hold the secret key: never log them.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body of a `POST`.
    pub body: Option<String>,
    /// When to give up.
    pub time_limit: Duration,
}

impl core::fmt::Debug for BackendRequest {
    /// Leaves out headers and body, which hold secrets.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BackendRequest")
            .field("purpose", &self.purpose)
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Why the Backend API is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The instance's key set.
    KeySet,
    /// The payload behind a handshake nonce.
    HandshakePayload,
    /// A new session token for an expired one.
    Refresh,
    /// Whether a machine token is good.
    MachineToken,
    /// Whether what a session token says is still so.
    Freshness,
}

/// What the Backend API answered.
#[derive(Clone, Debug)]
pub struct BackendResponse {
    /// The status code.
    pub status: u16,
    /// The body, as bytes.
    pub body: Vec<u8>,
}

/// No answer: the network, the time limit, or too long a body. The text is for the operator's log.
#[derive(Clone, Debug)]
pub struct Outage(pub String);

/// What came of a signature check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureOutcome {
    /// The signature is good.
    Valid,
    /// It is not.
    Invalid,
    /// The check could not be made with this key (it does not import, or does not fit the algorithm); the text says why.
    Unusable(String),
}

/// How the code of the core asks for things. Cloning gives another handle to the same machine.
#[derive(Clone)]
pub struct Io {
    table: Rc<Table>,
}

struct Table {
    now: Cell<UnixMillis>,
    need: RefCell<Option<Need>>,
    answer: RefCell<Option<Answer>>,
}

impl Io {
    /// The time that the host gave with the last `begin` or `resume`.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.table.now.get()
    }

    /// Calls the Backend API.
    ///
    /// # Errors
    ///
    /// [`Outage`] when there was no answer at all.
    pub fn backend(&self, request: BackendRequest) -> Asked<'_, Result<BackendResponse, Outage>> {
        self.ask(Need::Backend(request), |answer| match answer {
            Answer::Backend(answer) => answer,
            _ => Err(Outage("the host answered another question".into())),
        })
    }

    /// Checks a signature. An answer of another kind is no valid signature.
    pub fn verify(&self, check: SignatureCheck) -> Asked<'_, SignatureOutcome> {
        self.ask(Need::Signature(check), |answer| match answer {
            Answer::Signature(outcome) => outcome,
            _ => SignatureOutcome::Unusable("the host answered another question".into()),
        })
    }

    /// Signs with one of the gate's own keys.
    ///
    /// # Errors
    ///
    /// Why it could not be signed, for the operator's log.
    pub fn sign(&self, request: SigningRequest) -> Asked<'_, Result<Vec<u8>, String>> {
        self.ask(Need::Sign(request), |answer| match answer {
            Answer::Signed(outcome) => outcome,
            _ => Err("the host answered another question".into()),
        })
    }

    /// Runs statements in the host's database.
    ///
    /// # Errors
    ///
    /// [`Outage`] where there is none, or it failed.
    pub fn store(&self, batch: Batch) -> Asked<'_, Result<Rows, Outage>> {
        self.ask(Need::Store(batch), |answer| match answer {
            Answer::Store(answer) => answer,
            _ => Err(Outage("the host has no database".into())),
        })
    }

    /// Counts a request towards rate limits; whether it is within each, `None` or nothing at all where nobody knows.
    pub fn count(&self, counts: RateCounts) -> Asked<'_, Vec<Option<bool>>> {
        self.ask(Need::Count(counts), |answer| match answer {
            Answer::Counted(outcomes) => outcomes,
            _ => Vec::new(),
        })
    }

    /// Lets `time` pass.
    pub fn wait(&self, time: Duration) -> Asked<'_, ()> {
        self.ask(Need::Wait(time), |_| ())
    }

    #[inline(never)]
    fn put(&self, need: Need) {
        *self.table.need.borrow_mut() = Some(need);
    }

    fn ask<T>(&self, need: Need, read: fn(Answer) -> T) -> Asked<'_, T> {
        self.put(need);
        Asked { table: &self.table, read }
    }
}

/// Something that was asked for, to be awaited at once. What was asked is on the table already, and so no part of the state of
/// whoever waits: that would be moved once more on each way, and dropped on each.
#[must_use = "futures do nothing unless you `.await` them"]
pub struct Asked<'a, T> {
    table: &'a Table,
    read: fn(Answer) -> T,
}

impl<T> Future for Asked<'_, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        match self.table.answer.borrow_mut().take() {
            Some(answer) => Poll::Ready((self.read)(answer)),
            None => Poll::Pending,
        }
    }
}

/// How far a decision has come.
pub enum Step<T> {
    /// It is made.
    Done(T),
    /// It waits for the host.
    Need(Need, Suspended<T>),
}

/// A decision that waits. Consumed by [`resume`](Self::resume): one answer per need, never two. Dropping it gives the
/// request up.
pub struct Suspended<T> {
    table: Rc<Table>,
    future: Pin<Box<dyn Future<Output = T>>>,
}

impl<T> Suspended<T> {
    /// Goes on with the host's `answer`; `now` is the time of the answer.
    #[must_use]
    pub fn resume(self, answer: Answer, now: UnixMillis) -> Step<T> {
        self.table.now.set(now);
        *self.table.answer.borrow_mut() = Some(answer);
        self.poll()
    }

    fn poll(mut self) -> Step<T> {
        if let Poll::Ready(done) = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Step::Done(done);
        }
        let need = self.table.need.borrow_mut().take();
        // INVARIANT: the core awaits nothing but `Io::ask`, which is pending only with a need on the table.
        let need = need.unwrap_or(Need::Wait(Duration::ZERO));
        Step::Need(need, self)
    }
}

/// Keeps the code of what most decisions do without out of the function that awaits it. V8 compiles a function when it is first called,
/// the whole of it: inlined, a handshake costs the start of every isolate, and its state the size of every decision.
#[inline(never)]
pub(crate) fn rare<'a, T>(future: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    Box::pin(future)
}

/// Runs `decide` until it is done or needs something.
///
/// `decide` must await nothing but the [`Io`] that it is given.
pub fn start<T, F>(now: UnixMillis, decide: impl FnOnce(Io) -> F) -> Step<T>
where
    F: Future<Output = T> + 'static,
{
    let table = Rc::new(Table { now: Cell::new(now), need: RefCell::new(None), answer: RefCell::new(None) });
    let future = Box::pin(decide(Io { table: table.clone() }));
    Suspended { table, future }.poll()
}
