//! What of a decision is written to the operator's log: JSON, one event a line, never a token, a key, a cookie or a query.

use super::{Decision, Event, Trial};
use crate::{
    json::push_string,
    reason,
    settings::Settings,
    text::{self, ByAny as _},
};

/// How a line is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// In the course of things.
    Info,
    /// Somebody was kept out, or would have been.
    Warning,
    /// The operator has something to mend.
    Error,
}

/// The longest piece of a client's text that a line takes, in characters.
const LONGEST: usize = 512;

/// A request that has been answered.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// What was decided.
    pub decision: &'a Decision,
    /// The request's method.
    pub method: &'a str,
    /// The request's URL, as it came.
    pub url: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// The status of the answer, whoever made it.
    pub status: u16,
    /// From the request to the first byte of its answer, in milliseconds.
    pub duration_ms: u64,
    /// The user as [`LogUser`](crate::settings::LogUser) has it; before that the id, where it is not who asks.
    pub user: Option<&'a str>,
    /// What kept the origin from answering, where it did not.
    pub failure: Option<&'a str>,
}

/// Whether a decision is written down. Forwards are by lot, which the request's id draws.
#[must_use]
pub fn is_logged(decision: &Decision, request_id: &str, settings: &Settings) -> bool {
    let share = f64::from(u32::from_str_radix(request_id.get(..8).unwrap_or_default(), 16).unwrap_or(u32::MAX)) / 4_294_967_296.0;
    !is_ordinary(decision.event) || decision.trial.is_some() || decision.is_azp_missing || share < settings.log_forwards
}

/// Whether such a request is of interest only now and then.
fn is_ordinary(event: Event) -> bool {
    matches!(event, Event::Forwarded | Event::Answered)
}

impl Record<'_> {
    /// The lines, in their order: what is worth knowing besides, then what happened.
    #[must_use]
    pub fn lines(&self, settings: &Settings) -> Vec<(Level, String)> {
        let decision = self.decision;
        let mut lines = Vec::with_capacity(1);
        if decision.is_azp_missing {
            lines.push((Level::Warning, self.line("azp-missing", decision.verb(), &decision.reason, "", None)));
        }
        if let Some(trial) = &decision.trial {
            lines.push((Level::Warning, self.line("would-deny", trial.verb, &trial.reason, &trial.message, Some(trial))));
        }
        if let Some(failure) = self.failure {
            lines.push((Level::Error, self.line(reason::ORIGIN_UNREACHABLE, decision.verb(), &decision.reason, failure, None)));
        } else if !is_ordinary(decision.event) || lines.is_empty() && is_logged(decision, self.request_id, settings) {
            let level = match decision.event {
                Event::Denied if self.status >= 500 => Level::Error,
                Event::Denied => Level::Warning,
                Event::Forwarded | Event::Answered | Event::SignIn | Event::Handshake | Event::SignOut => Level::Info,
            };
            lines.push((level, self.line(decision.event.as_str(), decision.verb(), &decision.reason, &decision.message, None)));
        }
        lines
    }

    fn line(&self, event: &str, verb: &str, reason: &str, message: &str, trial: Option<&Trial>) -> String {
        let Self { decision, .. } = self;
        let (access, rule) = trial.map_or((decision.access, &decision.rule), |trial| (trial.access, &trial.rule));
        let status = trial.map_or(self.status, |trial| trial.status);
        let mut line = String::from("{\"event\":");
        push_string(&mut line, event);
        for (name, value) in [
            ("decision", verb),
            ("reason", reason),
            ("message", message),
            ("rule", rule.as_deref().unwrap_or_default()),
            ("access", access.map_or("", |access| access.as_str())),
            ("method", cut(self.method)),
            ("path", cut(path_of(self.url))),
            ("request_id", self.request_id),
            ("user", self.user.unwrap_or_default()),
        ] {
            if !value.is_empty() {
                line.push_str(",\"");
                line.push_str(name);
                line.push_str("\":");
                push_text(&mut line, value);
            }
        }
        for (name, number) in [(",\"status\":", u64::from(status)), (",\"duration_ms\":", self.duration_ms)] {
            line.push_str(name);
            line.push_str(&number.to_string());
        }
        line.push('}');
        line
    }
}

/// One line about something else than a request.
#[must_use]
pub fn plain_line(event: &str, message: &str) -> String {
    let mut line = String::from("{\"event\":");
    push_string(&mut line, event);
    line.push_str(",\"message\":");
    push_text(&mut line, message);
    line.push('}');
    line
}

/// A text in JSON that steers no terminal: of the control characters JSON escapes those of ASCII alone.
fn push_text(line: &mut String, text: &str) {
    let mut json = String::new();
    push_string(&mut json, text);
    for c in json.chars() {
        if matches!(c, '\u{7f}'..='\u{9f}') {
            line.push_str("\\u00");
            line.extend([c as u32 >> 4, c as u32 & 15].into_iter().filter_map(|digit| char::from_digit(digit, 16)));
        } else {
            line.push(c);
        }
    }
}

/// `Server-Timing` of a decision: how long it took in milliseconds and why it is what it is, in a form that is always a field.
#[must_use]
pub fn server_timing(decision: &Decision, duration_ms: u64) -> String {
    let reason: String = decision.reason.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    ["portcullis;dur=", &duration_ms.to_string(), ";desc=\"", &reason, "\""].concat()
}

/// The path of an absolute URL as it was written: no query, which may hold tokens, and no fragment.
fn path_of(url: &str) -> &str {
    let rest = text::find(url, "://").and_then(|end| url.get(end + 3..)).unwrap_or(url);
    let path = rest.find_any(b"/\\?#").and_then(|at| rest.get(at..)).unwrap_or_default();
    path.pieces(b"?#").next().unwrap_or_default()
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(LONGEST).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_terminals_is_escaped() {
        let line = plain_line("x", "a\u{1b}\u{7f}\u{85}\u{9b}\u{a0}é\"");
        assert_eq!(line, "{\"event\":\"x\",\"message\":\"a\\u001b\\u007f\\u0085\\u009b\u{a0}é\\\"\"}");
    }

    #[test]
    fn a_path_has_neither_host_nor_query() {
        for (url, path) in [
            ("https://a.example/x/y?token=1", "/x/y"),
            ("https://u:p@a.example/x#t", "/x"),
            ("https://a.example?token=1", ""),
            ("https://a.example", ""),
            ("https://a.example\\x?y", "\\x"),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
        assert_eq!(cut(&"é".repeat(600)).chars().count(), LONGEST);
    }
}
