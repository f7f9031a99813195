//! Rate limits: which requests are counted, by what, and what is answered past the limit.
//!
//! The platform counts ([`RateCount`](crate::machine::RateCount)); here it is decided what.
//!
//! 1. A limit applies where any reading of the path matches, and any method that the request may have for an origin: nobody gets
//!    past it by another spelling.
//! 2. Clients are counted before anything is looked at that costs, whatever becomes of the request; users once it is known who asks,
//!    and only for what would reach the origin. Who is not signed in is counted as a client there.
//! 3. A client is its address; of an IPv6 address its first 64 bits, which is what one customer of a network has.
//! 4. All limits that apply to the client count at once, as do all that apply to the user: none spares another. Together they get half
//!    a second; what has not counted by then is given up.
//! 5. Where the platform cannot count, requests pass: a limit keeps an origin available, and must not be what closes it. The policy
//!    holds all the same. Hosts log it.

use std::{net::Ipv6Addr, time::Duration};

use super::{Action, Decision, Refusal, Trial, is_document, own};
use crate::{
    limits::{RATE_LIMIT_CLIENT_TIME_LIMIT, RATE_LIMIT_TIME_LIMIT},
    machine::{Io, RateCount, RateCounts},
    path::JudgedTarget,
    policy::{ANY_METHOD, overriding},
    reason,
    request::{HeaderName, RequestView},
    settings::{Per, RateLimit},
    text,
};

impl RateLimit {
    fn applies(&self, request: &RequestView, target: &JudgedTarget) -> bool {
        let is_named = || target.is_named(|path| self.patterns.first_match(path).is_some());
        self.has_method(&request.method, target) && is_named()
    }

    fn has_method(&self, method: &str, target: &JudgedTarget) -> bool {
        let Some(methods) = &self.methods else { return true };
        // Some origins take `post` for POST, and every word that the query names for a method.
        let is_meant = |said: &str| {
            methods.iter().any(|known| text::is_same_name(known, said) || known == "GET" && text::is_same_name(said, "HEAD"))
        };
        is_meant(method) || overriding(method, target.search()).iter().any(|other| other == ANY_METHOD || is_meant(other))
    }
}

/// Counts the request for each limit of this kind that applies; the first that it is past. What the counters took is added to `taken`.
pub(super) async fn exceeded<'a>(
    io: &Io,
    limits: &'a [RateLimit],
    per: Per,
    request: &RequestView,
    target: &JudgedTarget,
    user: Option<&str>,
    taken: &mut Duration,
) -> Option<&'a RateLimit> {
    let who = match user {
        Some(user) => ["user:", user].concat(),
        None => ["client:", &client(request)].concat(),
    };
    let mut applying = Vec::new();
    let mut counts = Vec::new();
    for limit in limits.iter().filter(|limit| limit.per == per && limit.applies(request, target)) {
        applying.push(limit);
        counts.push(RateCount { binding: limit.binding.clone(), key: [&limit.index, ":", &who].concat() });
    }
    if counts.is_empty() {
        return None;
    }
    let time_limit = match per {
        Per::Client => RATE_LIMIT_CLIENT_TIME_LIMIT,
        Per::User => RATE_LIMIT_TIME_LIMIT.saturating_sub((*taken).min(RATE_LIMIT_CLIENT_TIME_LIMIT)),
    };
    let began = io.now();
    let outcomes = io.count(RateCounts { counts, time_limit }).await;
    *taken += io.now().since(began);
    let place = outcomes.iter().position(|is_within| *is_within == Some(false))?;
    applying.get(place).copied()
}

/// The refusal past a limit.
pub(super) fn refuse(limit: &RateLimit, request: &RequestView, is_api: bool) -> Decision {
    let refusal = Refusal::TooManyRequests;
    let mut answer =
        if is_document(request) && !is_api { refusal.page(reason::RATE_LIMITED) } else { refusal.problem(reason::RATE_LIMITED) };
    for (_, value) in answer.headers.iter_mut().filter(|(name, _)| *name == "retry-after") {
        *value = limit.period_secs.to_string();
    }
    Decision { rule: Some(limit.name.clone()), ..own(answer, reason::RATE_LIMITED, "") }
}

/// A decision that the limit takes the place of; where nothing is enforced it is noted only.
pub(super) fn overrule(decision: Decision, refused: Decision, is_enforced: bool) -> Decision {
    if is_enforced {
        let Decision { auth, response_headers, is_azp_missing, .. } = decision;
        return Decision { auth, response_headers, is_azp_missing, ..refused };
    }
    let trial = Trial::of(refused).filter(|_| matches!(decision.action, Action::Forward(_)));
    Decision { trial: decision.trial.or(trial), ..decision }
}

