//! Ordered rules: `[[rules]]` of the settings.

use crate::{
    policy::{Access, is_refused_method, pattern::Pattern, require::Requirement, tie::Tie},
    session::TokenType,
    table::{Node, SettingError, TableReader, Written, wrong_type},
};

/// One of the ordered rules.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it applies to; the first string of `match` names it in decisions.
    pub patterns: Vec<Pattern>,
    /// Whether `match` is written as one string: its pattern is `rules[0].match` in messages, not `rules[0].match[0]`.
    pub is_bare: bool,
    /// The methods that it applies to, in upper case; none: all of them.
    pub methods: Option<Vec<String>>,
    /// Public, protected or admin.
    pub access: Access,
    /// What it demands beside a session.
    pub require: Requirement,
    /// What the path and the token have to say alike.
    pub ties: Vec<Tie>,
    /// Whether unsafe requests of foreign pages are refused; `None`: as the setting `csrf` has it, for all but public rules.
    pub csrf: Option<bool>,
    /// Whether what the token says is checked against what is so now.
    pub fresh: bool,
    /// Whether it holds. One in shadow decides nothing: what it would have decided is logged.
    pub enforce: bool,
}

impl Rule {
    /// Whether the rule speaks of this method. Methods are compared as they are, with their case (RFC 9110 section 9.1). HEAD is
    /// GET without a body (section 9.3.2), so it follows GET.
    #[must_use]
    pub fn has_method(&self, method: &str) -> bool {
        let is_meant = |known: &String| known == method || (known == "GET" && method == "HEAD");
        self.methods.as_ref().is_none_or(|methods| methods.iter().any(is_meant))
    }

    /// Reads the list of rules.
    #[inline(never)]
    pub(crate) fn read_all(node: Node, errors: &mut Vec<SettingError>) -> Vec<Self> {
        let Node::List(items) = node else {
            wrong_type(errors, "rules", &node, "a list of tables, written as `[[vars.PORTCULLIS.rules]]`");
            return Vec::new();
        };
        let mut rules = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            rules.extend(Self::read(&["rules[", &index.to_string(), "]"].concat(), item, errors));
        }
        rules
    }

    fn read(place: &str, node: Node, errors: &mut Vec<SettingError>) -> Option<Self> {
        let before = errors.len();
        let mut table = TableReader::open(place, node, errors)?;
        let mut patterns = Vec::new();
        let is_bare = table.take_patterns("match", &mut patterns) == Some(Written::AsOne);
        if patterns.is_empty() && table.errors().len() == before {
            table.refuse_absence("match", "a pattern or a list of patterns");
        }
        let methods = read_methods(&mut table);
        let access = table
            .take_choice("access", &[("public", Access::Public), ("protected", Access::Protected), ("admin", Access::Admin)]);
        let access = access.unwrap_or(Access::Protected);
        let csrf = table.take_flag("csrf");
        let fresh = table.take_flag("fresh").unwrap_or(false);
        let enforce = table.take_flag("enforce").unwrap_or(true);
        let require = table.take("require");
        let ties = table.take("where");
        if access == Access::Public {
            refuse_on_public_rule(&mut table, [require.is_some(), ties.is_some(), fresh, !enforce]);
        }
        let require_place = table.name("require");
        let ties_place = table.name("where");
        let fresh_place = table.name("fresh");
        table.finish();
        let require = require.map(|node| Requirement::read(&require_place, node, errors)).unwrap_or_default();
        if fresh && require.tokens.iter().any(|kind| matches!(kind, TokenType::M2mToken | TokenType::OauthToken)) {
            let why = "whether a machine's JWT was revoked cannot be asked";
            SettingError::conflict(&fresh_place, why, "drop `fresh`, or take session tokens and API keys only").add_to(errors);
        }
        let ties = ties.map(|node| Tie::read_all(&ties_place, node, &patterns, errors)).unwrap_or_default();
        Some(Self { patterns, is_bare, methods, access, require, ties, csrf, fresh, enforce })
    }
}

/// What makes no sense on a rule that asks nobody who they are.
#[inline(never)]
fn refuse_on_public_rule(table: &mut TableReader<'_>, has: [bool; 4]) {
    let all = [
        ("require", "a public rule cannot require anything", "drop `access = \"public\"` or `require`"),
        ("where", "a public rule asks nobody who they are", "drop `access = \"public\"` or `where`"),
        (
            "fresh",
            "a public rule asks nobody who they are, so nothing can be out of date",
            "drop `access = \"public\"` or `fresh`",
        ),
        ("enforce", "a public rule refuses nobody, so there is nothing to try", "drop `access = \"public\"` or `enforce`"),
    ];
    for ((key, why, help), has) in all.into_iter().zip(has) {
        if has {
            table.refuse_together(key, why, help);
        }
    }
}

/// The key `methods`: upper case; `None` where all are meant.
#[inline(never)]
pub(crate) fn read_methods(table: &mut TableReader<'_>) -> Option<Vec<String>> {
    table.take_some_texts("methods", "at least one method; without `methods` a rule applies to all", &check_method)
}

/// A token (RFC 9110 section 5.6.2) without small letters, that a request may have. A word for all methods would be taken for the name
/// of one that no request has, and the rule would speak of nothing.
fn check_method(text: &str) -> Result<(), &'static str> {
    if matches!(text, "*" | "ALL" | "ANY") {
        return Err("a method, as `POST`; leave `methods` out where all are meant");
    }
    if is_refused_method(text) {
        return Err("a method that gets past the gate, which answers `TRACE`, `TRACK` and `CONNECT` with a 405");
    }
    let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let is_method = !text.is_empty() && text.bytes().all(is_plain);
    if is_method { Ok(()) } else { Err("a method in upper case, as `POST`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_no_request_has_is_an_error() {
        let errors = |methods: &str| {
            let mut errors = Vec::new();
            let rules = ["[{\"match\":\"/x\",\"methods\":", methods, "}]"].concat();
            Rule::read_all(Node::parse_json(&rules).unwrap(), &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for (method, said) in [
            ("*", "leave `methods` out"),
            ("ALL", "leave `methods` out"),
            ("ANY", "leave `methods` out"),
            ("all", "in upper case"),
            ("TRACE", "405"),
            ("TRACK", "405"),
            ("connect", "405"),
            ("GET POST", "in upper case"),
            ("", "in upper case"),
        ] {
            let errors = errors(&["[\"", method, "\"]"].concat());
            assert!(matches!(&*errors, [one] if one.contains(said) && one.contains("methods[0]")), "{method}: {errors:?}");
        }
        assert_eq!(errors("[]").len(), 1);
        assert_eq!(errors("[\"POST\", \"PROPFIND\", \"M-SEARCH\"]"), [""; 0]);
    }
}
