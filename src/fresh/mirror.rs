//! A small table of users, sessions and memberships, kept by webhooks: what the Backend API would say, without asking it.
//!
//! Deliveries come late, twice, and in any order, so a row only ever moves forward:
//!
//! - Each row has the moment when it came to be so: `updated_at` of what the event is about, or where that is deleted the event's own
//!   time. What is older than the row changes nothing.
//! - A deleted user and an ended session stay so whatever else comes: neither comes back under its id. They are tombstones.
//! - A session with a task to be done is neither live nor ended: its row is taken out, so that the Backend API is asked.
//! - A membership can come back, so there the later moment counts.
//!
//! A row affirms only for a while after it was so (`seen`), and only where events of its family have ever come: an endpoint
//! that was switched off, or that is not subscribed to what ends sessions, must not keep anything alive. Then the Backend API is asked, and
//! what it says is written down here, too. What a row denies needs neither.

use super::{Asked, Facts, MemberFact, SessionFact, UserFact};
use crate::{
    json::{Document, Raw},
    limits,
    machine::{Io, Outage},
    store::{self, Batch, Value},
    time::UnixMillis,
};

/// The families of events, by the beginning of their type; which of them have ever come is in `portcullis_events`.
const FAMILIES: [&str; 3] = ["user.", "session.", "organizationMembership."];

const USER: &str = "INSERT INTO portcullis_users (id, gone, banned, metadata, at, seen) VALUES (?, ?, ?, ?, ?, ?) \
    ON CONFLICT (id) DO UPDATE SET gone = max(gone, excluded.gone), banned = excluded.banned, metadata = excluded.metadata, \
    at = excluded.at, seen = max(seen, excluded.seen) WHERE excluded.at >= at OR excluded.gone > gone";
const SESSION: &str = "INSERT INTO portcullis_sessions (id, user_id, ended, at, seen) VALUES (?, ?, ?, ?, ?) \
    ON CONFLICT (id) DO UPDATE SET ended = max(ended, excluded.ended), at = max(at, excluded.at), seen = max(seen, excluded.seen)";
const FORGET_SESSION: &str = "DELETE FROM portcullis_sessions WHERE id = ? AND ended = 0";
const MEMBER: &str = "INSERT INTO portcullis_members (user_id, org_id, role, at, seen) VALUES (?, ?, ?, ?, ?) \
    ON CONFLICT (user_id, org_id) DO UPDATE SET role = excluded.role, at = excluded.at, seen = max(seen, excluded.seen) WHERE excluded.at >= at";
const EVENT: &str = "INSERT OR IGNORE INTO portcullis_events (family) VALUES (?)";

/// What the mirror says.
pub(super) struct Seen {
    /// All that it knows, however old.
    pub(super) facts: Facts,
    /// Whether that is all that is asked, and may be relied on.
    pub(super) affirms: bool,
}

/// Looks a subject up.
///
/// # Errors
///
/// [`Outage`] where the database gave no answer.
pub(super) async fn look(io: &Io, asked: &Asked<'_>) -> Result<Seen, Outage> {
    let (org, _) = asked.org.unwrap_or_default();
    let [user, session, org] = [asked.user, asked.session.unwrap_or_default(), org].map(Value::Text);
    let batch = Batch::default()
        .and("SELECT gone, banned, metadata, at, seen FROM portcullis_users WHERE id = ?", &[user])
        .and("SELECT user_id, ended, at, seen FROM portcullis_sessions WHERE id = ?", &[session])
        .and("SELECT role, at, seen FROM portcullis_members WHERE user_id = ? AND org_id = ?", &[user, org])
        .and("SELECT group_concat(family, '') AS families FROM portcullis_events", &[]);
    let rows = store::run(io, batch).await?;
    let [user, session, member] = [0, 1, 2].map(|statement| rows.first(statement));
    let families = rows.first(3).and_then(|row| text(row, "families")).unwrap_or_default();
    let now = io.now();
    let is_recent = |row: Option<Raw<'_>>, family: usize| {
        let seen = row.and_then(|row| moment(row, "seen"));
        let is_told = FAMILIES.get(family).is_some_and(|family| crate::text::find(&families, family).is_some());
        is_told && seen.is_some_and(|seen| now.since(seen) < limits::MIRROR_FOR)
    };
    let affirms = is_recent(user, 0) && is_recent(session, 1) && (asked.org.is_none() || is_recent(member, 2));
    let facts = Facts {
        user: user.map(|row| UserFact {
            is_gone: is_set(row, "gone"),
            is_banned: is_set(row, "banned"),
            metadata: text(row, "metadata").unwrap_or_default(),
            at: at(row),
        }),
        session: session.map(|row| {
            let is_live = !is_set(row, "ended") && text(row, "user_id").as_deref() == Some(asked.user);
            SessionFact { is_live, may_return: false, at: at(row) }
        }),
        member: member.filter(|_| asked.org.is_some()).map(|row| MemberFact { role: text(row, "role"), at: at(row) }),
    };
    Ok(Seen { facts, affirms })
}

