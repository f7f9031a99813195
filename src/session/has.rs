//! `has()`: role, permission, feature, plan, reverification. All that is asked has to hold.
//!
//! Source: `authorization.ts` in `@clerk/shared`.

use std::borrow::Cow;

use super::{
    auth::SessionAuth,
    scopes::{Owner, holds},
};
use crate::{
    json::{Document, Raw},
    text::{self, ByAny as _},
};

/// What is asked of a session. Roles and permissions may be given with or without `org:` before them; features and plans with
/// the owner before them (`org:`, `user:` or short `o:`, `u:`) or without.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HasParams {
    /// A role in the active organization.
    pub role: Option<String>,
    /// A permission in it.
    pub permission: Option<String>,
    /// A feature of organization or user.
    pub feature: Option<String>,
    /// A plan of organization or user.
    pub plan: Option<String>,
    /// How fresh the credentials have to be.
    pub reverification: Option<Reverification>,
}

/// How fresh the credentials have to be: one of Clerk's presets, or a level and minutes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reverification {
    /// Both factors within 10 minutes.
    StrictMfa,
    /// The second factor within 10 minutes.
    Strict,
    /// The second factor within an hour.
    Moderate,
    /// The second factor within a day.
    Lax,
    /// Anything else.
    Custom {
        /// Which factor.
        level: Level,
        /// For how many minutes a verification counts.
        after_minutes: f64,
    },
}

/// Which factor has to have been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The first.
    FirstFactor,
    /// The second, where there is one.
    SecondFactor,
    /// Both, where there are two.
    MultiFactor,
}

impl HasParams {
    /// Reads them as JavaScript passes them. `None` where one is of another type than it should be: then `has()` is false.
    #[must_use]
    pub fn parse(params: &Document) -> Option<Self> {
        let mut asked = Self::default();
        if let Some(value) = params.get("reverification") {
            asked.reverification = Some(Reverification::parse(value)?);
        }
        let texts = [
            (&mut asked.role, "role"),
            (&mut asked.permission, "permission"),
            (&mut asked.feature, "feature"),
            (&mut asked.plan, "plan"),
        ];
        for (text, name) in texts {
            if let Some(value) = params.get(name) {
                *text = Some(value.as_string()?);
            }
        }
        Some(asked)
    }
}

impl Reverification {
    /// The preset of that name: `strict_mfa`, `strict`, `moderate` or `lax`.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "strict_mfa" => Some(Self::StrictMfa),
            "strict" => Some(Self::Strict),
            "moderate" => Some(Self::Moderate),
            "lax" => Some(Self::Lax),
            _ => None,
        }
    }

    /// Level and minutes.
    #[must_use]
    pub fn terms(self) -> (Level, f64) {
        match self {
            Self::StrictMfa => (Level::MultiFactor, 10.0),
            Self::Strict => (Level::SecondFactor, 10.0),
            Self::Moderate => (Level::SecondFactor, 60.0),
            Self::Lax => (Level::SecondFactor, 1440.0),
            Self::Custom { level, after_minutes } => (level, after_minutes),
        }
    }

    fn parse(value: Raw<'_>) -> Option<Self> {
        if let Some(name) = value.as_string() {
            return Self::preset(&name);
        }
        let levels =
            [("first_factor", Level::FirstFactor), ("second_factor", Level::SecondFactor), ("multi_factor", Level::MultiFactor)];
        let given = value.get("level")?;
        let (_, level) = levels.into_iter().find(|(name, _)| given.is_str(name))?;
        let after_minutes = value.get("afterMinutes")?.as_f64().filter(|minutes| *minutes > 0.0)?;
        Some(Self::Custom { level, after_minutes })
    }
}

/// What `has()` looks at, taken from a session that was checked. It says nothing by itself about anybody: the proof is with
/// who made it.
#[derive(Clone, Debug, Default)]
pub struct CheckedFacts<'a> {
    has_user: bool,
    has_org: bool,
    org_roles: Vec<Cow<'a, str>>,
    org_permissions: Vec<Cow<'a, str>>,
    features: Option<Cow<'a, str>>,
    plans: Option<Cow<'a, str>>,
    factor_ages: Option<(f64, f64)>,
}

impl<'a> CheckedFacts<'a> {
    /// Reads them in the names that Clerk's check is given them in: `userId`, `orgId`, `orgRole`, `orgPermissions`, `features`,
    /// `plans`, `factorVerificationAge`. For hosts that keep the auth object as JSON.
    #[must_use]
    pub fn read(facts: &'a Document) -> Self {
        let text = |name| facts.get(name).and_then(Raw::as_str);
        let mut org_permissions = Vec::new();
        for one in facts.get("orgPermissions").and_then(Raw::elements).unwrap_or_default() {
            if let Some(permission) = one.as_str() {
                org_permissions.push(permission);
            }
        }
        Self {
            has_user: text("userId").is_some_and(|user| !user.is_empty()),
            has_org: facts.get("orgId").is_some_and(Raw::is_truthy),
            org_roles: text("orgRole").into_iter().collect(),
            org_permissions,
            features: text("features"),
            plans: text("plans"),
            factor_ages: factor_ages(facts.get("factorVerificationAge")),
        }
    }

    /// The same of who signed in with another issuer than Clerk: `issuer`, `userId`, `roles` and `permissions`. `None` where no issuer
    /// is named.
    #[must_use]
    pub fn read_issued(facts: &'a Document) -> Option<Self> {
        let issuer = facts.get("issuer")?;
        let texts = |name| facts.get(name).and_then(Raw::as_strings).unwrap_or_default();
        Some(Self {
            has_user: facts.get("userId").and_then(Raw::as_str).is_some_and(|user| !user.is_empty()),
            has_org: issuer.is_truthy(),
            org_roles: texts("roles").into_iter().map(Cow::Owned).collect(),
            org_permissions: texts("permissions").into_iter().map(|one| as_clerks(&one)).collect(),
            ..Self::default()
        })
    }

