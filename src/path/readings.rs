//! A reading of a path, and the kinds of them. How they are found: [`collect`](super::collect).

use std::borrow::Cow;

use super::encoding::bytes_of;
use crate::text::ByAny as _;

/// One way to read the path of a request.
///
/// The text is decoded where an origin would have decoded, except that bytes which no path can hold (spaces, controls, quotes,
/// bytes of UTF-8) are always spelled `%XX`, as in the canonical path. [`text`](Self::text) decodes those, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The path as read.
    pub path: String,
    /// The last step of the way to it.
    pub kind: ReadingKind,
    /// The place in the list of readings of the one that this was made from; its own for the canonical path.
    pub from: usize,
    /// Whether it counts where the policy does not name it; see [`JudgedTarget::strictest`](super::JudgedTarget::strictest).
    pub firm: bool,
    /// The place of the reading without the locale prefix, if there is one.
    pub(super) behind_locale: Option<usize>,
}

impl Reading {
    pub(super) fn canonical(path: &str) -> Self {
        Self { path: path.into(), kind: ReadingKind::Canonical, from: 0, firm: true, behind_locale: None }
    }

    /// The path with spaces, quotes and letters past ASCII as themselves: borrowed where it has none. What is no UTF-8 is U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        if !self.path.contains_any(b"%") {
            return Cow::Borrowed(&self.path);
        }
        let text = String::from_utf8_lossy(&bytes_of(&self.path)).into_owned();
        if text == self.path { Cow::Borrowed(&self.path) } else { Cow::Owned(text) }
    }
}

macro_rules! reading_kinds {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal),+ $(,)?) => {
        /// What an origin, or a proxy before it, may do to a path.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ReadingKind { $($(#[$doc])+ $variant),+ }

        impl ReadingKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in settings and explanations, in kebab-case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The kind of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

reading_kinds! {
    /// The path as it is forwarded. Cannot be switched off.
    Canonical = "canonical",
    /// With the backslashes and dot segments that the canonical form resolved: what an application reads whose middleware judged
    /// the request but could not rewrite it. Browsers never send these.
    AsWritten = "as-written",
    /// Decoded once more, with and without separators: `%2F` is `/`, `%2561` is `%61`. Most routers, in some order.
    Decoded = "decoded",
    /// Escapes that are none: `%u0061` (IIS, Jetty), a stray `%` dropped (classic ASP).
    LenientPercent = "lenient-percent",
    /// Bytes that are no UTF-8: overlong forms decoded, dropped, or taken for Latin-1.
    InvalidUtf8 = "invalid-utf8",
    /// Characters taken for ASCII ones: fullwidth forms, look-alike slashes, letters without their accents, composed accents.
    UnicodeCompatibility = "unicode-compatibility",
    /// Letters whose other case is ASCII or another letter: `ſ`, `K`, `ı`, `É`. (ASCII case is the matcher's.)
    CaseFolding = "case-folding",
    /// Control and invisible characters left out.
    IgnoredCharacters = "ignored-characters",
    /// White space trimmed from segments, or from the whole path.
    Trimmed = "trimmed",
    /// Dot segments that a decoding brought about, resolved or cut out.
    DotSegments = "dot-segments",
    /// `//` read as `/` (nginx, Werkzeug, Phoenix).
    MergedSlashes = "merged-slashes",
    /// `//host/path` read as a URL without a scheme (`new URL(req.url, base)`).
    ProtocolRelative = "protocol-relative",
    /// `\` read as `/` (Windows, WHATWG URL).
    Backslash = "backslash",
    /// `;name=value` cut out of segments (Java servlets).
    MatrixParams = "matrix-params",
    /// The path ends at a decoded `?`, `#`, `;`, `&`, NUL, line end or space.
    CutShort = "cut-short",
    /// `+` read as a space.
    PlusAsSpace = "plus-as-space",
    /// Trailing dots and spaces, and `::$DATA`, which Windows ignores in names.
    WindowsNames = "windows-names",
    /// `/(S(id))` segments, which ASP.NET takes out.
    CookielessSession = "cookieless-session",
    /// `/index.php/admin`: what follows a script is its path.
    PathInfo = "path-info",
    /// `/index.html`, `/index`: the page of the directory.
    IndexFile = "index-file",
    /// `/admin.json`, `/admin.rsc`: a page in another format.
    FormatSuffix = "format-suffix",
    /// A framework's data of a page: `/_next/data/<build>/admin.json`, `/admin.segments/…`, `/admin/__data.json`.
    DataRoute = "data-route",
    /// The route in the query of a front controller: `/index.php?_url=/admin`; the source of an image optimizer.
    QueryRoute = "query-route",
    /// The path behind a declared locale prefix.
    Locale = "locale",
}

impl core::fmt::Display for ReadingKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of [`ReadingKind`]s; by default all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingKinds(u32);

impl ReadingKinds {
    /// Every kind.
    pub const ALL: Self = Self(u32::MAX);

    /// None but the canonical one.
    pub const NONE: Self = Self(0);

    /// Whether `kind` is in the set.
    #[must_use]
    pub const fn contains(self, kind: ReadingKind) -> bool {
        matches!(kind, ReadingKind::Canonical) || self.0 & (1 << kind as u32) != 0
    }

    /// The set without `kind`. The canonical reading stays.
    #[must_use]
    pub const fn without(self, kind: ReadingKind) -> Self {
        Self(self.0 & !(1 << kind as u32))
    }

    /// The set with `kind`.
    #[must_use]
    pub const fn with(self, kind: ReadingKind) -> Self {
        Self(self.0 | (1 << kind as u32))
    }
}

impl Default for ReadingKinds {
    fn default() -> Self {
        Self::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_kinds_are_unique_and_read_back() {
        for kind in ReadingKind::ALL {
            assert_eq!(ReadingKind::from_name(kind.as_str()), Some(*kind));
        }
        assert_eq!(ReadingKind::from_name("nonsense"), None);
        assert!(ReadingKind::ALL.len() <= 32);
    }
}
