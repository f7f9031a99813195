//! `authenticateRequest`'s options, as data.

use core::{fmt, time::Duration};

use super::{AcceptsToken, OrganizationSync, OtherIssuers, Satellite};
use crate::{key::PemError, limits, text::fill, token::MissingAzp};

/// What to check requests against. The names are Clerk's; [`Default`] is Clerk's too.
///
/// Source: `AuthenticateRequestOptions` in `@clerk/backend`.
#[derive(Clone, Debug)]
pub struct AuthenticateOptions {
    /// `pk_test_…` or `pk_live_…`.
    pub publishable_key: String,
    /// `sk_test_…` or `sk_live_…`.
    pub secret_key: Option<String>,
    /// Ours: whether a `jwt_key` alone is enough. Clerk wants the secret key in any case, although it then has no use for it.
    pub secret_key_optional: bool,
    /// `ak_…`; for machine-to-machine tokens, in place of the secret key.
    pub machine_secret_key: Option<String>,
    /// The PEM public key; with it no key set is fetched.
    pub jwt_key: Option<String>,
    /// The Backend API; `https://api.clerk.com` if not given.
    pub api_url: Option<String>,
    /// Its version; `v1` if not given.
    pub api_version: Option<String>,
    /// Exact origins that tokens may have been minted for. Empty: any.
    pub authorized_parties: Vec<String>,
    /// Ours: whether `https://*.preview.example.com` among the authorized parties stands for any one label.
    pub authorized_party_patterns: bool,
    /// Ours: what becomes of a token without `azp` where authorized parties are given.
    pub missing_azp: MissingAzp,
    /// Accepted audiences. Empty: any.
    pub audience: Vec<String>,
    /// Accepted issuers. Empty: any.
    pub issuer: Vec<String>,
    /// How far clocks may be apart.
    pub clock_skew: Duration,
    /// Accepted `typ` headers; `JWT` if not given.
    pub header_type: Option<Vec<String>>,
    /// Ask for the key set each time.
    pub skip_jwks_cache: bool,
    /// Ours: how often the key set is asked for before giving up, the first time included.
    pub key_set_attempts: u32,
    /// Ours: how many tokens are remembered whose signature was good, so that it is not checked again; claims always are.
    pub token_cache: usize,
    /// The Frontend API's proxy; absolute, or a path of the public origin.
    pub proxy_url: Option<String>,
    /// A satellite's domain.
    pub domain: Option<String>,
    /// Whether this is a satellite application.
    pub satellite: Satellite,
    /// Where to sign in; absolute for a satellite.
    pub sign_in_url: Option<String>,
    /// Where to sign up.
    pub sign_up_url: Option<String>,
    /// Which paths want which organization active.
    pub organization_sync: OrganizationSync,
    /// Which kinds of token are taken.
    pub accepts_token: AcceptsToken,
    /// Ours: whether `X-Forwarded-Host`, `X-Forwarded-Proto` and `Host` say what the public URL is, as in Clerk; without, the
    /// request's own URL does.
    pub forwarded_headers: bool,
    /// Ours: whose tokens are taken beside Clerk's. With one of them the publishable key may be left out: then Clerk's are not.
    pub issuers: OtherIssuers,
}

impl Default for AuthenticateOptions {
    fn default() -> Self {
        Self {
            publishable_key: String::new(),
            secret_key: None,
            secret_key_optional: false,
            machine_secret_key: None,
            jwt_key: None,
            api_url: None,
            api_version: None,
            authorized_parties: Vec::new(),
            authorized_party_patterns: false,
            missing_azp: MissingAzp::Reject,
            audience: Vec::new(),
            issuer: Vec::new(),
            clock_skew: limits::CLOCK_SKEW,
            header_type: None,
            skip_jwks_cache: false,
            key_set_attempts: limits::KEY_SET_ATTEMPTS,
            token_cache: 0,
            proxy_url: None,
            domain: None,
            satellite: Satellite::default(),
            sign_in_url: None,
            sign_up_url: None,
            organization_sync: OrganizationSync::default(),
            accepts_token: AcceptsToken::default(),
            forwarded_headers: true,
            issuers: OtherIssuers::default(),
        }
    }
}

impl AuthenticateOptions {
    /// Checks that there is a key to the Backend API, and what a satellite needs.
    ///
    /// # Errors
    ///
    /// The first that is missing, in Clerk's order.
    pub(super) fn check_keys(&self) -> Result<(), OptionsError> {
        let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let is_optional = self.secret_key_optional && is_given(&self.jwt_key);
        if !is_given(&self.secret_key) && !is_optional {
            return Err(OptionsError::SecretKeyMissing);
        }
        self.satellite.rules().map_or(Ok(()), |rules| rules.check(self))
    }
}

/// Options that cannot be checked against. Clerk throws on most of these with the first request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionsError {
    /// No publishable key.
    PublishableKeyMissing,
    /// Not a publishable key.
    PublishableKeyInvalid,
    /// The Frontend API of the publishable key, the domain or the proxy is no host.
    FrontendApi,
    /// No secret key.
    SecretKeyMissing,
    /// What machine tokens or a satellite need beside it; the message, which is with who knows of them.
    Lacking(&'static str),
    /// The PEM key.
    JwtKey(PemError),
    /// An organization pattern; which, and what the pattern room says.
    OrganizationPattern(String),
}

impl OptionsError {
    /// The message, as [`Display`](fmt::Display) has it.
    #[must_use]
    pub fn text(&self) -> String {
        let (template, word) = match self {
            Self::PublishableKeyMissing => {
                ("publishable key missing; help: set CLERK_PUBLISHABLE_KEY to the one of your instance", "")
            }
            Self::PublishableKeyInvalid => {
                ("invalid publishable key: expected `pk_test_` or `pk_live_` and the encoded Frontend API", "")
            }
            Self::FrontendApi => {
                ("the Frontend API's address is no http(s) URL; help: check publishable key, proxy URL and domain", "")
            }
            Self::SecretKeyMissing => ("secret key missing; help: set CLERK_SECRET_KEY to the one of your instance", ""),
            Self::Lacking(what) => (*what, ""),
            Self::JwtKey(error) => ("invalid JWT key: {}", error.text()),
            Self::OrganizationPattern(which) => ("invalid organization pattern {}", which.as_str()),
        };
        fill(template, &[word], &[])
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for OptionsError {}

impl From<PemError> for OptionsError {
    fn from(error: PemError) -> Self {
        Self::JwtKey(error)
    }
}
