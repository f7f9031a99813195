//! Time that passes, and what is given up when it has passed.

use core::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use super::{settle::Wait, task};

/// A clock that is stopped when nobody waits for it any more.
struct Clock(Wait);

impl Drop for Clock {
    fn drop(&mut self) {
        task::stop_clock(self.0.index);
    }
}

/// Lets `time` pass.
pub(super) async fn pass(time: Duration) {
    let clock = Clock(Wait::begin());
    task::wait_for_time(time.as_secs_f64() * 1000.0, clock.0.index, clock.0.turn);
    let _ = clock.0.end().await;
}

/// What comes of `work`; `None` where it takes longer.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut end = pin!(pass(limit));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
