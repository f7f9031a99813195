//! Cross-origin requests (Fetch, "CORS protocol"): which pages of other origins may read answers.

use crate::{
    table::{Node, SettingError, TableReader},
    web_url::url_origin_of,
};

/// Who may read answers, and what they may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Origins, exactly as browsers write them.
    origins: Vec<String>,
    methods: String,
    headers: String,
    allows_credentials: bool,
    max_age: usize,
}

/// Fields by which an answer says who may read it; the origin's own are taken off.
pub const CORS_FIELDS: [&str; 2] = ["access-control-allow-origin", "access-control-allow-credentials"];

impl Cors {
    /// Reads the setting `cors`.
    #[inline(never)]
    pub(crate) fn read(node: Node, errors: &mut Vec<SettingError>) -> Option<Self> {
        let before = errors.len();
        let mut table = TableReader::open("cors", node, errors)?;
        let is_origin = |origin: &str| {
            let is_whole = url_origin_of(origin) == Some(origin);
            if is_whole { Ok(()) } else { Err("one origin as browsers write it, as `https://app.example.com`") }
        };
        let origins = table.take_texts("origins", &is_origin).unwrap_or_default();
        if origins.is_empty() && table.errors().len() == before {
            SettingError::missing("cors.origins", "at least one origin, as `https://app.example.com`").add_to(table.errors());
        }
        let is_name = |text: &str| {
            let is_name = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if is_name { Ok(()) } else { Err("a name of letters, digits and `-`") }
        };
        let mut tokens = |key, default: &str| {
            let texts = table.take_texts(key, &is_name);
            texts.map_or_else(|| default.to_owned(), |texts| texts.join(", "))
        };
        let methods = tokens("methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
        let headers = tokens("headers", "authorization, content-type");
        let allows_credentials = table.take_flag("credentials").unwrap_or(false);
        let max_age = table.take_count("max_age", 7200, "whole seconds from 0 to 7200").unwrap_or(600);
        table.finish();
        Some(Self { origins, methods, headers, allows_credentials, max_age })
    }

    /// Fields of an answer to a request of `origin`; none where it is not on the list.
    #[must_use]
    pub fn of_answer(&self, origin: Option<&str>) -> Vec<(&'static str, String)> {
        let Some(origin) = origin.filter(|origin| self.origins.iter().any(|known| known == origin)) else { return Vec::new() };
        let mut fields = vec![("access-control-allow-origin", origin.to_owned())];
        if self.allows_credentials {
            fields.push(("access-control-allow-credentials", "true".to_owned()));
        }
        fields
    }

    /// Fields of the answer to a preflight.
    #[must_use]
    pub fn of_preflight(&self, origin: Option<&str>) -> Vec<(&'static str, String)> {
        let mut fields = self.of_answer(origin);
        if !fields.is_empty() {
            fields.push(("access-control-allow-methods", self.methods.clone()));
            fields.push(("access-control-allow-headers", self.headers.clone()));
            fields.push(("access-control-max-age", self.max_age.to_string()));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> (Option<Cors>, usize) {
        let mut errors = Vec::new();
        (Cors::read(Node::parse_json(json).unwrap(), &mut errors), errors.len())
    }

    #[test]
    fn only_a_listed_origin_is_answered_and_never_all_of_them() {
        let cors = read(r#"{"origins":["https://app.example.com"],"credentials":true}"#).0.unwrap();
        assert_eq!(cors.of_answer(Some("https://app.example.com")).len(), 2);
        for foreign in
            ["https://app.example.com.evil.example", "https://App.example.com", "http://app.example.com", "null", "*", ""]
        {
            assert!(cors.of_preflight(Some(foreign)).is_empty(), "{foreign}");
        }
        assert!(cors.of_preflight(None).is_empty());
    }

    #[test]
    fn what_is_no_origin_is_an_error() {
        for wrong in ["*", "null", "https://*.example.com", "https://a.example/", "HTTPS://a.example", "a.example"] {
            assert_eq!(read(&format!(r#"{{"origins":["{wrong}"]}}"#)).1, 1, "{wrong}");
        }
        assert_eq!(read("{}").1, 1);
        assert_eq!(read(r#"{"origins":["https://a.example"],"headers":["a, b"],"max_age":9000}"#).1, 2);
    }
}
