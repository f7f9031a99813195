//! Whether what a session token says is still so: rules with `fresh = true` ask, instead of waiting for the token to expire.
//!
//! A token is good for a minute, whatever happens to its session meanwhile. What may have happened, in the order in which it is looked
//! at: the user was deleted, the session ended, the user was banned, the user left the organization or has another role there, the
//! user's public metadata no longer meets what a rule asks of the claim `metadata`.
//!
//! 1. Where there is a [mirror] it is asked first. What it denies is denied at once, unless the token is younger than what the
//!    mirror knows: then the news may not have come yet. What it affirms holds for a while after it was last told so.
//! 2. Else the Backend API is asked, and the answer kept for some seconds, by one request at a time for a subject.
//! 3. Where neither can tell, nobody knows: the gate answers 503.
//!
//! Why a locked user is not refused: whoever tries passwords often enough locks a stranger's account, and that ends no session at Clerk.

mod backend;
mod cache;
pub mod mirror;

use core::time::Duration;
use std::rc::Rc;

use self::cache::{Cache, Look};
use crate::{
    limits,
    machine::{Io, Outage},
    policy::{ClaimTest, Tie, text_of},
    reason::Reason,
    session::{Auth, Backend},
    time::{UnixMillis, millis},
};

/// What is asked about a signed-in user.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    user: &'a str,
    /// `None` where the token names none.
    session: Option<&'a str>,
    /// The active organization, and the role in it.
    org: Option<(&'a str, Option<&'a str>)>,
    /// What is asked of the user's metadata.
    tests: Vec<&'a ClaimTest>,
    /// What the path was let through for: places in the user's metadata, and what the token says of them.
    ties: Vec<(&'a [String], String)>,
    /// When the token was made.
    issued: UnixMillis,
}

/// What is known of a subject. Moments are Clerk's: when it came to be so.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    session: Option<SessionFact>,
    user: Option<UserFact>,
    member: Option<MemberFact>,
}

#[derive(Clone, Debug)]
struct SessionFact {
    is_live: bool,
    /// It is not live, and may be so again: there is a task to be done, or it is another user's.
    may_return: bool,
    at: UnixMillis,
}

#[derive(Clone, Debug)]
struct UserFact {
    is_gone: bool,
    is_banned: bool,
    /// Public metadata, as JSON.
    metadata: String,
    at: UnixMillis,
}

#[derive(Clone, Debug)]
struct MemberFact {
    /// `None`: no member.
    role: Option<String>,
    at: UnixMillis,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is as the token says.
    Holds,
    /// It is not.
    Denied(Reason),
    /// Nobody could tell, and why.
    Unknown(String),
}

/// Asks, and remembers for a moment.
pub struct Freshness {
    backend: Backend,
    cache: Rc<Cache>,
    has_mirror: bool,
}

impl<'a> Asked<'a> {
    /// What has to be asked about a session; `None` for a machine or nobody. `tests` are what the rules ask of claims, `ties` what they
    /// compare the path with.
    #[must_use]
    pub fn of(auth: &'a Auth, tests: impl Iterator<Item = &'a ClaimTest>, ties: impl Iterator<Item = &'a Tie>) -> Option<Self> {
        let issued = auth.claim(&["iat"]).and_then(crate::json::Raw::as_f64).unwrap_or_default();
        auth.claims()?;
        #[allow(clippy::cast_possible_truncation)] // a checked token's time
        let issued = UnixMillis((issued * 1000.0) as i64);
        let tests = tests.filter(|test| test.metadata_path().is_some()).collect();
        let org = auth.org_id().map(|org| (org, auth.org_role()));
        let ties = ties.filter_map(|tie| tie.in_metadata(auth)).collect();
        Some(Self { user: auth.user_id()?, session: auth.session_id(), org, tests, ties, issued })
    }

    /// The first thing that is not as the token says, and when that came to be.
    fn denial(&self, facts: &Facts) -> Option<(Reason, UnixMillis)> {
        let Facts { session, user, member } = facts;
        if let Some(user) = user.as_ref().filter(|user| user.is_gone) {
            return Some((Reason::UserDeleted, user.at));
        }
        if let Some(session) = session.as_ref().filter(|session| !session.is_live) {
            return Some((Reason::SessionEnded, session.at));
        }
        if let Some(user) = user {
            if user.is_banned {
                return Some((Reason::UserBanned, user.at));
            }
            let metadata = crate::json::Document::parse(&user.metadata).ok();
            let meets = |test: &&ClaimTest| metadata.as_ref().is_some_and(|metadata| test.is_met_by_metadata(metadata.root()));
            let says = |(path, told): &(&[String], String)| {
                let found = path.iter().try_fold(metadata.as_ref()?.root(), |value, member| value.get(member));
                (text_of(found?)? == *told).then_some(())
            };
            if !self.tests.iter().all(meets) || !self.ties.iter().all(|tie| says(tie).is_some()) {
                return Some((Reason::UserMetadataChanged, user.at));
            }
        }
        match (&self.org, member) {
            (Some(_), Some(MemberFact { role: None, at })) => Some((Reason::MembershipEnded, *at)),
            (Some((_, claimed)), Some(MemberFact { role: Some(role), at })) if *claimed != Some(role) => {
                Some((Reason::OrganizationRoleChanged, *at))
            }
            _ => None,
        }
    }

