//! Browsers that are sent round in circles: counted, and at the limit told why, instead of being sent once more.
//!
//! 1. Handshakes are counted by Clerk's own cookie, three in a row ([`limits::HANDSHAKE_REDIRECTS`]).
//! 2. Redirects to the sign-in page are counted by a cookie of ours, by browser, reason and address, since Clerk counts none: five, each within
//!    seconds of the last ([`limits::SIGN_IN_REDIRECTS`]). The same cookie keeps when the last token was issued, which tells a browser that
//!    does not keep new cookies from a clock that is wrong.
//! 3. A browser that keeps no cookie at all cannot be counted by one. Where it comes back from a handshake without any, the address
//!    it is sent to says so; if it arrives there without the cookies that it was just given, they are blocked.
//!
//! The cause is told from the reason and from what the browser carries, none of which is proof of anything: nobody gets in by it.

use super::{Answer, Deciding, Refusal};
use crate::{
    limits,
    reason::{self, Reason},
    request::HeaderName,
    session::{RequestState, Status, first_cookie},
    text::{self, ByAny as _},
};

/// What is counted, as `count.issued_at.reason.address`; the address as a number that says nothing of it.
const COUNT: &str = "__portcullis_bounce";
/// The length of a session cookie that no browser keeps.
const LENGTH: &str = "__portcullis_session_bytes";
/// In the address of a browser that came back without a cookie.
const MARK: &str = "__portcullis_cookies=1";

/// Why a browser goes round in circles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The gate's clock and Clerk's are apart: so many seconds from the one to the other.
    ClockSkew(i64),
    /// Keys or cookies are of two instances.
    TwoInstances,
    /// The browser does not keep the cookies that it is given.
    CookieBlocked,
    /// The session cookie has so many bytes that browsers drop it.
    CookieTooLarge(u32),
    /// The session is for another domain.
    SatelliteMismatch,
    /// Something else.
    Unknown,
}

impl Cause {
    fn reason(self) -> &'static str {
        match self {
            Self::ClockSkew(_) => reason::LOOP_CLOCK_SKEW,
            Self::TwoInstances => reason::LOOP_TWO_INSTANCES,
            Self::CookieBlocked => reason::LOOP_COOKIE_BLOCKED,
            Self::CookieTooLarge(_) => reason::LOOP_COOKIE_TOO_LARGE,
            Self::SatelliteMismatch => reason::LOOP_SATELLITE_MISMATCH,
            Self::Unknown => reason::LOOP,
        }
    }

    /// For people who see the page; those who can mend it find the same in the log.
    fn words(self) -> String {
        let (before, number, after) = match self {
            Self::ClockSkew(secs) => (
                "The clock of this site's server is ",
                Some(secs.unsigned_abs()),
                if secs > 0 { " seconds behind the sign-in service's." } else { " seconds ahead of the sign-in service's." },
            ),
            Self::TwoInstances => (
                "The keys or cookies of two different sign-in services are mixed up here. Clear this site's cookies; if that does not help, its keys are of two instances.",
                None,
                "",
            ),
            Self::CookieBlocked => {
                ("Your browser does not keep this site's cookies. Allow cookies for this site, then try again.", None, "")
            }
            Self::CookieTooLarge(bytes) => (
                "Your session has ",
                Some(u64::from(bytes)),
                " bytes, and browsers keep cookies of 4096 at most. The site has to put less into it.",
            ),
            Self::SatelliteMismatch => {
                ("Your session was made for another domain than this one, which does not accept it.", None, "")
            }
            Self::Unknown => ("You were sent to sign in several times in a row without getting any further.", None, ""),
        };
        [before, &number.map(|number| number.to_string()).unwrap_or_default(), after].concat()
    }

    fn help(self) -> &'static str {
        match self {
            Self::ClockSkew(_) => "set the clock",
            Self::TwoInstances => {
                "take publishable key, secret key and JWT key from one instance; look for cookies of another one on a parent domain"
            }
            Self::CookieBlocked => "look at the browser's settings, and whether pages and gate are on one site",
            Self::CookieTooLarge(_) => "take claims out of the session token in Clerk's dashboard",
            Self::SatelliteMismatch => "add the domain to `authorized_parties`, or sign in on this one",
            Self::Unknown => "follow the reasons in the log",
        }
    }
}

