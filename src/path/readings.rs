//! The readings of a path: the canonical one, and whatever the rewrites of origins, one after the other, make of it.
//!
//! 1. The canonical path is the first reading.
//! 2. Each rewrite is tried on each reading; what comes out is a reading too, until nothing new comes out. So the order in which
//!    an origin decodes, strips and resolves does not matter: every order is in the set.
//! 3. A reading is firm if its last step led to another place (`..%2f`, `;`, `//`), and not if it only spells the same place
//!    otherwise (fullwidth letters) or came by a convention that the origin may not have (`.json`). Of several ways to one
//!    reading the firmest counts.
//! 4. Past [`limits::READINGS`] or [`limits::READING_BYTES`] the path is ambiguous. Each rewrite is linear in its input, so the
//!    work is bounded by their product, whatever the path.

use std::borrow::Cow;

use super::{
    Ambiguity, PathSettings,
    encoding::bytes_of,
    rewrites::{self, Distance, Rewrite, Traits},
};
use crate::{limits, text::ByAny as _};

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
    fn canonical(path: &str) -> Self {
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
    let routes =
        if settings.readings.contains(ReadingKind::QueryRoute) { rewrites::query_routes(path, search) } else { Vec::new() };
    // Plain paths, nearly all of the traffic, end here with one reading.
    if as_written.is_none() && routes.is_empty() && settings.locales.is_empty() && Traits::of(path).is_plain() {
        return Ok(vec![Reading::canonical(path)]);
    }
    let mut readings = Readings::of(path);
    if let Some(as_written) = as_written.filter(|_| settings.readings.contains(ReadingKind::AsWritten)) {
        readings.add(as_written, ReadingKind::AsWritten, 0, Distance::Elsewhere)?;
    }
    for route in routes {
        readings.add(route, ReadingKind::QueryRoute, 0, Distance::Alias)?;
    }
    readings.close(settings)?;
    Ok(readings.list)
}

struct Readings {
    list: Vec<Reading>,
    /// For each reading: its hash, and how far it is from the canonical path.
    about: Vec<(u64, Distance)>,
    bytes: usize,
    /// Readings to be rewritten; again when a firmer way to one was found.
    pending: Vec<usize>,
}

impl Readings {
    fn of(path: &str) -> Self {
        Self {
            list: vec![Reading::canonical(path)],
            about: vec![(hash(path), Distance::Elsewhere)],
            bytes: path.len(),
            pending: vec![0],
        }
    }

    /// Tries every rewrite on every reading, those that come up on the way too.
    fn close(&mut self, settings: &PathSettings) -> Result<(), Ambiguity> {
        let mut made: Vec<Rewrite> = Vec::new();
        // In rounds, so that the shortest way to a reading is found first.
        while !self.pending.is_empty() {
            for index in core::mem::take(&mut self.pending) {
                let Some(reading) = self.list.get(index) else { continue };
                rewrites::rewrite(&reading.path, settings.readings, &mut made);
                if settings.readings.contains(ReadingKind::Locale)
                    && let Some(path) = rewrites::without_locale(&reading.path, &settings.locales)
                {
                    made.push(Rewrite { path, kind: ReadingKind::Locale, step: Distance::Alias });
                }
                for Rewrite { path, kind, step } in made.drain(..) {
                    self.add(path, kind, index, step)?;
                }
            }
        }
        Ok(())
    }

