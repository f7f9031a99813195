//! What `toAuth()` gives: who it is, in which organization, with which permissions.

use std::cell::OnceCell;

use super::{
    TokenType, has,
    issuer::IssuedFacts,
    machine::{MachineAuth, NoMachine},
    scopes::{self, Malformed},
};
use crate::{
    json::{Raw, push_string},
    text,
    token::VerifiedClaims,
};

pub use super::has::{HasParams, Level, Reverification};

/// Who a request is from. For a session it is made from [`VerifiedClaims`] and nothing else.
#[derive(Clone, Debug)]
pub struct Auth {
    who: Who,
}

#[derive(Clone, Debug)]
enum Who {
    Session(Box<SessionAuth>),
    /// A session with tasks to be done; signed out, but for who asks otherwise.
    Pending(Box<SessionAuth>),
    Machine(Box<MachineAuth>),
    /// Nobody, for what asks for sessions.
    Nobody,
    /// Nobody, for what asks for machines.
    NoMachine(NoMachine),
    /// Unknown before the handshake.
    Handshake,
}

#[derive(Clone, Debug)]
pub(super) struct SessionAuth {
    pub(super) claims: VerifiedClaims,
    is_v2: bool,
    user_id: String,
    session_id: Option<String>,
    session_status: Option<String>,
    org_id: Option<String>,
    org_slug: Option<String>,
    org_role: Option<String>,
    permissions: OnceCell<Option<Vec<String>>>,
    /// Where the token is not Clerk's: what Clerk's claims mean is not to be read from it.
    pub(super) issued: Option<IssuedFacts>,
}

impl Auth {
    /// What a token of another issuer says.
    pub(super) fn issued(claims: VerifiedClaims, facts: IssuedFacts) -> Self {
        Self {
            who: Who::Session(Box::new(SessionAuth {
                claims,
                is_v2: false,
                user_id: facts.user_id.clone(),
                session_id: None,
                session_status: None,
                org_id: None,
                org_slug: None,
                org_role: None,
                permissions: OnceCell::from(None),
                issued: Some(facts),
            })),
        }
    }

