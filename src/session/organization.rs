//! Organization sync: paths that want a certain organization, or none, to be active.
//!
//! Source: `OrganizationMatcher` and `handleMaybeOrganizationSyncHandshake` in `@clerk/backend`.

use super::{Auth, OptionsError, OrganizationSync, auth::SessionAuth};
use crate::{policy::pattern::Pattern, text};

/// The patterns, compiled.
#[derive(Clone, Debug, Default)]
pub(super) struct OrganizationMatcher {
    organization: Option<Vec<Pattern>>,
    personal_account: Option<Vec<Pattern>>,
}

/// What a path wants to be active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The organization with this id.
    Id(String),
    /// The organization with this slug.
    Slug(String),
    /// No organization.
    PersonalAccount,
}

impl OrganizationMatcher {
    pub(super) fn new(options: &OrganizationSync) -> Result<Self, OptionsError> {
        let compile = |patterns: &Option<Vec<String>>| patterns.as_deref().map(compile).transpose();
        Ok(Self {
            organization: compile(&options.organization_patterns)?,
            personal_account: compile(&options.personal_account_patterns)?,
        })
    }

    /// Whether no path wants anything.
    pub(super) fn is_empty(&self) -> bool {
        self.organization.is_none() && self.personal_account.is_none()
    }

    /// What a path wants. The first pattern that meets counts; one without an `id` or `slug` says nothing.
    pub(super) fn wanted(&self, path: &str) -> Option<Wanted> {
        let organization = || {
            let pattern = self.organization.as_ref()?.iter().find(|pattern| pattern.is_match(path))?;
            let params = pattern.params(path)?;
            let param = |wanted: &str| {
                let (_, value) = params.iter().find(|(name, value)| *name == wanted && !value.is_empty())?;
                // A repeated parameter is a list in JavaScript, and is sent with commas.
                Some(if is_repeated(pattern, wanted) { value.replace('/', ",") } else { value.clone().into_owned() })
            };
            param("id").map(Wanted::Id).or_else(|| param("slug").map(Wanted::Slug))
        };
        // An empty list is a pattern that matches everything.
        let is_personal = |patterns: &Vec<Pattern>| patterns.is_empty() || patterns.iter().any(|pattern| pattern.is_match(path));
        organization().or_else(|| self.personal_account.as_ref().is_some_and(is_personal).then_some(Wanted::PersonalAccount))
    }
}

impl Wanted {
    /// The value of `organization_id` in the handshake's address.
    pub(super) fn param(&self) -> &str {
        match self {
            Self::Id(text) | Self::Slug(text) => text,
            Self::PersonalAccount => "",
        }
    }

    /// Whether it is what the session has active.
    pub(super) fn is_active(&self, auth: &Auth) -> bool {
        match self {
            Self::Id(id) => auth.org_id() == Some(id),
            Self::Slug(slug) => auth.org_slug() == Some(slug),
            Self::PersonalAccount => !auth.signed_in().is_some_and(SessionAuth::has_org),
        }
    }
}

fn compile(patterns: &[String]) -> Result<Vec<Pattern>, OptionsError> {
    let one = |pattern: &String| {
        Pattern::parse(pattern)
            .map_err(|error| OptionsError::OrganizationPattern { pattern: pattern.clone(), why: error.to_string() })
    };
    patterns.iter().map(one).collect()
}

fn is_repeated(pattern: &Pattern, name: &str) -> bool {
    let Some((_, after)) = text::split_once(pattern.as_str(), &[":", name].concat()) else { return false };
    after.starts_with(['+', '*'])
}
