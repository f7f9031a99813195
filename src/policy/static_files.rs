//! Which paths are static files by their name.

use crate::text::{self, ByAny as _};

/// Extensions of files that a browser loads as parts of a page. Formats that carry data (`csv`, `pdf`, `json`, `zip`, `html`)
/// are left out on purpose: a page served as `report.csv` is a report, not a part of a page.
const EXTENSIONS: [&str; 25] = [
    "avif",
    "bmp",
    "css",
    "eot",
    "gif",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "map",
    "mjs",
    "mp3",
    "mp4",
    "otf",
    "png",
    "svg",
    "ttf",
    "wasm",
    "wav",
    "webm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
    "ogg",
];

/// Whether the last segment of `path` ends in a static extension. A directory of such a name does not count.
#[must_use]
pub fn is_static_file(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.rcut(b".")
        .is_some_and(|(stem, extension)| !stem.is_empty() && EXTENSIONS.iter().any(|known| text::is_same_name(extension, known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_the_last_segment_counts() {
        assert!(is_static_file("/assets/app.js"));
        assert!(is_static_file("/LOGO.PNG"));
        assert!(!is_static_file("/admin/users.csv"));
        assert!(!is_static_file("/admin/x.css/edit"));
        assert!(!is_static_file("/app.js/"));
        assert!(!is_static_file("/.css"));
        assert!(!is_static_file("/appjs"));
    }
}
