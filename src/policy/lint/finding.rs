//! What a lint reports: the kind, the place, what is there, why it matters, what to do, and a request that shows it.

use std::fmt;

use serde::{Serialize, Serializer};

/// One thing in a policy that its author may not have meant.
///
/// As JSON the fields have their names, kind and severity their words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What sort of thing it is.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Where: the name of the setting, as in [`SettingError`](crate::table::SettingError): `public[3]`, `rules[0].match`.
    pub setting: String,
    /// Other settings that have a part in it, the same way.
    pub related: Vec<String>,
    /// What is there: one sentence, lower case, without a period.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do, with the text to write where there is one.
    pub help: String,
    /// A request that shows it, where one does.
    pub witness: Option<Witness>,
}

/// A request that shows a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// Its method.
    pub method: String,
    /// Its path, letters past ASCII as themselves.
    pub path: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing has to change.
    Note,
    /// Probably not meant.
    Warning,
    /// The policy does not do what it says.
    Error,
}

macro_rules! kinds {
    ($(#[doc = $about:literal] $variant:ident = $name:literal),+ $(,)?) => {
        /// What sort of thing a finding is. `docs/lints.md` has a section for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $(#[doc = $about] $variant),+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, in kebab-case; it stays what it is.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it is in one sentence, as documented above.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about.trim_ascii()),+ }
            }
        }
    };
}

kinds! {
    /// Proved: no request is ever decided by it, since what comes before it matches all that it matches.
    Unreachable = "unreachable",
    /// The same for ordinary paths: only one with an empty segment, `#` or `?` in it comes so far.
    Shadowed = "shadowed",
    /// A pattern of `public` that lies wholly within `admin`, which wins: it is never public.
    PublicInsideAdmin = "public-inside-admin",
    /// A pattern of `public` (or a public rule) that opens a part of what a later pattern protects.
    PublicInsideProtected = "public-inside-protected",
    /// Two patterns share paths, and neither is a part of the other; or one list takes a part of what another one names.
    Overlap = "overlap",
    /// Two patterns of one list match the same paths.
    Duplicate = "duplicate",
    /// A pattern of a list that matches nothing but what another one of that list does.
    Redundant = "redundant",
    /// A pattern that no path can match, or no ordinary one.
    MatchesNothing = "matches-nothing",
    /// A pattern in the syntax of another router, such as `/events/[id]`: it matches these letters.
    OtherSyntax = "other-syntax",
    /// A pattern that goes on within its last segment: `/api/public(.*)` matches `/api/publications`.
    MatchesSiblings = "matches-siblings",
    /// A public pattern that every path matches.
    OpensEverything = "opens-everything",
    /// `default = "public"`.
    DefaultOpen = "default-open",
    /// A pattern with capital letters, or two that differ in nothing but those: patterns match in any case.
    LetterCase = "letter-case",
    /// A pattern that ends in a slash does not match the path without it.
    TrailingSlash = "trailing-slash",
    /// `/admin/(.*)` does not match `/admin`.
    TreeWithoutRoot = "tree-without-root",
    /// A pattern that ends in `.html` or alike does not match the path without it.
    CleanUrl = "clean-url",
    /// A file name such as `chart.png` opens a path beside or under what is protected.
    StaticFileOpen = "static-file-open",
    /// A rule for some methods that change things leaves others with less.
    MethodGap = "method-gap",
    /// A protected tree named `api` whose answers would be redirects to a sign-in page.
    ApiTreeWithoutApi = "api-tree-without-api",
    /// A pattern of `api` under which nothing asks for a session.
    ApiWithoutEffect = "api-without-effect",
    /// Requirements that no request can meet together.
    RequirementNeverMet = "requirement-never-met",
    /// `admin_requires` is given, and nothing is for admins.
    AdminRequiresUnused = "admin-requires-unused",
    /// A way to read paths that `path_readings` leaves out.
    ReadingOff = "reading-off",
    /// A rule with `enforce = false`.
    InShadow = "in-shadow",
    /// The policy is too large, or a pattern too intricate, to compare everything.
    NotCompared = "not-compared",
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: &'static [Self] = &[Self::Note, Self::Warning, Self::Error];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, severity, what, help, .. } = self;
        write!(f, "{} ({}): {what}; help: {help}", severity.as_str(), kind.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_different_names_in_kebab_case() {
        for (index, kind) in Kind::ALL.iter().enumerate() {
            assert!(kind.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
            assert!(Kind::ALL.iter().skip(index + 1).all(|other| other.as_str() != kind.as_str()), "{kind:?}");
        }
    }

    #[test]
    fn a_finding_reads_as_a_line_and_as_json() {
        let finding = Finding {
            kind: Kind::MatchesSiblings,
            severity: Severity::Warning,
            setting: "public[4]".into(),
            related: Vec::new(),
            what: "`/a(.*)` in `public[4]` also opens `/ax`".into(),
            why: "w".into(),
            help: "write `/a/:path*`".into(),
            witness: Some(Witness { method: "GET".into(), path: "/ax".into() }),
        };
        assert_eq!(
            finding.to_string(),
            "warning (matches-siblings): `/a(.*)` in `public[4]` also opens `/ax`; help: write `/a/:path*`"
        );
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(json["kind"], "matches-siblings");
        assert_eq!(json["severity"], "warning");
        assert_eq!(json["witness"]["path"], "/ax");
        assert!(Severity::Error > Severity::Warning && Severity::Warning > Severity::Note);
    }
}
