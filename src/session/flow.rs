//! The way of one session: what comes first, what comes of it, and what when it fails.
//!
//! Source: `authenticateRequestWithTokenInHeader`, `authenticateRequestWithTokenInCookie` and `handleSessionTokenError` in
//! `@clerk/backend`.

use super::{
    Auth, AuthenticateError, RequestState, Status, TokenType,
    context::{Carried, Context, DEV_BROWSER},
    cross_origin,
    handshake::{self, Resolved},
    machine, refresh, satellite,
    state::Headers,
};
use crate::{
    machine::{Io, rare},
    reason::{Reason, RefreshFailure},
    token::{CompactJws, Leniency, TokenError, VerifiedClaims, compact::is_jwt_format},
};

/// Where a session token came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Header,
    Cookie,
}

/// Whether a decoded JWT is plainly something else than a session token, though the instance's key may have signed it.
fn is_of_another_class(jws: &CompactJws) -> bool {
    let is_machine = machine::is_machine_jwt(jws) && is_jwt_format(jws.token());
    is_machine || jws.header().category().is_non_session()
}

pub(super) async fn with_header(context: &Context<'_>, io: &Io, token: &Carried) -> Result<Box<RequestState>, AuthenticateError> {
    let verified = match token.decoded() {
        Ok(jws) if is_of_another_class(jws) => {
            return Ok(RequestState::signed_out(Reason::TokenTypeMismatch));
        }
        Ok(jws) => {
            let leniency = Leniency { missing_azp: context.allows_missing_azp_of_header(), clock_skew: None };
            context.settings.verifier.verify(io, jws, leniency).await
        }
        Err(error) => Err(error),
    };
    match verified {
        Ok(claims) => Ok(signed_in(token, claims)),
        Err(error) => rare(reject(context, io, error, Carrier::Header, token)).await,
    }
}

/// Signed in, unless the claims hold features or permissions that nobody can read.
fn signed_in(token: &Carried, claims: VerifiedClaims) -> Box<RequestState> {
    match Auth::session(claims) {
        Ok(auth) => RequestState::signed_in(token.token.clone(), TokenType::SessionToken, auth, Headers::default()),
        Err(_) => {
            RequestState::signed_out_quietly(Reason::UnexpectedError, "the token's features or permissions cannot be read".into())
        }
    }
}

pub(super) async fn with_cookies(context: &Context<'_>, io: &Io) -> Result<Box<RequestState>, AuthenticateError> {
    let cookies = context.cookies();
    let mut is_unchecked = false;
    if cookies.handshake_nonce.is_some() || cookies.handshake_token.is_some() {
        match rare(handshake::resolve(context, io)).await? {
            Resolved::State(state) => return Ok(state),
            Resolved::NonceLost(state) => return Ok(own_session(context, io).await.unwrap_or(state)),
            Resolved::GoOn => {}
            Resolved::Unchecked => is_unchecked = true,
        }
    }
    let mut state = without_handshake(context, io).await?;
    state.unknown |= is_unchecked && !state.is_authenticated();
    Ok(state)
}

