//! What the core sees of a request: the method, the URL as it came, and a few named headers.

use std::{cell::OnceCell, rc::Rc};

use crate::text::{self, ByAny as _};

/// A request, as the host hands it in. Cheap to clone.
///
/// `url` is the absolute URL of the request line as the client wrote it: scheme, authority and the request target, neither
/// decoded nor normalised by the host where it can be had raw.
#[derive(Clone)]
pub struct RequestView {
    /// The method, as sent (methods are case-sensitive, RFC 9110 section 9.1).
    pub method: Rc<str>,
    /// The absolute URL; see above.
    pub url: Rc<str>,
    /// Reads one header.
    pub headers: Rc<dyn HeaderSource>,
}

impl RequestView {
    /// The value of a header, or `None` where it is absent or empty.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.header(name).filter(|value| !value.is_empty())
    }
}

impl core::fmt::Debug for RequestView {
    /// Names the request without any of its headers: they hold credentials.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RequestView").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

/// Where header values come from: the host's request, read at the moment that the core asks, and lent from then on.
///
/// Several fields of one name come joined by `, ` (RFC 9110 section 5.3), as Fetch `Headers` do; `Cookie` by `; `.
pub trait HeaderSource {
    /// The value of `name`, or `None`.
    fn header(&self, name: HeaderName) -> Option<&str>;

    /// One header by a name of the settings' own, in lower case.
    fn named(&self, name: &str) -> Option<String> {
        self.all().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All headers, names in lower case: what the Backend API is told of a request whose session it renews. A host that has
    /// more than the named ones at hand may say so.
    fn all(&self) -> Vec<(String, String)> {
        let read = |name: &HeaderName| self.header(*name).map(|value| (name.as_str().to_owned(), value.to_owned()));
        HeaderName::ALL.iter().filter_map(read).collect()
    }
}

macro_rules! header_names {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// The request headers that the core may ask for. There are no others, so a host can gather them in one go.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each is the field of that name
        pub enum HeaderName { $($variant),+ }

        impl HeaderName {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The field name, in lower case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

header_names! {
    Accept = "accept",
    Authorization = "authorization",
    CloudfrontForwardedProto = "cloudfront-forwarded-proto",
    ConnectingIp = "cf-connecting-ip",
    Cookie = "cookie",
    ForwardedHost = "x-forwarded-host",
    ForwardedPort = "x-forwarded-port",
    ForwardedProto = "x-forwarded-proto",
    Host = "host",
    NextUrl = "next-url",
    Origin = "origin",
    Referer = "referer",
    SecFetchDest = "sec-fetch-dest",
    SecFetchSite = "sec-fetch-site",
    Upgrade = "upgrade",
    UserAgent = "user-agent",
}

/// Headers as a list of names and values, for tests, the command line and hosts that have them as text.
#[derive(Clone, Debug, Default)]
pub struct HeaderList {
    fields: Vec<(String, String)>,
    /// Those that were asked for, several of one name put together.
    read: [OnceCell<Option<String>>; HeaderName::ALL.len()],
}

impl HeaderList {
    /// Headers in the order in which they came; names in any case.
    #[must_use]
    pub fn new(fields: Vec<(String, String)>) -> Self {
        Self { fields, ..Self::default() }
    }
}

impl HeaderSource for HeaderList {
    fn header(&self, name: HeaderName) -> Option<&str> {
        let separator = if name == HeaderName::Cookie { "; " } else { ", " };
        let read = || {
            let values: Vec<&str> = self
                .fields
                .iter()
                .filter(|(given, _)| text::is_same_name(given, name.as_str()))
                .map(|(_, value)| value.trim_any(b" \t\r\n"))
                .collect();
            (!values.is_empty()).then(|| values.join(separator))
        };
        self.read.get(name as usize)?.get_or_init(read).as_deref()
    }

    fn named(&self, name: &str) -> Option<String> {
        let fields = self.fields.iter().filter(|(given, _)| text::is_same_name(given, name));
        let values: Vec<&str> = fields.map(|(_, value)| value.trim()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_one_name_are_joined_whoever_asks() {
        let fields = [("X-Token", "a"), ("accept", "b"), ("x-token", " c "), ("Accept", "d")];
        let headers = HeaderList::new(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        assert_eq!(headers.named("x-token").as_deref(), Some("a, c"));
        assert_eq!(headers.header(HeaderName::Accept), Some("b, d"));
        assert_eq!(headers.named("absent"), None);
    }
}
