//! The header fields by which browsers are told to be careful with a site.

use super::{ContentSecurityPolicy, Cors, Field, names};
use crate::table::{Node, SettingError, TableReader, wrong_type};

/// What is added to answers, whoever makes them. Empty by default.
#[derive(Clone, Debug, Default)]
pub struct AddedHeaders {
    /// Fixed fields, for answers that do not have them.
    pub fields: Vec<(&'static str, String)>,
    /// The setting `csp`.
    pub csp: Option<ContentSecurityPolicy>,
    /// The setting `cors`.
    pub cors: Option<Cors>,
}

/// The keys of `security_headers`, their fields, and what those say by default.
const PRESET: [(&str, &str, &str); 5] = [
    ("hsts", "strict-transport-security", "max-age=31536000"),
    ("content_type_options", "x-content-type-options", "nosniff"),
    ("referrer_policy", "referrer-policy", "strict-origin-when-cross-origin"),
    // Clerk signs in with other services in a window of their own.
    ("opener_policy", "cross-origin-opener-policy", "same-origin-allow-popups"),
    ("frame_options", "x-frame-options", "SAMEORIGIN"),
];

/// Reads `security_headers`: true, or a table in which each field is its value, or false.
#[inline(never)]
pub(crate) fn read_fields(node: Node, errors: &mut Vec<SettingError>) -> Vec<(&'static str, String)> {
    let node = match node {
        Node::Bool(false) => return Vec::new(),
        Node::Bool(true) => Node::Table(Vec::new()),
        table @ Node::Table(_) => table,
        other => {
            wrong_type(errors, "security_headers", &other, "true, false or a table");
            return Vec::new();
        }
    };
    let mut fields = Vec::with_capacity(PRESET.len());
    let Some(mut table) = TableReader::open("security_headers", node, errors) else { return fields };
    for (key, field, preset) in PRESET {
        match table.take(key) {
            Some(Node::Bool(false)) => {}
            None | Some(Node::Bool(true)) => fields.push((field, preset.to_owned())),
            Some(Node::Text(text)) if !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
                fields.push((field, text))
            }
            Some(other) => {
                let place = table.name(key);
                wrong_type(table.errors(), &place, &other, "the value of a header field, or false");
            }
        }
    }
    table.finish();
    fields
}

impl AddedHeaders {
    /// Whether nothing is added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.csp.is_none() && self.cors.is_none()
    }

    /// Whether each answer needs a nonce.
    #[must_use]
    pub fn needs_nonce(&self) -> bool {
        self.csp.as_ref().is_some_and(|csp| csp.is_strict)
    }

    /// What the origin is told of the policy of its answer: the nonce, and the policy, from which frameworks take it by themselves.
    #[must_use]
    pub fn for_origin(&self, nonce: Option<&str>) -> Vec<Field> {
        match (&self.csp, nonce) {
            (Some(csp), Some(nonce)) => {
                vec![(names::NONCE, nonce.to_owned().into()), (csp.name(), csp.value(Some(nonce)).into())]
            }
            _ => Vec::new(),
        }
    }

    /// Fields for an answer that does not have them: an app that sets one knows its pages better.
    #[must_use]
    pub fn missing(&self, nonce: Option<&str>) -> Vec<(&'static str, String)> {
        let mut fields = self.fields.clone();
        fields.extend(self.csp.iter().map(|csp| (csp.name(), csp.value(nonce))));
        fields
    }
}
