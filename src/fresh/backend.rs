//! The same questions to Clerk's Backend API: the session, the user, and the membership in the active organization.
//!
//! A 404 in Clerk's words is an answer: there is none any more. Everything else that is no 200 is an outage.

use super::{Asked, Facts, MemberFact, SessionFact, UserFact, time_left};
use crate::{
    json::{Document, Raw},
    machine::{Io, Outage, Purpose},
    session::Backend,
    time::UnixMillis,
};

/// Asks all of it, one after the other, within [`limits::FRESH_TIME_LIMIT`](crate::limits::FRESH_TIME_LIMIT) together. What denies
/// whatever is asked of this subject ends the questions. What one rule asks of the metadata does not: the answer is kept for all rules.
///
/// # Errors
///
/// [`Outage`] where one of them was not answered.
pub(super) async fn ask(backend: &Backend, io: &Io, asked: &Asked<'_>) -> Result<Facts, Outage> {
    let caller = Caller { backend, io, began: io.now() };
    let session = asked.session.unwrap_or_default();
    let user = asked.user;
    let answer = caller.get(&["/sessions/", name(session)?], &[]).await?;
    let says = |member: &str, text: &str| answer.as_ref().is_some_and(|answer| is_text(answer.get(member), text));
    let is_theirs = says("user_id", user);
    let is_live = is_theirs && says("status", "active");
    let may_return = answer.is_some() && (!is_theirs || says("status", "pending"));
    let session = SessionFact { is_live, may_return, at: updated_at(answer.as_ref(), io) };
    let mut facts = Facts { session: Some(session), ..Facts::default() };

    let answer = caller.get(&["/users/", name(user)?], &[]).await?;
    let metadata = answer.as_ref().and_then(|answer| answer.get("public_metadata")).filter(|metadata| metadata.is_object());
    facts.user = Some(UserFact {
        is_gone: !answer.as_ref().is_some_and(|answer| is_text(answer.get("id"), user)),
        is_banned: answer.as_ref().and_then(|answer| answer.get("banned")).is_some_and(Raw::is_true),
        metadata: metadata.map_or("{}", Raw::text).to_owned(),
        at: updated_at(answer.as_ref(), io),
    });
    if asked.without_tests().denial(&facts).is_some() {
        return Ok(facts);
    }

    if let Some((org, _)) = asked.org {
        let answer = caller.get(&["/organizations/", name(org)?, "/memberships"], &[("user_id", user), ("limit", "10")]).await?;
        let rows = answer.as_ref().and_then(|answer| answer.get("data")).and_then(Raw::elements).unwrap_or_default();
        let of_user = |row: &Raw<'_>| is_text(row.get("public_user_data").and_then(|data| data.get("user_id")), user);
        let row = rows.into_iter().find(of_user);
        let role = row.and_then(|row| row.get("role")).and_then(Raw::as_str).map(std::borrow::Cow::into_owned);
        let at = row.and_then(|row| moment(row.get("updated_at"))).unwrap_or_else(|| io.now());
        facts.member = Some(MemberFact { role, at });
    }
    Ok(facts)
}

struct Caller<'a> {
    backend: &'a Backend,
    io: &'a Io,
    began: UnixMillis,
}

impl Caller<'_> {
    /// The document, or `None` where Clerk says that there is none.
    async fn get(&self, path: &[&str], params: &[(&str, &str)]) -> Result<Option<Document>, Outage> {
        let call = self.backend.versioned(Purpose::Freshness, &path.concat(), params, None);
        let mut call = call.ok_or_else(|| Outage("there is no secret key, or the Backend API's address is none".to_owned()))?;
        call.time_limit = time_left(self.io, self.began)?;
        let response = self.io.backend(call).await?;
        let document = Document::parse_bytes(response.body).ok();
        match (response.status, document) {
            (200, Some(document)) if document.root().is_object() => Ok(Some(document)),
            (404, Some(document)) if is_not_found(&document) => Ok(None),
            (status, _) => Err(Outage(["the Backend API answered ", &status.to_string()].concat())),
        }
    }
}

/// Whether it is Clerk that knows of no such thing, and not some server on the way.
fn is_not_found(document: &Document) -> bool {
    let errors = document.get("errors").and_then(Raw::elements).unwrap_or_default();
    errors.iter().any(|error| error.get("code").and_then(Raw::as_str).is_some_and(|code| code.ends_with("not_found")))
}

/// An id as part of a path: what is more than a name is not sent.
fn name(id: &str) -> Result<&str, Outage> {
    let is_name = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_name { Ok(id) } else { Err(Outage("the token holds an id that is none of Clerk's".to_owned())) }
}

fn is_text(found: Option<Raw<'_>>, expected: &str) -> bool {
    found.and_then(Raw::as_str).is_some_and(|found| found == expected)
}

fn updated_at(answer: Option<&Document>, io: &Io) -> UnixMillis {
    answer.and_then(|answer| moment(answer.get("updated_at"))).unwrap_or_else(|| io.now())
}

/// Milliseconds since 1970.
fn moment(value: Option<Raw<'_>>) -> Option<UnixMillis> {
    #[allow(clippy::cast_possible_truncation)] // milliseconds since 1970 fit
    value.and_then(Raw::as_f64).map(|moment| UnixMillis(moment as i64))
}
