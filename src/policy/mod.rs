//! The policy: which access a request's path and method get.
//!
//! In order: the ordered rules, first match wins; then the three lists, admin over public over protected; then static files;
//! then the default. A path with several readings gets the strictest access of all of them, and must meet what every rule
//! behind them requires. So does a request of a method that nobody knows: an origin may run any of its handlers for it.
//!
//! What a policy says that nobody may have meant, [`lint`] tells.

use std::{borrow::Cow, rc::Rc};

pub mod lint;
mod method_override;
pub mod pattern;
mod require;
mod rule;
mod static_files;
mod tie;

pub(crate) use self::method_override::{ANY_METHOD, overriding};
use self::pattern::{Pattern, PatternSet};
pub(crate) use self::rule::read_methods;
pub(crate) use self::tie::text_of;
pub use self::{
    require::{ClaimTest, Requirement, Test},
    rule::Rule,
    static_files::is_static_file,
    tie::Tie,
};
use crate::{
    path::JudgedTarget,
    session::{Auth, TokenType},
    text,
};

/// Methods that origins take for what they are (RFC 9110 section 9.3, RFC 5789). Any other may run whatever handler an origin has
/// left; two of the RFC's never get here, see [`Gate::begin`](crate::gate::Gate::begin).
const KNOWN_METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Methods that show a request's cookies to whoever made it be sent, or open a tunnel past the gate (RFC 9110 sections 9.3.6 and
/// 9.3.8); `TRACK` is what IIS calls `TRACE`. The gate answers them itself, so no rule ever speaks of them.
const REFUSED_METHODS: [&str; 3] = ["TRACE", "TRACK", "CONNECT"];

/// Whether a method is refused whatever the policy says, in any case.
pub(crate) fn is_refused_method(method: &str) -> bool {
    REFUSED_METHODS.iter().any(|refused| text::is_same_name(refused, method))
}

/// What a path is, from open to closed: the order is the strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Open to everyone.
    Public,
    /// For signed-in users.
    Protected,
    /// For signed-in users who meet `admin_requires`.
    Admin,
}

impl Access {
    /// The word for logs and decisions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Protected => "protected",
            Self::Admin => "admin",
        }
    }
}

/// Where in the policy an access comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `rules[i]`.
    Rule(usize),
    /// `admin[i]`.
    Admin(usize),
    /// `public[i]`.
    Public(usize),
    /// `protected[i]`.
    Protected(usize),
    /// `static_files = "public"`.
    StaticFiles,
    /// `default`.
    Default,
}

/// Whether a source speaks of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consideration {
    /// No pattern of it is the path's.
    OtherPath,
    /// The path is named, for other methods.
    OtherMethod,
    /// It does.
    Matches,
}

/// What a request is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The strictest access of all readings.
    pub access: Access,
    /// What gave that access.
    pub source: Source,
    /// Every source, one for each distinct answer among the readings; the requirements of all of them must be met.
    pub sources: Vec<Source>,
    /// Whether an `api` pattern matches any reading: such requests are never documents.
    pub is_api: bool,
}

/// What is taken where nothing else is asked for.
const SESSIONS: &[TokenType] = &[TokenType::SessionToken];

/// A compiled policy.
#[derive(Debug)]
pub struct Policy {
    /// The ordered rules.
    pub rules: Vec<Rule>,
    /// All patterns of all rules in one set; `rule_of[i]` is the rule of pattern `i`.
    rule_patterns: PatternSet,
    rule_of: Vec<usize>,
    admin: PatternSet,
    public: PatternSet,
    protected: PatternSet,
    api: PatternSet,
    /// What every admin path requires.
    pub admin_requires: Requirement,
    /// Whether unmatched static files are public.
    pub static_files_public: bool,
    /// What an unmatched path is.
    pub default: Access,
    /// The names of all sources, made once: every decision carries one.
    names: Names,
    /// Whether no source takes anything but session tokens, as in most policies.
    only_sessions: bool,
    /// Whether any rule is in shadow.
    has_shadow: bool,
    /// [`PolicyLists::bare`].
    bare: Vec<&'static str>,
}

