//! Secrets where everybody can read them: in `[vars]`, in assets, in files that git tracks.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{
        deployment::Deployment,
        secret::{self, Secret},
        source::SourceFile,
        tree::Located,
    },
    policy::lint::Severity,
    settings::SECRETS,
};

/// Files above this are no source, and no asset that a key would be written into by hand.
const FILE_BYTES: u64 = 2 << 20;
/// How deep folders of assets are looked into, and how many files.
const ASSET_DEPTH: usize = 12;
const ASSET_FILES: usize = 20_000;

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<Finding>) {
    in_configuration(deployment, findings);
    let folder = deployment.folder();
    let assets = in_assets(deployment, &folder, findings);
    in_git(&folder, &deployment.source.name, &assets, findings);
}

/// All of the file, whatever the environment: whoever reads one part of it reads the others.
fn in_configuration(deployment: &Deployment, findings: &mut Vec<Finding>) {
    let mut texts = Vec::new();
    deployment.root.texts("", &mut texts);
    for (key, text, span) in texts {
        // A public key may stand there.
        let by_name = key != "CLERK_JWT_KEY" && SECRETS.contains(&key);
        let is_private_key = text.contains(secret::PRIVATE_KEY);
        let by_look = secret::find(text).first().map(|(_, secret)| secret.name());
        let Some(what) = by_look.or(is_private_key.then_some("a private key")).or(by_name.then_some("a secret")) else {
            continue;
        };
        let mut place = deployment.place(span);
        // A line of a private key looks like nothing in particular: no line is shown.
        place.excerpt = place.excerpt.filter(|_| by_look.is_some());
        findings.push(finding(
            Kind::SecretInVars,
            Severity::Error,
            Some(place),
            [
                &format!("`{key}` holds {what}"),
                "plain variables are shown in the dashboard, and this file is kept in git",
                "remove it, make a new one (Clerk's in its dashboard), and set that by `npx wrangler secret put`",
            ],
        ));
    }
}

/// Files that the world can download. Returns them.
fn in_assets(deployment: &Deployment, folder: &Path, findings: &mut Vec<Finding>) -> Vec<PathBuf> {
    let named = |table: &str, key: &str| deployment.inherited(table)?.value.get(key).and_then(Located::as_text);
    let mut folders: Vec<PathBuf> = [named("assets", "directory"), named("site", "bucket"), Some("www")]
        .into_iter()
        .flatten()
        .map(|name| folder.join(name))
        .collect();
    folders.dedup();
    let mut files = Vec::new();
    for folder in &folders {
        collect(folder, ASSET_DEPTH, &mut files);
    }
    for file in &files {
        for (source, at, secret) in secrets_in(file) {
            findings.push(finding(
                Kind::SecretInAssets,
                Severity::Error,
                Some(source.place(&(at..at + 8))),
                [
                    &format!("{} stands in a file that everybody can download", secret.name()),
                    "whoever opens the page has it, and with it every user of the instance",
                    "remove it and make a new one in Clerk's dashboard: this one is known",
                ],
            ));
        }
    }
    files
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Ok(kind) = entry.file_type() else { continue };
        if files.len() >= ASSET_FILES {
            return;
        }
        if kind.is_file() {
            files.push(entry.path());
        } else if kind.is_dir() && depth > 0 && entry.file_name() != "node_modules" {
            collect(&entry.path(), depth - 1, files);
        }
    }
}

fn secrets_in(file: &Path) -> Vec<(SourceFile, usize, Secret)> {
    if std::fs::metadata(file).map_or(u64::MAX, |metadata| metadata.len()) > FILE_BYTES {
        return Vec::new();
    }
    let Ok(bytes) = std::fs::read(file) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let found = secret::find(&text);
    let name = file.strip_prefix(".").unwrap_or(file).display().to_string();
    found.into_iter().map(|(at, secret)| (SourceFile { name: name.clone(), text: text.clone() }, at, secret)).collect()
}

fn in_git(folder: &Path, configuration: &str, assets: &[PathBuf], findings: &mut Vec<Finding>) {
    let Some(tracked) = git(folder, &["ls-files", "-z"]).filter(|(code, _)| *code == 0).map(|(_, output)| output) else {
        findings.push(finding(
            Kind::GitNotAsked,
            Severity::Note,
            None,
            [
                "this is no git work tree, or there is no git: whether a secret is tracked was not checked",
                "a secret in a repository is known to everybody who has ever cloned it",
                "run this in the repository",
            ],
        ));
        return;
    };
    for name in tracked.split('\0').filter(|name| !name.is_empty()) {
        let file = folder.join(name);
        if assets.contains(&file) || file == Path::new(configuration) || file == folder.join(configuration) {
            continue;
        }
        for (source, at, secret) in secrets_in(&file) {
            let severity = if secret == Secret::TestKey { Severity::Warning } else { Severity::Error };
            findings.push(finding(
                Kind::SecretInGit,
                severity,
                Some(source.place(&(at..at + 8))),
                [
                    &format!("{} stands in a file that git tracks", secret.name()),
                    "it stays in the history when the line is gone, for everybody who can clone",
                    "make a new one in Clerk's dashboard, and keep that out of the repository",
                ],
            ));
        }
    }
    let is_tracked = tracked.split('\0').any(|name| name == ".dev.vars");
    // Where there is none, as for a deployment without local development, nothing can be published.
    let is_there = folder.join(".dev.vars").exists();
    let is_ignored = || git(folder, &["check-ignore", "-q", ".dev.vars"]).is_some_and(|(code, _)| code == 0);
    if is_tracked || (is_there && !is_ignored()) {
        let what = if is_tracked { "`.dev.vars` is tracked by git" } else { "`.dev.vars` is not ignored by git" };
        let severity = if is_tracked { Severity::Error } else { Severity::Warning };
        let help = if is_tracked {
            "`git rm --cached .dev.vars`, and add `.dev.vars*` to `.gitignore`"
        } else {
            "add `.dev.vars*` to `.gitignore`"
        };
        let why = "it holds the secrets of local development, and one `git add .` publishes them";
        findings.push(finding(Kind::DevVarsNotIgnored, severity, None, [what, why, help]));
    }
}

/// Runs git and returns its exit code and output; `None` where there is no git.
fn git(folder: &Path, arguments: &[&str]) -> Option<(i32, String)> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().ok()?;
    Some((output.status.code()?, String::from_utf8_lossy(&output.stdout).into_owned()))
}
