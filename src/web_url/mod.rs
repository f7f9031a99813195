//! As much of the WHATWG URL Standard as redirects need: absolute `http` and `https` URLs, their parts, their search parameters.
//!
//! What is parsed is what a browser would make of the same text, or nothing: a host name outside ASCII (no IDNA tables here),
//! credentials, and every other scheme are refused.
//!
//! Source: <https://url.spec.whatwg.org/>.

mod escape;
mod host;
mod ipv6;
mod origin;
mod query;

pub(crate) use self::{
    escape::{percent_decode, push_escape, push_escaped},
    origin::url_origin_of,
    query::{form_decode, php_name, push_pair},
};

use self::{
    escape::{is_fragment_escaped, is_path_escaped, is_query_escaped, percent_encode, push_percent_encoded},
    query::Pairs,
};
use crate::{
    limits,
    text::{self, ByAny as _},
};

/// A parsed URL. In a box, since it goes through many hands, most of them with an error of their own beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebUrl(Box<Parts>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    is_https: bool,
    host: String,
    port: Option<u16>,
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

impl WebUrl {
    /// Parses an absolute URL.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = clean(text)?;
        let (is_https, rest) = split_scheme(&text)?;
        Self::with_authority(is_https, without_slashes(rest))
    }

    /// Parses a reference against this URL, as a browser does with the target of a redirect.
    #[must_use]
    pub fn join(&self, reference: &str) -> Option<Self> {
        let text = clean(reference)?;
        if let Some((is_https, rest)) = split_scheme(&text) {
            // A scheme without slashes is relative to a base of the same scheme. Nobody writes that on purpose.
            return matches!(rest.as_bytes(), [b'/' | b'\\', ..])
                .then(|| Self::with_authority(is_https, without_slashes(rest)))?;
        }
        if has_scheme(&text) {
            return None;
        }
        let is_slash = |at: usize| matches!(text.as_bytes().get(at), Some(b'/' | b'\\'));
        if is_slash(0) && is_slash(1) {
            return Self::with_authority(self.0.is_https, without_slashes(&text));
        }
        let (path, query, fragment) = split_path(&text);
        let mut joined = self.clone();
        joined.0.fragment = fragment.map(|fragment| percent_encode(fragment, is_fragment_escaped));
        if !path.is_empty() {
            let directory = self.0.path.rcut(b"/").map_or("", |(directory, _)| directory);
            joined.0.path =
                if is_slash(0) { normalize_path(path) } else { normalize_path(&text::concat(&[directory, "/", path])) };
        }
        if !path.is_empty() || query.is_some() {
            joined.0.query = query.map(|query| percent_encode(query, is_query_escaped));
        }
        Some(joined)
    }

    /// This URL's path and query under another scheme and authority. Whatever the path looks like, it stays a path.
    #[must_use]
    pub fn moved_to(&self, origin: &Self) -> Self {
        Self(Box::new(Parts {
            is_https: origin.0.is_https,
            host: origin.0.host.clone(),
            port: origin.0.port,
            path: self.0.path.clone(),
            query: self.0.query.clone().filter(|query| !query.is_empty()),
            fragment: None,
        }))
    }

    fn with_authority(is_https: bool, rest: &str) -> Option<Self> {
        let end = rest.find_any(b"/\\?#").unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let (host, port) = match authority.rfind_any(b":") {
            Some(colon) if !authority.get(colon..)?.contains_any(b"]") => (authority.get(..colon)?, authority.get(colon + 1..)?),
            _ => (authority, ""),
        };
        let port = match port {
            "" => None,
            digits if text::is_all(digits, |b| b.is_ascii_digit()) => Some(u16::try_from(text::whole_number(digits, 10)?).ok()?),
            _ => return None,
        };
        let (path, query, fragment) = split_path(rest);
        Some(Self(Box::new(Parts {
            is_https,
            host: host::parse(host)?,
            port: port.filter(|port| *port != if is_https { 443 } else { 80 }),
            path: normalize_path(path),
            query: query.map(|query| percent_encode(query, is_query_escaped)),
            fragment: fragment.map(|fragment| percent_encode(fragment, is_fragment_escaped)),
        })))
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.is_https
    }

    /// The host, in lower case, without the port.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.0.host
    }

    /// The port, where it is not the scheme's own.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.port
    }

    /// The path, percent-encoded; starts with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Replaces the path.
    pub fn set_path(&mut self, path: &str) {
        self.0.path = normalize_path(path);
    }

    /// Scheme, host and port: what browsers compare.
    #[must_use]
    pub fn origin(&self) -> String {
        let mut out = String::with_capacity(self.0.host.len() + 14);
        self.push_origin(&mut out);
        out
    }

    /// Whether both have scheme, host and port in common.
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.0.is_https == other.0.is_https && self.0.host == other.0.host && self.0.port == other.0.port
    }

    /// The whole URL.
    #[must_use]
    pub fn href(&self) -> String {
        let mut out =
            String::with_capacity(self.0.host.len() + self.0.path.len() + self.0.query.as_ref().map_or(0, String::len) + 24);
        self.push_origin(&mut out);
        out.push_str(&self.0.path);
        if let Some(query) = &self.0.query {
            out.push('?');
            out.push_str(query);
        }
        if let Some(fragment) = &self.0.fragment {
            out.push('#');
            out.push_str(fragment);
        }
        out
    }

    fn push_origin(&self, out: &mut String) {
        out.push_str(if self.0.is_https { "https://" } else { "http://" });
        out.push_str(&self.0.host);
        if let Some(port) = self.0.port {
            out.push(':');
            text::push_number(out, i64::from(port));
        }
    }

    /// The first search parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        self.raw_param(name).map(form_decode)
    }

    /// Whether there is a search parameter of that name.
    #[must_use]
    pub fn has_param(&self, name: &str) -> bool {
        self.raw_param(name).is_some()
    }

    fn raw_param(&self, name: &str) -> Option<&str> {
        let mut pairs = Pairs::of(self.0.query.as_deref()?);
        while let Some((found, value)) = pairs.next() {
            if form_decode(found) == name {
                return Some(value);
            }
        }
        None
    }

    /// Adds search parameters at the end. Like each change, this writes the others anew in form encoding.
    pub fn append_params(&mut self, params: &[(&str, &str)]) {
        let mut query = self.rewritten(&[]);
        for (name, value) in params {
            push_pair(&mut query, name, value);
        }
        self.0.query = (!query.is_empty()).then_some(query);
    }

    /// Sets a search parameter: the first of that name gets the value, the others go.
    pub fn set_param(&mut self, name: &str, value: &str) {
        let mut out = String::new();
        let mut is_set = false;
        let mut pairs = Pairs::of(self.0.query.as_deref().unwrap_or_default());
        while let Some((found, old)) = pairs.next() {
            let found = form_decode(found);
            if found != name {
                push_pair(&mut out, &found, &form_decode(old));
            } else if !is_set {
                is_set = true;
                push_pair(&mut out, name, value);
            }
        }
        if !is_set {
            push_pair(&mut out, name, value);
        }
        self.0.query = Some(out);
    }

    /// Takes search parameters out.
    pub fn remove_params(&mut self, names: &[&str]) {
        let query = self.rewritten(names);
        self.0.query = (!query.is_empty()).then_some(query);
    }

    fn rewritten(&self, without: &[&str]) -> String {
        let mut out = String::new();
        let mut pairs = Pairs::of(self.0.query.as_deref().unwrap_or_default());
        while let Some((name, value)) = pairs.next() {
            let name = form_decode(name);
            if !without.contains(&&*name) {
                push_pair(&mut out, &name, &form_decode(value));
            }
        }
        out
    }
}