    /// Adds what a step made of the reading `from`, or learns a firmer way to a reading that is there already.
    fn add(&mut self, path: String, kind: ReadingKind, from: usize, step: Distance) -> Result<(), Ambiguity> {
        let hash = hash(&path);
        let distance = self.about.get(from).map_or(step, |(_, before)| before.then(step));
        let known = self.about.iter().zip(&self.list).position(|((h, _), reading)| *h == hash && reading.path == path);
        let index = known.unwrap_or(self.list.len());
        if known.is_none() {
            self.bytes += path.len();
            if self.list.len() == limits::READINGS || self.bytes > limits::READING_BYTES {
                return Err(Ambiguity::TooManyReadings);
            }
            self.about.push((hash, distance));
            self.list.push(Reading { path, kind, from, firm: distance == Distance::Elsewhere, behind_locale: None });
            self.pending.push(index);
        } else if let (Some((_, so_far)), Some(reading)) = (self.about.get_mut(index), self.list.get_mut(index))
            && distance < *so_far
        {
            *so_far = distance;
            reading.firm = distance == Distance::Elsewhere;
            self.pending.push(index);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(path: &str, search: &str, settings: &PathSettings) -> Vec<(String, &'static str, bool)> {
        let readings = collect(path, None, search, settings).unwrap();
        readings.into_iter().map(|reading| (reading.path, reading.kind.as_str(), reading.firm)).collect()
    }

    #[test]
    fn names_of_kinds_are_unique_and_read_back() {
        for kind in ReadingKind::ALL {
            assert_eq!(ReadingKind::from_name(kind.as_str()), Some(*kind));
        }
        assert_eq!(ReadingKind::from_name("nonsense"), None);
        assert!(ReadingKind::ALL.len() <= 32);
    }

    #[test]
    fn the_canonical_reading_cannot_be_switched_off() {
        let none = ReadingKind::ALL.iter().fold(ReadingKinds::ALL, |kinds, kind| kinds.without(*kind));
        assert!(none.contains(ReadingKind::Canonical));
        let settings = PathSettings { readings: none, ..PathSettings::default() };
        assert_eq!(collected("/a%2F..;x.json", "", &settings), [("/a%2F..;x.json".into(), "canonical", true)]);
        assert!(none.with(ReadingKind::Decoded).contains(ReadingKind::Decoded));
    }

    #[test]
    fn rewrites_follow_one_another_in_any_order() {
        let readings = collected("/x;a/%252e%252e;b%2Fadmin", "", &PathSettings::default());
        assert!(readings.iter().any(|(path, _, firm)| path == "/admin" && *firm), "{readings:?}");
    }

    #[test]
    fn the_firmest_way_to_a_reading_counts() {
        let readings = collected("/assets/a.css", "", &PathSettings::default());
        assert_eq!(readings, [("/assets/a.css".into(), "canonical", true), ("/assets/a".into(), "format-suffix", false)]);
        // `/x` can be had by a convention (`.json`, then `;`) and without (`;` alone).
        let readings = collected("/x;y.json", "", &PathSettings::default());
        assert!(readings.iter().any(|(path, _, firm)| path == "/x" && *firm));
        // Neither `．．` nor `+` leads anywhere until the space is trimmed and the dots are resolved.
        let readings = collected("/x/%EF%BC%8E%EF%BC%8E+/y", "", &PathSettings::default());
        assert!(readings.iter().any(|(path, _, firm)| path == "/y" && *firm), "{readings:?}");
    }

    #[test]
    fn locales_are_stripped_from_every_reading() {
        let settings = PathSettings { locales: vec!["en".into(), "pt-BR".into()], ..PathSettings::default() };
        for (path, behind) in
            [("/en/admin", "/admin"), ("/PT-br", "/"), ("/en%2Fadmin", "/admin"), ("//en/admin", "/admin"), ("/en/en/x", "/x")]
        {
            let readings = collected(path, "", &settings);
            assert!(readings.iter().any(|(path, ..)| path == behind), "{path}: {readings:?}");
        }
        assert_eq!(collected("/english/admin", "", &settings).len(), 1);
        assert_eq!(
            collected("/_next/data/b/en/admin.json", "", &settings).iter().filter(|(path, ..)| path == "/admin").count(),
            1
        );
    }

    #[test]
    fn routes_in_a_query_count_at_front_controllers_only() {
        let routes = |path, search| {
            let readings = collected(path, search, &PathSettings::default());
            readings.into_iter().filter(|(_, kind, _)| *kind == "query-route").map(|(path, ..)| path).collect::<Vec<_>>()
        };
        assert_eq!(routes("/", "?_url=/admin%2Fusers&next=/x"), ["/admin/users"]);
        assert_eq!(routes("/", "?q=admin"), [""; 0]);
        assert_eq!(routes("/index.php", "?q=admin"), ["/admin"]);
        assert_eq!(routes("/index.php", "?/admin"), ["/admin"]);
        assert_eq!(routes("/_next/image", "?url=%2Fadmin%2Flogo.png&w=64"), ["/admin/logo.png"]);
        assert_eq!(routes("/about", "?q=/admin"), [""; 0]);
        assert_eq!(routes("/", ""), [""; 0]);
    }

    #[test]
    fn both_bounds_make_a_path_ambiguous() {
        let is_ambiguous = |path: &str| match collect(path, None, "", &PathSettings::default()) {
            Err(ambiguity) => ambiguity == Ambiguity::TooManyReadings,
            Ok(_) => false,
        };
        assert!(is_ambiguous(&format!("/{}", "a.".repeat(limits::READINGS + 1))));
        assert!(!is_ambiguous(&format!("/{}", "a.".repeat(limits::READINGS / 2))));
        // As long as a path may be, and different when decoded: a few such readings are too many bytes.
        assert!(is_ambiguous(&format!("/{}", "+//%2525252541".repeat(500))));
    }

    #[test]
    fn every_reading_says_where_it_came_from() {
        let readings = collect("/%2561%2F..%2Fadmin.json", None, "", &PathSettings::default()).unwrap();
        for (index, reading) in readings.iter().enumerate().skip(1) {
            assert!(reading.from < index, "{reading:?}");
        }
    }
}
