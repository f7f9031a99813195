//! The readings of a path: the canonical one, and whatever the rewrites of origins, one after the other, make of it.
//!
//! 1. The canonical path is the first reading.
//! 2. Each rewrite is tried on each reading; what comes out is a reading too, until nothing new comes out. So the order in which
//!    an origin decodes, strips and resolves does not matter: every order is in the set.
//! 3. First the firm rewrites, which move a path to another place (`..%2f`, `;`, `//`), then also the soft ones, which only spell
//!    it otherwise (`.json`, fullwidth letters). What needed a soft one is a soft reading.
//! 4. Past [`limits::READINGS`] or [`limits::READING_BYTES`] the path is ambiguous. Each rewrite is linear in its input, so the
//!    work is bounded by their product, whatever the path.

use super::{
    Ambiguity, PathSettings,
    rewrites::{self, Firmness, Rewrite, Traits},
};
use crate::limits;

/// One way to read the path of a request.
///
/// The text is decoded where an origin would have decoded, except that bytes which no path can hold (spaces, controls, quotes,
/// bytes of UTF-8) are always spelled `%XX`, as in the canonical path: match patterns against it in that spelling.
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

impl core::str::FromStr for ReadingKind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name).ok_or(())
    }
}

/// A set of [`ReadingKind`]s; by default all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingKinds(u32);

impl ReadingKinds {
    /// Every kind.
    pub const ALL: Self = Self(u32::MAX);

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

/// Every reading of a canonical path.
///
/// # Errors
///
/// [`Ambiguity::TooManyReadings`].
pub(super) fn collect(
    path: &str,
    as_written: Option<String>,
    search: &str,
    settings: &PathSettings,
) -> Result<Vec<Reading>, Ambiguity> {
    let mut readings = Readings::of(path);
    if let Some(as_written) = as_written.filter(|_| settings.readings.contains(ReadingKind::AsWritten)) {
        readings.add(as_written, ReadingKind::AsWritten, 0, Firmness::Firm)?;
    }
    if settings.readings.contains(ReadingKind::QueryRoute) {
        for path in rewrites::query_routes(path, search) {
            readings.soft.push((path, ReadingKind::QueryRoute, 0));
        }
    }
    // Plain paths, nearly all of the traffic, end here with one reading.
    if readings.list.len() == 1 && readings.soft.is_empty() && settings.locales.is_empty() && Traits::of(path).is_plain() {
        return Ok(readings.list);
    }
    readings.close_over(Firmness::Firm, settings, 0)?;
    let firm = readings.list.len();
    for index in 0..firm {
        readings.strip_locale(index, settings);
    }
    for (path, kind, from) in core::mem::take(&mut readings.soft) {
        readings.add(path, kind, from, Firmness::Soft)?;
    }
    readings.close_over(Firmness::Soft, settings, firm)?;
    Ok(readings.list)
}

struct Readings {
    list: Vec<Reading>,
    hashes: Vec<u64>,
    bytes: usize,
    /// What the firm pass put off.
    soft: Vec<(String, ReadingKind, usize)>,
}

impl Readings {
    fn of(path: &str) -> Self {
        let canonical = Reading { path: path.into(), kind: ReadingKind::Canonical, from: 0, firm: true, behind_locale: None };
        Self { list: vec![canonical], hashes: vec![hash(path)], bytes: path.len(), soft: Vec::new() }
    }

    /// Tries every rewrite on every reading from `start` on, those that come up on the way too.
    fn close_over(&mut self, pass: Firmness, settings: &PathSettings, start: usize) -> Result<(), Ambiguity> {
        let mut index = start;
        let mut made: Vec<Rewrite> = Vec::new();
        while let Some(reading) = self.list.get(index) {
            rewrites::rewrite(&reading.path, settings.readings, &mut made);
            for Rewrite { path, kind, firmness } in made.drain(..) {
                match (pass, firmness) {
                    (Firmness::Firm, Firmness::Soft) => self.soft.push((path, kind, index)),
                    _ => {
                        self.add(path, kind, index, pass)?;
                    }
                }
            }
            if pass == Firmness::Soft {
                self.strip_locale(index, settings);
                for (path, kind, from) in core::mem::take(&mut self.soft) {
                    self.add(path, kind, from, pass)?;
                }
            }
            index += 1;
        }
        Ok(())
    }

    fn strip_locale(&mut self, index: usize, settings: &PathSettings) {
        if !settings.readings.contains(ReadingKind::Locale) {
            return;
        }
        let Some(path) = self.list.get(index).and_then(|reading| rewrites::without_locale(&reading.path, &settings.locales))
        else {
            return;
        };
        self.soft.push((path, ReadingKind::Locale, index));
    }

    /// Adds a reading unless it is there already.
    fn add(&mut self, path: String, kind: ReadingKind, from: usize, pass: Firmness) -> Result<(), Ambiguity> {
        let hash = hash(&path);
        let known = self.hashes.iter().zip(&self.list).position(|(h, reading)| *h == hash && reading.path == path);
        let index = known.unwrap_or(self.list.len());
        if known.is_none() {
            self.bytes += path.len();
            if self.list.len() == limits::READINGS || self.bytes > limits::READING_BYTES {
                return Err(Ambiguity::TooManyReadings);
            }
            self.hashes.push(hash);
            self.list.push(Reading { path, kind, from, firm: pass == Firmness::Firm, behind_locale: None });
        }
        if kind == ReadingKind::Locale
            && let Some(prefixed) = self.list.get_mut(from)
        {
            prefixed.behind_locale = Some(index);
        }
        Ok(())
    }
}

/// FNV-1a, to tell readings apart quickly; equal hashes are compared in full.
fn hash(path: &str) -> u64 {
    path.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
