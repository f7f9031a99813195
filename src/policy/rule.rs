//! Ordered rules: `[[rules]]` of the settings.

use crate::{
    policy::{Access, pattern::Pattern, require::Requirement},
    session::TokenType,
    settings::{Node, SettingError, TableReader, wrong_type},
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
        match node {
            Node::List(items) => items
                .into_iter()
                .enumerate()
                .filter_map(|(index, item)| Self::read(&format!("rules[{index}]"), item, errors))
                .collect(),
            other => {
                wrong_type(errors, "rules", &other, "a list of tables, written as `[[vars.PORTCULLIS.rules]]`");
                Vec::new()
            }
        }
    }

    fn read(place: &str, node: Node, errors: &mut Vec<SettingError>) -> Option<Self> {
        let before = errors.len();
        let mut table = TableReader::open(place, node, errors)?;
        let placed = table.take_patterns("match");
        let is_bare = placed.iter().any(|(setting, _)| !setting.ends_with(']'));
        let patterns: Vec<Pattern> = placed.into_iter().map(|(_, pattern)| pattern).collect();
        if patterns.is_empty() && table.errors().len() == before {
            let setting = table.name("match");
            SettingError::missing(&setting, "a pattern or a list of patterns").add_to(table.errors());
        }
        let methods = read_methods(&mut table);
        let access = table
            .take_choice("access", &[("public", Access::Public), ("protected", Access::Protected), ("admin", Access::Admin)]);
        let access = access.unwrap_or(Access::Protected);
        let csrf = table.take_flag("csrf");
        let fresh = table.take_flag("fresh").unwrap_or(false);
        let enforce = table.take_flag("enforce").unwrap_or(true);
        let require_place = table.name("require");
        let require = table.take("require");
        if access == Access::Public && require.is_some() {
            let why = "a public rule cannot require anything";
            SettingError::conflict(&require_place, why, "drop `access = \"public\"` or `require`").add_to(table.errors());
        }
        if access == Access::Public && fresh {
            let setting = table.name("fresh");
            let why = "a public rule asks nobody who they are, so nothing can be out of date";
            SettingError::conflict(&setting, why, "drop `access = \"public\"` or `fresh`").add_to(table.errors());
        }
        if access == Access::Public && !enforce {
            let setting = table.name("enforce");
            let why = "a public rule refuses nobody, so there is nothing to try";
            SettingError::conflict(&setting, why, "drop `access = \"public\"` or `enforce`").add_to(table.errors());
        }
        table.finish();
        let require = require.map(|node| Requirement::read(&require_place, node, errors)).unwrap_or_default();
        if fresh && require.tokens.iter().any(|kind| matches!(kind, TokenType::M2mToken | TokenType::OauthToken)) {
            let why = "whether a machine's JWT was revoked cannot be asked";
            let setting = [place, ".fresh"].concat();
            SettingError::conflict(&setting, why, "drop `fresh`, or take session tokens and API keys only").add_to(errors);
        }
        Some(Self { patterns, is_bare, methods, access, require, csrf, fresh, enforce })
    }
}

/// The key `methods`: upper case; `None` where all are meant.
pub(crate) fn read_methods(table: &mut TableReader<'_>) -> Option<Vec<String>> {
    let methods = table.take_texts("methods")?;
    let mut read = Vec::with_capacity(methods.len());
    for (place, method) in methods {
        if is_method_token(&method) && method == method.to_ascii_uppercase() {
            read.push(method);
        } else {
            SettingError::value(&place, &method, "a method in upper case, as `POST`").add_to(table.errors());
        }
    }
    if read.is_empty() && table.errors().is_empty() {
        let setting = table.name("methods");
        SettingError::missing(&setting, "at least one method; without `methods` a rule applies to all").add_to(table.errors());
    }
    Some(read)
}

/// A token (RFC 9110 section 5.6.2).
fn is_method_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
