//! Other spellings of the same path: what the gate does not take for the page, the app behind it may.

use super::{Kind, Live, Probe};
use crate::policy::Access;

pub(super) fn probe(live: &mut Live<'_>) {
    for (target, name) in spellings(&live.closed) {
        // Where the policy itself opens the spelling, an answer says nothing.
        if live.access("GET", &target) == Some(Access::Public) {
            continue;
        }
        let what = format!("strangers by another spelling of `{}`: {name}", live.closed);
        let why = "whoever writes the address in this way sees the page without signing in";
        let help =
            "deploy this gate before the app, or close what reads the path differently; `portcullis explain` shows the readings";
        live.expect_refusal(Kind::LivePathOpen, &target, &Probe::default(), &what, [why, help]);
    }
}

/// What goes over the wire as it stands here.
///
/// Source: docs/paths.md, which says which routers read which of them as the plain path.
fn spellings(path: &str) -> Vec<(String, &'static str)> {
    let bare = path.trim_start_matches('/');
    let first = bare.bytes().next().unwrap_or(b'x');
    let rest = bare.get(1..).unwrap_or_default();
    vec![
        (format!("//{bare}"), "a doubled slash"),
        (format!("/./{bare}"), "a dot segment"),
        (format!("/x/../{bare}"), "dot segments"),
        (format!("/x/%2e%2e/{bare}"), "encoded dot segments"),
        (format!("/x/..%2f{bare}"), "an encoded slash"),
        (format!("/%{first:02x}{rest}"), "an encoded letter"),
        (format!("/%25{first:02x}{rest}"), "a letter encoded twice"),
        (format!("/\\{bare}"), "a backslash"),
        (path.to_uppercase(), "capitals"),
        (format!("{path}/"), "a slash at the end"),
        (format!("{path}%2f"), "an encoded slash at the end"),
        (format!("{path};x=1"), "a parameter"),
        (format!("{path}%20"), "a blank at the end"),
        (format!("{path}.json"), "a format"),
        (format!("/_next/data/probe/{bare}.json"), "a framework's data route"),
        (format!("{path}/probe.css"), "a style sheet below it"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_another_text_than_the_path() {
        let spellings = spellings("/admin/users");
        assert!(spellings.iter().all(|(target, _)| target != "/admin/users" && target.starts_with('/')));
        assert!(spellings.iter().any(|(target, _)| target == "/%61dmin/users"));
        assert!(spellings.iter().any(|(target, _)| target == "/%2561dmin/users"));
    }
}
