//! Requirements that cannot be met, or are never asked: `requirement-never-met`, `admin-requires-unused`.
//!
//! Reported only where no token could meet them, whatever its claims: no kind of token is taken; only machine tokens are, which
//! have neither roles nor claims; two roles, where a session has one; two tests of one claim that exclude each other.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding},
};
use crate::{
    policy::{Access, ClaimTest, Requirement, Source, Test},
    session::TokenType,
    table::quote,
};

pub(super) fn check(view: &View<'_>, findings: &mut Vec<Finding>) {
    let policy = view.policy;
    let rules = (0..policy.rules.len()).map(|index| (Source::Rule(index), format!("rules[{index}].require")));
    let admin = (!policy.admin.patterns().is_empty()).then(|| (Source::Admin(0), "admin_requires".to_owned()));
    for (source, setting) in rules.chain(admin) {
        let requirements: Vec<&Requirement> = policy.requirements_of(source).collect();
        let Some(conflict) = conflict(&requirements, &policy.tokens_of(source)) else { continue };
        let has_own = !matches!(source, Source::Rule(_)) || requirements.len() > 1;
        let related = if has_own && setting != "admin_requires" { vec!["admin_requires".to_owned()] } else { Vec::new() };
        findings.push(Finding {
            what: format!("what `{setting}` asks for can never be met: {conflict}"),
            why: "nobody gets in, whoever they are".into(),
            help: "drop one of the two, or split the rule; a rule of access `admin` has to meet `admin_requires`, too".into(),
            related,
            ..finding(Kind::RequirementNeverMet, Severity::Error, &setting)
        });
    }
    let has_admin = !policy.admin.patterns().is_empty() || policy.rules.iter().any(|rule| rule.access == Access::Admin);
    if !has_admin && policy.admin_requires != Requirement::default() {
        findings.push(Finding {
            what: "`admin_requires` is given, and nothing is for admins".into(),
            why: "whoever reads it thinks that admin pages are guarded by it".into(),
            help: "list the admin pages, as `admin = [\"/admin/:path*\"]`, or remove it".into(),
            ..finding(Kind::AdminRequiresUnused, Severity::Warning, "admin_requires")
        });
    }
}

fn conflict(requirements: &[&Requirement], tokens: &[TokenType]) -> Option<String> {
    if tokens.is_empty() {
        return Some("no kind of token is named by both `token` settings".into());
    }
    let asks_person = |requirement: &&Requirement| {
        let Requirement { role, permission, feature, plan, reverification, claim, tokens: _ } = requirement;
        [role, permission, feature, plan].iter().any(|asked| asked.is_some()) || reverification.is_some() || claim.is_some()
    };
    if !tokens.contains(&TokenType::SessionToken) && requirements.iter().any(asks_person) {
        return Some("only machine tokens are taken, and a machine has neither roles nor claims".into());
    }
    let mut roles = requirements.iter().filter_map(|requirement| requirement.role.as_deref());
    if let (Some(one), Some(other)) = (roles.next(), roles.next())
        && one != other
    {
        return Some(format!("a session has one role, not both `{}` and `{}`", quote(one), quote(other)));
    }
    let claims: Vec<&ClaimTest> = requirements.iter().filter_map(|requirement| requirement.claim.as_ref()).collect();
    match claims.as_slice() {
        [one, other] if one.path == other.path && exclude(&one.test, &other.test) => {
            Some(format!("two tests of claim `{}` exclude each other", quote(&one.path.join("."))))
        }
        _ => None,
    }
}

/// Whether no value passes both tests.
fn exclude(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::Equals(one), Test::Equals(other)) => one != other,
        (Test::Equals(value), Test::OneOf(values)) | (Test::OneOf(values), Test::Equals(value)) => !values.contains(value),
        (Test::OneOf(ones), Test::OneOf(others)) => !ones.iter().any(|value| others.contains(value)),
        (Test::Contains(_), Test::Contains(_)) => false,
        // A list is no single value.
        (Test::Contains(_), _) | (_, Test::Contains(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    fn both(admin: &str, rule: &str) -> String {
        format!("admin_requires = {admin}\nrules = [{{ match = '/a', access = 'admin', require = {rule} }}]")
    }

    #[test]
    fn requirements_that_exclude_each_other_are_an_error() {
        for (admin, rule) in [
            ("{ token = 'session_token' }", "{ token = 'api_key' }"),
            ("{ claim = 'role', equals = 'admin' }", "{ token = 'm2m_token' }"),
            ("{ role = 'org:admin' }", "{ role = 'org:billing' }"),
            ("{ claim = 'role', equals = 'admin' }", "{ claim = 'role', equals = 'owner' }"),
            ("{ claim = 'role', equals = 'admin' }", "{ claim = 'role', one_of = ['owner', 'staff'] }"),
            ("{ claim = 'role', equals = 'admin' }", "{ claim = ['role'], contains = 'admin' }"),
        ] {
            let found = one(Kind::RequirementNeverMet, &both(admin, rule));
            assert_eq!((found.severity, found.setting.as_str()), (Severity::Error, "rules[0].require"), "{admin} {rule}");
            assert_eq!(found.related, ["admin_requires"]);
        }
        one(Kind::RequirementNeverMet, "rules = [{ match = '/a', require = { token = 'api_key', role = 'org:admin' } }]");
    }

    #[test]
    fn requirements_that_some_token_meets_are_not_reported() {
        for (admin, rule) in [
            ("{ token = ['session_token', 'api_key'] }", "{ token = 'api_key' }"),
            ("{ claim = 'role', equals = 'admin' }", "{ token = ['m2m_token', 'session_token'] }"),
            ("{ role = 'org:admin' }", "{ permission = 'org:billing:manage' }"),
            ("{ claim = 'role', equals = 'admin' }", "{ claim = 'other', equals = 'owner' }"),
            ("{ claim = 'role', equals = 'admin' }", "{ claim = 'role', one_of = ['owner', 'admin'] }"),
            ("{ claim = 'roles', contains = 'a' }", "{ claim = 'roles', contains = 'b' }"),
        ] {
            assert_none(Kind::RequirementNeverMet, &both(admin, rule));
        }
    }

    #[test]
    fn admin_requires_without_admin_paths_is_a_warning() {
        let admin = "admin_requires = { claim = 'role', equals = 'admin' }\n";
        assert_eq!(one(Kind::AdminRequiresUnused, &format!("{admin}protected = ['/admin']")).severity, Severity::Warning);
        assert_none(Kind::AdminRequiresUnused, &format!("{admin}admin = ['/admin/:path*']"));
        assert_none(Kind::AdminRequiresUnused, &format!("{admin}rules = [{{ match = '/a', access = 'admin' }}]"));
    }
}
