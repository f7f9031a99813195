//! `where` of a rule: what the path names has to be what the token says, so that `/orgs/acme` is only for who is active in `acme`.

use crate::{
    json::Raw,
    path::JudgedTarget,
    policy::{pattern::Pattern, require::below_metadata},
    session::Auth,
    table::{Node, SettingError, TableReader, wrong_type},
    text::{self, ByAny as _},
};

/// One parameter of a rule's pattern, and the claim that it has to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Tie {
    /// The parameter's name, without its colon.
    pub param: String,
    /// The members to walk from the top of the claims, as `["sub"]`. `org.id`, `org.slug` and `org.role` are those of the active
    /// organization, in whichever version of Clerk's tokens.
    pub path: Vec<String>,
}

const CLAIM: &str = "the path of a claim, as `sub` or `org.slug`";

impl Tie {
    /// Reads a table of parameters and claims. Errors go to the list.
    #[inline(never)]
    pub(crate) fn read_all(place: &str, node: Node, patterns: &[Pattern], errors: &mut Vec<SettingError>) -> Vec<Self> {
        let mut ties = Vec::new();
        let Some(table) = TableReader::open(place, node, errors) else { return ties };
        let entries = table.into_entries();
        if entries.is_empty() {
            SettingError::missing(place, "at least one parameter of `match` and its claim, as `orgSlug = \"org.slug\"`")
                .add_to(errors);
        }
        for (param, claim) in entries {
            let setting = [place, ".", &crate::table::quote(&param)].concat();
            let path: Option<Vec<String>> = match &claim {
                Node::Text(path) => Some(path.pieces(b".").map(str::to_owned).collect()),
                _ => None,
            };
            let path = path.filter(|path| path.iter().all(|member| !member.is_empty()));
            // Of two with one name routers take the last, the first or a list.
            let has_one = |pattern: &Pattern| pattern.param_names().filter(|name| *name == param).count() == 1;
            if !patterns.iter().all(has_one) {
                SettingError::conflict(
                    &setting,
                    "not every pattern of `match` has this parameter, and once",
                    "name one as `/orgs/:orgSlug`",
                )
                .add_to(errors);
            } else if let Some(path) = path {
                ties.push(Self { param, path });
            } else if let Node::Text(claim) = &claim {
                SettingError::value(&setting, claim, CLAIM).add_to(errors);
            } else {
                wrong_type(errors, &setting, &claim, CLAIM);
            }
        }
        ties
    }

    /// Whether the token says what the path names, in every reading that one of the patterns matches. Compared exactly, with case.
    #[must_use]
    pub fn is_met(&self, patterns: &[Pattern], target: &JudgedTarget, auth: &Auth) -> bool {
        let Some(expected) = self.value(auth).filter(|value| !value.is_empty()) else { return false };
        let mut is_named = false;
        for reading in target.readings() {
            let text = reading.text();
            for pattern in patterns {
                let Some(params) = pattern.params(&text).or_else(|| pattern.params(&reading.path)) else { continue };
                is_named = true;
                if !params.iter().any(|(name, value)| *name == self.param && **value == *expected) {
                    return false;
                }
            }
        }
        is_named
    }

    /// What the token says, where that is a text or a whole number.
    fn value(&self, auth: &Auth) -> Option<String> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let of_org = match path[..] {
            ["org", "id"] => auth.org_id(),
            ["org", "slug"] => auth.org_slug(),
            ["org", "role"] => auth.org_role(),
            _ => None,
        };
        if let Some(of_org) = of_org {
            return Some(of_org.to_owned());
        }
        text_of(auth.claim(&path)?)
    }

    /// Where in the user's public metadata the claim is, and what the token says of it; `None` where it is none of theirs.
    #[must_use]
    pub fn in_metadata(&self, auth: &Auth) -> Option<(&[String], String)> {
        Some((below_metadata(&self.path)?, self.value(auth)?))
    }

    /// What it asks, in words.
    #[must_use]
    pub fn words(&self) -> String {
        [":", &self.param, " is the claim ", &self.path.join(".")].concat()
    }
}

/// A text, or a whole number as it is written.
pub(crate) fn text_of(claim: Raw<'_>) -> Option<String> {
    let is_whole = || text::is_all(claim.text(), |byte| byte.is_ascii_digit());
    claim.as_str().map(std::borrow::Cow::into_owned).or_else(|| is_whole().then(|| claim.text().to_owned()))
}
