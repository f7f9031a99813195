//! What a rule demands of a signed-in user, as data.

use crate::{
    json::Raw,
    session::{Auth, Reverification, TokenType},
    table::{Node, Problem, SettingError, TableReader},
    text::ByAny as _,
};

/// Everything that one `require = { … }` asks. All that is asked must hold; an empty one asks only for a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requirement {
    /// An organization role, as `org:admin`.
    pub role: Option<String>,
    /// An organization permission, as `org:billing:manage`.
    pub permission: Option<String>,
    /// A feature, of the user or the organization.
    pub feature: Option<String>,
    /// A plan, of the user or the organization.
    pub plan: Option<String>,
    /// How recently factors must have been verified.
    pub reverification: Option<Reverification>,
    /// A test of one claim.
    pub claim: Option<ClaimTest>,
    /// The kinds of token that are taken; none named: session tokens.
    pub tokens: Vec<TokenType>,
}

/// A test of one claim of the session token.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimTest {
    /// The members to walk from the top of the claims, as `["metadata", "role"]`.
    pub path: Vec<String>,
    /// What the claim has to be.
    pub test: Test,
}

/// What a claim has to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Exactly this string, number or boolean.
    Equals(Node),
    /// One of these.
    OneOf(Vec<Node>),
    /// A list that holds this.
    Contains(Node),
}

impl Requirement {
    /// Whether `auth` has all that is asked, but for the kind of its token: see [`Policy::tokens_of`](super::Policy::tokens_of). A
    /// claim that is absent or of another type fails its test; a machine has neither roles nor claims.
    #[must_use]
    pub fn is_met(&self, auth: &Auth) -> bool {
        let Self { role, permission, feature, plan, reverification, claim, tokens: _ } = self;
        role.as_deref().is_none_or(|role| auth.has_role(role))
            && permission.as_deref().is_none_or(|permission| auth.has_permission(permission))
            && feature.as_deref().is_none_or(|feature| auth.has_feature(feature))
            && plan.as_deref().is_none_or(|plan| auth.has_plan(plan))
            && reverification.as_ref().is_none_or(|level| auth.has_reverification(level))
            && claim.as_ref().is_none_or(|claim| claim.is_met(auth))
    }

    /// The same as requirements of one thing each, with the name of that thing, as `role`. All of them are met where this one is.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, Self)> {
        let Self { role, permission, feature, plan, reverification, claim, tokens } = self.clone();
        let mut parts = Vec::new();
        let empty = Self::default();
        if role.is_some() {
            parts.push(("role", Self { role, ..empty.clone() }));
        }
        if permission.is_some() {
            parts.push(("permission", Self { permission, ..empty.clone() }));
        }
        if feature.is_some() {
            parts.push(("feature", Self { feature, ..empty.clone() }));
        }
        if plan.is_some() {
            parts.push(("plan", Self { plan, ..empty.clone() }));
        }
        if reverification.is_some() {
            parts.push(("reverification", Self { reverification, ..empty.clone() }));
        }
        if claim.is_some() {
            parts.push(("claim", Self { claim, ..empty.clone() }));
        }
        if !tokens.is_empty() {
            parts.push(("token", Self { tokens, ..empty }));
        }
        parts
    }

    /// Reads a `require` table. Errors go to the reader's list.
    pub(crate) fn read(place: &str, node: Node, errors: &mut Vec<SettingError>) -> Self {
        let mut requirement = Self::default();
        let before = errors.len();
        let Some(mut table) = TableReader::open(place, node, errors) else { return requirement };
        let Self { role, permission, feature, plan, .. } = &mut requirement;
        for (key, wanted) in [("role", role), ("permission", permission), ("feature", feature), ("plan", plan)] {
            *wanted = table.take_text(key);
        }
        requirement.reverification = table.take_choice(
            "reverification",
            &[
                ("strict_mfa", Reverification::StrictMfa),
                ("strict", Reverification::Strict),
                ("moderate", Reverification::Moderate),
                ("lax", Reverification::Lax),
            ],
        );
        requirement.claim = ClaimTest::read(&mut table);
        let tokens = &mut requirement.tokens;
        let errors_before = table.errors().len();
        let is_named = table.take_each("token", &mut |name| match TokenType::parse(name) {
            Some(kind) => {
                tokens.push(kind);
                Ok(())
            }
            None => Err(Problem::value(name, "`session_token`, `api_key`, `m2m_token` or `oauth_token`")),
        });
        if is_named.is_some() && tokens.is_empty() && table.errors().len() == errors_before {
            table.refuse_empty("token", "at least one kind of token; without `token` only session tokens are taken");
        }
        for (key, id) in [("role", &requirement.role), ("permission", &requirement.permission)] {
            if let Some(id) = id.as_deref().filter(|id| !id.starts_with("org:") || *id == "org:") {
                table.refuse_value(key, id, "an organization's own name, beginning with `org:`");
            }
        }
        for (key, name) in [("feature", &requirement.feature), ("plan", &requirement.plan)] {
            if name.as_deref() == Some("") {
                table.refuse_value(key, "", "the name that it has in Clerk");
            }
        }
        table.finish();
        if requirement.is_empty() && errors.len() == before {
            SettingError::missing(place, "at least one of role, permission, feature, plan, reverification, claim, token")
                .add_to(errors);
        }
        requirement
    }

    /// Whether it asks only for a session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { role, permission, feature, plan, reverification, claim, tokens } = self;
        [role, permission, feature, plan].into_iter().all(Option::is_none)
            && reverification.is_none()
            && claim.is_none()
            && tokens.is_empty()
    }
}