/// What a browser brought along of ours.
#[derive(Default)]
struct Brought {
    count: u32,
    issued_at: Option<i64>,
    place: String,
    session_bytes: Option<u32>,
}

impl Deciding<'_> {
    /// Before a redirect to the sign-in page, or in its place: the answer at the limit. Adds the count to `state`.
    #[inline(never)]
    pub(super) fn explain_loop(&self, reason: &str, state: &mut RequestState) -> Option<(Answer, &'static str)> {
        let brought = self.brought();
        // Several pages that are opened at once are no circle: a circle comes back to where it began.
        let place = [reason, ".", &mark_of(&self.plain_target()).to_string()].concat();
        let count = if brought.place == place { brought.count.saturating_add(1) } else { 1 };
        if !state.gave_up && count <= limits::SIGN_IN_REDIRECTS {
            keep(
                state,
                COUNT,
                &format!("{count}.{}.{place}", state.issued_at.unwrap_or_default()),
                limits::SIGN_IN_REDIRECTS_SECS,
            );
            return None;
        }
        let cause = cause(state, &brought);
        let issued_at = state.issued_at.map(|secs| format!(", last token issued at {secs} s")).unwrap_or_default();
        state.message = format!("sent in circles for {reason}{issued_at}: {}; help: {}", cause.words(), cause.help());
        keep(state, COUNT, "", 0);
        Some((Refusal::SignInLoop.page_saying(&cause.words(), cause.reason(), &self.plain_target()), cause.reason()))
    }

    /// Where a handshake leads, with what has to be remembered of it: `location` is the address.
    #[inline(never)]
    pub(super) fn follow_handshake(&self, location: String, state: &mut RequestState) -> String {
        if let Some(bytes) = longest_session(state) {
            keep(state, LENGTH, &bytes.to_string(), limits::SESSION_BYTES_SECS);
        }
        if let (Status::Handshake, Some(issued_at), Some(Reason::SessionTokenExpired(_))) =
            (state.status, state.issued_at, &state.reason)
        {
            // What the browser has now, to be compared with what it comes back with.
            let earlier = self.brought();
            if earlier.issued_at.is_none() {
                keep(state, COUNT, &format!("0.{issued_at}.handshake"), limits::SIGN_IN_REDIRECTS_SECS);
            }
        }
        let has_ended = state.status != Status::Handshake;
        if has_ended && self.request.header(HeaderName::Cookie).is_none() && !text::contains(&location, MARK) {
            let separator = if text::contains(&location, "?") { "&" } else { "?" };
            return [&location, separator, MARK].concat();
        }
        location
    }

    /// What becomes of a browser that was given cookies and asked to show them: the address without the question where it does, the
    /// answer where it does not. `None` where it was not asked.
    pub(super) fn shows_cookies(&self) -> Option<Result<String, (Answer, &'static str, String)>> {
        let (before, after) = text::split_once(&self.request.url, MARK)?;
        self.shows_cookies_between(before, after)
    }

    #[inline(never)]
    fn shows_cookies_between(&self, before: &str, after: &str) -> Option<Result<String, (Answer, &'static str, String)>> {
        if self.request.header(HeaderName::Cookie).is_some() {
            let before = before.strip_suffix(['?', '&'])?;
            let rest = if after.is_empty() {
                String::new()
            } else {
                [if text::contains(before, "?") { "&" } else { "?" }, after.trim_start_any(b"&")].concat()
            };
            return Some(Ok([before, &rest].concat()));
        }
        let cause = Cause::CookieBlocked;
        let message = ["came back without the cookies that it was just given; help: ", cause.help()].concat();
        Some(Err((
            Refusal::SignInLoop.page_saying(&cause.words(), cause.reason(), &self.plain_target()),
            cause.reason(),
            message,
        )))
    }

    /// Where the browser wanted to go: without what Clerk and the gate add to addresses, which may be a token.
    fn plain_target(&self) -> String {
        let target = self.target.forward_target();
        let Some((path, query)) = text::split_once(&target, "?") else { return target };
        let mut plain = path.to_owned();
        for pair in query
            .pieces(b"&")
            .filter(|pair| !["__clerk_", "__portcullis_", "__dev_session"].iter().any(|own| pair.starts_with(own)))
        {
            plain.push(if plain.len() == path.len() { '?' } else { '&' });
            plain.push_str(pair);
        }
        plain
    }

    fn brought(&self) -> Brought {
        let Some(header) = self.request.header(HeaderName::Cookie).filter(|header| text::contains(header, "__portcullis_"))
        else {
            return Brought::default();
        };
        let count = first_cookie(header, COUNT).unwrap_or_default();
        let mut parts = count.splitn(3, '.');
        Brought {
            count: parts.next().and_then(|count| count.parse().ok()).unwrap_or_default(),
            issued_at: parts.next().and_then(|secs| secs.parse().ok()).filter(|secs| *secs > 0),
            place: parts.next().unwrap_or_default().to_owned(),
            session_bytes: first_cookie(header, LENGTH).and_then(|bytes| bytes.parse().ok()),
        }
    }
}

