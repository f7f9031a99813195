//! Canonical paths, and every reading that an origin could give to one.
//!
//! A gate decides by the path that it sees, the origin behind it by the path that it reads; where the two differ, a request that
//! the gate took for public runs the admin handler. So [`judge`]
//!
//! 1. cuts the URL once, without resolving it against anything (`target`);
//! 2. brings the path to one canonical form, which is what is forwarded (`canonical`);
//! 3. collects every way in which some origin could read that form: the readings (`readings`, `rewrites`).
//!
//! The policy matches each reading and takes the strictest access of all ([`JudgedTarget::strictest`]). What cannot be bounded is
//! an [`Ambiguity`], a 400. Which pattern means what is the policy's business; headers that make an origin route by another path
//! are stripped in `headers`.
//!
//! Why it is done this way, and what each reading costs: `docs/paths.md`.

use thiserror::Error;

use self::canonical::Canonical;
use crate::limits;

mod canonical;
mod encoding;
mod readings;
mod rewrites;
mod target;
mod unicode;

pub use readings::{Reading, ReadingKind, ReadingKinds};

/// What an operator can say about how the origin reads paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathSettings {
    /// The readings that are looked at: all of them, unless an operator knows the origin and switches some off.
    pub readings: ReadingKinds,
    /// Prefixes under which the origin serves every route (`/fr/about`), such as `["en", "fr"]`; compared in any case.
    pub locales: Vec<String>,
}

/// A path in the one form that is judged and forwarded. Comes only from [`judge`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CanonicalPath(String);

impl CanonicalPath {
    /// The path, from its first `/`, without the query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request URL that may be matched and forwarded. Comes only from [`judge`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedTarget {
    scheme: &'static str,
    host: String,
    path: CanonicalPath,
    search: String,
    readings: Vec<Reading>,
}

impl JudgedTarget {
    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The authority in lower case: host, and port where one was given.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The canonical path.
    #[must_use]
    pub fn path(&self) -> &CanonicalPath {
        &self.path
    }

    /// The query with its `?`, or the empty string. No reading depends on it but [`ReadingKind::QueryRoute`].
    #[must_use]
    pub fn search(&self) -> &str {
        &self.search
    }

    /// Every reading; the first is the canonical path.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// Path and query: exactly what the origin must be sent.
    #[must_use]
    pub fn forward_target(&self) -> String {
        format!("{}{}", self.path.0, self.search)
    }

    /// [`forward_target`](Self::forward_target) under the URL's own scheme and authority.
    ///
    /// A host that hands this to a URL parser must find that it reads back unchanged, and refuse where it does not.
    #[must_use]
    pub fn forward_url(&self) -> String {
        format!("{}://{}{}{}", self.scheme, self.host, self.path.0, self.search)
    }

    /// The answer of every reading that counts, by the rules of [`strictest`](Self::strictest); never empty.
    #[must_use]
    pub fn answers<A: Clone>(&self, unlisted: &A, mut listed: impl FnMut(&str) -> Option<A>) -> Vec<A> {
        let named: Vec<Option<A>> = self.readings.iter().map(|reading| listed(&reading.path)).collect();
        let answers = self.readings.iter().zip(&named).filter_map(|(reading, own)| {
            let behind_locale = || reading.behind_locale.and_then(|index| named.get(index)?.clone());
            own.clone().or_else(behind_locale).or_else(|| reading.firm.then(|| unlisted.clone()))
        });
        answers.collect()
    }

