//! What sorts of findings there are, beside those of the policy's lints.

macro_rules! kinds {
    ($(#[doc = $about:literal] $variant:ident = $name:literal),+ $(,)?) => {
        /// What sort of thing a finding is. The tables of `docs/cli.md` have a row for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $(#[doc = $about] $variant),+ }

        impl Kind {
            /// All of them.
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, in kebab-case; it stays what it is.
            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it is in one sentence, as documented above.
            pub(super) fn about(self) -> &'static str {
                match self { $(Self::$variant => $about.trim_ascii()),+ }
            }
        }
    };
}

kinds! {
    /// A setting that the gate would not take: it answers 500 to every request.
    InvalidSetting = "invalid-setting",
    /// A development instance's publishable key in production.
    DevelopmentKeys = "development-keys",
    /// The secret key is not known here, so it was not checked.
    SecretKeyNotSeen = "secret-key-not-seen",
    /// The webhook signing secret is not known here, so it was not checked.
    WebhookSecretNotSeen = "webhook-secret-not-seen",
    /// A webhook signing secret that is none.
    WebhookSecretMalformed = "webhook-secret-malformed",
    /// A secret in the configuration.
    SecretInVars = "secret-in-vars",
    /// A secret in a file that everybody can download.
    SecretInAssets = "secret-in-assets",
    /// A secret in a file that git tracks.
    SecretInGit = "secret-in-git",
    /// There is no git repository, so it was not checked whether a secret is tracked.
    GitNotAsked = "git-not-asked",
    /// Git tracks `.dev.vars`, or would take it.
    DevVarsNotIgnored = "dev-vars-not-ignored",
    /// A file that looks like the configuration, and that Wrangler does not read.
    ConfigurationUnread = "configuration-unread",
    /// Tokens of every origin are accepted.
    AuthorizedPartiesMissing = "authorized-parties-missing",
    /// This machine is an authorized party in production.
    AuthorizedPartyLocal = "authorized-party-local",
    /// Every host of some form is an authorized party.
    AuthorizedPartyWildcard = "authorized-party-wildcard",
    /// Tokens that do not say where they were made are accepted.
    MissingAzpAccepted = "missing-azp-accepted",
    /// A route's host is no authorized party.
    RouteWithoutParty = "route-without-party",
    /// The configuration has no route.
    NoRoute = "no-route",
    /// The gate also answers at `workers.dev`.
    WorkersDevOpen = "workers-dev-open",
    /// Each version of the gate may have an address of its own.
    PreviewUrlsOpen = "preview-urls-open",
    /// A rate limit without its binding: the gate answers 500 to every request.
    RateLimitUnbound = "rate-limit-unbound",
    /// A rate limit's period is another one than its binding's.
    RateLimitPeriod = "rate-limit-period",
    /// The gate refuses nobody.
    GateInShadow = "gate-in-shadow",
    /// The page to sign in at is public, and the steps below it are not.
    SignInStepsClosed = "sign-in-steps-closed",
    /// A route of the app is public and no rule names it.
    RouteNotNamed = "route-not-named",
    /// The Backend API refuses the secret key.
    SecretKeyRefused = "secret-key-refused",
    /// The Backend API does not give its key set.
    BackendApiUnreachable = "backend-api-unreachable",
    /// The Frontend API does not show its key set.
    FrontendApiUnreachable = "frontend-api-unreachable",
    /// Secret key and publishable key are of two instances.
    KeysOfTwoInstances = "keys-of-two-instances",
    /// `CLERK_JWT_KEY` is none of the instance's keys.
    JwtKeyNotInKeySet = "jwt-key-not-in-key-set",
    /// Another issuer does not show its key set.
    IssuerKeysUnreachable = "issuer-keys-unreachable",
    /// The app shows closed pages to whoever asks it around the gate.
    OriginOpen = "origin-open",
    /// The app behind the gate fails.
    OriginFailing = "origin-failing",
    /// The app behind the gate does not answer from here.
    OriginNotReached = "origin-not-reached",
    /// A DNS record that Clerk needs is not there.
    DnsMissing = "dns-missing",
    /// A DNS record that Clerk needs leads elsewhere.
    DnsWrongTarget = "dns-wrong-target",
    /// A DNS record that Clerk needs is behind Cloudflare's proxy.
    DnsProxied = "dns-proxied",
    /// A name server failed.
    DnsUnanswered = "dns-unanswered",
    /// CAA records keep Clerk's certificate authorities from issuing.
    CaaForbids = "caa-forbids",
    /// A certificate that browsers refuse.
    CertificateBad = "certificate-bad",
    /// A host shows no certificate.
    CertificateUnseen = "certificate-unseen",
    /// A certificate that ends soon and was not renewed.
    CertificateExpiresSoon = "certificate-expires-soon",
    /// The publishable key is of another domain.
    DomainOfAnotherInstance = "domain-of-another-instance",
    /// No authorized party is on the domain.
    DomainWithoutParty = "domain-without-party",
    /// The edge does not answer.
    LiveUnreachable = "live-unreachable",
    /// No gate answers at the edge.
    LiveGateNotSeen = "live-gate-not-seen",
    /// The edge shows a closed page to everybody.
    LiveOpen = "live-open",
    /// The edge accepts a token that it has to refuse.
    LiveTokenAccepted = "live-token-accepted",
    /// The edge refuses tokens of the key that it should take.
    LiveProbeKeyRefused = "live-probe-key-refused",
    /// The edge opens a closed page under another spelling.
    LivePathOpen = "live-path-open",
    /// The edge trusts a header that anybody can send.
    LiveHeaderTrusted = "live-header-trusted",
    /// The edge takes a webhook that Clerk did not send now.
    LiveWebhookAccepted = "live-webhook-accepted",
    /// A page that is one user's may be kept by shared caches.
    LivePrivateAnswerCached = "live-private-answer-cached",
    /// A refusal may be kept by shared caches.
    LiveRefusalCacheable = "live-refusal-cacheable",
    /// Probes got no answer that would show anything.
    LiveNotShown = "live-not-shown",
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::lint::Severity;

    #[test]
    fn the_documentation_has_a_row_for_each_kind_and_for_no_other() {
        let document = include_str!("../../../docs/cli.md");
        let tables = document.split("\n\n").filter(|part| part.starts_with("| finding |"));
        let rows = tables.flat_map(|table| table.lines().skip(2)).map(|row| row.split(" | ").collect::<Vec<_>>());
        let mut documented = Vec::new();
        for row in rows {
            let names = row[0].trim_start_matches("| ").split(", ").map(|name| name.trim_matches('`'));
            documented.extend(names);
            assert!(Severity::ALL.iter().any(|severity| severity.as_str() == row[1]), "{row:?}");
        }
        let mut kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        documented.sort_unstable();
        kinds.sort_unstable();
        assert_eq!(documented, kinds);
    }
}
