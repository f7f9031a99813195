//! The protected header, and the allow-list of algorithms.

use crate::json::{Document, Raw};

use super::error::quoted;

/// RSASSA-PKCS1-v1_5 with SHA-2 (RFC 7518 section 3.3): all that Clerk signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
}

impl Algorithm {
    /// Reads a JWA name; exactly, there is no other spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "RS384" => Some(Self::Rs384),
            "RS512" => Some(Self::Rs512),
            _ => None,
        }
    }

    /// The JWA name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }
}

/// What Clerk's `cat` header says a token is for. Many classes of token are signed by one instance key.
///
/// Source: `jwtCategories.ts` in `@clerk/backend`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// No `cat`: from before the tags were introduced.
    Absent,
    /// A session token, or a handshake token.
    Session,
    /// Made from a JWT template of the instance's owner.
    Template,
    /// A machine token.
    Machine,
    /// An instance that tags everything alike: says nothing.
    Ignore,
    /// Anything else, `null` included.
    Other,
}

impl Category {
    /// Whether this is plainly the tag of something else than a session token.
    #[must_use]
    pub fn is_non_session(self) -> bool {
        match self {
            Self::Absent | Self::Session | Self::Ignore => false,
            Self::Template | Self::Machine | Self::Other => true,
        }
    }
}

/// A header parameter of any type, as far as anybody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameter {
    Absent,
    Text(String),
    /// Not a string; as JSON, for messages.
    Other(String),
}

impl Parameter {
    fn read(raw: Option<Raw<'_>>) -> Self {
        match raw {
            None => Self::Absent,
            Some(raw) => match raw.as_str() {
                Some(text) => Self::Text(text.into_owned()),
                None => Self::Other(raw.text().into()),
            },
        }
    }

    fn found(&self) -> String {
        match self {
            Self::Absent => "absent".into(),
            Self::Text(text) | Self::Other(text) => quoted(text),
        }
    }
}

/// The parameters of the protected header that matter here. All others are left alone, `crit` included, as in Clerk.
#[derive(Clone, Debug)]
pub struct ProtectedHeader {
    algorithm: Option<Algorithm>,
    /// Kept only where it is not on the allow-list.
    odd_algorithm: Parameter,
    typ: Parameter,
    kid: Parameter,
    category: Category,
}

impl ProtectedHeader {
    pub(super) fn read(header: &Document) -> Self {
        let alg = header.get("alg");
        let algorithm = alg.and_then(Raw::as_str).and_then(|name| Algorithm::parse(&name));
        let category = match header.get("cat") {
            None => Category::Absent,
            Some(raw) => match raw.as_str().as_deref() {
                Some("cl_B7d4PD111AAA") => Category::Session,
                Some("cl_B7d4PD222AAA") => Category::Template,
                Some("cl_B7d4PD333AAA") => Category::Machine,
                Some("cl_I7d4PD111III") => Category::Ignore,
                _ => Category::Other,
            },
        };
        Self {
            algorithm,
            odd_algorithm: if algorithm.is_some() { Parameter::Absent } else { Parameter::read(alg) },
            typ: Parameter::read(header.get("typ")),
            kid: Parameter::read(header.get("kid")),
            category,
        }
    }

    /// `alg`, where it is on the allow-list.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// `typ`, where it is a string.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        match &self.typ {
            Parameter::Text(text) => Some(text),
            Parameter::Absent | Parameter::Other(_) => None,
        }
    }

    /// Whether there is a `typ` of any type.
    #[must_use]
    pub fn has_typ(&self) -> bool {
        self.typ != Parameter::Absent
    }

    /// `kid`, where it is a string. Another type names no key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        match &self.kid {
            Parameter::Text(text) => Some(text),
            Parameter::Absent | Parameter::Other(_) => None,
        }
    }

    /// `cat`.
    #[must_use]
    pub fn category(&self) -> Category {
        self.category
    }

    pub(super) fn found_typ(&self) -> String {
        self.typ.found()
    }

    pub(super) fn found_kid(&self) -> String {
        self.kid.found()
    }

    pub(super) fn found_algorithm(&self) -> String {
        self.odd_algorithm.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ProtectedHeader {
        ProtectedHeader::read(&Document::parse(json.into()).unwrap())
    }

    #[test]
    fn only_the_three_rsa_algorithms_are_allowed() {
        assert_eq!(read(r#"{"alg":"RS384"}"#).algorithm(), Some(Algorithm::Rs384));
        for alg in ["\"none\"", "\"HS256\"", "\"PS256\"", "\"rs256\"", "[\"RS256\"]", "null", "1"] {
            assert_eq!(read(&format!("{{\"alg\":{alg}}}")).algorithm(), None, "{alg}");
        }
    }

    #[test]
    fn categories_are_told_apart() {
        assert_eq!(read("{}").category(), Category::Absent);
        assert_eq!(read(r#"{"cat":"cl_B7d4PD333AAA"}"#).category(), Category::Machine);
        assert!(read(r#"{"cat":null}"#).category().is_non_session());
        assert!(!read(r#"{"cat":"cl_I7d4PD111III"}"#).category().is_non_session());
    }

    #[test]
    fn a_kid_of_another_type_names_no_key() {
        assert_eq!(read(r#"{"kid":7}"#).kid(), None);
        assert_eq!(read(r#"{"kid":7}"#).found_kid(), "`7`");
        assert_eq!(read("5").kid(), None);
    }
}
