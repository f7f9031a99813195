//! The shape of a test file, and errors with the place.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value as Json;

use crate::{
    cli::{
        source::{Fault, Place, SourceFile},
        tree::{Entry, Located, Value},
    },
    gate::{Action, Decision},
    table::quote,
};

/// A file of tests.
#[derive(Debug)]
pub(super) struct Document {
    pub source: SourceFile,
    pub identities: BTreeMap<String, Identity>,
    pub cases: Vec<Case>,
}

/// Somebody who asks.
#[derive(Debug)]
pub(super) struct Identity {
    /// The issuer of the token, as the settings name it; `None`: Clerk, or the only one where there is no Clerk instance.
    pub issuer: Option<String>,
    pub place: Place,
    /// Over the usual claims.
    pub claims: Json,
    /// Claims to leave out.
    pub without: Vec<String>,
    /// `None`: where its issuer's tokens stand.
    pub via: Option<Via>,
    /// From the time of the test; negative: so long ago.
    pub expires_in_secs: i64,
    /// Whether the signature is of nobody's key.
    pub is_forged: bool,
}

/// How the token comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Via {
    Cookie,
    /// `Authorization: Bearer`.
    Bearer,
    /// The header that the issuer's settings name.
    Header,
}

/// One test.
#[derive(Debug)]
pub(super) struct Case {
    pub name: String,
    pub place: Place,
    pub method: String,
    /// A path, or an absolute URL.
    pub url: String,
    pub headers: Vec<(String, String)>,
    /// Whether a browser asks for a page.
    pub is_document: bool,
    pub identity: Option<String>,
    pub expected: Expected,
}

/// What has to come of it.
#[derive(Debug)]
pub(super) struct Expected {
    verb: String,
    reason: Option<String>,
    status: Option<f64>,
    access: Option<String>,
    rule: Option<String>,
    location: Option<String>,
}

impl Expected {
    /// What differs, one line each.
    pub(super) fn differences(&self, decision: &Decision) -> Vec<String> {
        let location = match &decision.action {
            Action::Answer(answer) => answer.location.as_deref().unwrap_or_default(),
            Action::Forward(_) | Action::Webhook(_) => "",
        };
        let access = decision.access.map_or("none", |access| access.as_str());
        let rule = decision.rule.as_deref().unwrap_or_default();
        // `admin[0]` is enough for `admin[0] /admin(.*)`.
        let is_rule = |expected: &str| rule == expected || rule.split(' ').next() == Some(expected);
        let is_location = |expected: &str| location == expected || location.split('?').next() == Some(expected);
        let mut differences = Vec::new();
        let mut note = |what: &str, found: &str, expected: &str| {
            differences.push(format!("{what} is `{found}`, expected `{expected}`"));
        };
        if self.verb != decision.verb() {
            note("the decision", decision.verb(), &self.verb);
        }
        if let Some(reason) = self.reason.as_deref().filter(|reason| *reason != decision.reason) {
            note("the reason", &decision.reason, reason);
        }
        if let Some(status) = self.status.filter(|status| *status != f64::from(decision.status())) {
            note("the status", &decision.status().to_string(), &status.to_string());
        }
        if let Some(expected) = self.access.as_deref().filter(|expected| *expected != access) {
            note("the access", access, expected);
        }
        if let Some(expected) = self.rule.as_deref().filter(|expected| !is_rule(expected)) {
            note("the rule", rule, expected);
        }
        if let Some(expected) = self.location.as_deref().filter(|expected| !is_location(expected)) {
            note("the location", location, expected);
        }
        differences
    }
}

impl Document {
    pub(super) fn read(source: SourceFile) -> Result<Self, Fault> {
        let root = Located::parse(&source)?;
        let reader = Reader { source: &source };
        reader.only(&root, &["identities", "tests"])?;
        let mut identities = BTreeMap::new();
        for entry in root.get("identities").map(Located::entries).unwrap_or_default() {
            identities.insert(entry.key.clone(), reader.identity(entry)?);
        }
        let mut cases = Vec::new();
        for test in root.get("tests").map(Located::items).unwrap_or_default() {
            cases.push(reader.case(test, &identities)?);
        }
        if cases.is_empty() {
            let help = "a test is a table `[[tests]]` with `request` and `expect`";
            return Err(Fault::new(format!("`{}` has no tests", source.name)).help(help));
        }
        Ok(Self { identities, cases, source })
    }
}

/// A token (RFC 9110 section 5.6.2).
fn is_header_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

struct Reader<'s> {
    source: &'s SourceFile,
}

