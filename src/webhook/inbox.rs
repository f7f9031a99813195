//! Which deliveries have been handled: each reaches the origin once, as far as anybody can promise that.
//!
//! ```text
//!  absent ──claim──► leased by one request ──the origin took it──► handled: acknowledged without a second delivery, for a month
//!     ▲                  │ the origin failed: released
//!     └──────────────────┴ the request died: the lease ends by itself
//! ```
//! A delivery that somebody else is just handing over is answered with a 503, so that its sender tries again: by then it is handled, or
//! free. So nothing is lost; and what is delivered twice is only what the origin took without saying so in time.

use super::Verified;
use crate::{
    limits,
    machine::{Io, Outage},
    store::{self, Batch, Value},
    time::UnixMillis,
};

/// What came of the wish to hand a delivery over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is this request's to hand over, and to [`settle`].
    Granted,
    /// It has been handled.
    Handled,
    /// Another request is handing it over.
    InProgress,
}

/// Asks for a delivery. `claim` names this request, and no other.
///
/// # Errors
///
/// [`Outage`] where the database gave no answer.
pub async fn claim(io: &Io, delivery: &Verified, claim: &str) -> Result<Claim, Outage> {
    let id = Value::Text(delivery.id());
    let UnixMillis(now) = io.now();
    let until = io.now().plus(limits::WEBHOOK_LEASE).0;
    let batch = Batch::default()
        .and("DELETE FROM portcullis_deliveries WHERE until <= ?", &[Value::Number(now)])
        .and(
            "INSERT OR IGNORE INTO portcullis_deliveries (id, claim, until) VALUES (?, ?, ?)",
            &[id, Value::Text(claim), Value::Number(until)],
        )
        .and("SELECT claim FROM portcullis_deliveries WHERE id = ?", &[id]);
    let rows = store::run(io, batch).await?;
    let holder = rows.first(2).and_then(|row| row.get("claim")).ok_or_else(|| Outage("the claim was lost".to_owned()))?;
    Ok(match holder.as_str() {
        None => Claim::Handled,
        Some(holder) if holder == claim => Claim::Granted,
        Some(_) => Claim::InProgress,
    })
}

/// Says what became of a delivery that was granted to `claim`.
///
/// # Errors
///
/// [`Outage`] where the database gave no answer: the lease ends by itself then.
pub async fn settle(io: &Io, delivery: &Verified, claim: &str, is_handled: bool) -> Result<(), Outage> {
    let [id, claim] = [delivery.id(), claim].map(Value::Text);
    let batch = if is_handled {
        let until = Value::Number(io.now().plus(limits::WEBHOOK_MEMORY).0);
        let sql = "UPDATE portcullis_deliveries SET claim = NULL, until = ? WHERE id = ? AND claim = ?";
        Batch::default().and(sql, &[until, id, claim])
    } else {
        Batch::default().and("DELETE FROM portcullis_deliveries WHERE id = ? AND claim = ?", &[id, claim])
    };
    store::run(io, batch).await.map(|_| ())
}
