//! Laws of the policy lints, on made-up policies, and what they say of the policies that this repository ships.
//!
//! The strongest one decides random paths by trying every pattern in turn, written here once more and plainly: nothing that
//! decides a path may have been called unreachable.

use std::fs;

use portcullis::{
    path::judge,
    policy::{
        Access, Source,
        lint::{Finding, Kind, Severity, lint},
        pattern::Pattern,
    },
    settings::{Environment, Settings},
    table::Node,
};
use proptest::{prelude::*, sample::select};

fn read(table: Node) -> Result<Settings, Vec<String>> {
    let environment = Environment {
        publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
        secret_key: Some("sk_test_of_the_tests".into()),
        portcullis: Some(table),
        ..Environment::default()
    };
    Settings::read(environment).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn findings(settings: &Settings) -> Vec<Finding> {
    lint(&settings.policy, &settings.path)
}

/// What stands in `[vars.PORTCULLIS]` of a file of this repository, or of a block of TOML in one.
fn policy_of(toml: &str) -> Option<Node> {
    let Ok(Node::Table(top)) = toml::from_str(toml) else { return None };
    let member = |table: Vec<(String, Node)>, name: &str| table.into_iter().find(|(key, _)| key == name).map(|(_, node)| node);
    let Some(Node::Table(vars)) = member(top, "vars") else { return None };
    member(vars, "PORTCULLIS")
}

/// A block that shows a rule only stands in the policy of `wrangler.toml`.
fn completed(base: &Node, top: Node) -> Node {
    let (Node::Table(base), Node::Table(mut top)) = (base, top) else { panic!("a policy is a table") };
    if top.iter().any(|(name, _)| name == "public") {
        return Node::Table(top);
    }
    let missing = base.iter().filter(|(name, _)| !top.iter().any(|(known, _)| known == name)).cloned().collect::<Vec<_>>();
    top.extend(missing);
    Node::Table(top)
}

#[test]
fn the_policies_that_are_shipped_and_shown_have_nothing_but_notes() {
    let shipped = policy_of(&fs::read_to_string("wrangler.toml").unwrap()).unwrap();
    let mut policies = vec![("wrangler.toml", shipped.clone())];
    for document in ["README.md", "docs/settings.md"] {
        let text = fs::read_to_string(document).unwrap();
        for block in text.split("```toml\n").skip(1).filter_map(|block| block.split("```").next()) {
            let policy = policy_of(block).unwrap_or_else(|| panic!("{document} has a block that is no policy: {block}"));
            policies.push((document, completed(&shipped, policy)));
        }
    }
    assert!(policies.len() >= 3);
    for (document, policy) in policies {
        let settings = read(policy).unwrap_or_else(|errors| panic!("{document}: {errors:?}"));
        let grave: Vec<_> = findings(&settings).into_iter().filter(|finding| finding.severity > Severity::Note).collect();
        assert!(grave.is_empty(), "{document}: {grave:#?}");
    }
}

#[test]
fn every_kind_has_a_section_with_an_example_that_gives_it() {
    let document = fs::read_to_string("docs/lints.md").unwrap();
    let sections: Vec<&str> = document.split("\n### ").skip(1).collect();
    let names: Vec<&str> = sections.iter().map(|section| section.split('\n').next().unwrap().trim_matches('`')).collect();
    assert_eq!(names, Kind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>());
    for (name, section) in names.into_iter().zip(sections) {
        if name == Kind::NotCompared.as_str() {
            continue;
        }
        let blocks: Vec<&str> = section.split("```toml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
        let [example, mended] = blocks.as_slice() else {
            panic!("{name} shows {} policies, not one and how to mend it", blocks.len())
        };
        let kinds = |toml: &str| {
            let settings = read(toml::from_str(toml).unwrap()).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
            findings(&settings).iter().map(|finding| finding.kind.as_str()).collect::<Vec<_>>()
        };
        assert!(kinds(example).contains(&name), "{name}: {:?}", kinds(example));
        assert!(!kinds(mended).contains(&name), "{name}: {:?}", kinds(mended));
    }
}

fn pattern() -> impl Strategy<Value = String> {
    let piece = select(
        [
            "/a",
            "/b",
            "/A",
            "/api",
            "/:x",
            "/:y?",
            "/:z*",
            "/:w+",
            "(.*)",
            "/(.*)",
            "/:n(\\d+)",
            "/:l(en|fr)",
            "{/c}?",
            "b",
            "/",
            "/((?!b).*)",
            "/:v(\\w+\\b)",
            "/:u([^/]*)",
        ]
        .as_slice(),
    );
    // Most begin with a slash, as people write them.
    (prop::collection::vec(piece, 0..4), any::<bool>()).prop_map(|(pieces, plain)| {
        let pattern = pieces.concat();
        if plain && !pattern.starts_with('/') { format!("/{pattern}") } else { pattern }
    })
}

fn patterns() -> impl Strategy<Value = Node> {
    prop::collection::vec(pattern(), 0..4).prop_map(|patterns| {
        Node::List(patterns.into_iter().filter(|pattern| Pattern::parse(pattern).is_ok()).map(Node::Text).collect())
    })
}

fn rule() -> impl Strategy<Value = Option<Node>> {
    let methods = prop::collection::vec(select(["GET", "HEAD", "POST", "PATCH", "DELETE"].as_slice()), 0..3);
    let access = select(["public", "protected", "admin"].as_slice());
    (pattern(), methods, access, any::<bool>()).prop_map(|(pattern, methods, access, requires)| {
        Pattern::parse(&pattern).ok()?;
        let mut table = vec![("match".to_owned(), Node::Text(pattern)), ("access".to_owned(), Node::Text(access.into()))];
        if !methods.is_empty() {
            let methods = methods.into_iter().map(|method| Node::Text(method.into())).collect();
            table.push(("methods".to_owned(), Node::List(methods)));
        }
        if requires && access != "public" {
            let require = vec![("role".to_owned(), Node::Text("org:admin".into()))];
            table.push(("require".to_owned(), Node::Table(require)));
        }
        Some(Node::Table(table))
    })
}

fn policy() -> impl Strategy<Value = Settings> {
    let lists = (patterns(), patterns(), patterns(), patterns(), prop::collection::vec(rule(), 0..4));
    let choices = (any::<bool>(), any::<bool>());
    (lists, choices).prop_map(|((public, protected, admin, api, rules), (is_open, has_static))| {
        let require = vec![("claim".to_owned(), Node::Text("role".into())), ("equals".to_owned(), Node::Text("admin".into()))];
        let word = |is: bool, yes: &str, no: &str| Node::Text(if is { yes } else { no }.into());
        let table = [
            ("public", public),
            ("protected", protected),
            ("admin", admin),
            ("api", api),
            ("rules", Node::List(rules.into_iter().flatten().collect())),
            ("admin_requires", Node::Table(require)),
            ("default", word(is_open, "public", "protected")),
            ("static_files", word(has_static, "public", "default")),
        ];
        read(Node::Table(table.map(|(name, node)| (name.to_owned(), node)).into())).unwrap()
    })
}

fn path() -> impl Strategy<Value = String> {
    let piece =
        select(["/", "/", "/a", "/b", "/A", "/api", "/c", "/12", "/en", "/x", "a", "b", "s", "#", "%2F", "é", ".png"].as_slice());
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("/{}", pieces.concat().trim_start_matches('/')))
}

/// Whether a finding says that this place never decides a request of this method.
fn denies(finding: &Finding, settings: &Settings, place: &str, method: &str) -> bool {
    let Some(index) = finding.setting.strip_prefix(place).and_then(|rest| rest.strip_prefix(".methods[")?.strip_suffix(']'))
    else {
        return finding.setting == place;
    };
    let rule = place.strip_prefix("rules[").and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok());
    let rule = rule.and_then(|rule| settings.policy.rules.get(rule)).unwrap();
    rule.methods.as_ref().unwrap()[index.parse::<usize>().unwrap()] == method
}

