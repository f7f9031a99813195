//! The one HTTP client of the command line: sends a request as it stands, follows nothing, and reads a bounded answer.
//!
//! Targets go out byte for byte: what a running gate makes of `//admin` or `/%2e%2e/admin` can only be asked in this way.

use std::time::Duration;

use ureq::{Agent, RequestExt, http};

use crate::{
    limits,
    machine::{BackendRequest, BackendResponse, Outage},
    settings::is_loopback_host,
};

/// A request.
pub(super) struct Call<'c> {
    pub method: &'c str,
    /// Absolute.
    pub url: &'c str,
    pub headers: Vec<(&'c str, String)>,
    pub body: Option<String>,
    /// When to give up.
    pub time_limit: Duration,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of that name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// The client.
pub(super) struct Network(Agent);

impl Network {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(config.into())
    }

    /// Sends a request; the error is one sentence without anything of the request's headers.
    pub(super) fn send(&self, call: &Call<'_>) -> Result<Reply, String> {
        let uri: http::Uri = call.url.parse().map_err(|_| format!("`{}` cannot be sent as it is", call.url))?;
        let is_safe = uri.scheme_str() == Some("https") || uri.authority().is_some_and(|host| is_loopback_host(host.as_str()));
        if !is_safe && call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            return Err(format!("a key goes to https addresses only, and `{}` is none", call.url));
        }
        let mut request = http::Request::builder().method(call.method).uri(uri);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let broken = |_| "the request has a method or a header that HTTP does not allow".to_owned();
        let sent = match &call.body {
            Some(body) => {
                let request = request.body(body.clone()).map_err(broken)?;
                request.with_agent(&self.0).configure().timeout_global(Some(call.time_limit)).run()
            }
            None => {
                let request = request.body(()).map_err(broken)?;
                request.with_agent(&self.0).configure().timeout_global(Some(call.time_limit)).run()
            }
        };
        let (head, body) = sent.map_err(|error| error.to_string())?.into_parts();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
            body: body
                .into_with_config()
                .limit(limits::BACKEND_BODY_BYTES as u64)
                .read_to_vec()
                .map_err(|error| error.to_string())?,
        })
    }

    /// A call of the core's to the Backend API.
    pub(super) fn ask_backend(&self, request: &BackendRequest) -> Result<BackendResponse, Outage> {
        let call = Call {
            method: request.method,
            url: &request.url,
            headers: request.headers.clone(),
            body: request.body.clone(),
            time_limit: request.time_limit,
        };
        let reply = self.send(&call).map_err(Outage)?;
        Ok(BackendResponse { status: reply.status, body: reply.body })
    }
}
