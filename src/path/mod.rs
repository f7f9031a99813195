//! Canonical paths, and every reading that an origin could give to one.
//!
//! A gate decides by the path that it sees, the origin behind it by the path that it reads; where the two differ, a request that
//! the gate took for public runs the admin handler. So [`judge`]
//!
//! 1. cuts the URL once, without resolving it against anything (`target`);
//! 2. brings the path to one canonical form, which is what is forwarded (`canonical`);
//! 3. collects every way in which some origin could read that form: the readings (`readings`, `collect`, `rewrites`).
//!
//! The policy matches each reading and takes the strictest access of all ([`JudgedTarget::strictest`]). What cannot be bounded is
//! an [`Ambiguity`], a 400. Which pattern means what is the policy's business; headers that make an origin route by another path
//! are stripped in `headers`.
//!
//! Why it is done this way, and what each reading costs: `docs/paths.md`.

use std::borrow::Cow;

use thiserror::Error;

use self::canonical::Canonical;
use crate::{limits, reason};

mod canonical;
mod collect;
mod encoding;
mod readings;
mod rewrites;
mod target;
mod unicode;

pub use readings::{Reading, ReadingKind, ReadingKinds};
pub(crate) use unicode::is_invisible;

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
        [self.path.0.as_str(), &self.search].concat()
    }

    /// [`forward_target`](Self::forward_target) under the URL's own scheme and authority.
    ///
    /// A host that hands this to a URL parser must find that it reads back unchanged, and refuse where it does not.
    #[must_use]
    pub fn forward_url(&self) -> String {
        [self.scheme, "://", &self.host, &self.path.0, &self.search].concat()
    }

    /// Whether a URL is [`forward_url`](Self::forward_url) already, as nearly all are.
    #[must_use]
    pub(crate) fn is_written(&self, url: &str) -> bool {
        let parts = [self.scheme, "://", &self.host, &self.path.0, &self.search];
        parts.iter().try_fold(url, |rest, part| rest.strip_prefix(part)) == Some("")
    }

    /// What the policy says of every reading that counts, each with the place of its reading; never empty.
    ///
    /// `listed` gives the answer for a path that the policy names, `unlisted` is that of all others. It is asked for each reading as
    /// it is spelled and, where that differs, as [text](Reading::text), since patterns are written both ways. A reading that is not
    /// [`firm`](Reading::firm) has a say only where the policy names it: `/assets/app.css` can be read as `/assets/app`, which
    /// matters when that is an admin page and must not close the style sheet when nobody has heard of it. Under a declared locale
    /// (`/fr/about`) a path that is not listed itself has the answer of the path behind the prefix.
    pub fn answers<A: Clone>(&self, unlisted: A, listed: impl FnMut(&str) -> Option<A>) -> Vec<(A, usize)> {
        let mut answers = Vec::new();
        self.each_answer(&|_| unlisted.clone(), listed, |answer, index| answers.push((answer, index)));
        answers
    }

    /// Hands each of the [`answers`](Self::answers) to `see`; `unlisted` is asked for each path that needs it. Nearly every path has one
    /// reading and one answer: nothing is kept for it.
    pub(crate) fn each_answer<A: Clone>(
        &self,
        unlisted: &dyn Fn(&str) -> A,
        mut listed: impl FnMut(&str) -> Option<A>,
        mut see: impl FnMut(A, usize),
    ) {
        let mut named = |reading: &Reading| match reading.text() {
            Cow::Borrowed(path) => [listed(path), None],
            Cow::Owned(text) => [listed(&reading.path), listed(&text)],
        };
        if let [canonical] = self.readings.as_slice() {
            match named(canonical) {
                [None, None] => see(unlisted(&canonical.path), 0),
                own => own.into_iter().flatten().for_each(|answer| see(answer, 0)),
            }
            return;
        }
        let named: Vec<[Option<A>; 2]> = self.readings.iter().map(named).collect();
        for (index, (reading, own)) in self.readings.iter().zip(&named).enumerate() {
            let behind_locale = reading.behind_locale.and_then(|index| named.get(index));
            let found = [Some(own), behind_locale].into_iter().flatten().find(|found| found.iter().any(Option::is_some));
            match found {
                Some(found) => found.iter().flatten().for_each(|answer| see(answer.clone(), index)),
                None if reading.firm => see(unlisted(&reading.path), index),
                None => {}
            }
        }
    }

    /// Whether a list names the path under any reading, spelled either way.
    pub fn is_named(&self, mut is_listed: impl FnMut(&str) -> bool) -> bool {
        self.readings.iter().any(|reading| match reading.text() {
            Cow::Borrowed(path) => is_listed(path),
            Cow::Owned(text) => is_listed(&reading.path) || is_listed(&text),
        })
    }

    /// The strictest of all [`answers`](Self::answers), and the place of the reading that asks for it (the first of equals).
    pub fn strictest<A: Ord + Clone>(&self, unlisted: A, listed: impl FnMut(&str) -> Option<A>) -> (A, usize) {
        let answers = self.answers(unlisted.clone(), listed).into_iter();
        // The first reading is firm, so there is an answer.
        answers.reduce(|strictest, next| if next.0 > strictest.0 { next } else { strictest }).unwrap_or((unlisted, 0))
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
    let readings = collect::collect(&path, as_written, &search, settings)?;
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
            Self::UrlTooLong { .. } => reason::URL_TOO_LONG,
            Self::ControlByte { .. } => reason::CONTROL_BYTE,
            Self::NotHttp => reason::NOT_HTTP,
            Self::BadAuthority => reason::BAD_AUTHORITY,
            Self::EncodedNul { .. } => reason::ENCODED_NUL,
            Self::PathTooLong { .. } => reason::PATH_TOO_LONG,
            Self::TooManyReadings => reason::TOO_MANY_READINGS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str) -> JudgedTarget {
        judge(url, &PathSettings::default()).unwrap()
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    enum Access {
        Public,
        Protected,
        Admin,
    }
    use Access::{Admin, Protected, Public};

    fn listed(path: &str) -> Option<Access> {
        match path {
            "/about" | "/o'brien" | "/caf%C3%A9" | "/logo.png" | "/blog/a%2Fb" | "/wiki/C%2B%2B" => Some(Public),
            _ if path.starts_with("/admin") => Some(Admin),
            _ => None,
        }
    }

    #[test]
    fn what_is_forwarded_has_the_parts_that_were_judged() {
        let target = judged("HTTPS://Example.COM:8443/%61/./b%2f?x='#frag");
        assert_eq!(target.scheme(), "https");
        assert_eq!(target.host(), "example.com:8443");
        assert_eq!(target.path().as_str(), "/a/b%2F");
        assert_eq!(target.search(), "?x=%27");
        assert_eq!(target.forward_target(), "/a/b%2F?x=%27");
        assert_eq!(target.forward_url(), "https://example.com:8443/a/b%2F?x=%27");
    }

    #[test]
    fn a_reading_takes_the_strictest_access_of_all() {
        for (url, expected) in [
            ("http://h/about", Public),
            ("http://h/about%2f..%2fadmin", Admin),
            ("http://h/admin/users/..%2f..%2fabout", Admin),
            ("http://h/admin.json", Admin),
            ("http://h//h/admin", Admin),
            ("http://h/elsewhere", Protected),
        ] {
            assert_eq!(judged(url).strictest(Protected, listed).0, expected, "{url}");
        }
        let target = judged("http://h/about%2f..%2fadmin");
        let (_, index) = target.strictest(Protected, listed);
        assert!(target.readings()[index].path.starts_with("/admin"));
    }

    #[test]
    fn a_soft_reading_counts_only_where_it_is_listed() {
        for url in ["http://h/logo.png", "http://h/caf%C3%A9", "http://h/o'brien"] {
            assert_eq!(judged(url).strictest(Protected, listed).0, Public, "{url}");
        }
        assert_eq!(judged("http://h/%C3%A1dmin").strictest(Public, listed).0, Admin);
        // `a/b` is another page for an origin that decodes, and nobody listed it.
        assert_eq!(judged("http://h/blog/a%2Fb").strictest(Protected, listed).0, Protected);
    }

    #[test]
    fn patterns_may_be_written_in_letters_or_in_escapes() {
        let listed = |path: &str| matches!(path, "/équipe" | "/caf%C3%A9" | "/a b").then_some(Protected);
        for url in ["http://h/%C3%A9quipe", "http://h/équipe", "http://h/caf%c3%a9", "http://h/a%20b", "http://h/%C3%89quipe"] {
            assert_eq!(judged(url).strictest(Public, listed).0, Protected, "{url}");
        }
        assert_eq!(judged("http://h/%FF").readings()[0].text(), "/\u{fffd}");
    }

    #[test]
    fn a_path_under_a_locale_has_the_access_of_the_path_behind_it() {
        let settings = PathSettings { locales: vec!["fr".into()], ..PathSettings::default() };
        let access = |url| judge(url, &settings).unwrap().strictest(Protected, listed).0;
        assert_eq!(access("http://h/fr/about"), Public);
        assert_eq!(access("http://h/fr/admin"), Admin);
        assert_eq!(access("http://h/fr/elsewhere"), Protected);
        assert_eq!(access("http://h/fr%2Fadmin"), Admin);
        assert_eq!(access("http://h/de/about"), Protected);
        // Further in a locale closes what is listed without it, and opens nothing.
        assert_eq!(access("http://h/admin/fr/x"), Admin);
        assert_eq!(access("http://h/about/fr"), Protected);
        let below = |path: &str| match path {
            "/docs/admin" => Some(Admin),
            _ => path.starts_with("/docs").then_some(Public),
        };
        let judged = |url| judge(url, &settings).unwrap().strictest(Protected, below).0;
        assert_eq!(judged("http://h/docs/fr/admin"), Admin);
        assert_eq!(judged("http://h/docs/_next/data/B/fr/admin.json"), Admin);
        assert_eq!(judged("http://h/docs/fr/other"), Public);
    }

    #[test]
    fn ambiguities_have_names_and_messages() {
        let found = judge("http://h/%00", &PathSettings::default()).unwrap_err();
        assert_eq!(found.kind(), "encoded-nul");
        assert_eq!(found.to_string(), "request path has an encoded NUL at byte 1");
        let long = format!("http://h/{}", "a".repeat(limits::PATH_BYTES));
        assert_eq!(judge(&long, &PathSettings::default()), Err(Ambiguity::PathTooLong { bytes: limits::PATH_BYTES + 1 }));
        assert!(judge(&long[..long.len() - 1], &PathSettings::default()).is_ok());
    }
}
