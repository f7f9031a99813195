//! Headers that a client must not be able to say: who it is, that a framework has checked it, which path it means.

use super::{Kind, Live, Probe, in_words, is_success};
use crate::{
    cli::check::evidence::Evidence,
    headers::names,
    policy::{Access, lint::Severity},
};

const HELP: &str = "let the gate take them off, and let nobody reach the app around it";

/// Each has to leave the closed page closed.
pub(super) fn probe_closed(live: &mut Live<'_>) {
    let identity = identity_headers(&live.marker);
    let probe = Probe { headers: identity, ..Probe::default() };
    let why = "whoever writes these headers is taken for the user that they name";
    let target = live.closed.clone();
    live.expect_refusal(Kind::LiveHeaderTrusted, &target, &probe, "strangers who say in headers who they are", [why, HELP]);
    // What marks a request inside Next.js, in the forms of its versions (CVE-2025-29927).
    for value in [
        "middleware:middleware:middleware:middleware:middleware",
        "src/middleware:src/middleware:src/middleware:src/middleware:src/middleware",
    ] {
        let probe = Probe { headers: vec![("x-middleware-subrequest", value.to_owned())], ..Probe::default() };
        let why = "the framework believes that its middleware has run, and does not run it";
        live.expect_refusal(
            Kind::LiveHeaderTrusted,
            &target,
            &probe,
            "a request that calls itself a framework's own",
            [why, HELP],
        );
    }
}

/// Whether they get to the app on a page that is open.
pub(super) fn probe_open(live: &mut Live<'_>) {
    let target = match live.access("GET", "/") {
        Some(Access::Public) => "/".to_owned(),
        _ => match live.settings.sign_in_url.clone().filter(|page| page.starts_with('/')) {
            Some(page) => page,
            None => return,
        },
    };
    let plain = live.send(&target, &Probe::default());
    if !is_success(&plain) {
        let proves = "nothing: what headers do on an open page was not seen";
        live.evidence.push(Evidence::new(true, format!("GET {target}"), in_words(&plain), proves));
        return;
    }
    // Only an app that shows what it gets gives itself away here.
    let echo = live.send(&target, &Probe { headers: identity_headers(&live.marker), ..Probe::default() });
    let is_echoed = echo.as_ref().is_ok_and(|reply| String::from_utf8_lossy(&reply.body).contains(&live.marker));
    judge(live, &target, "identity headers", is_echoed, &in_words(&echo), "the app shows a user that a client made up");

    let elsewhere = format!("/{}", live.marker);
    for name in ["x-original-url", "x-rewrite-url", "x-middleware-rewrite"] {
        let answer = live.send(&target, &Probe { headers: vec![(name, elsewhere.clone())], ..Probe::default() });
        // The same page, unless the app went where the header says, where there is nothing.
        let is_followed = answer.as_ref().is_ok_and(|reply| reply.status == 404);
        let proves = "the app goes where the header says, and the gate has judged another path";
        judge(live, &target, name, is_followed, &in_words(&answer), proves);
    }
}

fn judge(live: &mut Live<'_>, target: &str, name: &str, is_trusted: bool, said: &str, hole: &str) {
    if is_trusted {
        let what = format!("the app behind the edge believes a client's own header ({name})");
        live.find(Kind::LiveHeaderTrusted, Severity::Error, [&what, hole, HELP]);
    }
    let proves = if is_trusted { format!("a hole: {hole}") } else { "it changes nothing".to_owned() };
    live.evidence.push(Evidence::new(!is_trusted, format!("GET {target} with {name}"), said, proves));
}

/// The gate's own names, one as an app on CGI folds it, and what other proxies call it.
fn identity_headers(marker: &str) -> Vec<(&'static str, String)> {
    vec![
        (names::AUTH_STATUS, "signed-in".to_owned()),
        (names::USER_ID, marker.to_owned()),
        ("x_portcullis_user_id", marker.to_owned()),
        ("x-portcullis-role", "admin".to_owned()),
        ("x-clerk-auth-status", "signed-in".to_owned()),
        // Another proxy's, which the gate leaves as it is: without the marker, since whoever shows it believes nothing of the gate's.
        ("x-forwarded-user", "portcullis-probe".to_owned()),
    ]
}
