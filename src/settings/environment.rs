//! The Clerk instance: keys and addresses, from plain variables and secrets.

use std::rc::Rc;

use crate::{
    key::{SigningKey, SigningKeys, VerificationKey},
    secret,
    session::{InstanceType, PublishableKey},
    table::{Node, SettingError},
    text::{self, ByAny as _},
    web_url::url_origin_of,
};

/// What a host reads from its environment, unchecked.
#[derive(Clone, Default)]
pub struct Environment {
    /// `CLERK_PUBLISHABLE_KEY`.
    pub publishable_key: Option<String>,
    /// `CLERK_SECRET_KEY`, a secret.
    pub secret_key: Option<String>,
    /// `CLERK_JWT_KEY`, a PEM public key: no key set is fetched then.
    pub jwt_key: Option<String>,
    /// `CLERK_WEBHOOK_SIGNING_SECRET`, or `CLERK_WEBHOOK_SECRET` where that is absent: a secret, or several with blanks between.
    pub webhook_signing_secret: Option<String>,
    /// `CLERK_API_URL`; `None`: Clerk's own.
    pub api_url: Option<String>,
    /// `CLERK_FAPI_URL`: the Frontend API behind the proxy; `None`: Clerk's own.
    pub fapi_url: Option<String>,
    /// `CLERK_PROXY_URL`: where the Frontend API is proxied.
    pub proxy_url: Option<String>,
    /// `PORTCULLIS_SIGNING_KEY`, a secret: signs what the origin is told.
    pub signing_key: Option<String>,
    /// `PORTCULLIS_SIGNING_KEY_PREVIOUS`: published after it has signed.
    pub signing_key_previous: Option<String>,
    /// `PORTCULLIS_SIGNING_KEY_NEXT`: published before it signs.
    pub signing_key_next: Option<String>,
    /// Whether a service binding `ORIGIN` is there; it and the setting `origin` exclude each other.
    pub has_origin_binding: bool,
    /// Whether a database `PORTCULLIS_DB` is there.
    pub has_database: bool,
    /// `PORTCULLIS`: the policy and everything else.
    pub portcullis: Option<Node>,
}

/// What of it `wrangler secret put` keeps, and no file. `CLERK_JWT_KEY` is a public key and kept with the secrets.
pub const SECRETS: [&str; 7] = [
    "CLERK_SECRET_KEY",
    "CLERK_JWT_KEY",
    "CLERK_WEBHOOK_SIGNING_SECRET",
    "CLERK_WEBHOOK_SECRET",
    "PORTCULLIS_SIGNING_KEY",
    "PORTCULLIS_SIGNING_KEY_PREVIOUS",
    "PORTCULLIS_SIGNING_KEY_NEXT",
];

/// The service binding that is the origin.
pub const ORIGIN_BINDING: &str = "ORIGIN";
/// The database binding.
pub const DATABASE_BINDING: &str = "PORTCULLIS_DB";

impl Environment {
    /// Asks for everything by its name: `text` gives a variable or a secret, `is_bound` says whether there is a binding.
    pub fn read(text: impl Fn(&str) -> Option<String>, is_bound: impl Fn(&str) -> bool, portcullis: Option<Node>) -> Self {
        let mut read = Self {
            has_origin_binding: is_bound(ORIGIN_BINDING),
            has_database: is_bound(DATABASE_BINDING),
            portcullis,
            ..Self::default()
        };
        for (name, place) in [
            ("CLERK_PUBLISHABLE_KEY", &mut read.publishable_key),
            ("CLERK_SECRET_KEY", &mut read.secret_key),
            ("CLERK_JWT_KEY", &mut read.jwt_key),
            ("CLERK_WEBHOOK_SIGNING_SECRET", &mut read.webhook_signing_secret),
            ("CLERK_API_URL", &mut read.api_url),
            ("CLERK_FAPI_URL", &mut read.fapi_url),
            ("CLERK_PROXY_URL", &mut read.proxy_url),
            ("PORTCULLIS_SIGNING_KEY", &mut read.signing_key),
            ("PORTCULLIS_SIGNING_KEY_PREVIOUS", &mut read.signing_key_previous),
            ("PORTCULLIS_SIGNING_KEY_NEXT", &mut read.signing_key_next),
        ] {
            *place = text(name);
        }
        if filled(&read.webhook_signing_secret).is_none() {
            read.webhook_signing_secret = text("CLERK_WEBHOOK_SECRET");
        }
        read
    }

