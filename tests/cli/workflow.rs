//! The project's own workflow: its commands pass with the configuration of this repository, and fail where something is wrong.

use std::path::Path;

use crate::support::{Folder, Run};

fn of_repository(file: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The commands of `.github/workflows/ci.yml` that are this program.
fn commands() -> Vec<Vec<String>> {
    let workflow = of_repository(".github/workflows/ci.yml");
    let commands: Vec<_> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- run: portcullis "))
        .map(|arguments| arguments.split_whitespace().map(str::to_owned).collect())
        .collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    commands
}

/// Every command with this configuration.
fn run(name: &str, configuration: &str) -> Vec<Run> {
    let tests = of_repository("gate.test.toml");
    let folder = Folder::tracked(name, configuration, &[("gate.test.toml", &tests)]);
    commands().iter().map(|arguments| folder.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())).collect()
}

fn codes(runs: &[Run]) -> Vec<i32> {
    runs.iter().map(|run| run.code).collect()
}

#[test]
fn the_workflow_passes_with_the_configuration_of_this_repository() {
    for run in run("workflow", &of_repository("wrangler.toml")) {
        run.exits(0);
    }
}

#[test]
fn the_workflow_fails_where_the_policy_opens_what_it_should_not() {
    let configuration = of_repository("wrangler.toml");
    let open = configuration.replace("\"/api/public/:path*\"", "\"/api/public/:path*\", \"/admin(.*)\"");
    assert_ne!(open, configuration);
    // What was admins' still is, since `admin` comes before `public`: the lint says that the line does nothing.
    assert_eq!(codes(&run("workflow-overlap", &open))[0], 1);
    let removed = configuration.replace("admin = [\"/admin(.*)\", \"/api/admin(.*)\"]", "admin = [\"/api/admin(.*)\"]");
    assert_ne!(removed, configuration);
    assert_eq!(codes(&run("workflow-removed", &removed))[1], 1);
    let broken = configuration.replace("[vars.PORTCULLIS]", "[vars.PORTCULLIS");
    assert_eq!(codes(&run("workflow-broken", &broken)), [2, 2]);
}