#[derive(Debug)]
struct Names {
    rules: Vec<Rc<str>>,
    admin: Vec<Rc<str>>,
    public: Vec<Rc<str>>,
    protected: Vec<Rc<str>>,
    static_files: Rc<str>,
    default: Rc<str>,
}

impl Names {
    fn of(lists: &PolicyLists) -> Self {
        let mut rules = Vec::with_capacity(lists.rules.len());
        for rule in &lists.rules {
            rules.push(name("rules", rules.len(), rule.patterns.first()));
        }
        Self {
            rules,
            admin: names("admin", &lists.admin),
            public: names("public", &lists.public),
            protected: names("protected", &lists.protected),
            static_files: "static_files".into(),
            default: "default".into(),
        }
    }
}

#[inline(never)]
fn names(list: &str, patterns: &[Pattern]) -> Vec<Rc<str>> {
    let mut names = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        names.push(name(list, names.len(), Some(pattern)));
    }
    names
}

#[inline(never)]
fn name(list: &str, index: usize, pattern: Option<&Pattern>) -> Rc<str> {
    [list, "[", &index.to_string(), "] ", pattern.map_or("", Pattern::as_str)].concat().into()
}

/// The lists of a policy, as read from the settings.
#[derive(Debug, Default)]
pub struct PolicyLists {
    /// The ordered rules.
    pub rules: Vec<Rule>,
    /// Paths for admins.
    pub admin: Vec<Pattern>,
    /// Open paths.
    pub public: Vec<Pattern>,
    /// Paths for signed-in users.
    pub protected: Vec<Pattern>,
    /// Paths that answer problem documents instead of redirects.
    pub api: Vec<Pattern>,
    /// Which of the lists are written as one string: their only pattern is `public` in messages, not `public[0]`.
    pub bare: Vec<&'static str>,
}

impl Policy {
    /// Compiles a policy.
    #[must_use]
    pub fn new(lists: PolicyLists, admin_requires: Requirement, static_files_public: bool, default: Access) -> Self {
        let names = Names::of(&lists);
        let takes_sessions = |requirement: &Requirement| requirement.tokens.is_empty();
        let only_sessions = takes_sessions(&admin_requires) && lists.rules.iter().all(|rule| takes_sessions(&rule.require));
        let mut rule_of = Vec::new();
        let mut rule_patterns = Vec::new();
        for (index, rule) in lists.rules.iter().enumerate() {
            for pattern in &rule.patterns {
                rule_of.push(index);
                rule_patterns.push(pattern.clone());
            }
        }
        Self {
            has_shadow: lists.rules.iter().any(|rule| !rule.enforce),
            rule_patterns: PatternSet::new(rule_patterns),
            rule_of,
            rules: lists.rules,
            admin: PatternSet::new(lists.admin),
            public: PatternSet::new(lists.public),
            protected: PatternSet::new(lists.protected),
            api: PatternSet::new(lists.api),
            admin_requires,
            static_files_public,
            default,
            names,
            only_sessions,
            bare: lists.bare,
        }
    }

    /// What a request is asked for: the strictest of all readings of its path, and of all methods that it may be taken for. Rules in
    /// shadow count.
    #[must_use]
    pub fn demand_for(&self, method: &str, target: &JudgedTarget) -> Demand {
        self.demand(method, target, true)
    }

    /// What it is asked for where rules in shadow are as good as absent; `None` where there are none, so that nothing differs.
    #[must_use]
    pub fn enforced_demand_for(&self, method: &str, target: &JudgedTarget) -> Option<Demand> {
        self.has_shadow.then(|| self.demand(method, target, false))
    }

    /// What it is asked for in the end: rules in shadow do not count.
    #[must_use]
    pub fn demand_in_force(&self, method: &str, target: &JudgedTarget) -> Demand {
        self.demand(method, target, false)
    }