/// Strips what the URL parser strips: blanks and control characters at both ends, tabs and line breaks anywhere.
fn clean(text: &str) -> Option<String> {
    if text.len() > limits::URL_BYTES * 4 {
        return None;
    }
    let mut kept = text;
    while let [..=b' ', ..] = kept.as_bytes() {
        kept = kept.get(1..)?;
    }
    while let [.., ..=b' '] = kept.as_bytes() {
        kept = kept.get(..kept.len() - 1)?;
    }
    let mut out = String::with_capacity(kept.len());
    for piece in kept.pieces(b"\t\n\r") {
        out.push_str(piece);
    }
    Some(out)
}

fn without_slashes(text: &str) -> &str {
    let slashes = text.bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    text.get(slashes..).unwrap_or_default()
}

fn split_scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.cut(b":")?;
    let is_https = text::is_same_name(scheme, "https");
    (is_https || text::is_same_name(scheme, "http")).then_some((is_https, rest))
}

/// Whether a text begins as an address of the web does, whatever is behind that.
pub(crate) fn has_web_scheme(text: &str) -> bool {
    split_scheme(text).is_some()
}

/// Whether a text begins with a scheme of any kind.
pub(crate) fn has_scheme(text: &str) -> bool {
    text.cut(b":").is_some_and(|(scheme, _)| {
        scheme.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
            && text::is_all(scheme, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

fn split_path(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (text, fragment) = text.cut(b"#").map_or((text, None), |(text, fragment)| (text, Some(fragment)));
    let (path, query) = text.cut(b"?").map_or((text, None), |(path, query)| (path, Some(query)));
    (path, query, fragment)
}

/// Resolves dot segments and encodes what has to be encoded. A backslash is a slash.
fn normalize_path(path: &str) -> String {
    let path = if matches!(path.as_bytes(), [b'/' | b'\\', ..]) { path.get(1..).unwrap_or_default() } else { path };
    let mut segments: Vec<&str> = Vec::new();
    let mut all = path.pieces(b"/\\").peekable();
    while let Some(segment) = all.next() {
        let is_last = all.peek().is_none();
        if is_dot(segment, 2) {
            segments.pop();
            if is_last {
                segments.push("");
            }
        } else if is_dot(segment, 1) {
            if is_last {
                segments.push("");
            }
        } else {
            segments.push(segment);
        }
    }
    let mut out = String::with_capacity(path.len() + 1);
    for segment in segments {
        out.push('/');
        push_percent_encoded(&mut out, segment, is_path_escaped);
    }
    out
}

/// Whether a segment is exactly `count` dots, each plain or as `%2e`.
fn is_dot(segment: &str, count: usize) -> bool {
    let mut rest = segment;
    for _ in 0..count {
        let Some(shorter) = rest.strip_prefix('.').or_else(|| rest.strip_prefix("%2e")).or_else(|| rest.strip_prefix("%2E"))
        else {
            return false;
        };
        rest = shorter;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_browsers_read_them() {
        for (text, href) in [
            ("http://a/^|\\x", Some("http://a/^|/x")),
            (
                "http://a/a b\"<>`{}?x=`{}^|'\"<>#`{}^ \"<>",
                Some("http://a/a%20b%22%3C%3E%60%7B%7D?x=`{}^|%27%22%3C%3E#%60{}^%20%22%3C%3E"),
            ),
            ("http://a/%2e%2E/%2e/x", Some("http://a/x")),
            ("http://a/a/..", Some("http://a/")),
            ("http://a//b/../c", Some("http://a//c")),
            ("HTTP:\\\\A:80/x", Some("http://a/x")),
            ("http:///a/b", Some("http://a/b")),
            ("http://a:/", Some("http://a/")),
            ("http://a%2eb/", Some("http://a.b/")),
            ("http://1.2.3", Some("http://1.2.0.3/")),
            ("http://0x7f.1", Some("http://127.0.0.1/")),
            ("http://[::1]:80/", Some("http://[::1]/")),
            ("http://[::ffff:1.2.3.4]/", Some("http://[::ffff:102:304]/")),
            ("http://[1:0:0:2:0:0:0:3]/", Some("http://[1:0:0:2::3]/")),
            ("http://[::]/", Some("http://[::]/")),
            ("http://[1::]/", Some("http://[1::]/")),
            ("http://a?x", Some("http://a/?x")),
            ("http://a/?#", Some("http://a/?#")),
            ("http://1e3/", Some("http://1e3/")),
            ("http://a\tb/ ", Some("http://ab/")),
            ("http:a", Some("http://a/")),
            ("https://a:443/\u{fc}?\u{fc}#\u{fc}", Some("https://a/%C3%BC?%C3%BC#%C3%BC")),
            ("http://a:08/", Some("http://a:8/")),
            ("http://1.2.3.4.5", None),
            ("http://a.1", None),
            ("http://256.1/", None),
            ("http://09/", None),
            ("http://a.0x/", None),
            ("http://%zz/", None),
            ("http://a%00/", None),
            ("http://a:99999", None),
            ("http://a:x", None),
            ("http://user@a/", None),
            ("http://\u{fc}/", None),
            ("http://", None),
            ("/a", None),
            ("javascript:1", None),
            ("", None),
        ] {
            assert_eq!(WebUrl::parse(text).map(|url| url.href()).as_deref(), href, "{text:?}");
        }
    }

    #[test]
    fn references_are_joined_as_browsers_join_them() {
        let base = WebUrl::parse("https://b.example/p/q?x=1#f").unwrap();
        for (text, href) in [
            ("", Some("https://b.example/p/q?x=1")),
            ("#a", Some("https://b.example/p/q?x=1#a")),
            ("?y", Some("https://b.example/p/q?y")),
            ("x", Some("https://b.example/p/x")),
            ("../x", Some("https://b.example/x")),
            ("/x", Some("https://b.example/x")),
            ("//h/x", Some("https://h/x")),
            ("/\\h", Some("https://h/")),
            ("https://h2", Some("https://h2/")),
            ("1a:b", Some("https://b.example/p/1a:b")),
            ("./a:b", Some("https://b.example/p/a:b")),
            ("javascript:1", None),
            ("https:z", None),
        ] {
            assert_eq!(base.join(text).map(|url| url.href()).as_deref(), href, "{text:?}");
        }
    }

    #[test]
    fn each_change_of_the_parameters_writes_them_anew() {
        let changed = |text: &str, change: fn(&mut WebUrl)| {
            let mut url = WebUrl::parse(text).unwrap();
            change(&mut url);
            url.href()
        };
        let odd = "http://a/?a=b%20c&d=%FF&e&&f=+%2B\u{fc}*-._~!";
        let anew = "http://a/?a=b+c&d=%EF%BF%BD&e=&f=+%2B%C3%BC*-._%7E%21";
        assert_eq!(changed(odd, |url| url.remove_params(&["zz"])), anew);
        assert_eq!(changed("http://a/?x#f", |url| url.remove_params(&["x"])), "http://a/#f");
        assert_eq!(changed("http://a/?x=1&y&x=2", |url| url.set_param("x", "n w")), "http://a/?x=n+w&y=");
        assert_eq!(changed("http://a/", |url| url.append_params(&[("q", "&"), ("q", "")])), "http://a/?q=%26&q=");
    }

    #[test]
    fn parameters_are_found_by_their_decoded_name() {
        let url = WebUrl::parse("http://a/?%61=1&a=2&b").unwrap();
        assert_eq!(url.param("a").as_deref(), Some("1"));
        assert_eq!(url.param("b").as_deref(), Some(""));
        assert!(!url.has_param("c"));
    }

    #[test]
    fn a_path_of_two_slashes_stays_a_path() {
        let origin = WebUrl::parse("https://www.example.com").unwrap();
        let url = WebUrl::parse("http://internal:3000//evil.example/p?x#f").unwrap();
        assert_eq!(url.moved_to(&origin).href(), "https://www.example.com//evil.example/p?x");
    }
}
