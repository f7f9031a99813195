//! Laws of the policy on paths with many readings: what an operator adds to close, closes; what is known of the origin only opens.

use portcullis::{
    path::{JudgedTarget, PathSettings, ReadingKind, ReadingKinds, judge},
    policy::{Access, Policy, PolicyLists, Requirement, Rule, pattern::Pattern},
};
use proptest::{prelude::*, sample::select};

#[path = "strange_paths.rs"]
mod strange_paths;

use strange_paths::path;

const PATTERNS: &[&str] = &[
    "/",
    "/about",
    "/admin(.*)",
    "/admin/:path*",
    "/blog/:slug",
    "/blog(.*)",
    "/x",
    "/:page",
    "/:path*",
    "/(.*)",
    "/x/:id(\\d+)",
    "/café",
    "/admin/x.json",
    "/fr/admin",
    "/fr(.*)",
    "/_next/data/:path*",
    "/index.html",
];

/// A policy as an operator writes it down, so that one more line can be added.
#[derive(Clone, Debug)]
struct Lists {
    rules: Vec<(&'static str, Access, Option<&'static str>)>,
    public: Vec<&'static str>,
    protected: Vec<&'static str>,
    admin: Vec<&'static str>,
    static_files: bool,
    default: Access,
}

impl Lists {
    fn policy(&self) -> Policy {
        let patterns = |sources: &[&str]| sources.iter().map(|source| Pattern::parse(source).unwrap()).collect::<Vec<_>>();
        let rules = self.rules.iter().map(|(source, access, method)| Rule {
            fresh: false,
            patterns: patterns(&[source]),
            methods: method.map(|method| vec![method.to_owned()]),
            access: *access,
            require: Requirement::default(),
            ties: Vec::new(),
            is_bare: true,
            csrf: None,
            enforce: true,
        });
        let lists = PolicyLists {
            rules: rules.collect(),
            public: patterns(&self.public),
            protected: patterns(&self.protected),
            admin: patterns(&self.admin),
            ..PolicyLists::default()
        };
        Policy::new(lists, Requirement::default(), self.static_files, self.default)
    }

    fn access(&self, method: &str, target: &JudgedTarget) -> Access {
        self.policy().demand_for(method, target).access
    }
}

fn lists() -> impl Strategy<Value = Lists> {
    let list = || prop::collection::vec(select(PATTERNS), 0..4);
    let access = select(&[Access::Public, Access::Protected, Access::Admin][..]);
    let rule = (select(PATTERNS), access, prop_oneof![Just(None), select(&["GET", "POST", "DELETE"][..]).prop_map(Some)]);
    let default = select(&[Access::Public, Access::Protected][..]);
    (prop::collection::vec(rule, 0..3), list(), list(), list(), any::<bool>(), default).prop_map(
        |(rules, public, protected, admin, static_files, default)| Lists {
            rules,
            public,
            protected,
            admin,
            static_files,
            default,
        },
    )
}

fn method() -> impl Strategy<Value = &'static str> {
    select(&["GET", "HEAD", "POST", "DELETE", "PURGE"][..])
}

fn settings(locales: bool) -> PathSettings {
    PathSettings { locales: if locales { vec!["fr".into()] } else { Vec::new() }, ..PathSettings::default() }
}

fn judged(path: &str, settings: &PathSettings) -> Option<JudgedTarget> {
    judge(&format!("https://example.com{path}"), settings).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn adding_a_pattern_that_closes_never_opens_a_path(lists in lists(), pattern in select(PATTERNS), method in method(), path in path(), locales in any::<bool>()) {
        let Some(target) = judged(&path, &settings(locales)) else { return Ok(()) };
        let before = lists.access(method, &target);
        let mut more = lists.clone();
        more.protected.push(pattern);
        prop_assert!(more.access(method, &target) >= before, "protected {}", pattern);
        let mut more = lists.clone();
        more.admin.insert(0, pattern);
        prop_assert!(more.access(method, &target) >= before, "admin {}", pattern);
        let mut more = lists;
        more.rules.insert(0, (pattern, Access::Admin, None));
        prop_assert!(more.access(method, &target) >= before, "rule {}", pattern);
    }

    #[test]
    fn a_default_that_protects_never_opens_a_path(lists in lists(), method in method(), path in path(), locales in any::<bool>()) {
        let Some(target) = judged(&path, &settings(locales)) else { return Ok(()) };
        let open = Lists { default: Access::Public, ..lists.clone() }.access(method, &target);
        let closed = Lists { default: Access::Protected, ..lists }.access(method, &target);
        prop_assert!(closed >= open);
    }

    #[test]
    fn knowing_more_of_the_origin_never_closes_a_path(lists in lists(), kind in select(ReadingKind::ALL), method in method(), path in path()) {
        let Some(target) = judged(&path, &settings(false)) else { return Ok(()) };
        let known = PathSettings { readings: ReadingKinds::ALL.without(kind), ..settings(false) };
        let fewer = judged(&path, &known).expect("fewer readings are fewer reasons to refuse");
        prop_assert!(lists.access(method, &fewer) <= lists.access(method, &target), "without {}", kind);
    }

    #[test]
    fn what_is_forwarded_has_no_stricter_access_than_what_was_judged(lists in lists(), method in method(), path in path(), locales in any::<bool>()) {
        let settings = settings(locales);
        let Some(target) = judged(&path, &settings) else { return Ok(()) };
        let forwarded = judge(&target.forward_url(), &settings).unwrap();
        prop_assert_eq!(forwarded.forward_target(), target.forward_target());
        // Only a reading of what the client wrote, which the origin never sees, can make the difference.
        if target.readings().iter().all(|reading| reading.kind != ReadingKind::AsWritten) {
            prop_assert_eq!(lists.access(method, &forwarded), lists.access(method, &target));
        } else {
            prop_assert!(lists.access(method, &forwarded) <= lists.access(method, &target));
        }
    }

    #[test]
    fn head_has_the_access_of_get(lists in lists(), path in path()) {
        let Some(target) = judged(&path, &settings(false)) else { return Ok(()) };
        prop_assert_eq!(lists.access("HEAD", &target), lists.access("GET", &target));
    }

    #[test]
    fn a_path_has_at_least_the_access_that_the_policy_gives_its_canonical_form(lists in lists(), method in method(), path in path()) {
        let Some(target) = judged(&path, &settings(false)) else { return Ok(()) };
        let only = PathSettings { readings: ReadingKind::ALL.iter().fold(ReadingKinds::ALL, |kinds, kind| kinds.without(*kind)), ..settings(false) };
        let canonical = judge(&target.forward_url(), &only).unwrap();
        prop_assert_eq!(canonical.readings().len(), 1);
        prop_assert!(lists.access(method, &target) >= lists.access(method, &canonical));
    }
}
