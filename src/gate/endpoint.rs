//! The gate's own endpoints. Nothing under their path ever reaches the origin.

use crate::text::{self, ByAny as _};

/// Where they stand.
pub const OWN_PATH: &str = "/.well-known/portcullis";

/// An endpoint that a host answers before any decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/.well-known/portcullis/health`: the gate lives. It answers with wrong settings too.
    Health,
    /// `/.well-known/portcullis/ready`: the gate can tell who is who.
    Ready,
    /// `/.well-known/portcullis/jwks.json`: the keys by which the origin tells that the gate spoke. None without a signing key.
    Keys,
}

impl Endpoint {
    /// The endpoint that a URL names, written exactly so; a query does not matter.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let path = text::find(url, "://")
            .and_then(|end| url.get(end + 3..))
            .and_then(|rest| rest.find_any(b"/").and_then(|at| rest.get(at..)))?;
        let path = path.pieces(b"?#").next().unwrap_or_default();
        match path.strip_prefix(OWN_PATH)? {
            "/health" => Some(Self::Health),
            "/ready" => Some(Self::Ready),
            "/jwks.json" => Some(Self::Keys),
            _ => None,
        }
    }
}

/// Whether a path is under the gate's own endpoints, however it is cased.
pub(super) fn is_own(path: &str) -> bool {
    path.get(..OWN_PATH.len()).is_some_and(|start| text::is_same_name(start, OWN_PATH))
        && matches!(path.as_bytes().get(OWN_PATH.len()), None | Some(b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_path_is_the_endpoint() {
        assert_eq!(Endpoint::of("https://a.example/.well-known/portcullis/health?x=1"), Some(Endpoint::Health));
        for other in [
            "https://a.example/",
            "https://a.example/.well-known/portcullis/healthz",
            "https://a.example/x/.well-known/portcullis/health",
            "nonsense",
        ] {
            assert_eq!(Endpoint::of(other), None, "{other}");
        }
    }

    #[test]
    fn everything_below_is_the_gates_own() {
        assert!(is_own("/.well-known/portcullis"));
        assert!(is_own("/.Well-Known/PORTCULLIS/x"));
        assert!(!is_own("/.well-known/portcullis-app"));
        assert!(!is_own("/.well-known"));
    }
}
