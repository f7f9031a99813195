//! Policies for tests, from what stands in `[vars.PORTCULLIS]`.

use super::{Finding, Kind, lint};
use crate::settings::{Environment, Settings};

pub(super) fn settings(table: &str) -> Settings {
    let environment = Environment {
        publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
        secret_key: Some("sk_test_of_the_tests".into()),
        portcullis: Some(toml::from_str(table).unwrap()),
        ..Environment::default()
    };
    Settings::read(environment)
        .unwrap_or_else(|errors| panic!("{table}: {}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
}

pub(super) fn findings(table: &str) -> Vec<Finding> {
    let settings = settings(table);
    lint(&settings.policy, &settings.path)
}

/// All findings of this kind.
pub(super) fn all(kind: Kind, table: &str) -> Vec<Finding> {
    findings(table).into_iter().filter(|finding| finding.kind == kind).collect()
}

/// The only finding of this kind.
#[track_caller]
pub(super) fn one(kind: Kind, table: &str) -> Finding {
    let mut found = all(kind, table);
    assert_eq!(found.len(), 1, "{table}: {:#?}", findings(table));
    found.remove(0)
}

#[track_caller]
pub(super) fn assert_none(kind: Kind, table: &str) {
    let found = all(kind, table);
    assert!(found.is_empty(), "{table}: {found:#?}");
}