    /// Who issued the token, where that is not Clerk: user ids of two issuers say nothing about each other.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.signed_in()?.issued.as_ref().map(|issued| &*issued.issuer)
    }

    /// Reads the claims of a session token, version 1 or 2.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the features or permissions cannot be read. Clerk's `toAuth()` throws then.
    pub(super) fn session(claims: VerifiedClaims) -> Result<Self, Malformed> {
        let session = Box::new(SessionAuth::read(claims)?);
        let who =
            if session.session_status.as_deref() == Some("pending") { Who::Pending(session) } else { Who::Session(session) };
        Ok(Self { who })
    }

    pub(super) fn machine(machine: Box<MachineAuth>) -> Self {
        Self { who: Who::Machine(machine) }
    }

    /// Nobody, of the kind that was asked for, or of none.
    pub(super) fn without_machine(kind: Option<TokenType>) -> Self {
        Self { who: Who::NoMachine(NoMachine::of(kind)) }
    }

    pub(super) fn handshake() -> Self {
        Self { who: Who::Handshake }
    }

    pub(super) fn signed_in(&self) -> Option<&SessionAuth> {
        match &self.who {
            Who::Session(session) => Some(session),
            Who::Pending(_) | Who::Machine(_) | Who::Nobody | Who::NoMachine(_) | Who::Handshake => None,
        }
    }

    fn of_machine(&self) -> Option<&MachineAuth> {
        match &self.who {
            Who::Machine(machine) => Some(machine),
            Who::Session(_) | Who::Pending(_) | Who::Nobody | Who::NoMachine(_) | Who::Handshake => None,
        }
    }

    /// The same with a pending session taken for signed in; `toAuth({ treatPendingAsSignedOut: false })`.
    #[must_use]
    pub fn with_pending(&self) -> Self {
        match &self.who {
            Who::Pending(session) => Self { who: Who::Session(session.clone()) },
            Who::Session(_) | Who::Machine(_) | Who::Nobody | Who::NoMachine(_) | Who::Handshake => self.clone(),
        }
    }

    /// [`to_json`](Self::to_json) of [`with_pending`](Self::with_pending), where that is another.
    #[must_use]
    pub fn pending_to_json(&self) -> Option<String> {
        let Who::Pending(session) = &self.who else { return None };
        let mut out = JsonObject::new();
        session.write(&mut out);
        Some(out.finish())
    }

    /// Whether it is all that is known without any token: [`Auth::default`].
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        matches!(self.who, Who::Nobody)
    }

    /// Whether the session has tasks to be done.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self.who, Who::Pending(_))
    }

    /// `isAuthenticated`: somebody, or some machine, is signed in. A pending session is not.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        matches!(self.who, Who::Session(_) | Who::Machine(_))
    }

    /// `sub`: the user, also where one stands behind a machine token.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.signed_in().map(|session| session.user_id.as_str()).or_else(|| self.of_machine()?.user_id())
    }

    /// The user's id by which nobody is taken for the user of another issuer who has the same.
    #[must_use]
    pub fn user_key(&self) -> Option<std::borrow::Cow<'_, str>> {
        let user_id = self.user_id()?;
        Some(match self.issuer() {
            Some(issuer) => text::concat(&[issuer, " ", user_id]).into(),
            None => user_id.into(),
        })
    }

    /// `sid`.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.signed_in()?.session_id.as_deref()
    }

    /// `sts`: `active` or `pending`; known for pending sessions too.
    #[must_use]
    pub fn session_status(&self) -> Option<&str> {
        match &self.who {
            Who::Session(session) | Who::Pending(session) => session.session_status.as_deref(),
            Who::Machine(_) | Who::Nobody | Who::NoMachine(_) | Who::Handshake => None,
        }
    }

    /// The active organization.
    #[must_use]
    pub fn org_id(&self) -> Option<&str> {
        match self.signed_in() {
            Some(session) => session.org_id.as_deref(),
            None => self.of_machine()?.org_id(),
        }
    }

    /// The role in it, `org:admin` for example.
    #[must_use]
    pub fn org_role(&self) -> Option<&str> {
        self.signed_in()?.org_role.as_deref()
    }

    /// Its slug.
    #[must_use]
    pub fn org_slug(&self) -> Option<&str> {
        self.signed_in()?.org_slug.as_deref()
    }

    /// All claims of the session token.
    #[must_use]
    pub fn claims(&self) -> Option<&VerifiedClaims> {
        self.signed_in().map(|session| &session.claims)
    }

    /// The claim at a path, each step a member of the one before; own members only.
    #[must_use]
    pub fn claim(&self, path: &[&str]) -> Option<Raw<'_>> {
        self.signed_in()?.claims.at(path)
    }

    /// What stands behind a machine token.
    #[must_use]
    pub fn machine_auth(&self) -> Option<&MachineAuth> {
        self.of_machine()
    }

    /// Whether all that is asked holds; false where nothing is asked. Never true for machines.
    ///
    /// Source: `createCheckAuthorization` in `@clerk/shared`.
    #[must_use]
    pub fn has(&self, asked: &HasParams) -> bool {
        self.signed_in().is_some_and(|session| has::CheckedFacts::of(session).meet(asked))
    }

    /// Whether the session has a role in its active organization.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.has(&HasParams { role: Some(role.into()), ..HasParams::default() })
    }

    /// Whether it has a permission in it.
    #[must_use]
    pub fn has_permission(&self, permission: &str) -> bool {
        self.has(&HasParams { permission: Some(permission.into()), ..HasParams::default() })
    }

    /// Whether user or organization have a feature.
    #[must_use]
    pub fn has_feature(&self, feature: &str) -> bool {
        self.has(&HasParams { feature: Some(feature.into()), ..HasParams::default() })
    }

    /// Whether user or organization have a plan.
    #[must_use]
    pub fn has_plan(&self, plan: &str) -> bool {
        self.has(&HasParams { plan: Some(plan.into()), ..HasParams::default() })
    }

    /// Whether the credentials were verified recently enough.
    #[must_use]
    pub fn has_reverification(&self, reverification: &Reverification) -> bool {
        self.has(&HasParams { reverification: Some(*reverification), ..HasParams::default() })
    }

    pub(super) fn is_azp_missing(&self) -> bool {
        match &self.who {
            Who::Session(session) | Who::Pending(session) => session.claims.is_azp_missing(),
            Who::Machine(_) | Who::Nobody | Who::NoMachine(_) | Who::Handshake => false,
        }
    }

    /// The auth object as JSON, in Clerk's shape: a member that JavaScript would leave undefined is left out. `null` before a
    /// handshake.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.push_json(&mut out);
        out
    }

    /// [`to_json`](Self::to_json), behind what is in `text` already.
    pub fn push_json(&self, text: &mut String) {
        if let Who::Handshake = self.who {
            return text.push_str("null");
        }
        let mut out = JsonObject::behind(core::mem::take(text));
        match &self.who {
            Who::Handshake => {}
            Who::Session(session) => session.write(&mut out),
            Who::Pending(session) => write_signed_out(&mut out, session.claims.get("sts")),
            Who::Nobody => write_signed_out(&mut out, None),
            Who::Machine(machine) => machine.write(&mut out),
            Who::NoMachine(nobody) => nobody.write(&mut out),
        }
        *text = out.finish();
    }
}

