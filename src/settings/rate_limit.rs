//! `rate_limits`: which requests are counted, by what, and by which counter of the platform.

use std::rc::Rc;

use crate::{
    policy::{
        pattern::{Pattern, PatternSet},
        read_methods,
    },
    table::{Node, SettingError, TableReader, wrong_type},
};

/// Whom a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Each client address.
    Client,
    /// Each user; each client address where nobody is signed in.
    User,
}

/// One of the limits.
#[derive(Debug)]
pub struct RateLimit {
    pub(crate) patterns: PatternSet,
    pub(crate) methods: Option<Vec<String>>,
    /// The name of the platform's counter.
    pub binding: Rc<str>,
    /// Whom it counts.
    pub per: Per,
    /// The counter's period in seconds: what `Retry-After` says.
    pub period_secs: usize,
    /// As decisions name it: `rate_limits[0] /api(.*)`.
    pub(crate) name: Rc<str>,
    /// Its place; limits that share a counter count apart.
    pub(crate) index: String,
}

impl RateLimit {
    /// Reads the list of limits.
    #[inline(never)]
    pub(crate) fn read_all(node: Node, errors: &mut Vec<SettingError>) -> Vec<Self> {
        let Node::List(items) = node else {
            wrong_type(errors, "rate_limits", &node, "a list of tables, written as `[[vars.PORTCULLIS.rate_limits]]`");
            return Vec::new();
        };
        items.into_iter().enumerate().filter_map(|(index, item)| Self::read(index, item, errors)).collect()
    }

    fn read(index: usize, node: Node, errors: &mut Vec<SettingError>) -> Option<Self> {
        let before = errors.len();
        let index = index.to_string();
        let place = ["rate_limits[", &index, "]"].concat();
        let mut table = TableReader::open(&place, node, errors)?;
        let mut patterns = Vec::new();
        table.take_patterns("match", &mut patterns);
        let methods = read_methods(&mut table);
        let binding = table.take_text("binding").filter(|name| !name.is_empty());
        let per = table.take_choice("per", &[("client", Per::Client), ("user", Per::User)]);
        let period = table.take_count("period", 60, "10 or 60, as the binding has it").unwrap_or(60);
        if table.errors().len() == before {
            let missing = [
                ("match", patterns.is_empty(), "a pattern or a list of patterns"),
                ("binding", binding.is_none(), "the name of a rate limit binding, as `API_LIMIT`"),
                ("per", per.is_none(), "`client` or `user`"),
            ];
            for (key, is_missing, expected) in missing {
                if is_missing {
                    table.refuse_absence(key, expected);
                }
            }
            if period != 10 && period != 60 {
                table.refuse_value("period", &period.to_string(), "10 or 60, as the binding has it");
            }
        }
        table.finish();
        let name = [&*place, " ", patterns.first().map_or("", Pattern::as_str)].concat().into();
        let patterns = PatternSet::new(patterns);
        Some(Self { patterns, methods, binding: binding?.into(), per: per?, period_secs: period, name, index })
    }

    /// What is wrong where the platform has no such counter; the host looks.
    #[must_use]
    pub fn missing_binding(&self) -> SettingError {
        let setting = ["rate_limits[", &self.index, "].binding"].concat();
        SettingError::value(&setting, &self.binding, "the name of a rate limit binding of this Worker, see `[[ratelimits]]`")
    }

    /// What is wrong where it names nothing but the path of webhooks, which are not counted.
    #[must_use]
    pub(crate) fn counts_nothing(&self, webhook_path: &str) -> Option<SettingError> {
        let is_webhook = |pattern: &Pattern| pattern.as_str().trim_end_matches('/') == webhook_path;
        let patterns = self.patterns.patterns();
        (!patterns.is_empty() && patterns.iter().all(is_webhook)).then(|| {
            let setting = ["rate_limits[", &self.index, "].match"].concat();
            let why = "it names the `webhook_path` alone, where nothing is counted";
            SettingError::conflict(&setting, why, "remove the limit: none but signed deliveries reach the origin there")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_would_count_nothing_is_an_error() {
        let read = |json: &str| {
            let mut errors = Vec::new();
            RateLimit::read_all(Node::parse_json(json).unwrap(), &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for (json, named) in [
            ("{}", "rate_limits"),
            (r#"[{"binding":"A","per":"client"}]"#, "rate_limits[0].match"),
            (r#"[{"match":"/x","per":"client"}]"#, "rate_limits[0].binding"),
            (r#"[{"match":"/x","binding":"A"}]"#, "rate_limits[0].per"),
            (r#"[{"match":"/x","binding":"A","per":"address"}]"#, "rate_limits[0].per"),
            (r#"[{"match":"/x","binding":"A","per":"user","period":30}]"#, "rate_limits[0].period"),
            (r#"[{"match":"/x","binding":"A","per":"user","methods":["post"]}]"#, "rate_limits[0].methods[0]"),
            (r#"[{"match":"/:","binding":"A","per":"user"}]"#, "rate_limits[0].match"),
            (r#"[{"match":"/x","binding":"A","per":"user","limit":5}]"#, "rate_limits[0].limit"),
        ] {
            let errors = read(json);
            assert!(errors.len() == 1 && errors[0].contains(&format!("`{named}`")), "{json}: {errors:?}");
        }
        assert!(read(r#"[{"match":["/x","/y"],"methods":["POST"],"binding":"A","per":"user","period":10}]"#).is_empty());
    }
}
