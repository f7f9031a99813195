//! Drives the machine natively: signatures are checked, and whoever the command line may ask is asked.

use std::time::Duration;

use crate::{
    host::native::{check_signature, sign},
    machine::{Answer, BackendRequest, BackendResponse, Need, Outage, Step},
    time::UnixMillis,
};

/// Runs to the end. Every Backend call is answered by an outage; a wait passes at once.
pub(super) fn run<T>(step: Step<T>, now: UnixMillis) -> T {
    run_asking(step, now, |_| Err(asks_nobody()))
}

/// What a call comes to that is not made.
pub(super) fn asks_nobody() -> Outage {
    Outage("the command line asks nobody".to_owned())
}

/// Runs to the end; `ask` answers Backend calls, and a wait passes at once.
pub(super) fn run_asking<T>(
    mut step: Step<T>,
    now: UnixMillis,
    mut ask: impl FnMut(&BackendRequest) -> Result<BackendResponse, Outage>,
) -> T {
    let mut waited = Duration::ZERO;
    loop {
        let (answer, suspended) = match step {
            Step::Done(outcome) => return outcome,
            Step::Need(Need::Signature(check), suspended) => (Answer::Signature(check_signature(&check)), suspended),
            Step::Need(Need::Sign(request), suspended) => (Answer::Signed(sign(&request)), suspended),
            Step::Need(Need::Count(_), suspended) => (Answer::Counted(Vec::new()), suspended),
            Step::Need(Need::Backend(request), suspended) => (Answer::Backend(ask(&request)), suspended),
            Step::Need(Need::Store(_), suspended) => {
                (Answer::Store(Err(Outage("the command line has no database".to_owned()))), suspended)
            }
            Step::Need(Need::Wait(time), suspended) => {
                waited += time;
                (Answer::Waited, suspended)
            }
        };
        step = suspended.resume(answer, now.plus(waited));
    }
}