impl Default for Auth {
    /// Nobody.
    fn default() -> Self {
        Self { who: Who::Nobody }
    }
}

impl SessionAuth {
    fn read(claims: VerifiedClaims) -> Result<Self, Malformed> {
        let text = |value: Option<Raw<'_>>| value.and_then(Raw::as_string);
        let is_v2 = claims.get("v").and_then(Raw::as_f64) == Some(2.0);
        let (org_id, org_slug, org_role);
        if is_v2 {
            let org = claims.get("o").filter(|org| org.is_truthy());
            if let Some(org) = org {
                scopes::check(claims.get("fea"))?;
                scopes::check_permissions(org)?;
            }
            let member = |name| org.and_then(|org| org.get(name));
            org_id = text(member("id"));
            org_slug = text(member("slg"));
            org_role =
                member("rol").filter(|role| role.is_truthy()).map(|role| text::concat(&["org:", &scopes::as_template(role)]));
        } else {
            org_id = text(claims.get("org_id"));
            org_slug = text(claims.get("org_slug"));
            org_role = text(claims.get("org_role"));
        }
        Ok(Self {
            is_v2,
            user_id: text(claims.get("sub")).unwrap_or_default(),
            session_id: text(claims.get("sid")),
            session_status: text(claims.get("sts")),
            org_id,
            org_slug,
            org_role,
            permissions: OnceCell::new(),
            issued: None,
            claims,
        })
    }

    pub(super) fn user_id(&self) -> &str {
        &self.user_id
    }

    pub(super) fn org_role(&self) -> Option<&str> {
        self.org_role.as_deref()
    }

    /// Whether an organization is active, as JavaScript takes the claim.
    pub(super) fn has_org(&self) -> bool {
        self.org("org_id", "id").is_some_and(Raw::is_truthy)
    }