impl ClaimTest {
    fn read(table: &mut TableReader<'_>) -> Option<Self> {
        let path = table.take("claim").and_then(|node| read_path(table, node));
        let mut tests = Vec::new();
        for (key, test) in [("equals", Test::Equals as fn(Node) -> Test), ("contains", Test::Contains)] {
            if let Some(node) = table.take(key) {
                tests.push(test(scalar(table, key, node)?));
            }
        }
        if let Some(node) = table.take("one_of") {
            tests.push(read_one_of(table, node)?);
        }
        match (path, tests.pop(), tests.is_empty()) {
            (None, None, _) => None,
            (Some(path), Some(test), true) if is_path(&path) => Some(Self { path, test }),
            (path, test, is_only) => {
                refuse_claim(table, path.as_deref(), test.is_some() && is_only);
                None
            }
        }
    }

    fn is_met(&self, auth: &Auth) -> bool {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        auth.claim(&path).is_some_and(|found| self.is_met_by(found))
    }

    /// Where in the user's public metadata the claim is, if it is there: below `metadata`, as Clerk's guides have it in the session token.
    #[must_use]
    pub fn metadata_path(&self) -> Option<&[String]> {
        below_metadata(&self.path)
    }

    /// Whether public metadata meet the test; false where the claim is none of theirs.
    #[must_use]
    pub fn is_met_by_metadata(&self, metadata: Raw<'_>) -> bool {
        let found = self.metadata_path().and_then(|path| path.iter().try_fold(metadata, |value, member| value.get(member)));
        found.is_some_and(|found| self.is_met_by(found))
    }

    fn is_met_by(&self, found: Raw<'_>) -> bool {
        match &self.test {
            Test::Equals(expected) => is_same(found, expected),
            Test::OneOf(expected) => expected.iter().any(|expected| is_same(found, expected)),
            Test::Contains(expected) => {
                found.elements().is_some_and(|items| items.into_iter().any(|item| is_same(item, expected)))
            }
        }
    }
}

/// What follows `metadata` in the path of a claim; `None` for a claim that is elsewhere.
pub(super) fn below_metadata(path: &[String]) -> Option<&[String]> {
    path.split_first().filter(|(first, _)| *first == "metadata").map(|(_, rest)| rest)
}

/// Whether it leads to a claim: there is a member to begin with, and each has a name.
fn is_path(path: &[String]) -> bool {
    !path.is_empty() && path.iter().all(|member| !member.is_empty())
}

/// Where the claim is: a dotted path, or a list of member names.
fn read_path(table: &mut TableReader<'_>, node: Node) -> Option<Vec<String>> {
    match node {
        Node::Text(path) => Some(path.pieces(b".").map(str::to_owned).collect()),
        Node::List(members) => {
            members.into_iter().map(|member| if let Node::Text(name) = member { Some(name) } else { None }).collect()
        }
        other => {
            table.refuse_type("claim", &other, "a dotted path or a list of member names");
            None
        }
    }
}

/// The test `one_of`; `None` where it was reported.
#[inline(never)]
fn read_one_of(table: &mut TableReader<'_>, node: Node) -> Option<Test> {
    let Node::List(items) = node else {
        table.refuse_type("one_of", &node, "a list of strings, numbers or booleans");
        return None;
    };
    if items.is_empty() {
        table.refuse_empty("one_of", "at least one value, or nobody gets in");
        return None;
    }
    let items: Option<Vec<Node>> = items.into_iter().map(|item| scalar(table, "one_of", item)).collect();
    items.map(Test::OneOf)
}

/// The first whole number that a double takes for its neighbour, too.
const NUMBERS_END: f64 = 9_007_199_254_740_992.0;

fn scalar(table: &mut TableReader<'_>, key: &'static str, node: Node) -> Option<Node> {
    match node {
        Node::Number(number) if number.abs() >= NUMBERS_END || number.is_nan() => {
            table.refuse_amount(
                key,
                &node,
                "one below 2^53, from where on a number is another account's, too; longer ids are strings",
            );
        }
        Node::Bool(_) | Node::Number(_) | Node::Text(_) => return Some(node),
        Node::Null | Node::List(_) | Node::Table(_) => table.refuse_type(key, &node, "a string, a number or a boolean"),
    }
    None
}

/// Reports what is wrong with a claim and its tests, taken together.
#[inline(never)]
fn refuse_claim(table: &mut TableReader<'_>, path: Option<&[String]>, has_one_test: bool) {
    match (path, has_one_test) {
        (Some([]), true) => table.refuse_empty("claim", "at least one member name"),
        (Some(path), true) => table.refuse_value("claim", &path.join("."), "a path of member names without an empty one"),
        (Some(_), false) => {
            let help = "give one of `equals`, `one_of` and `contains`";
            table.refuse_together("claim", "a claim needs exactly one test", help);
        }
        (None, _) => table.refuse_absence("claim", "the path of a claim, as `metadata.role`"),
    }
}

/// Strict equality: the same type and the same value, never a conversion.
fn is_same(found: Raw<'_>, expected: &Node) -> bool {
    match expected {
        Node::Text(expected) => found.as_str().is_some_and(|found| found == *expected),
        Node::Bool(expected) => found.text() == if *expected { "true" } else { "false" },
        #[allow(clippy::float_cmp)] // the operator's number, exactly
        Node::Number(expected) => found.as_f64() == Some(*expected),
        Node::Null | Node::List(_) | Node::Table(_) => false,
    }
}
