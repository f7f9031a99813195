//! Drives the machine natively: signatures are checked, and nobody is asked over the network.

use std::time::Duration;

use crate::{
    host::native::check_signature,
    machine::{Answer, Need, Outage, Step},
    time::UnixMillis,
};

/// Runs to the end. Every Backend call is answered by an outage; a wait passes at once.
pub(super) fn run<T>(mut step: Step<T>, now: UnixMillis) -> T {
    let mut waited = Duration::ZERO;
    loop {
        step = match step {
            Step::Done(outcome) => return outcome,
            Step::Need(Need::Signature(check), suspended) => {
                suspended.resume(Answer::Signature(check_signature(&check)), now.plus(waited))
            }
            Step::Need(Need::Backend(_), suspended) => {
                let outage = Outage("the command line asks nobody".to_owned());
                suspended.resume(Answer::Backend(Err(outage)), now.plus(waited))
            }
            Step::Need(Need::Wait(time), suspended) => {
                waited += time;
                suspended.resume(Answer::Waited, now.plus(waited))
            }
        };
    }
}
