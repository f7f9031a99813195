//! Calls to the Backend API: where they go and with what.

use crate::{
    limits,
    machine::{BackendRequest, Purpose},
    text::{self, ByAny as _},
    web_url::WebUrl,
};

use super::AuthenticateOptions;

/// The version of the Backend API that the answers are read as.
pub(super) const API_VERSION_DATE: &str = "2026-05-12";

/// The Backend API of an instance, with the keys to it.
#[derive(Clone)]
pub(crate) struct Backend {
    /// Where it is no URL, each call is an outage.
    address: String,
    version: String,
    secret_key: Option<String>,
    machine_secret_key: Option<String>,
}

impl Backend {
    pub(crate) fn new(options: &AuthenticateOptions) -> Self {
        let given = |option: &Option<String>| option.clone().filter(|text| !text.is_empty());
        Self {
            address: options.api_url.as_deref().unwrap_or(API_URL).to_owned(),
            version: options.api_version.clone().unwrap_or_else(|| API_VERSION.into()),
            secret_key: given(&options.secret_key),
            machine_secret_key: given(&options.machine_secret_key),
        }
    }

    /// A call below the version: key set, handshake payload, refresh.
    pub(crate) fn versioned(
        &self,
        purpose: Purpose,
        path: &str,
        params: &[(&str, &str)],
        body: Option<String>,
    ) -> Option<BackendRequest> {
        let path = text::concat(&["/", &self.version, path]);
        self.call(purpose, &path, params, body, self.secret_key.as_deref())
    }

    /// A call beside the version: machine tokens. With `as_machine` the machine's own key goes first.
    pub(super) fn unversioned(&self, purpose: Purpose, path: &str, body: String, as_machine: bool) -> Option<BackendRequest> {
        let machine_key = self.machine_secret_key.as_deref().filter(|_| as_machine);
        self.call(purpose, path, &[], Some(body), machine_key.or(self.secret_key.as_deref()))
    }

    fn call(
        &self,
        purpose: Purpose,
        path: &str,
        params: &[(&str, &str)],
        body: Option<String>,
        key: Option<&str>,
    ) -> Option<BackendRequest> {
        // Without a key there is nothing that the Backend API would answer.
        let key = key?;
        let mut url = WebUrl::parse(&self.address)?;
        url.set_path(&text::concat(&[url.path().trim_end_any(b"/"), path]));
        if !params.is_empty() {
            url.append_params(params);
        }
        let headers = vec![
            ("authorization", text::concat(&["Bearer ", key])),
            ("clerk-api-version", API_VERSION_DATE.into()),
            ("content-type", "application/json".into()),
            ("user-agent", USER_AGENT.into()),
        ];
        let method = if body.is_some() { "POST" } else { "GET" };
        Some(BackendRequest { purpose, method, url: url.href(), headers, body, time_limit: limits::BACKEND_TIME_LIMIT })
    }
}

pub(super) const API_URL: &str = "https://api.clerk.com";
pub(super) const API_VERSION: &str = "v1";
const USER_AGENT: &str = concat!("portcullis@", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_below_the_address_and_keys_into_the_header() {
        let backend = Backend::new(&AuthenticateOptions {
            api_url: Some("https://api.example.com/clerk/".into()),
            secret_key: Some("sk_test_1".into()),
            ..AuthenticateOptions::default()
        });
        let call = backend.versioned(Purpose::HandshakePayload, "/clients/handshake_payload", &[("nonce", "a b")], None).unwrap();
        assert_eq!(call.url, "https://api.example.com/clerk/v1/clients/handshake_payload?nonce=a+b");
        assert_eq!(call.headers.first().unwrap(), &("authorization", "Bearer sk_test_1".to_owned()));
        assert!(!format!("{call:?}").contains("sk_test_1"));
    }
}