    /// Whether there is any key of the gate's own.
    pub(super) fn has_signing_keys(&self) -> bool {
        self.signing_key.is_some() || self.signing_key_previous.is_some() || self.signing_key_next.is_some()
    }

    /// Reads `PORTCULLIS` where it arrives as text: set in the dashboard, or in quotes.
    ///
    /// # Errors
    ///
    /// A message for the operator where the text is not JSON.
    pub fn parse_table(json: &str) -> Result<Node, String> {
        Node::parse_json(json).map_err(|error| ["setting `PORTCULLIS` is not a table: ", &error.to_string()].concat())
    }
}

/// A Clerk instance, checked.
#[derive(Clone, Default)]
pub struct Instance {
    /// The publishable key; empty where there is no instance.
    pub publishable_key: String,
    /// The host of the Frontend API, from the publishable key.
    pub frontend_api: String,
    /// Whether this is a production instance (`pk_live_`).
    pub is_production: bool,
    /// The secret key. Only the Backend API may see it.
    pub secret_key: Option<String>,
    /// The PEM public key.
    pub jwt_key: Option<String>,
    /// The Backend API, where it is not Clerk's own.
    pub api_url: Option<String>,
    /// The Frontend API behind the gate's own proxy, where it is not Clerk's own.
    pub fapi_url: Option<String>,
    /// Where the Frontend API is proxied: an absolute URL, or a path on the request's own origin.
    pub proxy_url: Option<String>,
}

impl std::fmt::Debug for Instance {
    /// Names the instance and none of its keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("frontend_api", &self.frontend_api)
            .field("is_production", &self.is_production)
            .finish_non_exhaustive()
    }
}

impl Instance {
    /// Whether an address of this instance is on this machine: then the gate serves requests to this machine only, so that a
    /// development identity can never stand before the world.
    #[must_use]
    pub fn is_local(&self) -> bool {
        [&self.api_url, &self.fapi_url, &self.proxy_url].into_iter().flatten().any(|url| is_loopback(url))
    }

    /// Whether there is no Clerk instance: all tokens are other issuers'.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.publishable_key.is_empty()
    }

    /// Who issues the tokens, as `iss` has it: the Frontend API, or its proxy. One that is a path is below the origins of the app's own
    /// pages, which `parties` are.
    #[must_use]
    pub fn issuers(&self, parties: &[String]) -> Vec<String> {
        let frontend_api = (!self.is_absent()).then(|| ["https://", &self.frontend_api].concat());
        let mut issuers: Vec<String> = frontend_api.into_iter().collect();
        match &self.proxy_url {
            Some(path) if path.starts_with('/') => {
                let exact = parties.iter().filter(|party| !party.contains_any(b"*"));
                issuers.extend(exact.map(|party| [party, path.as_str()].concat()));
            }
            proxy_url => issuers.extend(proxy_url.clone()),
        }
        issuers
    }

    /// Reads it; `may_be_absent` where there are other issuers. One variable of Clerk's alone is enough to mean an instance.
    pub(super) fn read(environment: &Environment, may_be_absent: bool, errors: &mut Vec<SettingError>) -> Option<Self> {
        let before = errors.len();
        let Environment { publishable_key, secret_key, jwt_key, api_url, proxy_url, .. } = environment;
        if may_be_absent
            && [publishable_key, secret_key, jwt_key, api_url, proxy_url].into_iter().all(|one| filled(one).is_none())
        {
            return Some(Self { is_production: true, ..Self::default() });
        }
        let publishable_key = filled(&environment.publishable_key);
        let secret_key = filled(&environment.secret_key);
        let jwt_key = filled(&environment.jwt_key);
        let parsed = match publishable_key.as_deref() {
            Some(key) => {
                let parsed = parse_publishable_key(key);
                if parsed.is_none() {
                    SettingError::value("CLERK_PUBLISHABLE_KEY", key, "`pk_test_…` or `pk_live_…` as Clerk's dashboard shows it")
                        .add_to(errors);
                }
                parsed
            }
            None => {
                SettingError::missing("CLERK_PUBLISHABLE_KEY", "`pk_test_…` or `pk_live_…`").add_to(errors);
                None
            }
        };
        match secret_key.as_deref() {
            Some(secret) => check_secret_key(secret, parsed.as_ref().map(|(_, live)| *live), errors),
            None if jwt_key.is_none() => {
                SettingError::missing("CLERK_SECRET_KEY", "a secret key, or a PEM public key in `CLERK_JWT_KEY`").add_to(errors);
            }
            None => {}
        }
        if jwt_key.as_deref().is_some_and(|pem| VerificationKey::parse_pem(pem).is_err()) {
            SettingError::secret(
                "CLERK_JWT_KEY",
                "an RSA public key of at least 2048 bits between `-----BEGIN PUBLIC KEY-----` and `-----END PUBLIC KEY-----`",
            )
            .add_to(errors);
        }
        let api_url = read_address("CLERK_API_URL", &environment.api_url, false, errors);
        let fapi_url = read_address("CLERK_FAPI_URL", &environment.fapi_url, false, errors);
        if let Some(url) = fapi_url.as_deref().filter(|url| url_origin_of(url) != Some(url)) {
            SettingError::value("CLERK_FAPI_URL", url, "an `https` URL without a path").add_to(errors);
        }
        let proxy_url = read_address("CLERK_PROXY_URL", &environment.proxy_url, true, errors);
        let (frontend_api, is_production) = parsed.unwrap_or_default();
        if is_production {
            for (name, url) in [("CLERK_API_URL", &api_url), ("CLERK_FAPI_URL", &fapi_url), ("CLERK_PROXY_URL", &proxy_url)] {
                if url.as_deref().is_some_and(is_loopback) {
                    let why = "this machine's own address does not go with a production key (`pk_live_…`)";
                    SettingError::conflict(name, why, "remove it, or use a development key").add_to(errors);
                }
            }
        }
        (errors.len() == before).then_some(Self {
            publishable_key: publishable_key.unwrap_or_default(),
            frontend_api,
            is_production,
            secret_key,
            jwt_key,
            api_url,
            fapi_url,
            proxy_url,
        })
    }
}

