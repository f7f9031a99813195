//! A Content-Security-Policy under which Clerk's components work (CSP Level 3).
//!
//! Source: Clerk's documentation, "Content-Security-Policy headers"; the defaults of `clerkMiddleware` in `@clerk/nextjs`, of which
//! the hosts of payments, telemetry and maps stand under `services`: not every app has them.

use crate::{
    table::{Node, Problem, SettingError, TableReader, quote, read_each, wrong_type},
    web_url::url_origin_of,
};

/// What an app's pages may load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentSecurityPolicy {
    /// Scripts need the nonce of their page, and what they load is trusted (`'strict-dynamic'`).
    pub is_strict: bool,
    /// Violations are reported and not prevented.
    pub is_report_only: bool,
    /// The directives and what each allows, the operator's own merged in.
    directives: Vec<(String, Vec<String>)>,
}

const SELF: &str = "'self'";
const NONE: &str = "'none'";
const BOT_PROTECTION: &str = "https://challenges.cloudflare.com";
/// What Clerk's components load where people pay (Stripe), report how they are used (development instances only), or look for an address.
const PAYMENTS: [(&str, &str); 6] = [
    ("connect-src", "https://api.stripe.com"),
    ("frame-src", "https://*.js.stripe.com"),
    ("frame-src", "https://js.stripe.com"),
    ("frame-src", "https://hooks.stripe.com"),
    ("script-src", "https://*.js.stripe.com"),
    ("script-src", "https://js.stripe.com"),
];
const TELEMETRY: [(&str, &str); 2] =
    [("connect-src", "https://clerk-telemetry.com"), ("connect-src", "https://*.clerk-telemetry.com")];
const MAPS: [(&str, &str); 2] = [("connect-src", "https://maps.googleapis.com"), ("script-src", "https://maps.googleapis.com")];
/// Words that stand in quotes; people forget them, and without them a word is a host's name.
const KEYWORDS: [&str; 9] = [
    "self",
    "none",
    "strict-dynamic",
    "unsafe-eval",
    "unsafe-hashes",
    "unsafe-inline",
    "wasm-unsafe-eval",
    "report-sample",
    "inline-speculation-rules",
];

impl ContentSecurityPolicy {
    /// Reads the setting `csp`; `frontend_api` is the origin that Clerk's scripts come from.
    pub(crate) fn read(node: Node, frontend_api: &str, errors: &mut Vec<SettingError>) -> Option<Self> {
        let mut table = TableReader::open("csp", node, errors)?;
        let is_strict = table.take_choice("mode", &[("standard", false), ("strict", true)]).unwrap_or(false);
        let is_report_only = table.take_flag("report_only").unwrap_or(false);
        let own = table.take("directives");
        let services = table.take("services");
        let mut policy = Self { is_strict, is_report_only, directives: defaults(is_strict, frontend_api) };
        let mut allow = |service: &str| {
            let is_known = policy.allow(service);
            if is_known { Ok(()) } else { Err(Problem::value(service, "`payments`, `telemetry` or `maps`")) }
        };
        if let Some(services) = services {
            read_each("csp.services", &services, table.errors(), &mut allow);
        }
        table.finish();
        match own {
            None => {}
            Some(Node::Table(own)) => {
                for (name, values) in own {
                    policy.merge(name, values, errors);
                }
            }
            Some(other) => wrong_type(errors, "csp.directives", &other, "a table of directives"),
        }
        Some(policy)
    }

    /// Adds the hosts of a service that Clerk's components may use; whether there is such a one.
    fn allow(&mut self, service: &str) -> bool {
        let hosts: &[_] = match service {
            "payments" => &PAYMENTS,
            "telemetry" => &TELEMETRY,
            "maps" => &MAPS,
            _ => return false,
        };
        for (directive, host) in hosts {
            if let Some((_, sources)) = self.directives.iter_mut().find(|(name, _)| name == directive) {
                sources.push((*host).to_owned());
            }
        }
        true
    }

    fn merge(&mut self, name: String, values: Node, errors: &mut Vec<SettingError>) {
        let place = ["csp.directives.", &quote(&name)].concat();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            SettingError::value(&place, &name, "the name of a directive, as `connect-src`").add_to(errors);
            return;
        }
        let items = match values {
            Node::Text(text) => vec![Node::Text(text)],
            Node::List(items) => items,
            other => return wrong_type(errors, &place, &other, "a list of strings"),
        };
        let mut sources = Vec::with_capacity(items.len());
        for item in items {
            match item {
                // A semicolon or a comma would begin another directive or another policy.
                Node::Text(text)
                    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b";,".contains(&byte)) =>
                {
                    sources.push(if KEYWORDS.contains(&text.as_str()) { ["'", &text, "'"].concat() } else { text });
                }
                Node::Text(text) => SettingError::value(&place, &text, "one source, without blanks, `;` and `,`").add_to(errors),
                other => wrong_type(errors, &place, &other, "a string"),
            }
        }
        let known = self.directives.iter_mut().find(|(known, _)| *known == name);
        match known {
            Some((_, known)) if sources.iter().any(|source| source == NONE) => *known = vec![NONE.to_owned()],
            Some((_, known)) => {
                known.retain(|source| source != NONE);
                known.extend(sources);
            }
            None => self.directives.push((name, sources)),
        }
    }

    /// The name of the header field.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.is_report_only { "content-security-policy-report-only" } else { "content-security-policy" }
    }

    /// Its value. `nonce` is 128 random bits for this answer alone; a strict policy without one lets no script run.
    #[must_use]
    pub fn value(&self, nonce: Option<&str>) -> String {
        let mut value = String::with_capacity(512);
        for (name, sources) in &self.directives {
            if !value.is_empty() {
                value.push_str("; ");
            }
            value.push_str(name);
            for source in sources {
                value.push(' ');
                value.push_str(source);
            }
            if let Some(nonce) = nonce.filter(|_| name == "script-src") {
                value.extend([" 'nonce-", nonce, "'"]);
            }
        }
        value
    }
}