proptest! {
    // Half of the usual number, for an everyday run of seconds.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_decides_a_path_is_called_unreachable(settings in policy(), paths in prop::collection::vec(path(), 12)) {
        let found = findings(&settings);
        let is_dead = |finding: &&Finding| matches!(finding.kind, Kind::Unreachable | Kind::Shadowed | Kind::PublicInsideAdmin);
        let dead: Vec<&Finding> = found.iter().filter(is_dead).collect();
        for path in &paths {
            for method in ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"] {
                // As it is, and under every reading.
                let Ok(target) = judge(&format!("https://example.com{path}"), &settings.path) else { continue };
                for source in settings.policy.demand_for(method, &target).sources {
                    let place = match source {
                        Source::Rule(index) => format!("rules[{index}]"),
                        Source::Admin(index) => format!("admin[{index}]"),
                        Source::Public(index) => format!("public[{index}]"),
                        Source::Protected(index) => format!("protected[{index}]"),
                        Source::StaticFiles | Source::Default => continue,
                    };
                    for finding in dead.iter().filter(|finding| denies(finding, &settings, &place, method)) {
                        let is_odd = target.readings().iter().any(|reading| reading.path.contains("//") || reading.path.contains(['#', '?']));
                        prop_assert!(finding.kind != Kind::Unreachable && is_odd, "{method} {path} is decided by {place}: {finding:#?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_witness_gets_what_the_finding_says(settings in policy()) {
        for finding in findings(&settings) {
            let Some(witness) = &finding.witness else { continue };
            let Ok(target) = judge(&format!("https://example.com{}", witness.path.replace('#', "%23")), &settings.path) else { continue };
            let demand = settings.policy.demand_for(&witness.method, &target);
            match finding.kind {
                Kind::DefaultOpen => prop_assert_eq!((demand.source, demand.access), (Source::Default, Access::Public)),
                Kind::StaticFileOpen => prop_assert_eq!(demand.source, Source::StaticFiles),
                Kind::ApiTreeWithoutApi => prop_assert!(!demand.is_api && demand.access > Access::Public, "{:#?}", finding),
                Kind::PublicInsideProtected if target.readings().len() == 1 => prop_assert_eq!(demand.access, Access::Public, "{:#?}", finding),
                Kind::MatchesSiblings if finding.severity == Severity::Warning => prop_assert_eq!(demand.access, Access::Public, "{:#?}", finding),
                _ => {}
            }
        }
    }

    #[test]
    fn every_finding_has_a_place_and_words(settings in policy()) {
        let found = findings(&settings);
        for finding in &found {
            for words in [&finding.setting, &finding.what, &finding.why, &finding.help] {
                prop_assert!(!words.is_empty() && !words.ends_with('.') && !words.contains('\n'), "{:#?}", finding);
            }
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].severity >= pair[1].severity));
    }
}
