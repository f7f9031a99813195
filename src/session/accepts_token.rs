//! `acceptsToken`: which kinds of token a request may carry.

use std::{fmt, future::Future, pin::Pin, rc::Rc};

use super::{
    AuthenticateError, AuthenticateOptions, OptionsError, RequestState, TokenType, context::Context, flow, machine, with_cookies,
};
use crate::{
    machine::{Io, rare},
    reason::Reason,
};

/// Which kinds of token are taken; session tokens alone by [`Default`]. What is done about machines' is known to who names a kind of
/// theirs, so that a host that never does does not carry it.
#[derive(Clone, Default)]
pub struct AcceptsToken(Option<Rc<dyn Accepts>>);

impl AcceptsToken {
    /// One kind.
    #[must_use]
    pub fn one(kind: TokenType) -> Self {
        if kind == TokenType::SessionToken { Self::default() } else { Self::of(Kinds::One(kind)) }
    }

    /// Some kinds.
    #[must_use]
    pub fn list(kinds: Vec<TokenType>) -> Self {
        Self::of(Kinds::List(kinds))
    }

    /// All kinds.
    #[must_use]
    pub fn any() -> Self {
        Self::of(Kinds::Any)
    }

    fn of(kinds: Kinds) -> Self {
        Self(Some(Rc::new(kinds)))
    }

    /// Who knows what to do, where it is not session tokens alone.
    pub(super) fn others(&self) -> Option<&dyn Accepts> {
        self.0.as_deref()
    }

    pub(super) fn accepts_sessions(&self) -> bool {
        self.others().is_none_or(Accepts::accepts_sessions)
    }
}

impl fmt::Debug for AcceptsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.others() {
            Some(others) => others.fmt(f),
            None => f.write_str("session tokens"),
        }
    }
}

/// What came of a request.
type Authenticated = Result<Box<RequestState>, AuthenticateError>;

/// Kinds of token, of which some are machines'.
pub(super) trait Accepts: fmt::Debug {
    fn accepts_sessions(&self) -> bool;

    /// Machine requests of one kind need neither cookies nor a publishable key.
    fn is_header_only(&self) -> bool;

    fn is_m2m_only(&self) -> bool;

    /// Checks that there is a key to the Backend API that goes with the kinds.
    fn check_keys(&self, options: &AuthenticateOptions) -> Result<(), OptionsError>;

    /// Judges a request by its tokens.
    fn authenticate<'a>(&'a self, io: &'a Io, context: &'a Context<'_>) -> Pin<Box<dyn Future<Output = Authenticated> + 'a>>;
}

#[derive(Debug)]
enum Kinds {
    One(TokenType),
    List(Vec<TokenType>),
    Any,
}

impl Kinds {
    fn accepts(&self, kind: TokenType) -> bool {
        match self {
            Self::One(one) => *one == kind,
            Self::List(list) => list.contains(&kind),
            Self::Any => true,
        }
    }
}

impl Accepts for Kinds {
    fn accepts_sessions(&self) -> bool {
        self.accepts(TokenType::SessionToken)
    }

    fn is_header_only(&self) -> bool {
        matches!(self, Self::One(TokenType::M2mToken | TokenType::ApiKey))
    }

    fn is_m2m_only(&self) -> bool {
        matches!(self, Self::One(TokenType::M2mToken))
    }

    fn check_keys(&self, options: &AuthenticateOptions) -> Result<(), OptionsError> {
        let is_given = |key: &Option<String>| key.as_ref().is_some_and(|key| !key.is_empty());
        if !self.is_m2m_only() {
            options.check_keys()
        } else if is_given(&options.secret_key) || is_given(&options.machine_secret_key) {
            Ok(())
        } else {
            Err(OptionsError::Lacking("machine tokens need a secret key or a machine secret key"))
        }
    }

    fn authenticate<'a>(&'a self, io: &'a Io, context: &'a Context<'_>) -> Pin<Box<dyn Future<Output = Authenticated> + 'a>> {
        Box::pin(authenticate(self, io, context))
    }
}

async fn authenticate(accepts: &Kinds, io: &Io, context: &Context<'_>) -> Authenticated {
    let token = context.token_in_header();
    let kind = token.as_ref().and_then(|token| machine::kind_of(&token.token, token.decoded().ok().map(|jws| &**jws)));
    if matches!(accepts, Kinds::List(_)) && !accepts.accepts(kind.unwrap_or(TokenType::SessionToken)) {
        return Ok(RequestState::without_machine(None, Reason::TokenTypeMismatch, String::new()));
    }
    let refuse = |wanted: TokenType, reason| Ok(RequestState::without_machine(Some(wanted), reason, String::new()));
    let Some(token) = token else {
        return match accepts {
            Kinds::One(wanted) => refuse(*wanted, Reason::NoTokenInHeader),
            Kinds::List(_) | Kinds::Any => rare(with_cookies(context, io)).await,
        };
    };
    match (accepts, kind) {
        (Kinds::One(wanted), _) if kind != Some(*wanted) => refuse(*wanted, Reason::TokenTypeMismatch),
        (_, Some(kind)) => Ok(machine::authenticate(context.settings, io, &token.token, kind).await),
        (_, None) => rare(flow::with_header(context, io, &token)).await,
    }
}
