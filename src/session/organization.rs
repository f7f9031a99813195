//! Organization sync: paths that want a certain organization, or none, to be active.
//!
//! The patterns are a room of their own and a large one, and few applications have any: what is done about them is known to
//! [`OrganizationSync::patterns`] alone, so that a host that never asks for it does not carry it.
//!
//! Source: `OrganizationMatcher` and `handleMaybeOrganizationSyncHandshake` in `@clerk/backend`.

use std::{cell::OnceCell, rc::Rc};

use super::{Auth, AuthenticateError, OptionsError, RequestState, Status, auth::SessionAuth, context::Context, handshake};
use crate::{limits, policy::pattern::Pattern, reason::Reason, text};

/// `organizationSyncOptions`: which paths want which organization active. By [`Default`] none does.
#[derive(Clone, Default)]
pub struct OrganizationSync(Option<Rc<dyn Paths>>);

/// What paths want.
trait Paths {
    fn check(&self) -> Result<(), OptionsError>;

    fn param(&self, path: &str) -> Option<String>;

    fn activation(&self, context: &Context<'_>, auth: &Auth) -> Activation;
}

/// A handshake, where one is due.
type Activation = Result<Option<Box<RequestState>>, AuthenticateError>;

/// What a path wants to be active.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// The organization with this id.
    Id(String),
    /// The organization with this slug.
    Slug(String),
    /// No organization.
    PersonalAccount,
}

impl OrganizationSync {
    /// By patterns with an `:id` or a `:slug`, and by patterns of the personal account. A list that is there but empty matches every
    /// path, as in Clerk.
    #[must_use]
    pub fn patterns(organization: Option<Vec<String>>, personal_account: Option<Vec<String>>) -> Self {
        if organization.is_none() && personal_account.is_none() {
            return Self::default();
        }
        Self(Some(Rc::new(Patterns { texts: Lists { organization, personal_account }, compiled: OnceCell::new() })))
    }

    /// Gets ready.
    ///
    /// # Errors
    ///
    /// [`OptionsError::OrganizationPattern`].
    pub fn check(&self) -> Result<(), OptionsError> {
        self.0.as_ref().map_or(Ok(()), |paths| paths.check())
    }

    /// The value of `organization_id` in the handshake's address, where a path wants something.
    pub(super) fn param(&self, path: &str) -> Option<String> {
        self.0.as_ref()?.param(path)
    }

    /// The handshake that makes the organization active which the path names, where it is not and can be.
    pub(super) fn activation(&self, context: &Context<'_>, auth: &Auth) -> Activation {
        self.0.as_ref().map_or(Ok(None), |paths| paths.activation(context, auth))
    }
}

impl core::fmt::Debug for OrganizationSync {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.0.is_none() { "no organization sync" } else { "organization sync" })
    }
}

impl Wanted {
    fn into_param(self) -> String {
        match self {
            Self::Id(text) | Self::Slug(text) => text,
            Self::PersonalAccount => String::new(),
        }
    }

    /// Whether it is what the session has active.
    fn is_active(&self, auth: &Auth) -> bool {
        match self {
            Self::Id(id) => auth.org_id() == Some(id),
            Self::Slug(slug) => auth.org_slug() == Some(slug),
            Self::PersonalAccount => !auth.signed_in().is_some_and(SessionAuth::has_org),
        }
    }
}

struct Patterns {
    texts: Lists<String>,
    compiled: OnceCell<Result<Lists<Pattern>, OptionsError>>,
}

struct Lists<T> {
    organization: Option<Vec<T>>,
    personal_account: Option<Vec<T>>,
}

impl Patterns {
    fn compiled(&self) -> &Result<Lists<Pattern>, OptionsError> {
        self.compiled.get_or_init(|| {
            let all = |patterns: &Option<Vec<String>>| patterns.as_deref().map(compile).transpose();
            let Lists { organization, personal_account } = &self.texts;
            Ok(Lists { organization: all(organization)?, personal_account: all(personal_account)? })
        })
    }
}

impl Paths for Patterns {
    fn check(&self) -> Result<(), OptionsError> {
        self.compiled().as_ref().map_or_else(|error| Err(error.clone()), |_| Ok(()))
    }

    fn param(&self, path: &str) -> Option<String> {
        self.wanted(path).map(Wanted::into_param)
    }

    fn activation(&self, context: &Context<'_>, auth: &Auth) -> Activation {
        if auth.signed_in().is_none_or(|session| session.user_id().is_empty()) {
            return Ok(None);
        }
        let url = context.public_url().ok_or(AuthenticateError::RequestUrl)?;
        let is_met = self.wanted(url.path()).is_none_or(|wanted| wanted.is_active(auth));
        if is_met || context.cookies().redirect_count >= limits::HANDSHAKE_REDIRECTS {
            return Ok(None);
        }
        let state = handshake::start(context, Reason::ActiveOrganizationMismatch)?;
        Ok((state.status == Status::Handshake).then_some(state))
    }
}

impl Patterns {
    /// The first pattern that meets counts; one without an `id` or `slug` says nothing.
    fn wanted(&self, path: &str) -> Option<Wanted> {
        let patterns = self.compiled().as_ref().ok()?;
        let organization = || {
            let pattern = patterns.organization.as_ref()?.iter().find(|pattern| pattern.is_match(path))?;
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
        organization().or_else(|| patterns.personal_account.as_ref().is_some_and(is_personal).then_some(Wanted::PersonalAccount))
    }
}

fn compile(patterns: &[String]) -> Result<Vec<Pattern>, OptionsError> {
    let one = |pattern: &String| {
        Pattern::parse(pattern)
            .map_err(|error| OptionsError::OrganizationPattern(text::concat(&[pattern, ": ", &error.to_string()])))
    };
    patterns.iter().map(one).collect()
}

fn is_repeated(pattern: &Pattern, name: &str) -> bool {
    let Some((_, after)) = text::split_once(pattern.as_str(), &text::concat(&[":", name])) else { return false };
    after.starts_with(['+', '*'])
}