/// The Frontend API host, which has to be one, and whether the key is a live one.
fn parse_publishable_key(key: &str) -> Option<(String, bool)> {
    let PublishableKey { instance_type, frontend_api } = PublishableKey::parse(key)?;
    let is_host = url_origin_of(&["https://", &frontend_api].concat())?.len() == "https://".len() + frontend_api.len();
    is_host.then_some((frontend_api, instance_type == InstanceType::Production))
}

fn check_secret_key(key: &str, publishable_is_live: Option<bool>, errors: &mut Vec<SettingError>) {
    let secret_is_live = key.starts_with(secret::LIVE_KEY);
    let is_plain = key.len() > 8 && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !(is_plain && (secret_is_live || key.starts_with(secret::TEST_KEY))) {
        SettingError::secret("CLERK_SECRET_KEY", "`sk_test_…` or `sk_live_…`").add_to(errors);
    } else if publishable_is_live.is_some_and(|live| live != secret_is_live) {
        SettingError::conflict(
            "CLERK_SECRET_KEY",
            "the secret key and the publishable key are of different instances, one test and one live",
            "take both keys from the same instance in Clerk's dashboard",
        )
        .add_to(errors);
    }
}

/// An `https` URL; `http` only for this machine. A path alone where `relative` allows it.
fn read_address(name: &'static str, value: &Option<String>, relative: bool, errors: &mut Vec<SettingError>) -> Option<String> {
    let text = filled(value)?;
    let is_relative = relative
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_absolute = url_origin_of(&text).is_some() && (text.starts_with("https://") || is_loopback(&text));
    if (is_relative || is_absolute) && !text.contains_any(b"?#\\") {
        return Some(text.trim_end_any(b"/").to_owned());
    }
    SettingError::value(name, &text, if relative { "an `https` URL, or a path as `/__clerk`" } else { "an `https` URL" })
        .add_to(errors);
    None
}

/// Whether an absolute URL names this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    url_origin_of(url).is_some_and(|origin| {
        let authority = text::split_once(origin, "://").map_or("", |(_, rest)| rest);
        is_loopback_host(authority)
    })
}