    /// The strictest access of all readings, and the place of the reading that asks for it (the first of equals).
    ///
    /// `listed` gives the access of a path that the policy names, `unlisted` is that of all others. A reading that is not
    /// [`firm`](Reading::firm) has a say only where the policy names it: `/assets/app.css` can be read as `/assets/app`, which
    /// matters when that is an admin page and must not close the style sheet when nobody has heard of it. Under a declared locale
    /// (`/fr/about`) a path that is not listed itself has the access of the path behind the prefix.
    pub fn strictest<A: Ord + Clone>(&self, unlisted: A, mut listed: impl FnMut(&str) -> Option<A>) -> (A, usize) {
        let named: Vec<Option<A>> = self.readings.iter().map(|reading| listed(&reading.path)).collect();
        let access = |reading: &Reading, own: &Option<A>| {
            let behind_locale = || reading.behind_locale.and_then(|index| named.get(index)?.clone());
            own.clone().or_else(behind_locale).or_else(|| reading.firm.then(|| unlisted.clone()))
        };
        let mut strictest: Option<(A, usize)> = None;
        for (index, (reading, own)) in self.readings.iter().zip(&named).enumerate() {
            if let Some(access) = access(reading, own)
                && strictest.as_ref().is_none_or(|(so_far, _)| access > *so_far)
            {
                strictest = Some((access, index));
            }
        }
        // The first reading is firm, so the loop found something.
        strictest.unwrap_or((unlisted, 0))
    }
}

/// Reads a request URL: the canonical target and every reading of its path.
///
/// `url` is absolute, `scheme://authority` and the request target exactly as the client wrote it.
///
/// ```
/// use portcullis::path::{judge, PathSettings};
///
/// let target = judge("https://example.com/%61dmin/users/..%2f..%2fabout?x=1", &PathSettings::default())?;
/// assert_eq!(target.forward_target(), "/admin/users/..%2F..%2Fabout?x=1");
/// assert!(target.readings().iter().any(|reading| reading.path == "/about"));
/// # Ok::<(), portcullis::path::Ambiguity>(())
/// ```
///
/// # Errors
///
/// [`Ambiguity`], in the order of its variants.
pub fn judge(url: &str, settings: &PathSettings) -> Result<JudgedTarget, Ambiguity> {
    let target = target::parse(url)?;
    let Canonical { path, as_written } = canonical::canonicalize(target.path)?;
    let search = target::canonicalize_query(target.query);
    let readings = readings::collect(&path, as_written, &search, settings)?;
    Ok(JudgedTarget {
        scheme: target.scheme,
        host: target.authority.to_ascii_lowercase(),
        path: CanonicalPath(path),
        search,
        readings,
    })
}

/// Why a URL cannot be judged. The client gets a 400.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Ambiguity {
    /// Longer than [`limits::URL_BYTES`].
    #[error("request URL has {bytes} bytes, expected at most {}", limits::URL_BYTES)]
    UrlTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A raw control byte, which HTTP does not allow in a request target.
    #[error("request URL has a control byte at byte {at}")]
    ControlByte {
        /// Where, counted from the start of the URL.
        at: usize,
    },
    /// Not `http://` or `https://`.
    #[error("request URL is not absolute, expected `http://` or `https://`")]
    NotHttp,
    /// No host, a user in it, a bad port, or bytes that a host cannot have.
    #[error("request URL has an invalid authority, expected a host and an optional port")]
    BadAuthority,
    /// `%00`: C programs end the path there, others do not, and no ordinary URL has one.
    #[error("request path has an encoded NUL at byte {at}")]
    EncodedNul {
        /// Where, counted from the start of the path.
        at: usize,
    },
    /// Longer than [`limits::PATH_BYTES`] in canonical form.
    #[error("request path has {bytes} bytes, expected at most {}", limits::PATH_BYTES)]
    PathTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// More than [`limits::READINGS`] readings, or [`limits::READING_BYTES`] in all.
    #[error("request path can be read in too many ways, expected at most {}", limits::READINGS)]
    TooManyReadings,
}

impl Ambiguity {
    /// The name for logs and counters, in kebab-case.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UrlTooLong { .. } => "url-too-long",
            Self::ControlByte { .. } => "control-byte",
            Self::NotHttp => "not-http",
            Self::BadAuthority => "bad-authority",
            Self::EncodedNul { .. } => "encoded-nul",
            Self::PathTooLong { .. } => "path-too-long",
            Self::TooManyReadings => "too-many-readings",
        }
    }
}
