//! Trees that look like APIs, and the list `api`: `api-tree-without-api`, `api-without-effect`.

use super::{
    finding::{Finding, Kind, Severity},
    view::{View, finding, listed, name, witness},
};
use crate::{
    policy::{
        Access,
        pattern::{
            Pattern,
            language::{Scope, Search},
        },
    },
    session::TokenType,
};

pub(super) fn check(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    without_api(view, live, findings);
    for (setting, pattern) in view.api.clone() {
        findings.extend(without_effect(view, live, &setting, pattern));
    }
}

/// A tree with an entry that protects some of it as no API.
struct Tree {
    root: String,
    settings: Vec<String>,
    names: Vec<String>,
    method: String,
    path: String,
}

fn without_api(view: &mut View<'_>, live: &[bool], findings: &mut Vec<Finding>) {
    let mut trees: Vec<Tree> = Vec::new();
    for at in (0..view.entries.len()).filter(|at| live.get(*at) == Some(&true)) {
        let Some(entry) = view.entry(at).filter(|entry| entry.access > Access::Public) else { continue };
        let (pattern, method) = (entry.pattern, view.method_of(entry));
        // Where only machine tokens are taken nothing redirects anyway.
        let takes_sessions = view.policy.tokens_of(entry.source).contains(&TokenType::SessionToken);
        let Some(root) = api_root(pattern).filter(|_| takes_sessions) else { continue };
        let Ok(tree) = Pattern::parse(&format!("{}/:path*", Pattern::escape(&root))) else { continue };
        let before = view.patterns(&view.before(at, &method));
        let none_of: Vec<&Pattern> = view.api.iter().map(|(_, pattern)| *pattern).chain(before).collect();
        let Some(path) = view.search(&[pattern, &tree], &none_of, Scope::Ordinary).path() else { continue };
        let Some(entry) = view.entry(at) else { continue };
        let (setting, name) = (entry.setting.clone(), entry.name());
        match trees.iter_mut().find(|tree| tree.root == root) {
            Some(tree) => {
                tree.settings.push(setting);
                tree.names.push(name);
            }
            None => trees.push(Tree { root, settings: vec![setting], names: vec![name], method, path }),
        }
    }
    for Tree { root, settings, names, method, path } in trees {
        let mut settings = settings.into_iter();
        let Some(setting) = settings.next() else { continue };
        findings.push(Finding {
            what: format!("{} looks like an API, and `{path}` is matched by no pattern of `api`", listed(&names)),
            why: "a client without a session may be sent to a sign-in page with 307, which a program takes for an answer, instead of a 401".into(),
            help: format!("add `{root}/:path*` to `api`"),
            related: settings.collect(),
            witness: witness(&method, &path),
            ..finding(Kind::ApiTreeWithoutApi, Severity::Warning, &setting)
        });
    }
}

/// The text up to the first segment that is named like an API, if there is one before any parameter.
fn api_root(pattern: &Pattern) -> Option<String> {
    let prefix = pattern.literal_prefix();
    let mut end = 0;
    for segment in prefix.split('/') {
        end += segment.len();
        if API_SEGMENTS.iter().any(|name| segment.eq_ignore_ascii_case(name)) {
            return prefix.get(..end).map(str::to_owned);
        }
        end += 1;
    }
    None
}

fn without_effect(view: &mut View<'_>, live: &[bool], setting: &str, pattern: &Pattern) -> Option<Finding> {
    let why = if view.policy.default == Access::Public {
        for at in (0..view.entries.len()).filter(|at| live.get(*at) == Some(&true)) {
            let Some(entry) = view.entry(at).filter(|entry| entry.access > Access::Public) else { continue };
            let other = entry.pattern;
            if other.may_overlap(pattern) && view.search(&[pattern, other], &[], Scope::Every) != Search::Nothing {
                return None;
            }
        }
        "nothing below it is listed as protected, and the default is public"
    } else {
        // Under a method that no public rule takes, only the list counts; so rules are left out.
        let public: Vec<&Pattern> = view.policy.public.patterns().iter().filter(|public| public.may_overlap(pattern)).collect();
        let protecting: Vec<usize> = (0..view.entries.len())
            .filter(|at| view.entry(*at).is_some_and(|entry| entry.access > Access::Public && entry.pattern.may_overlap(pattern)))
            .collect();
        if public.is_empty() || view.search(&[pattern], &public, Scope::Ordinary) != Search::Nothing {
            return None;
        }
        for other in view.patterns(&protecting.into_iter().filter(|at| live.get(*at) == Some(&true)).collect::<Vec<_>>()) {
            if view.search(&[pattern, other], &[], Scope::Ordinary) != Search::Nothing {
                return None;
            }
        }
        "all that it matches is public"
    };
    Some(Finding {
        what: format!("{} has no effect: {why}", name(pattern, setting)),
        why: "it changes how a missing session is answered, and nobody is asked for one there".into(),
        help: "remove it, or protect what is meant to be protected".into(),
        ..finding(Kind::ApiWithoutEffect, Severity::Note, setting)
    })
}

/// Segments by which APIs go.
const API_SEGMENTS: [&str; 3] = ["api", "trpc", "graphql"];

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_none, one};
    use super::*;

    #[test]
    fn a_protected_api_tree_that_is_no_api_is_a_warning() {
        let found = one(Kind::ApiTreeWithoutApi, "protected = ['/v1/api(.*)', '/v1/api/:x/y', '/apiary']");
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Warning, "protected[0]"));
        assert_eq!(found.related, ["protected[1]"]);
        assert_eq!(found.help, "add `/v1/api/:path*` to `api`");
        assert_eq!(found.witness.unwrap().path, "/v1/api");
        for api in ["/v1/api(.*)", "/v1/api/:path*", "/:v/api/:path*"] {
            assert_none(Kind::ApiTreeWithoutApi, &format!("protected = ['/v1/api(.*)', '/apiary']\napi = ['{api}']"));
        }
    }

    #[test]
    fn a_tree_that_is_partly_an_api_shows_the_part_that_is_not() {
        let found = one(Kind::ApiTreeWithoutApi, "protected = ['/trpc/:path*']\napi = ['/trpc/x/:path*']");
        assert_eq!(found.witness.unwrap().path, "/trpc");
        assert_none(Kind::ApiTreeWithoutApi, "public = ['/api/:path*']\ndefault = 'protected'");
        assert_none(Kind::ApiTreeWithoutApi, "rules = [{ match = '/api/:path*', require = { token = 'api_key' } }]");
    }

    #[test]
    fn an_api_pattern_under_which_all_is_open_is_a_note() {
        let found = one(Kind::ApiWithoutEffect, "public = ['/api/:path*']\napi = ['/api/open/:path*']");
        assert_eq!((found.severity, found.setting.as_str()), (Severity::Note, "api[0]"));
        assert_none(Kind::ApiWithoutEffect, "public = ['/api/open/:path*']\napi = ['/api/:path*']");
        one(Kind::ApiWithoutEffect, "default = 'public'\napi = ['/api/:path*']");
        assert_none(Kind::ApiWithoutEffect, "default = 'public'\napi = ['/api/:path*']\nprotected = ['/api/me']");
        assert_none(Kind::ApiWithoutEffect, "public = ['/api/:path*']\napi = ['/api/:path*']\nrules = [{ match = '/api/me' }]");
    }
}
