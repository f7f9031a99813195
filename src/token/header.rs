//! The protected header, and the allow-list of algorithms.

use crate::json::{Document, Raw};

use super::error::quoted;

/// The signature algorithms that can be checked: asymmetric ones only (RFC 7518 section 3.1, RFC 8037 section 3.1). Clerk signs with
/// the first three and nothing else; which ones a token may have is for [`VerifyOptions`](super::VerifyOptions) to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

/// What kind of key an algorithm takes: `kty` and `crv` in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum KeyKind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

impl KeyKind {
    /// `crv`, or `kty` where there is no curve.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
        }
    }
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// What Clerk signs with.
    pub const OF_CLERK: [Self; 3] = [Self::Rs256, Self::Rs384, Self::Rs512];

    /// Reads a JWA name; exactly, there is no other spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// The same, from JSON.
    pub(super) fn read(name: Raw<'_>) -> Option<Self> {
        Self::parse(&name.as_string()?)
    }

    /// The JWA name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The only kind of key that it takes.
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => KeyKind::Rsa,
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Es512 => KeyKind::P521,
            Self::EdDsa => KeyKind::Ed25519,
        }
    }

    /// The bits of its SHA-2 hash, which is not EdDSA's to choose: 512 there.
    #[must_use]
    pub fn hash_bits(self) -> u16 {
        match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => 256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => 384,
            Self::Rs512 | Self::Ps512 | Self::Es512 | Self::EdDsa => 512,
        }
    }

    /// How long its signatures are, in bytes; `None`: as long as the key. Some hosts refuse to look at others.
    ///
    /// Source: RFC 7518 section 3.4, RFC 8032 section 5.1.6.
    #[must_use]
    pub fn signature_bytes(self) -> Option<usize> {
        match self.key_kind() {
            KeyKind::Rsa => None,
            KeyKind::P256 | KeyKind::Ed25519 => Some(64),
            KeyKind::P384 => Some(96),
            KeyKind::P521 => Some(132),
        }
    }

    /// Its name in Web Crypto.
    #[must_use]
    pub fn web_crypto_name(self) -> &'static str {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 => "RSASSA-PKCS1-v1_5",
            Self::Ps256 | Self::Ps384 | Self::Ps512 => "RSA-PSS",
            Self::Es256 | Self::Es384 | Self::Es512 => "ECDSA",
            Self::EdDsa => "Ed25519",
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