/// Judges by the cookies of the session alone.
async fn without_handshake(context: &Context<'_>, io: &Io) -> Result<Box<RequestState>, AuthenticateError> {
    let cookies = context.cookies();
    if let Some(state) = satellite::sync(context)? {
        return Ok(state);
    }
    let start = |reason| handshake::start(context, reason);
    if context.is_development() {
        if context.public_url().is_some_and(|url| url.has_param(DEV_BROWSER)) {
            return start(Reason::DevBrowserSync);
        }
        if cookies.dev_browser.is_none() {
            return start(Reason::DevBrowserMissing);
        }
    }
    let has_client = cookies.client_uat != 0.0;
    let token = match &cookies.session {
        None if has_client => return start(Reason::ClientUatWithoutSessionToken),
        None => {
            let reason = Reason::SessionTokenAndUatMissing;
            return Ok(RequestState::signed_out(reason));
        }
        Some(_) if !has_client => return start(Reason::SessionTokenWithoutClientUat),
        Some(token) => token,
    };
    let verified = match token.decoded() {
        Ok(jws) if is_of_another_class(jws) => {
            return Ok(RequestState::signed_out(Reason::TokenTypeMismatch));
        }
        Ok(_) if is_older_than_client(token, cookies.client_uat) => return start(Reason::SessionTokenIatBeforeClientUat),
        Ok(jws) => {
            let leniency = Leniency { missing_azp: context.allows_missing_azp_of_cookie(), clock_skew: None };
            context.settings.verifier.verify(io, jws, leniency).await
        }
        Err(error) => Err(error),
    };
    let state = match verified {
        Ok(claims) => signed_in(token, claims),
        Err(error) => return rare(reject(context, io, error, Carrier::Cookie, token)).await,
    };
    if state.status != Status::SignedIn {
        return Ok(state);
    }
    if cross_origin::is_due(context)? {
        return handshake::start_saying(context, Reason::PrimaryDomainCrossOriginSync, CROSS_ORIGIN.into());
    }
    match context.settings.options.organization_sync.activation(context, &state.auth)? {
        Some(handshake) => Ok(handshake),
        None => Ok(state),
    }
}

/// The session of the request's own cookies, where it is good as it stands.
async fn own_session(context: &Context<'_>, io: &Io) -> Option<Box<RequestState>> {
    let cookies = context.cookies();
    let token = cookies.session.as_ref().filter(|_| cookies.client_uat != 0.0)?;
    let jws = token.decoded().ok()?;
    if is_older_than_client(token, cookies.client_uat) || is_of_another_class(jws) {
        return None;
    }
    let leniency = Leniency { missing_azp: context.allows_missing_azp_of_cookie(), clock_skew: None };
    let claims = context.settings.verifier.verify(io, jws, leniency).await.ok()?;
    Some(signed_in(token, claims)).filter(|state| state.status == Status::SignedIn)
}

/// Whether a token is older than the last change that Clerk told the browser of.
fn is_older_than_client(token: &Carried, client_uat: f64) -> bool {
    token.number("iat").is_some_and(|iat| iat < client_uat)
}

/// What becomes of a request whose session token is not good: a renewed session, a handshake where only the time is wrong, else
/// signed out.
///
/// Source: `handleSessionTokenError` in `@clerk/backend`.
async fn reject(
    context: &Context<'_>,
    io: &Io,
    error: Box<TokenError>,
    carrier: Carrier,
    token: &Carried,
) -> Result<Box<RequestState>, AuthenticateError> {
    let unknown = error.is_unknown();
    let reason = match &*error {
        TokenError::Expired { .. } => match renew(context, io, carrier, token).await {
            Ok(state) => return Ok(state),
            Err(failure) => Reason::SessionTokenExpired(failure),
        },
        TokenError::NotYetValid { .. } => Reason::SessionTokenNbf,
        TokenError::IssuedInFuture { .. } => Reason::SessionTokenIatInTheFuture,
        other => other.reason(),
    };
    if error.is_about_time() {
        return handshake::start_saying(context, reason, error.text());
    }
    Ok(match reason {
        Reason::UnexpectedError => RequestState::signed_out_quietly(reason, error.text()),
        _ => RequestState::signed_out_saying(reason, error.text()),
    }
    .unknown_if(unknown))
}

async fn renew(context: &Context<'_>, io: &Io, carrier: Carrier, token: &Carried) -> Result<Box<RequestState>, RefreshFailure> {
    if !context.is_get() {
        return Err(RefreshFailure::NonEligibleNonGet);
    }
    if context.cookies().refresh.is_none() {
        return Err(RefreshFailure::NonEligibleNoCookie);
    }
    match carrier {
        Carrier::Header => Err(RefreshFailure::NonEligibleHeaderToken),
        Carrier::Cookie => refresh::refresh(context, io, token).await,
    }
}

const CROSS_ORIGIN: &str = "a visit from another origin: the session may have changed there";