impl Reader<'_> {
    fn identity(&self, entry: &Entry) -> Result<Identity, Fault> {
        let table = &entry.value;
        self.only(table, &["issuer", "claims", "without", "via", "expires_in_secs", "forged"])?;
        let issuer = self.text(table, "issuer")?;
        let via = self.choice(table, "via", &["cookie", "bearer", "header"])?.map(|via| match &*via {
            "bearer" => Via::Bearer,
            "header" => Via::Header,
            _ => Via::Cookie,
        });
        let span = table.get("issuer").map_or(&entry.key_span, |issuer| &issuer.span);
        let place = self.source.place(span);
        let claims = match table.get("claims") {
            Some(claims) if matches!(claims.value, Value::Table(_)) => claims.to_json(),
            Some(other) => return Err(self.fault("`claims` has to be a table", &other.span)),
            None => Json::Null,
        };
        let mut without = Vec::new();
        if let Some(names) = table.get("without") {
            let Value::List(items) = &names.value else {
                return Err(self.fault("`without` has to be a list of claims, as `[\"azp\"]`", &names.span));
            };
            for name in items {
                let fault = || self.fault("`without` has to be a list of claims, as `[\"azp\"]`", &name.span);
                without.push(name.as_text().ok_or_else(fault)?.to_owned());
            }
        }
        let expires_in_secs = match table.get("expires_in_secs") {
            #[allow(clippy::cast_possible_truncation)] // looked at
            Some(Located { value: Value::Number(seconds), .. }) if seconds.fract() == 0.0 && seconds.abs() < 1e12 => {
                *seconds as i64
            }
            Some(other) => return Err(self.fault("`expires_in_secs` has to be a whole number of seconds", &other.span)),
            None => 60,
        };
        let is_forged = match table.get("forged") {
            Some(flag) => flag.as_bool().ok_or_else(|| self.fault("`forged` has to be true or false", &flag.span))?,
            None => false,
        };
        Ok(Identity { issuer, place, claims, without, via, expires_in_secs, is_forged })
    }

    fn case(&self, test: &Located, identities: &BTreeMap<String, Identity>) -> Result<Case, Fault> {
        const KEYS: &[&str] =
            &["name", "request", "kind", "headers", "as", "expect", "reason", "status", "access", "rule", "location"];
        self.only(test, KEYS)?;
        let request = self.required(test, "request", "`METHOD /path`")?;
        let request_span = test.get("request").map_or(test.span.clone(), |value| value.span.clone());
        let (method, url) = match request.split_once(' ') {
            Some((method, url)) => (method, url.trim()),
            None => ("GET", &*request),
        };
        let is_absolute = url.starts_with("https://") || url.starts_with("http://");
        if !url.starts_with('/') && !is_absolute {
            return Err(self.fault("`request` has to be `METHOD /path`, or with an absolute URL", &request_span));
        }
        let identity = self.text(test, "as")?;
        if let Some(name) = &identity
            && !identities.contains_key(name)
        {
            let span = test.get("as").map_or(0..0, |value| value.span.clone());
            return Err(self.fault(&format!("there is no `[identities.{}]`", quote(name)), &span));
        }
        let kind = self.choice(test, "kind", &["document", "fetch"])?;
        let mut headers = Vec::new();
        if let Some(fields) = test.get("headers") {
            let Value::Table(entries) = &fields.value else {
                return Err(self.fault("`headers` has to be a table, as `{ Origin = \"https://example.com\" }`", &fields.span));
            };
            for entry in entries {
                // A request with another name would never come in, and the test would speak of nothing.
                if !is_header_name(&entry.key) {
                    return Err(self.fault("a header's name has letters, digits and dashes", &entry.key_span));
                }
                let value = entry.value.as_text().filter(|value| !value.contains(['\r', '\n', '\0']));
                let value = value.ok_or_else(|| self.fault("a header is a string of one line", &entry.value.span))?;
                headers.push((entry.key.to_ascii_lowercase(), value.to_owned()));
            }
        }
        let Some(verb) = self.choice(test, "expect", &["forward", "redirect", "deny", "answer", "webhook"])? else {
            return Err(self.fault("`expect` is missing: `forward`, `redirect`, `deny`, `answer` or `webhook`", &test.span));
        };
        let status = match test.get("status") {
            Some(Located { value: Value::Number(status), .. }) => Some(*status),
            Some(other) => return Err(self.fault("`status` has to be a number", &other.span)),
            None => None,
        };
        let expected = Expected {
            verb,
            reason: self.text(test, "reason")?,
            status,
            access: self.choice(test, "access", &["public", "protected", "admin"])?,
            rule: self.text(test, "rule")?,
            location: self.text(test, "location")?,
        };
        Ok(Case {
            name: self.text(test, "name")?.unwrap_or_else(|| match &identity {
                Some(identity) => format!("{request} as {identity}"),
                None => request.clone(),
            }),
            place: self.source.place(&request_span),
            is_document: kind.map_or(method == "GET", |kind| kind == "document"),
            method: method.to_owned(),
            url: url.to_owned(),
            headers,
            identity,
            expected,
        })
    }

    fn only(&self, table: &Located, known: &[&str]) -> Result<(), Fault> {
        if !matches!(table.value, Value::Table(_)) {
            return Err(self.fault("expected a table", &table.span));
        }
        match table.entries().iter().find(|entry| !known.contains(&&*entry.key)) {
            Some(entry) => {
                let message = format!("unknown key `{}`, expected one of: {}", quote(&entry.key), known.join(", "));
                Err(self.fault(&message, &entry.key_span))
            }
            None => Ok(()),
        }
    }

    fn text(&self, table: &Located, key: &str) -> Result<Option<String>, Fault> {
        match table.get(key) {
            Some(value) => match value.as_text() {
                Some(text) => Ok(Some(text.to_owned())),
                None => Err(self.fault(&format!("`{key}` has to be a string"), &value.span)),
            },
            None => Ok(None),
        }
    }

    fn required(&self, table: &Located, key: &str, expected: &str) -> Result<String, Fault> {
        self.text(table, key)?.ok_or_else(|| self.fault(&format!("`{key}` is missing: expected {expected}"), &table.span))
    }

    fn choice(&self, table: &Located, key: &str, words: &[&str]) -> Result<Option<String>, Fault> {
        let Some(text) = self.text(table, key)? else { return Ok(None) };
        if words.contains(&&*text) {
            return Ok(Some(text));
        }
        let span = table.get(key).map_or(0..0, |value| value.span.clone());
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        Err(self.fault(&format!("`{key}` is `{}`, expected {}", quote(&text), words.join(" or ")), &span))
    }

    fn fault(&self, message: &str, span: &Range<usize>) -> Fault {
        Fault::new(message).at(self.source.place(span))
    }
}