fn cause(state: &RequestState, brought: &Brought) -> Cause {
    let Some(reason) = &state.reason else { return Cause::Unknown };
    let skew =
        || state.issued_at.map_or(Cause::Unknown, |issued_at| Cause::ClockSkew(issued_at.saturating_sub(state.checked_at)));
    if state.minted_off_time {
        return skew();
    }
    match reason {
        Reason::SessionTokenIatInTheFuture
        | Reason::SessionTokenNbf
        | Reason::TokenIatInTheFuture
        | Reason::TokenNotActiveYet => skew(),
        // A new token that has expired already: the clock. The same token as before: the new one was not kept.
        Reason::SessionTokenExpired(_) | Reason::TokenExpired => match (brought.issued_at, state.issued_at) {
            (Some(before), Some(now)) if before != now => skew(),
            _ => cookie(brought),
        },
        Reason::ClientUatWithoutSessionToken
        | Reason::SessionTokenAndUatMissing
        | Reason::SessionTokenMissing
        | Reason::TokenMissing
        | Reason::DevBrowserMissing
        | Reason::DevBrowserSync => cookie(brought),
        Reason::SessionTokenWithoutClientUat
        | Reason::SessionTokenIatBeforeClientUat
        | Reason::JwkKidMismatch
        | Reason::TokenInvalidSignature
        | Reason::TokenInvalidIssuer => Cause::TwoInstances,
        Reason::TokenInvalidAuthorizedParties
        | Reason::SatelliteCookieNeedsSyncing
        | Reason::PrimaryRespondsToSyncing
        | Reason::PrimaryDomainCrossOriginSync => Cause::SatelliteMismatch,
        _ => Cause::Unknown,
    }
}

fn cookie(brought: &Brought) -> Cause {
    brought.session_bytes.map_or(Cause::CookieBlocked, Cause::CookieTooLarge)
}

/// A number for an address: FNV-1a, 32 bits. Two addresses with one number are counted as one, which is as it was without.
fn mark_of(target: &str) -> u32 {
    target.bytes().fold(0x811c_9dc5, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The bytes of a session cookie that is being set and is too long to be kept (RFC 6265bis section 5.6).
fn longest_session(state: &RequestState) -> Option<u32> {
    let pairs = state.headers.iter().filter(|(name, value)| *name == "set-cookie" && value.starts_with("__session"));
    let bytes = pairs.map(|(_, value)| value.pieces(b";").next().unwrap_or_default().len()).max()?;
    u32::try_from(bytes).ok().filter(|_| bytes > limits::COOKIE_BYTES)
}

fn keep(state: &mut RequestState, name: &str, value: &str, secs: u32) {
    let cookie = format!("{name}={value}; Path=/; SameSite=Lax; HttpOnly; Max-Age={secs}");
    state.headers.push(("set-cookie", cookie.into()));
}
