//! Answers for one visitor in caches that all share.

use super::{Kind, Live, Probe, in_words, is_success};
use crate::{
    cli::{check::evidence::Evidence, network::Reply},
    policy::lint::Severity,
};

/// A refusal that a cache keeps is shown to whoever signs in next.
pub(super) fn look_at_refusal(live: &mut Live<'_>, target: &str, reply: &Reply) {
    let is_private = is_private(reply) && !is_from_cache(reply);
    if !is_private {
        live.find(
            Kind::LiveRefusalCacheable,
            Severity::Warning,
            [
                &format!("the refusal of `{target}` may be kept by shared caches (`cache-control: {}`)", cache_control(reply)),
                "who signs in afterwards is shown it again, and what is cached there for strangers may be cached for users",
                "exempt the route from caching rules, and have no cache before the gate",
            ],
        );
    }
    let proves = if is_private { "no shared cache keeps it" } else { "a shared cache may keep it" };
    live.evidence.push(Evidence::new(is_private, format!("its cache-control ({target})"), cache_control(reply), proves));
}

/// The page as a user gets it: whether it may be kept, and whether a stranger gets it afterwards.
pub(super) fn look_at_private_answer(live: &mut Live<'_>, good: &Reply) {
    let target = live.closed.clone();
    let may_be_kept = !is_private(good);
    let again = live.send(&target, &Probe::default());
    let is_shown = is_success(&again);
    if may_be_kept || is_shown {
        let what = if is_shown {
            format!("a stranger gets `{target}` once a user has asked for it")
        } else {
            format!("`{target}` may be kept by shared caches as a user gets it (`cache-control: {}`)", cache_control(good))
        };
        let why = "a cache between the gate and the world shows one user's page to another";
        live.find(Kind::LivePrivateAnswerCached, Severity::Error, [&what, why, "exempt the route from caching rules"]);
    }
    let proves = if is_shown { "a hole: a cache gives it to strangers" } else { "no cache gives it to strangers" };
    live.evidence.push(Evidence::new(!is_shown, format!("GET {target} (nobody, after a user)"), in_words(&again), proves));
}

fn cache_control(reply: &Reply) -> &str {
    reply.header("cache-control").unwrap_or("none")
}

fn is_private(reply: &Reply) -> bool {
    let text = cache_control(reply).to_ascii_lowercase();
    text.split(',').map(str::trim).any(|directive| directive == "no-store" || directive == "private")
}

fn is_from_cache(reply: &Reply) -> bool {
    let age = reply.header("age").and_then(|age| age.trim().parse::<u64>().ok()).unwrap_or(0);
    age > 0 || reply.header("cf-cache-status").is_some_and(|status| status.eq_ignore_ascii_case("hit"))
}
