//! A folder of its own for each test, and the binary in it.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use portcullis::key::VerificationKey;

/// What a run gave.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A folder with a deployment in it.
pub struct Folder(PathBuf);

/// A production deployment with nothing to change.
pub const READY: &str = r#"name = "gate"
main = "dist/worker/index.js"
workers_dev = false
preview_urls = false
routes = [{ pattern = "example.com/*", zone_name = "example.com" }]

[vars]
CLERK_PUBLISHABLE_KEY = "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k"

[vars.PORTCULLIS]
authorized_parties = ["https://example.com"]
sign_in_url = "/sign-in"
public = ["/", "/sign-in/:path*", "/docs/:path*"]
protected = ["/dashboard/:path*", "/api/:path*"]
admin = ["/admin/:path*"]
admin_requires = { claim = "metadata.role", equals = "admin" }
api = ["/api/:path*"]
"#;

/// `portcullis init` with what it always needs, into `new.toml`.
pub const INIT: [&str; 7] = [
    "init",
    "--output",
    "new.toml",
    "--publishable-key",
    "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
    "--authorized-party",
    "https://example.com",
];

impl Folder {
    /// A folder that git knows nothing of, with `wrangler.toml`.
    pub fn new(name: &str, configuration: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.write("wrangler.toml", configuration);
        folder
    }

    /// The same as a repository whose `.gitignore` knows `.dev.vars`, everything else tracked.
    pub fn tracked(name: &str, configuration: &str, files: &[(&str, &str)]) -> Self {
        let folder = Self::new(name, configuration);
        folder.write(".gitignore", ".dev.vars*\n");
        for (file, text) in files {
            folder.write(file, text);
        }
        for arguments in [&["init", "-q"][..], &["add", "-A"]] {
            let mut git = Command::new("git");
            isolate(git.current_dir(&folder.0).args(arguments), &folder.0);
            assert!(git.status().unwrap().success());
        }
        folder
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, &[], "")
    }

    /// With variables, and a text on standard input.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.current_dir(&self.0).args(arguments);
        isolate(&mut command, &self.0);
        command.envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that does not read its input has closed it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Takes from the program what the caller's machine would tell it: keys, proxies, the repository around it, and what colours depend on (a CI
/// that sets `CI` makes a dumb terminal a coloured one). What is left says where programs are.
pub fn isolate(command: &mut Command, folder: &Path) {
    command.env_clear();
    command.envs(["PATH", "HOME", "TMPDIR"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap());
    // Whatever a test forgets to play itself: nobody out there is asked.
    command.envs([
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("NO_PROXY", "127.0.0.1,localhost"),
    ]);
}

impl Run {
    /// The exit code, with everything shown where it is another.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.out.contains(text), "no `{text}` in\n{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no `{text}` in\n{}\n{}", self.err, self.out);
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The whole of standard output and standard error, as it was looked at and found good.
    #[track_caller]
    pub fn is_golden(&self, name: &str) -> &Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/golden").join(name);
        let found = format!("{}{}", self.out, self.err);
        if std::env::var_os("PORTCULLIS_BLESS").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expected, "{name} differs; expected\n{expected}\nfound\n{found}");
        self
    }
}

/// A text that looks like a secret key, made up here so that none stands in a file.
pub fn key_like(kind: &str) -> String {
    format!("sk_{kind}_{}", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef")
}

/// A key for development tokens, made once for all tests of a run: private and public, in PEM.
static KEYS: LazyLock<(String, String)> = LazyLock::new(|| {
    let folder = Folder::new("dev-key", &READY.replace("pk_live_", "pk_test_"));
    let run = folder.run(&["token", "mint", "--key", "dev.pem", "--new-key"]);
    let line = run.exits(0).err.lines().find_map(|line| line.strip_prefix("CLERK_JWT_KEY=")).unwrap().to_owned();
    (folder.read("dev.pem"), line.trim_matches('"').replace("\\n", "\n"))
});

/// The private half.
pub fn dev_key() -> &'static str {
    &KEYS.0
}

/// The public half.
pub fn public_key() -> &'static str {
    &KEYS.1
}

/// A token of `dev.pem` in the folder.
pub fn mint(folder: &Folder, now: &str, more: &[&str]) -> String {
    let arguments = [&["token", "mint", "--key", "dev.pem", "--now", now][..], more].concat();
    folder.run(&arguments).exits(0).out.trim().to_owned()
}

/// The public half as a key set, under the `kid` that minted tokens name.
pub fn key_set() -> serde_json::Value {
    let key = VerificationKey::parse_pem(public_key()).unwrap();
    serde_json::json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "ins_minted", "n": key.member("n"), "e": key.member("e")}]})
}
