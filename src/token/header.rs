//! The protected header.

use super::error::quoted;
use crate::{
    json::{Document, Raw},
    key::Algorithm,
};

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

const TAGS: [(&str, Category); 4] = [
    ("cl_B7d4PD111AAA", Category::Session),
    ("cl_B7d4PD222AAA", Category::Template),
    ("cl_B7d4PD333AAA", Category::Machine),
    ("cl_I7d4PD111III", Category::Ignore),
];

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
            Some(raw) => match raw.as_string() {
                Some(text) => Self::Text(text),
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

/// The parameters of the protected header that matter here. All others are left alone. `crit` is too for Clerk's tokens, as in Clerk.
#[derive(Clone, Debug)]
pub struct ProtectedHeader {
    algorithm: Option<Algorithm>,
    /// Kept only where it is none of [`Algorithm`].
    odd_algorithm: Parameter,
    has_crit: bool,
    typ: Parameter,
    kid: Parameter,
    category: Category,
}

impl ProtectedHeader {
    pub(super) fn read(header: &Document) -> Self {
        let alg = header.get("alg");
        let algorithm = alg.and_then(Algorithm::read);
        let category = match header.get("cat") {
            None => Category::Absent,
            Some(tag) => TAGS.into_iter().find(|(name, _)| tag.is_str(name)).map_or(Category::Other, |(_, category)| category),
        };
        Self {
            algorithm,
            odd_algorithm: if algorithm.is_some() { Parameter::Absent } else { Parameter::read(alg) },
            has_crit: header.get("crit").is_some(),
            typ: Parameter::read(header.get("typ")),
            kid: Parameter::read(header.get("kid")),
            category,
        }
    }

    /// `alg`, where it is one that can be checked.
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

    /// Whether it names extensions that have to be understood (RFC 7515 section 4.1.11); none is.
    #[must_use]
    pub fn has_crit(&self) -> bool {
        self.has_crit
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
        self.algorithm.map_or_else(|| self.odd_algorithm.found(), |algorithm| quoted(algorithm.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ProtectedHeader {
        ProtectedHeader::read(&Document::parse(json).unwrap())
    }

    #[test]
    fn only_asymmetric_algorithms_have_a_name_and_each_has_one() {
        for algorithm in Algorithm::ALL {
            let header = read(&format!("{{\"alg\":\"{}\"}}", algorithm.as_str()));
            assert_eq!(header.algorithm(), Some(algorithm));
        }
        for alg in ["\"none\"", "\"HS256\"", "\"ES256K\"", "\"rs256\"", "[\"RS256\"]", "null", "1"] {
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