    pub(super) fn of(session: &'a SessionAuth) -> Self {
        // Roles and permissions are where the settings say; plans, features and factors are Clerk's alone.
        if let Some(issued) = &session.issued {
            return Self {
                has_user: true,
                has_org: true,
                org_roles: issued.roles.iter().map(|role| Cow::Borrowed(role.as_str())).collect(),
                org_permissions: issued.permissions.iter().map(|one| as_clerks(one)).collect(),
                ..Self::default()
            };
        }
        let permissions = session.permissions().unwrap_or_default();
        Self {
            has_user: !session.user_id().is_empty(),
            has_org: session.has_org(),
            org_roles: session.org_role().map(Cow::Borrowed).into_iter().collect(),
            org_permissions: permissions.iter().map(|one| Cow::Borrowed(one.as_str())).collect(),
            features: session.claims.text("fea"),
            plans: session.claims.text("pla"),
            factor_ages: factor_ages(session.claims.get("fva")),
        }
    }

    /// Whether all that is asked holds; false where nothing is asked.
    #[must_use]
    pub fn meet(&self, asked: &HasParams) -> bool {
        let HasParams { role, permission, feature, plan, reverification } = asked;
        let checks = [
            role.as_deref().map(|role| self.has_role(role)),
            permission.as_deref().map(|permission| self.has_permission(permission)),
            feature.as_deref().map(|feature| has_entitlement(self.features.as_deref(), feature)),
            plan.as_deref().map(|plan| has_entitlement(self.plans.as_deref(), plan)),
            reverification.map(|reverification| is_reverified(self.factor_ages, reverification)),
        ];
        self.has_user && checks.iter().any(Option::is_some) && checks.into_iter().flatten().all(|holds| holds)
    }

    fn has_role(&self, role: &str) -> bool {
        let mut held = self.org_roles.iter().filter(|held| !held.is_empty());
        self.has_org && held.any(|held| without_org(held) == without_org(role))
    }

    fn has_permission(&self, permission: &str) -> bool {
        let wanted = without_org(permission);
        self.has_org && self.org_permissions.iter().any(|held| held.strip_prefix("org:") == Some(wanted))
    }
}

/// A permission of another issuer as the policy writes it.
fn as_clerks(permission: &str) -> Cow<'static, str> {
    Cow::Owned(text::concat(&["org:", without_org(permission)]))
}

fn without_org(mut name: &str) -> &str {
    while let Some(rest) = name.strip_prefix("org:") {
        name = rest;
    }
    name
}

fn has_entitlement(claim: Option<&str>, wanted: &str) -> bool {
    let Some(claim) = claim.filter(|claim| !claim.is_empty()) else { return false };
    let mut parts = wanted.pieces(b":");
    let scope = parts.next().unwrap_or_default();
    let (owner, name) = match parts.next() {
        None => (None, scope),
        Some(name) => {
            let owner = match scope {
                "o" | "org" | "organization" => Owner::Organization,
                "u" | "user" => Owner::User,
                _ => return false,
            };
            (Some(owner), if name.is_empty() { scope } else { name })
        }
    };
    holds(claim, owner, name) == Ok(true)
}

fn is_reverified(ages: Option<(f64, f64)>, asked: Reverification) -> bool {
    let Some((first, second)) = ages else { return false };
    let (level, after_minutes) = asked.terms();
    let is_there = |age: f64| age >= 0.0;
    let is_fresh = |age: f64| is_there(age) && after_minutes > age;
    match (level, is_there(first), is_there(second)) {
        (_, false, false) => false,
        (Level::FirstFactor, ..) | (_, true, false) => is_fresh(first),
        (Level::SecondFactor, ..) => is_fresh(second),
        (Level::MultiFactor, false, true) => false,
        (Level::MultiFactor, true, true) => is_fresh(first) && is_fresh(second),
    }
}

/// `fva`: the minutes since each factor was verified, -1 for one that is not there.
fn factor_ages(fva: Option<Raw<'_>>) -> Option<(f64, f64)> {
    let ages = fva?.elements()?;
    let age = |raw: &Raw<'_>| raw.as_f64().filter(|age| age.is_finite() && (*age >= 0.0 || (*age + 1.0).abs() < f64::EPSILON));
    match ages.as_slice() {
        [first, second] => Some((age(first)?, age(second)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<HasParams> {
        HasParams::parse(&Document::parse(json).unwrap())
    }

    #[test]
    fn a_parameter_of_another_type_can_never_hold() {
        for json in [
            r#"{"role":null}"#,
            r#"{"plan":7}"#,
            r#"{"reverification":true}"#,
            r#"{"reverification":{"level":"first_factor","afterMinutes":0}}"#,
        ] {
            assert_eq!(parse(json), None, "{json}");
        }
        assert_eq!(parse(r#"{"unknown":1}"#), Some(HasParams::default()));
        assert_eq!(parse(r#"{"reverification":"lax"}"#).unwrap().reverification, Some(Reverification::Lax));
    }

    #[test]
    fn ages_are_two_numbers() {
        let ages = |json: &str| factor_ages(Document::parse(&format!("{{\"fva\":{json}}}")).unwrap().get("fva"));
        assert_eq!(ages("[5,-1]"), Some((5.0, -1.0)));
        for json in ["[5]", "[5,-2]", "[5,null]", "5", "[1e400,1]"] {
            assert_eq!(ages(json), None, "{json}");
        }
    }
}
