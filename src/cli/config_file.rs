//! Which file Wrangler would take, where none is named.

use std::path::{Path, PathBuf};

/// In the order in which Wrangler looks for them, each in this folder and in all above it.
///
/// Source: `findWranglerConfig` in `wrangler`.
const NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// The file that Wrangler takes in this folder; `wrangler.toml` where there is none, so that it can be said to be missing.
pub(super) fn find() -> PathBuf {
    find_from(Path::new("."))
}

fn find_from(folder: &Path) -> PathBuf {
    let Ok(absolute) = std::path::absolute(folder) else { return folder.join("wrangler.toml") };
    let depth = absolute.ancestors().count();
    let found = NAMES.iter().find_map(|name| {
        let steps = (0..depth).map(|up| if up == 0 { PathBuf::from(name) } else { PathBuf::from("../".repeat(up)).join(name) });
        let mut candidates = steps.map(|step| if folder == Path::new(".") { step } else { folder.join(step) });
        candidates.find(|candidate| candidate.is_file())
    });
    found.unwrap_or_else(|| PathBuf::from("wrangler.toml"))
}

/// Files beside this one that look like the configuration, and that Wrangler does not read.
pub(super) fn unread_beside(file: &Path) -> Vec<PathBuf> {
    let taken = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_named_so = NAMES.contains(&taken);
    let others = NAMES.iter().filter(|name| is_named_so && **name != taken).map(|name| file.with_file_name(name));
    others.filter(|other| other.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_far_above_comes_before_toml_here_as_in_wrangler() {
        let root = std::env::temp_dir().join(format!("portcullis-config-file-{}", std::process::id()));
        let inner = root.join("app/gate");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("wrangler.toml"), "").unwrap();
        assert_eq!(find_from(&inner), inner.join("wrangler.toml"));
        std::fs::write(root.join("wrangler.jsonc"), "{}").unwrap();
        assert_eq!(find_from(&inner), inner.join("../../wrangler.jsonc"));
        std::fs::write(inner.join("wrangler.json"), "{}").unwrap();
        assert_eq!(find_from(&inner), inner.join("wrangler.json"));
        assert_eq!(unread_beside(&inner.join("wrangler.json")), [inner.join("wrangler.toml")]);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