/// Writes down what the Backend API said.
///
/// # Errors
///
/// [`Outage`]: then it is asked again the next time.
pub(super) async fn note(io: &Io, asked: &Asked<'_>, facts: &Facts) -> Result<(), Outage> {
    let seen = io.now();
    let mut batch = Batch::default();
    if let Some(UserFact { is_gone, is_banned, metadata, at }) = &facts.user {
        batch = batch.and(USER, &user(asked.user, *is_gone, *is_banned, metadata, *at, seen));
    }
    if let (Some(SessionFact { is_live, may_return, at }), Some(id)) = (&facts.session, asked.session) {
        batch = match may_return {
            true => batch.and(FORGET_SESSION, &[Value::Text(id)]),
            false => batch.and(SESSION, &session(id, asked.user, !is_live, *at, seen)),
        };
    }
    if let (Some(MemberFact { role, at }), Some((org, _))) = (&facts.member, asked.org) {
        batch = batch.and(MEMBER, &member(asked.user, org, role.as_deref(), *at, seen));
    }
    store::run(io, batch).await.map(|_| ())
}

/// Takes an event in; one that is about nothing here changes nothing.
///
/// # Errors
///
/// [`Outage`] where the database gave no answer: the event has to come again.
pub async fn take_in(io: &Io, event: &Document) -> Result<(), Outage> {
    match statements(event, io.now()) {
        Some(batch) => store::run(io, batch).await.map(|_| ()),
        None => Ok(()),
    }
}

/// What an event changes; `None` for what is of another kind, or holds no id.
fn statements(event: &Document, now: UnixMillis) -> Option<Batch> {
    let kind = event.get("type")?.as_str()?;
    let family = FAMILIES.into_iter().find(|family| kind.starts_with(family))?;
    let what = kind.get(family.len()..)?;
    let data = event.get("data")?;
    // What is deleted says when it was changed last, not when it was deleted: then the event's own time counts. That is also until when an
    // event tells what is so: one that comes hours late says nothing about now.
    let changed = number(data.get("updated_at"));
    let told = number(event.get("timestamp")).or(changed).unwrap_or(now);
    let changed = changed.unwrap_or(told);
    let seen = told.min(now);
    let id = || text(data, "id").filter(|id| !id.is_empty());
    let batch = Batch::default().and(EVENT, &[Value::Text(family)]);
    Some(match (family, what) {
        ("user.", "created" | "updated") => {
            let metadata = data.get("public_metadata").filter(|metadata| metadata.is_object());
            let is_banned = data.get("banned").is_some_and(Raw::is_true);
            batch.and(USER, &user(&id()?, false, is_banned, metadata.map_or("{}", Raw::text), changed, seen))
        }
        ("user.", "deleted") => batch.and(USER, &user(&id()?, true, false, "{}", told, seen)),
        ("session.", "pending") => batch.and(FORGET_SESSION, &[Value::Text(&id()?)]),
        ("session.", _) => {
            let is_ended = match what {
                "created" => false,
                "ended" | "removed" | "revoked" => true,
                _ => return None,
            };
            let user = text(data, "user_id").unwrap_or_default();
            let old = UnixMillis(now.0 - crate::time::millis(limits::WEBHOOK_MEMORY));
            let batch = batch.and("DELETE FROM portcullis_sessions WHERE seen < ?", &[Value::Number(old.0)]);
            batch.and(SESSION, &session(&id()?, &user, is_ended, if is_ended { told.max(changed) } else { changed }, seen))
        }
        ("organizationMembership.", "created" | "updated" | "deleted") => {
            let org = data.get("organization").and_then(|org| text(org, "id"))?;
            let user = data.get("public_user_data").and_then(|user| text(user, "user_id"))?;
            let is_gone = what == "deleted";
            let role = text(data, "role").filter(|_| !is_gone);
            batch.and(MEMBER, &member(&user, &org, role.as_deref(), if is_gone { told.max(changed) } else { changed }, seen))
        }
        _ => return None,
    })
}

fn user<'a>(id: &'a str, is_gone: bool, is_banned: bool, metadata: &'a str, at: UnixMillis, seen: UnixMillis) -> [Value<'a>; 6] {
    [Value::Text(id), flag(is_gone), flag(is_banned), Value::Text(metadata), Value::Number(at.0), Value::Number(seen.0)]
}

fn session<'a>(id: &'a str, user: &'a str, is_ended: bool, at: UnixMillis, seen: UnixMillis) -> [Value<'a>; 5] {
    [Value::Text(id), Value::Text(user), flag(is_ended), Value::Number(at.0), Value::Number(seen.0)]
}

fn member<'a>(user: &'a str, org: &'a str, role: Option<&'a str>, at: UnixMillis, seen: UnixMillis) -> [Value<'a>; 5] {
    [Value::Text(user), Value::Text(org), role.map_or(Value::Null, Value::Text), Value::Number(at.0), Value::Number(seen.0)]
}

fn flag(is_set: bool) -> Value<'static> {
    Value::Number(i64::from(is_set))
}

fn text(row: Raw<'_>, name: &str) -> Option<String> {
    row.get(name)?.as_str().map(std::borrow::Cow::into_owned)
}

fn is_set(row: Raw<'_>, name: &str) -> bool {
    row.get(name).is_some_and(Raw::is_truthy)
}

fn moment(row: Raw<'_>, name: &str) -> Option<UnixMillis> {
    number(row.get(name))
}

fn at(row: Raw<'_>) -> UnixMillis {
    moment(row, "at").unwrap_or(UnixMillis(0))
}

fn number(value: Option<Raw<'_>>) -> Option<UnixMillis> {
    #[allow(clippy::cast_possible_truncation)] // milliseconds since 1970 fit
    value.and_then(Raw::as_f64).map(|moment| UnixMillis(moment as i64))
}
