//! What is so of a method and a URL, whoever asks: how the path can be read, what the policy demands there, what the origin is asked for.
//!
//! It follows from both and the settings alone, so it is kept for the next request of the same: an app has a few hundred paths, and
//! judging one costs as much as all the rest of a request without a token. Kept in a fixed number of places by the whole URL and
//! method, compared byte for byte; two that fall into one place push each other out, and are judged again. URLs with a query are not kept:
//! they seldom come twice, and may hold secrets.

use std::{cell::RefCell, rc::Rc};

use super::{Endpoint, endpoint, public_origin};
use crate::{
    limits,
    path::{self, Ambiguity, JudgedTarget},
    policy::Demand,
    request::RequestView,
    settings::Settings,
    text,
};

/// See [above](self).
pub(super) struct Judged {
    method: Rc<str>,
    url: Rc<str>,
    pub(super) target: JudgedTarget,
    /// The URL of the target, where it is spelled otherwise than the request's.
    pub(super) rewritten: Option<Rc<str>>,
    /// Path and query, as the origin is sent them.
    pub(super) forwarded: Rc<str>,
    /// Scheme and authority.
    pub(super) origin: Rc<str>,
    /// The endpoint of the gate's own that the URL names.
    pub(super) endpoint: Option<Endpoint>,
    /// Whether any reading of the path is below the gate's own endpoints.
    pub(super) is_own: bool,
    pub(super) demand: Demand,
    /// What is demanded without the rules in shadow, where that is something else.
    pub(super) enforced: Option<Demand>,
}

impl Judged {
    fn of(settings: &Settings, request: &RequestView) -> Result<Self, Ambiguity> {
        let (policy, method, url) = (&settings.policy, &request.method, &request.url);
        let target = path::judge(url, &settings.path)?;
        let demand = policy.demand_for(method, &target);
        Ok(Self {
            method: method.clone(),
            url: url.clone(),
            rewritten: (!target.is_written(url)).then(|| target.forward_url().into()),
            forwarded: target.forward_target().into(),
            origin: public_origin(&target).into(),
            endpoint: Endpoint::of(url),
            is_own: target.readings().iter().any(|reading| endpoint::is_own(&reading.path)),
            enforced: policy.enforced_demand_for(method, &target).filter(|enforced| *enforced != demand),
            demand,
            target,
        })
    }

    fn is_of(&self, request: &RequestView) -> bool {
        text::is_same(&self.url, &request.url) && text::is_same(&self.method, &request.method)
    }

    /// Whether it is worth a place, and takes little.
    fn is_kept(&self) -> bool {
        let bytes = self.url.len() + self.method.len();
        self.target.search().is_empty()
            && bytes <= limits::JUDGED_URL_BYTES
            && self.target.readings().len() <= limits::JUDGED_READINGS
    }
}

/// What was judged before.
#[derive(Default)]
pub(super) struct Judgements {
    places: RefCell<Vec<Option<Rc<Judged>>>>,
}

impl Judgements {
    /// What is so of this request, judged now or before.
    ///
    /// # Errors
    ///
    /// [`Ambiguity`]: its path cannot be judged. That is not kept.
    pub(super) fn of(&self, settings: &Settings, request: &RequestView) -> Result<Rc<Judged>, Ambiguity> {
        let place = place_of(&request.url);
        if let Some(Some(known)) = self.places.borrow().get(place)
            && known.is_of(request)
        {
            return Ok(known.clone());
        }
        let judged = Rc::new(Judged::of(settings, request)?);
        if judged.is_kept() {
            self.keep(place, &judged);
        }
        Ok(judged)
    }

    fn keep(&self, place: usize, judged: &Rc<Judged>) {
        let mut places = self.places.borrow_mut();
        if places.is_empty() {
            places.resize(limits::JUDGED_URLS, None);
        }
        if let Some(place) = places.get_mut(place) {
            *place = Some(judged.clone());
        }
    }
}