    /// What every rule asks about this subject.
    fn without_tests(&self) -> Self {
        Self { tests: Vec::new(), ties: Vec::new(), ..*self }
    }

    /// What the Backend API's facts come to.
    fn verdict(&self, facts: &Facts) -> Verdict {
        match self.denial(facts) {
            Some((reason, _)) => Verdict::Denied(reason),
            None if facts.session.is_none() || facts.user.is_none() || (self.org.is_some() && facts.member.is_none()) => {
                Verdict::Unknown("the Backend API was not asked all of it".to_owned())
            }
            None => Verdict::Holds,
        }
    }

    /// By what name facts about this subject are kept.
    fn key(&self) -> String {
        [self.user, self.session.unwrap_or_default(), self.org.map_or("", |(org, _)| org)].join("|")
    }
}

impl Freshness {
    /// Asks this Backend API, and a mirror before it where there is one.
    #[must_use]
    pub(crate) fn new(backend: Backend, has_mirror: bool) -> Self {
        Self { backend, cache: Rc::default(), has_mirror }
    }

    /// Whether all is still as the token says. Awaits nothing but `io`.
    pub async fn check(&self, io: &Io, asked: &Asked<'_>) -> Verdict {
        if asked.session.is_none() {
            return Verdict::Denied(Reason::SessionEnded);
        }
        // A mirror that fails is none.
        if self.has_mirror
            && let Ok(seen) = mirror::look(io, asked).await
        {
            match asked.denial(&seen.facts) {
                Some((reason, at)) if at >= asked.issued => return Verdict::Denied(reason),
                None if seen.affirms => return Verdict::Holds,
                _ => {}
            }
        }
        match self.facts(io, asked).await {
            Ok(facts) => asked.verdict(&facts),
            Err(Outage(why)) => Verdict::Unknown(why),
        }
    }

    /// What the Backend API says, or said some seconds ago.
    async fn facts(&self, io: &Io, asked: &Asked<'_>) -> Result<Rc<Facts>, Outage> {
        loop {
            match self.cache.look(&asked.key(), io.now()) {
                Look::Found(found) => return found,
                Look::Wait => io.wait(limits::WAIT_FOR_OTHER_FETCH).await,
                Look::Fetch(ticket) => {
                    let facts = backend::ask(&self.backend, io, asked).await.map(Rc::new);
                    self.cache.settle(ticket, facts.clone(), io.now());
                    if let (true, Ok(facts)) = (self.has_mirror, &facts) {
                        // What could not be noted is asked again.
                        let _ = mirror::note(io, asked, facts).await;
                    }
                    return facts;
                }
            }
        }
    }
}

/// What is left of the time for one check that began at `began`.
fn time_left(io: &Io, began: UnixMillis) -> Result<Duration, Outage> {
    let left = millis(limits::FRESH_TIME_LIMIT) - millis(io.now().since(began));
    match u64::try_from(left) {
        Ok(left) if left > 0 => Ok(Duration::from_millis(left)),
        _ => Err(Outage("the Backend API took too long".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let at = UnixMillis(5);
        Facts {
            session: Some(SessionFact { is_live: true, may_return: false, at }),
            user: Some(UserFact { is_gone: false, is_banned: false, metadata: r#"{"role":"admin"}"#.to_owned(), at }),
            member: Some(MemberFact { role: Some("org:admin".to_owned()), at }),
        }
    }

    fn asked() -> Asked<'static> {
        let org = Some(("org_1", Some("org:admin")));
        let (tests, ties) = Default::default();
        Asked { user: "user_1", session: Some("sess_1"), org, tests, ties, issued: UnixMillis(0) }
    }

    fn denial(change: impl Fn(&mut Facts)) -> Option<Reason> {
        let mut changed = facts();
        change(&mut changed);
        asked().denial(&changed).map(|(reason, _)| reason)
    }

    #[test]
    fn what_was_not_asked_is_not_known() {
        assert_eq!(asked().verdict(&facts()), Verdict::Holds);
        let parts: [fn(&mut Facts); 3] = [|facts| facts.session = None, |facts| facts.user = None, |facts| facts.member = None];
        for part in parts {
            let mut facts = facts();
            part(&mut facts);
            assert!(matches!(asked().verdict(&facts), Verdict::Unknown(_)), "{facts:?}");
        }
        let without_org = Asked { org: None, ..asked() };
        assert_eq!(without_org.verdict(&Facts { member: None, ..facts() }), Verdict::Holds);
    }

    #[test]
    fn whatever_changed_is_a_denial_and_the_graver_goes_first() {
        assert_eq!(denial(|_| ()), None);
        assert_eq!(denial(|facts| facts.session.as_mut().unwrap().is_live = false), Some(Reason::SessionEnded));
        assert_eq!(denial(|facts| facts.user.as_mut().unwrap().is_banned = true), Some(Reason::UserBanned));
        assert_eq!(denial(|facts| facts.member.as_mut().unwrap().role = None), Some(Reason::MembershipEnded));
        let demoted = |facts: &mut Facts| facts.member.as_mut().unwrap().role = Some("org:member".to_owned());
        assert_eq!(denial(demoted), Some(Reason::OrganizationRoleChanged));
        assert_eq!(
            denial(|facts| {
                facts.user.as_mut().unwrap().is_gone = true;
                facts.session.as_mut().unwrap().is_live = false;
            }),
            Some(Reason::UserDeleted)
        );
    }
}