/// Whether `host[:port]` names this machine (RFC 6761 section 6.3, RFC 5735, RFC 4291).
pub(crate) fn is_loopback_host(authority: &str) -> bool {
    let host = if authority.ends_with(']') { authority } else { authority.rcut(b":").map_or(authority, |(host, _)| host) };
    let is_ipv4 =
        host.pieces(b".").count() == 4 && host.starts_with("127.") && host.pieces(b".").all(|part| part.parse::<u8>().is_ok());
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || is_ipv4
}

/// The gate's own keys; `None` where nothing is signed.
#[inline(never)]
pub(super) fn read_signing_keys(environment: &Environment, errors: &mut Vec<SettingError>) -> Option<SigningKeys> {
    let mut read = |name: &str, text: &Option<String>| {
        let text = filled(text)?;
        match SigningKey::parse(&text) {
            Ok(key) => Some((name.to_owned(), key)),
            Err(expected) => {
                SettingError::secret(name, expected).add_to(errors);
                None
            }
        }
    };
    let current = read("PORTCULLIS_SIGNING_KEY", &environment.signing_key);
    let others: Vec<_> = [
        read("PORTCULLIS_SIGNING_KEY_PREVIOUS", &environment.signing_key_previous),
        read("PORTCULLIS_SIGNING_KEY_NEXT", &environment.signing_key_next),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (at, (name, key)) in others.iter().enumerate() {
        let earlier = others.iter().take(at).chain(&current);
        if earlier.into_iter().any(|(_, known)| known.kid() == key.kid()) {
            SettingError::conflict(name, "it is the same key as another one", "remove it").add_to(errors);
        }
    }
    if current.is_none() && !others.is_empty() && filled(&environment.signing_key).is_none() {
        SettingError::missing("PORTCULLIS_SIGNING_KEY", "the key that signs, since there is a previous or a next one")
            .add_to(errors);
    }
    let (_, current) = current?;
    Some(SigningKeys { current: Rc::new(current), others: others.into_iter().map(|(_, key)| key).collect() })
}

fn filled(value: &Option<String>) -> Option<String> {
    value.as_deref().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_name_of_the_webhook_secret_is_taken_where_the_newer_one_is_blank() {
        let secret_of = |newer: Option<&'static str>| {
            let text = |name: &str| match name {
                "CLERK_WEBHOOK_SIGNING_SECRET" => newer.map(str::to_owned),
                "CLERK_WEBHOOK_SECRET" => Some("older".to_owned()),
                _ => None,
            };
            Environment::read(text, |_| false, None).webhook_signing_secret
        };
        assert_eq!(secret_of(Some("newer")).as_deref(), Some("newer"));
        for blank in [None, Some(""), Some(" \n")] {
            assert_eq!(secret_of(blank).as_deref(), Some("older"), "{blank:?}");
        }
    }

    #[test]
    fn a_publishable_key_names_its_frontend_api() {
        assert_eq!(parse_publishable_key("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"), Some(("clerk.example.com".into(), true)));
        for wrong in [
            "",
            "pk_live_",
            "pk_live_Y2xlcmsuZXhhbXBsZS5jb20",
            concat!("sk_", "live_Y2xlcmsuZXhhbXBsZS5jb20k"),
            "pk_live_%%%",
            "pk_live_JA==",
        ] {
            assert_eq!(parse_publishable_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn everything_that_is_kept_secret_is_asked_for() {
        let asked = std::cell::RefCell::new(Vec::new());
        let note = |name: &str| asked.borrow_mut().push(name.to_owned());
        let text = |name: &str| {
            note(name);
            None
        };
        let is_bound = |name: &str| {
            note(name);
            false
        };
        Environment::read(text, is_bound, None);
        let asked = asked.into_inner();
        for name in SECRETS.into_iter().chain([ORIGIN_BINDING, DATABASE_BINDING]) {
            assert!(asked.iter().any(|asked| asked == name), "{name}");
        }
    }

    #[test]
    fn only_this_machine_is_this_machine() {
        for local in ["http://localhost:8788", "http://127.0.0.1", "http://[::1]:1/x", "http://a.localhost"] {
            assert!(is_loopback(local), "{local}");
        }
        for other in [
            "http://127.evil.example",
            "http://localhost.evil.example",
            "http://evil.example/localhost",
            "http://127.0.0.1.evil.example",
            "http://1270.0.0.1",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
