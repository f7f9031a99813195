//! `proxy`: the path below which Clerk's Frontend API answers.

use crate::{
    table::{Node, SettingError, wrong_type},
    text::ByAny as _,
    web_url::WebUrl,
};

/// Clerk's Frontend API for instances behind a proxy: the instance is told by proxy URL and secret key, not by the host.
const FRONTEND_API: &str = "https://frontend-api.clerk.dev";
const DEFAULT_PATH: &str = "/__clerk";

/// The setting `proxy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// The path below which Clerk answers; without a slash at its end.
    pub path: String,
    /// Scheme and host of Clerk's Frontend API.
    pub frontend_api: String,
    /// Where the proxy is, if the settings say it in full.
    pub(crate) url: Option<String>,
}

impl ProxySettings {
    /// Reads the setting. `frontend_api` and `proxy_url` are the addresses of the environment.
    pub(crate) fn read(
        node: Node,
        frontend_api: Option<&str>,
        proxy_url: Option<&str>,
        errors: &mut Vec<SettingError>,
    ) -> Option<Self> {
        const EXPECTED: &str = "true, or a path as `/__clerk`, of letters, digits, `-` and `_`";
        let path = match node {
            Node::Bool(false) => return None,
            Node::Bool(true) => DEFAULT_PATH.to_owned(),
            Node::Text(path) => path,
            other => {
                wrong_type(errors, "proxy", &other, EXPECTED);
                return None;
            }
        };
        let is_segment =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let is_path = path.strip_prefix('/').is_some_and(|rest| rest.pieces(b"/").all(is_segment));
        if !is_path {
            SettingError::value("proxy", &path, EXPECTED).add_to(errors);
            return None;
        }
        let url = proxy_url.filter(|url| url.starts_with("http")).map(str::to_owned);
        let path_of_url = match &url {
            Some(url) => WebUrl::parse(url).map(|url| url.path().to_owned()),
            None => proxy_url.map(str::to_owned),
        };
        if path_of_url.is_some_and(|other| other != path) {
            let why = "`CLERK_PROXY_URL` has another path";
            SettingError::conflict("proxy", why, "write the same path in both, or remove `CLERK_PROXY_URL`").add_to(errors);
        }
        let frontend_api = frontend_api.unwrap_or(FRONTEND_API).to_owned();
        Some(Self { path, frontend_api, url })
    }

    /// Whether a path is the proxy's.
    pub(crate) fn is_below(&self, path: &str) -> bool {
        path.strip_prefix(&*self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether a URL, as it came, seems to be the proxy's: for what is decided before paths are judged.
    #[must_use]
    pub fn seems_meant(&self, url: &str) -> bool {
        WebUrl::parse(url).is_some_and(|url| self.is_below(url.path()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, proxy_url: Option<&str>) -> Result<Option<ProxySettings>, String> {
        let mut errors = Vec::new();
        let settings = ProxySettings::read(Node::parse_json(json).unwrap(), None, proxy_url, &mut errors);
        errors.first().map_or(Ok(settings), |error| Err(error.to_string()))
    }

    #[test]
    fn the_path_is_plain_and_the_same_everywhere() {
        assert_eq!(read("true", None).unwrap().unwrap().path, "/__clerk");
        assert_eq!(read("false", None), Ok(None));
        for (json, url) in [("true", "/__clerk"), ("\"/a/b\"", "https://example.com/a/b")] {
            assert!(read(json, Some(url)).unwrap().is_some(), "{json} {url}");
        }
        for (json, url) in [("true", "/other"), ("true", "https://example.com/other"), ("\"/a\"", "https://example.com")] {
            assert!(read(json, Some(url)).unwrap_err().contains("another path"), "{json} {url}");
        }
        for wrong in ["5", "\"\"", "\"/\"", "\"clerk\"", "\"/a/\"", "\"//a\"", "\"/a/../b\"", "\"/a%2f\"", "\"/a b\"", "\"/:a\""]
        {
            assert!(read(wrong, None).is_err(), "{wrong}");
        }
    }
}
