//! Time that passes, and what is given up when it has passed.

use core::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use js_sys::Promise;

use super::{crossing, settle::settle};

/// A clock that is stopped when nobody waits for it any more.
struct Timer(Promise);

impl Drop for Timer {
    fn drop(&mut self) {
        crossing::stop_timer(&self.0);
    }
}

/// Lets `time` pass.
pub(super) async fn pass(time: Duration) {
    let timer = Timer(crossing::start_timer(time.as_secs_f64() * 1000.0));
    let _ = settle(&timer.0).await;
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
