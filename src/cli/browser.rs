//! What a browser says of itself beside a request: whether it asks for a page, and which page asks.

/// How a browser asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// For a page to show.
    Document,
    /// For a script of a page.
    Fetch,
}

/// Adds a header where none of its name was given.
pub(super) fn offer(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    if !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
        headers.push((name.to_owned(), value));
    }
}

/// Adds what a page of the app itself sends: `origin` is the app's.
pub(super) fn complete(headers: &mut Vec<(String, String)>, method: &str, kind: Kind, origin: &str) {
    let (accept, destination) = match kind {
        Kind::Document => ("text/html", "document"),
        Kind::Fetch => ("application/json", "empty"),
    };
    offer(headers, "accept", accept.to_owned());
    offer(headers, "sec-fetch-dest", destination.to_owned());
    offer(headers, "sec-fetch-site", "same-origin".to_owned());
    if !matches!(method, "GET" | "HEAD") {
        offer(headers, "origin", origin.to_owned());
    }
}