/// Which place a URL falls into. Whoever finds URLs that share one gains that they are judged each time.
#[allow(clippy::cast_possible_truncation)] // of the upper bits, which are the mixed ones
fn place_of(url: &str) -> usize {
    /// 2^64 divided by the golden ratio, as Knuth multiplies (TAOCP volume 3, section 6.4).
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let (words, rest) = url.as_bytes().as_chunks::<8>();
    let mix = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    let sum = words.iter().fold(url.len() as u64, |sum, word| mix(sum, u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    (mix(sum, rest) >> 32) as usize % limits::JUDGED_URLS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gate::Gate, request::HeaderList, settings::Environment, table::Node};

    fn gate(policy: &str) -> Gate {
        Gate::new(Environment {
            publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
            secret_key: Some(["sk", "live", "0123456789"].join("_")),
            portcullis: Some(Node::parse_json(policy).unwrap()),
            ..Environment::default()
        })
        .unwrap()
    }

    fn request(method: &str, url: &str) -> RequestView {
        RequestView { method: method.into(), url: url.into(), headers: Rc::new(HeaderList::default()) }
    }

    const POLICY: &str = r#"{ "authorized_parties": ["https://a.example"], "public": ["/", "/p/:id"],
        "rules": [{ "match": "/p/:id", "methods": ["POST"], "access": "admin" }],
        "admin_requires": { "claim": "role", "equals": "x" } }"#;

    #[test]
    fn what_was_judged_before_is_what_would_be_judged_now() {
        let gate = gate(POLICY);
        let settings = gate.settings();
        let judgements = Judgements::default();
        let urls: Vec<String> = (0..3 * limits::JUDGED_URLS)
            .map(|n| format!("https://a.example/{}/{n}{}", ["p", "q", "P", "p%2F"][n % 4], ["", "?x=1", "/", "//"][n / 4 % 4]))
            .collect();
        for round in 0..3 {
            for url in &urls {
                for method in ["GET", "POST", "get", "PURGE"] {
                    let request = request(method, url);
                    let (kept, fresh) = (judgements.of(settings, &request), Judged::of(settings, &request));
                    let (Ok(kept), Ok(fresh)) = (kept, fresh) else { continue };
                    assert_eq!(kept.target, fresh.target, "{round} {method} {url}");
                    assert_eq!(kept.demand, fresh.demand, "{round} {method} {url}");
                    assert_eq!((&kept.forwarded, &kept.origin), (&fresh.forwarded, &fresh.origin));
                }
            }
        }
        assert!(judgements.places.borrow().iter().flatten().count() > limits::JUDGED_URLS / 2);
    }

    #[test]
    fn another_byte_is_another_request() {
        let gate = gate(POLICY);
        let judgements = Judgements::default();
        let judge = |method: &str, url: &str| judgements.of(gate.settings(), &request(method, url)).unwrap();
        let first = judge("GET", "https://a.example/p/1");
        assert!(Rc::ptr_eq(&first, &judge("GET", "https://a.example/p/1")));
        for (method, url) in [
            ("POST", "https://a.example/p/1"),
            ("get", "https://a.example/p/1"),
            ("GET", "http://a.example/p/1"),
            ("GET", "https://b.example/p/1"),
            ("GET", "https://a.example/p/1/"),
            ("GET", "https://a.example/P/1"),
        ] {
            judge("GET", "https://a.example/p/1");
            assert!(!Rc::ptr_eq(&first, &judge(method, url)), "{method} {url}");
        }
        assert_ne!(judge("POST", "https://a.example/p/1").demand, first.demand);
    }

    #[test]
    fn queries_and_long_urls_and_what_has_many_readings_are_not_kept() {
        let gate = gate(POLICY);
        let judgements = Judgements::default();
        let long = format!("https://a.example/{}", "x".repeat(limits::JUDGED_URL_BYTES));
        let many = "https://a.example/a%252Fb/c%255Cd/e.json";
        for url in ["https://a.example/?token=secret", &long, many] {
            let judged = judgements.of(gate.settings(), &request("GET", url)).unwrap();
            assert!(!judged.is_kept(), "{url}: {:?}", judged.target.readings());
        }
        assert!(judgements.places.borrow().is_empty());
        // What cannot be judged leaves nothing, and is not judged otherwise the next time.
        for _ in 0..2 {
            assert!(judgements.of(gate.settings(), &request("GET", "https://a.example/%00")).is_err());
        }
    }
}