/// Who the client is: its address, as the platform saw it. Where it did not, all are one.
fn client(request: &RequestView) -> String {
    let Some(address) = request.header(HeaderName::ConnectingIp) else { return "unknown".to_owned() };
    let Ok(ipv6) = address.parse::<Ipv6Addr>() else { return address.to_owned() };
    if let Some(ipv4) = ipv6.to_ipv4_mapped() {
        return ipv4.to_string();
    }
    let [a, b, c, d, ..] = ipv6.segments();
    format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::{
        machine::{self, Answer, Need, Step},
        request::HeaderList,
        table::Node,
        time::UnixMillis,
    };

    fn client_of(address: &str) -> String {
        let headers = Rc::new(HeaderList::new(vec![("CF-Connecting-IP".into(), address.into())]));
        client(&RequestView { method: "GET".into(), url: "https://a.example/".into(), headers })
    }

    #[test]
    fn a_client_cannot_become_many_by_its_own_addresses() {
        assert_eq!(client_of("2001:db8:1:2::1"), client_of("2001:DB8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(client_of("2001:db8:1:2::1"), client_of("2001:db8:1:3::1"));
        assert_eq!(client_of("192.0.2.1"), client_of("::ffff:192.0.2.1"));
        assert_ne!(client_of("192.0.2.1"), client_of("192.0.2.2"));
    }

    fn read(json: &str) -> Vec<RateLimit> {
        RateLimit::read_all(Node::parse_json(json).unwrap(), &mut Vec::new())
    }

    /// Counts as a client and as a user, each time answered `outcomes` after `took_ms`; the places found, and the time limits.
    fn count(took_ms: i64, outcomes: [Option<bool>; 2]) -> (Vec<Option<String>>, Vec<Duration>) {
        let mut step = machine::start(UnixMillis(0), |io| async move {
            let two_of = |per: &str| [0, 1].map(|_| format!(r#"{{"match":"/x","binding":"A","per":"{per}"}}"#)).join(",");
            let limits = read(&format!("[{},{}]", two_of("client"), two_of("user")));
            let target = crate::path::judge("https://a.example/x", &crate::path::PathSettings::default()).unwrap();
            let headers = Rc::new(HeaderList::default());
            let request = RequestView { method: "GET".into(), url: "https://a.example/x".into(), headers };
            let (mut taken, mut found) = (Duration::ZERO, Vec::new());
            for per in [Per::Client, Per::User] {
                let over = exceeded(&io, &limits, per, &request, &target, None, &mut taken).await;
                found.push(over.map(|limit| limit.index.clone()));
            }
            found
        });
        let mut time_limits = Vec::new();
        loop {
            match step {
                Step::Done(found) => return (found, time_limits),
                Step::Need(Need::Count(asked), suspended) => {
                    assert_eq!(asked.counts.len(), 2);
                    time_limits.push(asked.time_limit);
                    step = suspended.resume(Answer::Counted(outcomes.to_vec()), UnixMillis(took_ms));
                }
                Step::Need(need, _) => panic!("{need:?}"),
            }
        }
    }

    #[test]
    fn limits_that_apply_are_counted_together_and_the_first_that_is_past_decides() {
        for (outcomes, places) in [
            ([Some(true), Some(true)], [None, None]),
            ([Some(true), Some(false)], [Some("1"), Some("3")]),
            ([None, Some(false)], [Some("1"), Some("3")]),
            ([Some(false), None], [Some("0"), Some("2")]),
            ([None, None], [None, None]),
        ] {
            assert_eq!(count(1, outcomes).0, places.map(|place| place.map(String::from)), "{outcomes:?}");
        }
    }

    #[test]
    fn counters_of_users_get_what_those_of_clients_left_and_never_nothing() {
        for (took_ms, left_ms) in [(0, 500), (150, 350), (400, 100), (60_000, 100)] {
            assert_eq!(count(took_ms, [None, None]).1, [400, left_ms].map(Duration::from_millis));
        }
    }

    #[test]
    fn every_spelling_of_path_and_method_is_counted() {
        let limits = read(r#"[{"match":"/api/login","methods":["POST"],"binding":"A","per":"client"}]"#);
        let applies = |method: &str, path: &str| {
            let url = format!("https://a.example{path}");
            let target = crate::path::judge(&url, &crate::path::PathSettings::default()).unwrap();
            let headers = Rc::new(HeaderList::default());
            limits[0].applies(&RequestView { method: method.into(), url: url.into(), headers }, &target)
        };
        for path in
            ["/api/login", "/api/login/", "/API/Login", "//api//login", "/api/%6Cogin", "/x/..%2fapi/login", "/api/login;a=b"]
        {
            assert!(applies("POST", path), "{path}");
        }
        assert!(applies("post", "/api/login") && applies("GET", "/api/login?_method=post"));
        assert!(!applies("GET", "/api/login") && !applies("POST", "/api/logins"));
    }
}