    fn demand(&self, method: &str, target: &JudgedTarget, with_shadow: bool) -> Demand {
        let mut sources: Vec<Source> = Vec::with_capacity(1);
        self.gather_sources(method, target, with_shadow, &mut sources);
        for other in overriding(method, target.search()) {
            self.gather_sources(&other, target, with_shadow, &mut sources);
        }
        let is_api = target.is_named(|path| self.api.first_match(path).is_some());
        // A target always has a reading; without one nothing would be known, so nothing is open.
        let source = sources.iter().copied().max_by_key(|source| self.access_of(*source));
        let source = source.unwrap_or(Source::Default);
        Demand { access: if sources.is_empty() { Access::Admin } else { self.access_of(source) }, source, sources, is_api }
    }

    /// What each reading that counts comes from, with the place of the reading; and, for a method that nobody knows, the rules of other
    /// methods that name one. `with_shadow`: rules that are only tried count, too.
    #[must_use]
    pub fn answers(&self, method: &str, target: &JudgedTarget, with_shadow: bool) -> (Vec<(Source, usize)>, Vec<Source>) {
        let mut answers = Vec::new();
        let of_other_methods = self.each_answer(method, target, with_shadow, &mut |source, index| answers.push((source, index)));
        (answers, of_other_methods)
    }

    /// The same, the answers handed to `see` one by one.
    fn each_answer(
        &self,
        method: &str,
        target: &JudgedTarget,
        with_shadow: bool,
        see: &mut dyn FnMut(Source, usize),
    ) -> Vec<Source> {
        let is_known = self.knows_method(method, with_shadow);
        let mut of_other_methods: Vec<Source> = Vec::new();
        let listed = |path: &str| {
            let listed = self.listed(method, path, with_shadow);
            if !is_known {
                let before = of_other_methods.len();
                of_other_methods.extend(self.rules_for(path, with_shadow).map(Source::Rule));
                // Named by rules of other methods only, it is what unlisted paths are, and what those rules say.
                return listed.or((of_other_methods.len() > before).then_some(Source::Default));
            }
            listed
        };
        target.each_answer(&|path| self.unlisted(method, path), listed, see);
        of_other_methods
    }

