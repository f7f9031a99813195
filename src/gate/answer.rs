//! The gate's own answers: problem documents (RFC 9457), plain pages, redirects.

use super::{decision::Answer, pages};
use crate::text;

/// The type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Every kind of refusal. Title and text are all that a client learns beside the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request cannot be judged.
    BadRequest,
    /// No session.
    SignInRequired,
    /// Signing in does not come to an end.
    SignInLoop,
    /// A session, but not the right one.
    Forbidden,
    /// A request that another site's page made.
    CrossSite,
    /// A method that no origin needs.
    MethodRefused,
    /// A body beyond the limit.
    TooLarge,
    /// More requests than the limit allows.
    TooManyRequests,
    /// The gate's settings are wrong.
    Misconfigured,
    /// The origin did not answer.
    OriginUnreachable,
    /// It cannot be told whether there is a session.
    CannotTell,
    /// One of the gate's own endpoints that does not exist.
    NotFound,
}

impl Refusal {
    /// Status, title, and a sentence for people.
    #[must_use]
    pub fn wire(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (400, "Bad request", "The address of this request cannot be understood in one way only."),
            Self::SignInRequired => (401, "Sign in required", "Sign in to go on."),
            Self::SignInLoop => (401, "Signing in does not come to an end", "You were sent round in circles."),
            Self::Forbidden => (403, "Not allowed", "Your account may not see this page."),
            Self::CrossSite => (
                403,
                "Cross-site request refused",
                "This request came from a page of another site. Open this site and try again.",
            ),
            Self::MethodRefused => (405, "Method not allowed", "This site does not answer requests of this kind."),
            Self::TooLarge => (413, "Too large", "This request is larger than what is taken here."),
            Self::TooManyRequests => (429, "Too many requests", "Wait a moment and try again."),
            Self::NotFound => (404, "Not found", "There is nothing here."),
            Self::Misconfigured => {
                (500, "Gate misconfigured", "This site is not set up correctly. Its operator finds the cause in the log.")
            }
            Self::OriginUnreachable => (502, "Origin unreachable", "The site did not answer. Try again in a moment."),
            Self::CannotTell => (503, "Try again", "Your session could not be checked just now. Try again in a moment."),
        }
    }

    /// An `application/problem+json` answer. `reason` is one of the gate's own words, never foreign text.
    #[must_use]
    pub fn problem(self, reason: &str) -> Answer {
        let (status, title, _) = self.wire();
        let mut body = format!("{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\"reason\":\"");
        body.extend(reason.chars().filter(|c| c.is_ascii_graphic() && *c != '"' && *c != '\\'));
        body.push_str("\"}");
        Answer { status, location: None, body: Some(("application/problem+json", body)), headers: self.headers() }
    }

    /// A plain page for people, without scripts or foreign text, with the `reason` of a [`problem`](Self::problem) for whoever reports it.
    #[must_use]
    pub fn page(self, reason: &str) -> Answer {
        self.page_leading_to(reason, None)
    }

    /// [`page`](Self::page), with a link to where people wanted to go: for a 401 that cannot redirect.
    #[must_use]
    pub fn page_leading_to(self, reason: &str, target: Option<&str>) -> Answer {
        let (status, mut title, text) = self.wire();
        if self == Self::SignInRequired && (reason.starts_with("session-token-expired") || reason == "token-expired") {
            title = "Your session has expired";
        }
        let link = target.map(|target| (target, "Go on to the page that you asked for"));
        let text = if link.is_some() { "Sign in again in another tab. Then go on here." } else { text };
        self.render(status, title, text, reason, link)
    }

    /// A page with a text of its own, the gate's, and a link to try again.
    #[must_use]
    pub fn page_saying(self, text: &str, reason: &str, target: &str) -> Answer {
        let (status, title, _) = self.wire();
        self.render(status, title, text, reason, Some((target, "Try again")))
    }

    fn render(self, status: u16, title: &str, text: &str, reason: &str, link: Option<(&str, &str)>) -> Answer {
        let mut headers = self.headers();
        headers.push((
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'".to_owned(),
        ));
        // A path that begins with two slashes would be another site's address; a dot segment before them keeps it here.
        let here = link.filter(|(target, _)| target.starts_with("//")).map(|(target, _)| ["/.", target].concat());
        let link = link.map(|(target, text)| (here.as_deref().unwrap_or(target), text));
        let body = pages::render(status, title, text, reason, link);
        Answer { status, location: None, body: Some((HTML, body)), headers }
    }

    fn headers(self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("x-content-type-options", "nosniff".to_owned())];
        match self {
            Self::SignInRequired | Self::SignInLoop => headers.push(("www-authenticate", "Bearer".to_owned())),
            Self::CannotTell | Self::OriginUnreachable | Self::TooManyRequests => {
                headers.push(("retry-after", crate::limits::RETRY_AFTER_SECS.to_string()));
            }
            Self::MethodRefused => headers.push(("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS".to_owned())),
            Self::BadRequest | Self::TooLarge | Self::Forbidden | Self::CrossSite | Self::NotFound | Self::Misconfigured => {}
        }
        headers
    }
}

/// A redirect that a browser follows with the same method for a read, and with GET after anything else (RFC 9110 section 15.4).
#[must_use]
pub fn redirect(method: &str, location: String) -> Answer {
    let is_read = text::is_same_name(method, "GET") || text::is_same_name(method, "HEAD");
    Answer { status: if is_read { 307 } else { 303 }, location: Some(location), body: None, headers: Vec::new() }
}

/// Header fields of everything that the gate answers itself: for this request alone, and different for everyone.
pub const OWN_ANSWER_HEADERS: [(&str, &str); 2] = [("cache-control", "no-store"), ("vary", "Cookie, Authorization")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_holds_no_foreign_characters() {
        let answer = Refusal::SignInRequired.problem("x\",\"a\":\"b\n");
        let (_, body) = answer.body.unwrap();
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["reason"], "x,a:b");
        assert_eq!(json["status"], 401);
    }

    #[test]
    fn an_expired_session_is_told_apart_and_keeps_the_destination() {
        let answer = Refusal::SignInRequired.page_leading_to("session-token-expired-refresh-fetch-error", Some("/a?b=1&c=2"));
        let (_, body) = answer.body.unwrap();
        assert!(body.contains("<h1>Your session has expired</h1>") && body.contains("href=\"/a?b=1&amp;c=2\""), "{body}");
    }

    #[test]
    fn a_link_stays_on_this_site() {
        let answer = Refusal::SignInLoop.page_saying("x", "x", "//evil.example/a");
        assert!(answer.body.unwrap().1.contains("href=\"/.//evil.example/a\""));
    }

    #[test]
    fn a_redirect_of_a_form_becomes_a_get() {
        assert_eq!(redirect("POST", "/x".into()).status, 303);
        assert_eq!(redirect("GET", "/x".into()).status, 307);
        assert_eq!(redirect("HEAD", "/x".into()).status, 307);
    }
}