    fn org(&self, v1: &str, v2: &str) -> Option<Raw<'_>> {
        if self.is_v2 { self.claims.at(&["o", v2]) } else { self.claims.get(v1) }
    }

    pub(super) fn permissions(&self) -> Option<&[String]> {
        let read = || {
            if self.is_v2 {
                let org = self.claims.get("o").filter(|org| org.is_truthy())?;
                return Some(scopes::permissions(self.claims.get("fea"), org));
            }
            let mut permissions = Vec::new();
            for one in self.claims.get("org_permissions")?.elements()? {
                if let Some(permission) = one.as_string() {
                    permissions.push(permission);
                }
            }
            Some(permissions)
        };
        self.permissions.get_or_init(read).as_deref()
    }

    fn write(&self, out: &mut JsonObject) {
        let claims = &self.claims;
        if let Some(issued) = &self.issued {
            return (issued.write)(issued, claims, out);
        }
        out.text("tokenType", TokenType::SessionToken.as_str());
        out.member("actor", claims.get("act"));
        out.raw("sessionClaims", claims.json());
        out.member("sessionId", claims.get("sid"));
        out.raw("sessionStatus", claims.get("sts").map_or("null", Raw::text));
        out.member("userId", claims.get("sub"));
        out.member("orgId", self.org("org_id", "id"));
        if self.is_v2 {
            if let Some(role) = &self.org_role {
                out.text("orgRole", role);
            }
            if let Some(permissions) = self.permissions() {
                out.texts("orgPermissions", permissions);
            }
        } else {
            out.member("orgRole", claims.get("org_role"));
            out.member("orgPermissions", claims.get("org_permissions"));
        }
        out.member("orgSlug", self.org("org_slug", "slg"));
        out.raw("factorVerificationAge", claims.get("fva").map_or("null", Raw::text));
        out.raw("isAuthenticated", "true");
    }
}

impl IssuedFacts {
    /// The same members as for Clerk's sessions, of which an issuer knows few, and its own.
    pub(super) fn write_members(&self, claims: &VerifiedClaims, out: &mut JsonObject) {
        out.text("tokenType", TokenType::SessionToken.as_str());
        out.text("issuer", &self.issuer);
        out.raw("sessionClaims", claims.json());
        out.text("userId", &self.user_id);
        out.texts("roles", &self.roles);
        out.texts("permissions", &self.permissions);
        for name in
            ["actor", "sessionId", "sessionStatus", "orgId", "orgRole", "orgSlug", "orgPermissions", "factorVerificationAge"]
        {
            out.raw(name, "null");
        }
        out.raw("isAuthenticated", "true");
    }
}

fn write_signed_out(out: &mut JsonObject, status: Option<Raw<'_>>) {
    out.text("tokenType", TokenType::SessionToken.as_str());
    out.raw("sessionStatus", status.map_or("null", Raw::text));
    // Written with every decision about nobody, so at once.
    out.text.push_str(concat!(
        r#","sessionClaims":null,"sessionId":null,"userId":null,"actor":null,"orgId":null,"orgRole":null,"orgSlug":null"#,
        r#","orgPermissions":null,"factorVerificationAge":null,"isAuthenticated":false"#,
    ));
}

/// An object that is being written.
pub(super) struct JsonObject {
    text: String,
    is_empty: bool,
}

impl JsonObject {
    pub(super) fn new() -> Self {
        Self::behind(String::new())
    }

    /// One that stands behind other text.
    fn behind(mut text: String) -> Self {
        text.push('{');
        Self { text, is_empty: true }
    }

    /// Names are our own: there is nothing to escape in them.
    fn name(&mut self, name: &str) {
        let before = if self.is_empty { "\"" } else { ",\"" };
        self.is_empty = false;
        for part in [before, name, "\":"] {
            self.text.push_str(part);
        }
    }

    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.text.push_str(json);
    }

    pub(super) fn member(&mut self, name: &str, value: Option<Raw<'_>>) {
        if let Some(value) = value {
            self.raw(name, value.text());
        }
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_string(&mut self.text, text);
    }

    pub(super) fn texts(&mut self, name: &str, texts: &[String]) {
        self.name(name);
        self.text.push('[');
        for (at, text) in texts.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            push_string(&mut self.text, text);
        }
        self.text.push(']');
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }
}