fn defaults(is_strict: bool, frontend_api: &str) -> Vec<(String, Vec<String>)> {
    // Browsers that know `'strict-dynamic'` pay no heed to hosts and `'unsafe-inline'` beside a nonce; others fall back to them.
    let scripts: &[&str] =
        if is_strict { &[SELF, "'strict-dynamic'"] } else { &[SELF, "'unsafe-inline'", BOT_PROTECTION, frontend_api] };
    let directives: [(&str, &[&str]); 11] = [
        ("default-src", &[SELF]),
        ("base-uri", &[SELF]),
        ("connect-src", &[SELF, frontend_api]),
        ("form-action", &[SELF]),
        ("frame-ancestors", &[SELF]),
        ("frame-src", &[SELF, BOT_PROTECTION]),
        ("img-src", &[SELF, "data:", "https://img.clerk.com"]),
        ("object-src", &[NONE]),
        ("script-src", scripts),
        // Clerk's components write their styles at run time.
        ("style-src", &[SELF, "'unsafe-inline'"]),
        ("worker-src", &[SELF, "blob:"]),
    ];
    // Without Clerk there is no Frontend API.
    let owned =
        |sources: &[&str]| sources.iter().filter(|source| !source.is_empty()).map(|source| (*source).to_owned()).collect();
    directives.into_iter().map(|(name, sources)| (name.to_owned(), owned(sources))).collect()
}

/// Where Clerk's scripts and calls go: the proxy where it is an address of its own, else the Frontend API.
pub(crate) fn frontend_origin(frontend_api: &str, proxy_url: Option<&str>) -> String {
    let proxied = proxy_url.and_then(url_origin_of).map(str::to_owned);
    proxied.unwrap_or_else(|| ["https://", frontend_api].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Option<ContentSecurityPolicy>, Vec<String>) {
        let mut errors = Vec::new();
        let policy = ContentSecurityPolicy::read(Node::parse_json(json).unwrap(), "https://clerk.example.com", &mut errors);
        (policy, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_strict_policy_trusts_the_nonce_and_no_inline_script() {
        let (policy, errors) = read(
            r#"{"mode":"strict","directives":{"connect-src":["https://api.example.com"],"object-src":["none"],"img-src":"none","media-src":["self"]}}"#,
        );
        assert!(errors.is_empty(), "{errors:?}");
        let value = policy.unwrap().value(Some("abc"));
        assert!(value.contains("script-src 'self' 'strict-dynamic' 'nonce-abc';"), "{value}");
        assert!(value.contains("connect-src 'self' https://clerk.example.com https://api.example.com;"), "{value}");
        assert!(value.contains("img-src 'none';") && value.contains("media-src 'self'"), "{value}");
    }

    #[test]
    fn services_are_allowed_by_name_and_not_by_default() {
        let plain = read("{}").0.unwrap().value(None);
        assert!(!plain.contains("stripe") && !plain.contains("telemetry") && !plain.contains("maps"), "{plain}");
        let (policy, errors) =
            read(r#"{"services":["payments","telemetry","maps"],"directives":{"frame-src":["https://a.example"]}}"#);
        assert!(errors.is_empty(), "{errors:?}");
        let value = policy.unwrap().value(None);
        for part in [
            "connect-src 'self' https://clerk.example.com https://api.stripe.com https://clerk-telemetry.com https://*.clerk-telemetry.com \
             https://maps.googleapis.com;",
            "https://js.stripe.com https://hooks.stripe.com https://a.example;",
            "script-src 'self' 'unsafe-inline' https://challenges.cloudflare.com https://clerk.example.com https://*.js.stripe.com \
             https://js.stripe.com https://maps.googleapis.com;",
        ] {
            assert!(value.contains(part), "{part} in {value}");
        }
    }

    #[test]
    fn no_source_can_begin_another_directive() {
        for wrong in [
            r#"{"directives":{"img-src":["a; script-src *"]}}"#,
            r#"{"directives":{"img-src":["a,script-src"]}}"#,
            r#"{"directives":{"img-src;x":["a"]}}"#,
            r#"{"directives":{"img-src":["a\r\nset-cookie:x"]}}"#,
            r#"{"directives":{"img-src":[5]}}"#,
            r#"{"mode":"lax"}"#,
            r#"{"services":["stripe"]}"#,
        ] {
            assert!(!read(wrong).1.is_empty(), "{wrong}");
        }
    }
}