    /// Everything that names paths, in the order of precedence: the first that [matches](Self::considers) decides.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        let lists = [self.admin.patterns().len(), self.public.patterns().len(), self.protected.patterns().len()];
        (0..self.rules.len())
            .map(Source::Rule)
            .chain((0..lists[0]).map(Source::Admin))
            .chain((0..lists[1]).map(Source::Public))
            .chain((0..lists[2]).map(Source::Protected))
    }

    /// Whether a source speaks of one reading, and why not.
    #[must_use]
    pub fn considers(&self, source: Source, method: &str, path: &str) -> Consideration {
        let is_named = |pattern: Option<&Pattern>| pattern.is_some_and(|pattern| pattern.is_match(path));
        let (is_named, has_method) = match source {
            Source::Rule(index) => self.rules.get(index).map_or((false, false), |rule| {
                (rule.patterns.iter().any(|pattern| pattern.is_match(path)), rule.has_method(method))
            }),
            Source::Admin(index) => (is_named(self.admin.patterns().get(index)), true),
            Source::Public(index) => (is_named(self.public.patterns().get(index)), true),
            Source::Protected(index) => (is_named(self.protected.patterns().get(index)), true),
            Source::StaticFiles | Source::Default => (false, true),
        };
        match (is_named, has_method) {
            (true, true) => Consideration::Matches,
            (true, false) => Consideration::OtherMethod,
            (false, _) => Consideration::OtherPath,
        }
    }

    /// Adds every source that has a say in a request of this method.
    fn gather_sources(&self, method: &str, target: &JudgedTarget, with_shadow: bool, sources: &mut Vec<Source>) {
        let mut add = |source| {
            if !sources.contains(&source) {
                sources.push(source);
            }
        };
        let of_other_methods = self.each_answer(method, target, with_shadow, &mut |source, _| add(source));
        of_other_methods.into_iter().for_each(add);
    }

    /// The access that a source gives.
    #[must_use]
    pub fn access_of(&self, source: Source) -> Access {
        match source {
            Source::Rule(index) => self.rules.get(index).map_or(Access::Admin, |rule| rule.access),
            Source::Admin(_) => Access::Admin,
            Source::Protected(_) => Access::Protected,
            Source::Public(_) | Source::StaticFiles => Access::Public,
            Source::Default => self.default,
        }
    }

    /// What a source requires beside a session, if anything.
    pub fn requirements_of(&self, source: Source) -> impl Iterator<Item = &Requirement> {
        let own = if let Source::Rule(index) = source { self.rules.get(index).map(|rule| &rule.require) } else { None };
        let admin = (self.access_of(source) == Access::Admin).then_some(&self.admin_requires);
        own.into_iter().chain(admin)
    }

    /// What a source ties the path to, if it is a rule with a `where`.
    #[must_use]
    pub fn ties_of(&self, source: Source) -> &[Tie] {
        if let Source::Rule(index) = source { self.rules.get(index).map_or(&[], |rule| &rule.ties) } else { &[] }
    }

    /// Whether the token says of itself what the path names, as far as a source ties the two.
    #[must_use]
    pub fn has_tie(&self, source: Source, tie: &Tie, target: &JudgedTarget, auth: &Auth) -> bool {
        let rule = if let Source::Rule(index) = source { self.rules.get(index) } else { None };
        rule.is_some_and(|rule| tie.is_met(&rule.patterns, target, auth))
    }

    /// The kinds of token that a source takes: those that all its requirements name, or session tokens where none names any.
    #[must_use]
    pub fn tokens_of(&self, source: Source) -> Cow<'static, [TokenType]> {
        if self.only_sessions { Cow::Borrowed(SESSIONS) } else { self.tokens_named_by(source) }
    }

    /// Whether no source takes anything but session tokens.
    #[must_use]
    pub fn takes_only_sessions(&self) -> bool {
        self.only_sessions
    }

    #[inline(never)]
    fn tokens_named_by(&self, source: Source) -> Cow<'static, [TokenType]> {
        let mut named = self.requirements_of(source).map(|requirement| &requirement.tokens).filter(|tokens| !tokens.is_empty());
        match named.next() {
            None => Cow::Borrowed(SESSIONS),
            Some(first) => {
                let rest: Vec<_> = named.collect();
                first.iter().copied().filter(|kind| rest.iter().all(|tokens| tokens.contains(kind))).collect()
            }
        }
    }

    /// Every place that an access can come from with requirements of its own.
    pub fn sources_with_requirements(&self) -> impl Iterator<Item = Source> {
        (0..self.rules.len()).map(Source::Rule).chain((!self.admin.patterns().is_empty()).then_some(Source::Admin(0)))
    }

    /// Whether a source wants what the token says checked against what is so now.
    #[must_use]
    pub fn is_fresh(&self, source: Source) -> bool {
        if let Source::Rule(index) = source { self.rules.get(index).is_some_and(|rule| rule.fresh) } else { false }
    }

    /// The name of a source: its place in the settings and the pattern there, as `admin[0] /admin(.*)`.
    #[must_use]
    pub fn name_of(&self, source: Source) -> Rc<str> {
        let names = &self.names;
        let name = match source {
            Source::Rule(index) => names.rules.get(index),
            Source::Admin(index) => names.admin.get(index),
            Source::Public(index) => names.public.get(index),
            Source::Protected(index) => names.protected.get(index),
            Source::StaticFiles => Some(&names.static_files),
            Source::Default => None,
        };
        name.unwrap_or(&names.default).clone()
    }

    /// Whether an unsafe request of a foreign page is refused where a source gives the access; `None`: as the settings have it.
    #[must_use]
    pub fn csrf_of(&self, source: Source) -> Option<bool> {
        if let Source::Rule(index) = source { self.rules.get(index).and_then(|rule| rule.csrf) } else { None }
    }

    /// The rules with a pattern that matches, in their order, whatever their methods.
    fn rules_for(&self, path: &str, with_shadow: bool) -> impl Iterator<Item = usize> {
        let rules = self.rule_patterns.matches(path).filter_map(|index| self.rule_of.get(index).copied());
        rules.filter(move |index| with_shadow || self.rules.get(*index).is_none_or(|rule| rule.enforce))
    }

    /// Whether the method is one that every origin knows, or one that the policy speaks of.
    fn knows_method(&self, method: &str, with_shadow: bool) -> bool {
        KNOWN_METHODS.contains(&method)
            || self
                .rules
                .iter()
                .filter(|rule| with_shadow || rule.enforce)
                .any(|rule| rule.methods.as_ref().is_some_and(|methods| methods.iter().any(|known| known == method)))
    }

    fn listed(&self, method: &str, path: &str, with_shadow: bool) -> Option<Source> {
        let rule =
            self.rules_for(path, with_shadow).find(|rule| self.rules.get(*rule).is_some_and(|rule| rule.has_method(method)));
        rule.map(Source::Rule)
            .or_else(|| self.admin.first_match(path).map(Source::Admin))
            .or_else(|| self.public.first_match(path).map(Source::Public))
            .or_else(|| self.protected.first_match(path).map(Source::Protected))
    }

    /// What an unlisted path is. A static file has to be one under every reading that counts without being listed: each is asked.
    fn unlisted(&self, method: &str, path: &str) -> Source {
        let is_read = method == "GET" || method == "HEAD";
        if self.static_files_public && is_read && is_static_file(path) { Source::StaticFiles } else { Source::Default }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{PathSettings, judge};

    fn access(public: &[&str], static_files: bool, url: &str) -> Access {
        let public = public.iter().map(|pattern| Pattern::parse(pattern).unwrap()).collect();
        let lists = PolicyLists { public, ..PolicyLists::default() };
        let policy = Policy::new(lists, Requirement::default(), static_files, Access::Protected);
        policy.demand_for("GET", &judge(&["https://h", url].concat(), &PathSettings::default()).unwrap()).access
    }

    #[test]
    fn an_image_needs_the_access_of_what_it_is_made_of() {
        let access = |static_files, url| access(&["/_next(.*)", "/images/:name"], static_files, url);
        assert_eq!(access(false, "/_next/image?url=/uploads/secret.png&w=640&q=75"), Access::Protected);
        assert_eq!(access(false, "/_next/image?url=%2Fimages%2Fhero.png%3Fv%3D2&w=640&q=75"), Access::Public);
        assert_eq!(access(false, "/_next/image?url=https%3A%2F%2Fcdn.example%2Fuploads%2Fa.png&w=640"), Access::Public);
        assert_eq!(access(true, "/_next/image?url=/uploads/open.png&w=640&q=75"), Access::Public);
        assert_eq!(access(true, "/_next/image?url=/api/chart&w=640&q=75"), Access::Protected);
    }

    #[test]
    fn a_script_in_an_open_directory_does_not_need_the_access_of_the_root() {
        let access = |url| access(&["/forum(.*)", "/go.php"], false, url);
        assert_eq!(access("/forum/app.php/help/faq"), Access::Public);
        assert_eq!(access("/forum/app.php?url=/help/faq"), Access::Public);
        assert_eq!(access("/forum/app.php/..%2f..%2fsecret"), Access::Protected);
        assert_eq!(access("/go.php/help/faq"), Access::Protected);
    }

    #[test]
    fn a_static_file_is_one_under_each_reading_that_is_not_listed() {
        assert_eq!(access(&[], true, "//files/a.css"), Access::Public);
        assert_eq!(access(&[], true, "/files;a.css"), Access::Protected);
        assert_eq!(access(&["/files"], true, "/files;a.css"), Access::Public);
    }
}
