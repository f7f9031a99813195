//! `portcullis init`, completions and help.

use crate::support::{Folder, INIT, READY, isolate};

#[test]
fn what_init_writes_is_read_back_by_check() {
    let folder = Folder::tracked("init", "", &[]);
    let with = [
        &INIT[..],
        &["--origin", "https://app.internal.example.com", "--public", "/", "--public", "/blog/:slug", "--admin", "/admin/:path*"],
    ]
    .concat();
    folder.run(&with).exits(0).says("npx wrangler secret put CLERK_SECRET_KEY");
    let written = folder.read("new.toml");
    assert!(written.contains(r#"public = ["/sign-in/:path*", "/sign-up/:path*", "/", "/blog/:slug"]"#), "{written}");
    assert!(written.contains("admin_requires"), "{written}");
    folder.run(&["check", "--offline", "--config", "new.toml"]).exits(0);
    folder.run(&with).exits(2).complains("is there already");
    folder.run(&[&with[..], &["--force"]].concat()).exits(0);
}

#[test]
fn what_init_writes_is_deployed_as_the_shipped_file_is() {
    let folder = Folder::new("init-deployed", "");
    let run = folder.run(&[&INIT[..], &["--name", "my-gate"]].concat());
    run.exits(0).says("npx wrangler deploy --config new.toml").says("npx wrangler secret put CLERK_SECRET_KEY --config new.toml");
    let read = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
    let (mut written, mut shipped) = (read(&folder.read("new.toml")), read(include_str!("../../wrangler.toml")));
    assert_eq!(written.remove("name"), Some("my-gate".into()));
    for table in [&mut written, &mut shipped] {
        table.remove("vars");
    }
    shipped.remove("name");
    assert_eq!(written, shipped);
    assert!(written.contains_key("build") && written.contains_key("observability"), "{written}");

    // Where Wrangler looks by itself nothing has to be named.
    let folder = Folder::new("init-default", "");
    let run = folder.run(&[&["init", "--force"], &INIT[3..]].concat());
    run.exits(0).says("    npx wrangler deploy\n").says("  portcullis check\n");
}

#[test]
fn what_would_be_wrong_is_not_written() {
    let folder = Folder::new("init-wrong", "");
    let run = folder
        .run(&[&INIT[..], &["--origin", "https://app.internal.example.com", "--public", "/docs/:", "--name", "a\"\nb"]].concat());
    run.exits(2).complains("nothing was written").complains("`public[2]`");
    assert!(!folder.path("new.toml").exists());
    let run = folder.run(&["init", "--output", "new.toml"]);
    run.exits(2).complains("`--publishable-key` is missing");
}

/// A file that may not grow is what a full disk is.
#[cfg(unix)]
#[test]
fn what_cannot_be_written_to_its_end_is_not_there() {
    let folder = Folder::new("init-full", &READY.replace("pk_live_", "pk_test_"));
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new("sh");
        isolate(command.current_dir(folder.path(".")), &folder.path("."));
        command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_portcullis")]).args(arguments);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("error: cannot write `"), "{output:?}");
    };
    run(&INIT);
    run(&["token", "mint", "--key", "dev.pem", "--new-key"]);
    let left: Vec<_> = std::fs::read_dir(folder.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["wrangler.toml"]);
    // Nor is what was there before gone.
    folder.write("new.toml", "mine");
    run(&[&INIT[..], &["--force"]].concat());
    assert_eq!(folder.read("new.toml"), "mine");
    folder.run(&[&INIT[..], &["--force"]].concat()).exits(0);
    assert!(folder.read("new.toml").contains("[vars.PORTCULLIS]"));
    assert_eq!(std::fs::read_dir(folder.path(".")).unwrap().count(), 2);
}

/// Who may read it stays as it was, and what stands beside it is somebody's.
#[cfg(unix)]
#[test]
fn what_is_written_anew_keeps_its_rights_and_its_neighbours() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("init-rights", "");
    folder.write("new.toml", "mine");
    folder.write("new.toml.new", "mine, too");
    std::fs::set_permissions(folder.path("new.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    folder.run(&[&INIT[..], &["--force"]].concat()).exits(0);
    assert!(folder.read("new.toml").contains("[vars.PORTCULLIS]"));
    assert_eq!(std::fs::metadata(folder.path("new.toml")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(folder.read("new.toml.new"), "mine, too");
    assert_eq!(std::fs::read_dir(folder.path(".")).unwrap().count(), 3);
}

#[test]
fn completions_name_the_commands() {
    let folder = Folder::new("completions", "");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        folder.run(&["completions", shell]).exits(0).says("inspect");
    }
    folder.run(&["completions", "tcsh"]).exits(2).complains("invalid value");
}

#[cfg(target_os = "linux")]
#[test]
fn bash_completes_what_the_script_says() {
    let folder = Folder::new("completions-bash", "");
    let script = folder.run(&["completions", "bash"]).exits(0).out.clone();
    folder.write("completions.bash", &script);
    let complete = |words: &str| {
        let last = words.split(' ').count() - 1;
        let program = format!(
            ". ./completions.bash; COMP_WORDS=({words}); COMP_CWORD={last}; _portcullis portcullis \"${{COMP_WORDS[{last}]}}\" \"\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let output = std::process::Command::new("bash").current_dir(folder.path("")).args(["-c", &program]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("portcullis ch"), "check");
    assert_eq!(complete("portcullis token in"), "inspect");
    assert_eq!(complete("portcullis check --dom"), "--domain");
}

#[test]
fn help_is_there_and_usage_errors_are_two() {
    let folder = Folder::new("help", "");
    folder.run(&["--help"]).exits(0).says("Is this gate ready for production?");
    folder.run(&["--version"]).exits(0).says(env!("CARGO_PKG_VERSION"));
    folder.run(&["chekc"]).exits(2).complains("check");
    folder.run(&[]).exits(2).complains("Usage");
}
