//! The law of the gate: if any reading of the path is not public, the decision without a session is never forward.
//!
//! One input is a whole case, as text:
//!
//! ```text
//! D S a/admin(.*) p/dashboard(.*) o/ o/blog/:slug rpPOST,PUT/api/items     the policy
//! POST                                                                    the method
//! /blog/..%2fadmin?x=1                                                    the request target
//! cookie: __session=…                                                     header fields, as many as there are
//! ```
//!
//! Words of the policy: `D` public by default, `S` static files are public, `l<name>` a locale; `o`, `p`, `a`, `i` and a pattern: an
//! entry of `public`, `protected`, `admin`, `api`; `r`, one of `o`, `p`, `a`, methods and a pattern: a rule.
//!
//! The law looks at patterns one by one and in the order that the settings promise; the gate has its index, its rules and its
//! session machine. No signature is ever valid and no other server ever answers anything but a key set, so nobody has a session.

use std::rc::Rc;

use portcullis::{
    gate::{Action, Decision, Gate},
    machine::{Answer, BackendResponse, Need, Outage, Purpose, SignatureOutcome, Step},
    path::{JudgedTarget, PathSettings, judge},
    policy::{Access, is_static_file, pattern::Pattern},
    request::{HeaderList, RequestView},
    settings::Environment,
    table::Node,
    time::UnixMillis,
};

/// What came of one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The policy is none.
    NoPolicy,
    /// The path cannot be judged: nothing was forwarded.
    Unjudged,
    /// Some reading is not public: nothing was forwarded.
    Closed,
    /// Every reading is public, and it was forwarded.
    Forwarded,
    /// Every reading is public, and the gate answered by itself (its own endpoints, a handshake).
    Answered,
}

/// Checks the law on one input.
///
/// # Panics
///
/// If it does not hold.
pub fn check(data: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n');
    let policy = Policy::read(lines.next().unwrap_or_default());
    let method = lines.next().unwrap_or_default();
    let url = format!("https://gate.example{}", lines.next().unwrap_or_default());
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();

    let Ok(gate) = Gate::new(policy.environment()) else { return Outcome::NoPolicy };
    let decide = |url: &str| decide(&gate, method, url, &headers);
    let decision = decide(&url);
    let Ok(judged) = judge(&url, &policy.path_settings()) else {
        assert!(is_closed(&decision), "forwarded unjudged: {decision:?}");
        return Outcome::Unjudged;
    };
    if let Some(reading) = policy.closed_reading(method, &judged) {
        assert!(is_closed(&decision), "{reading} is not public, and the gate says {:?} {}", decision.action, decision.reason);
        return Outcome::Closed;
    }
    let Action::Forward(forward) = &decision.action else { return Outcome::Answered };
    assert_eq!(*forward.target, *judged.forward_target(), "forwarded is what was judged");
    match decide(&judged.forward_url()).action {
        Action::Forward(again) => assert_eq!(again.target, forward.target, "forwarded again is the same"),
        // An `api` pattern of another reading (`/api/../about`) makes what is a page now, which may be sent to renew its session.
        Action::Answer(answer) => assert_eq!(answer.status, 307, "what was forwarded would not be forwarded"),
        _ => panic!("what was forwarded is something else"),
    }
    Outcome::Forwarded
}

/// The gate answers by itself, and with no success.
fn is_closed(decision: &Decision) -> bool {
    matches!(&decision.action, Action::Answer(answer) if answer.status >= 300)
}

fn decide(gate: &Gate, method: &str, url: &str, headers: &[(String, String)]) -> Decision {
    let request = RequestView { method: method.into(), url: url.into(), headers: Rc::new(HeaderList::new(headers.to_vec())) };
    let mut step = gate.begin(request, "request-1".into(), NOW);
    for _ in 0..100 {
        match step {
            Step::Done(decision) => return decision,
            Step::Need(need, suspended) => {
                let answer = match need {
                    Need::Backend(call) if call.purpose == Purpose::KeySet => Answer::Backend(Ok(key_set())),
                    Need::Backend(_) => Answer::Backend(Err(Outage("down".into()))),
                    Need::Signature(_) => Answer::Signature(SignatureOutcome::Invalid),
                    Need::Wait(_) | Need::Sign(_) | Need::Store(_) | Need::Count(_) => Answer::Waited,
                };
                step = suspended.resume(answer, NOW);
            }
        }
    }
    panic!("the decision does not end");
}

const NOW: UnixMillis = UnixMillis(1_750_000_000_000);

fn key_set() -> BackendResponse {
    let n = "x".repeat(342) + "w";
    BackendResponse { status: 200, body: format!(r#"{{"keys":[{{"kid":"k","kty":"RSA","n":"{n}","e":"AQAB"}}]}}"#).into_bytes() }
}

/// A policy, as plainly as it can be written down.
#[derive(Default)]
struct Policy {
    is_open: bool,
    static_files: bool,
    locales: Vec<String>,
    public: Vec<Pattern>,
    protected: Vec<Pattern>,
    admin: Vec<Pattern>,
    api: Vec<Pattern>,
    rules: Vec<Rule>,
}

struct Rule {
    access: Access,
    methods: Vec<String>,
    pattern: Pattern,
}

impl Policy {
    /// Reads the words; what is none is left out.
    fn read(words: &str) -> Self {
        let mut policy = Self::default();
        for word in words.split(' ').take(WORDS) {
            let (head, pattern) = word.split_at(word.find('/').unwrap_or(word.len()));
            let parsed = || Pattern::parse(pattern).ok().filter(|_| !pattern.is_empty() && pattern.len() <= PATTERN_BYTES);
            match head {
                "D" => policy.is_open = true,
                "S" => policy.static_files = true,
                "o" => policy.public.extend(parsed()),
                "p" => policy.protected.extend(parsed()),
                "a" => policy.admin.extend(parsed()),
                "i" => policy.api.extend(parsed()),
                _ => match head.as_bytes() {
                    [b'l', name @ ..] if name.iter().all(u8::is_ascii_lowercase) && !name.is_empty() => {
                        policy.locales.push(head[1..].to_owned())
                    }
                    [b'r', access @ (b'o' | b'p' | b'a'), methods @ ..]
                        if methods.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b',') =>
                    {
                        let access = match access {
                            b'o' => Access::Public,
                            b'p' => Access::Protected,
                            _ => Access::Admin,
                        };
                        let methods = head[2..].split(',').filter(|method| !method.is_empty()).map(str::to_owned).collect();
                        policy.rules.extend(parsed().map(|pattern| Rule { access, methods, pattern }));
                    }
                    _ => {}
                },
            }
        }
        policy
    }

    /// What an operator would write for it.
    fn environment(&self) -> Environment {
        let text = |text: &str| Node::Text(text.to_owned());
        let table =
            |entries: Vec<(&str, Node)>| Node::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
        let list = |patterns: &[Pattern]| Node::List(patterns.iter().map(|pattern| text(pattern.as_str())).collect());
        let rule = |rule: &Rule| {
            let mut entries = vec![("match", text(rule.pattern.as_str())), ("access", text(rule.access.as_str()))];
            if !rule.methods.is_empty() {
                entries.push(("methods", Node::List(rule.methods.iter().map(|method| text(method)).collect())));
            }
            table(entries)
        };
        let portcullis = table(vec![
            ("authorized_parties", Node::List(vec![text("https://gate.example")])),
            ("default", text(if self.is_open { "public" } else { "protected" })),
            ("static_files", text(if self.static_files { "public" } else { "default" })),
            ("locales", Node::List(self.locales.iter().map(|name| text(name)).collect())),
            ("public", list(&self.public)),
            ("protected", list(&self.protected)),
            ("admin", list(&self.admin)),
            ("api", list(&self.api)),
            ("admin_requires", table(vec![("claim", text("metadata.role")), ("equals", text("admin"))])),
            ("rules", Node::List(self.rules.iter().map(rule).collect())),
        ]);
        Environment {
            publishable_key: Some("pk_test_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
            secret_key: Some(["sk", "test", "1"].join("_")),
            portcullis: Some(portcullis),
            ..Environment::default()
        }
    }

    fn path_settings(&self) -> PathSettings {
        PathSettings { locales: self.locales.clone(), ..PathSettings::default() }
    }

    /// A reading that is not public, if there is one.
    fn closed_reading(&self, method: &str, judged: &JudgedTarget) -> Option<String> {
        let is_read = ["GET", "HEAD"].contains(&method);
        // A method that nobody knows has to be let in by the rules of all methods.
        let usual = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let is_named = |rule: &Rule| rule.methods.iter().any(|known| known == method);
        let is_known = usual.contains(&method) || self.rules.iter().any(is_named);
        let of_any_method =
            |path: &str| self.rules.iter().any(|rule| rule.access != Access::Public && rule.pattern.is_match(path));
        for reading in judged.readings() {
            if !is_known && (of_any_method(&reading.path) || of_any_method(&reading.text())) {
                return Some(format!("{} ({}), by a rule of another method", reading.path, reading.kind));
            }
            let named = [self.listed(method, &reading.path), self.listed(method, &reading.text())];
            let mut named = named.into_iter().flatten().peekable();
            let is_named = named.peek().is_some();
            // Each reading that no list names has to be a static file itself: one that is listed as public beside it is so by its own right.
            let is_static = self.static_files && is_read && is_static_file(&reading.path);
            // A path behind a locale's prefix has the access of the path without it, which is a reading of its own.
            let is_default = !is_named && reading.firm && self.locales.is_empty() && !is_static;
            if named.any(|access| access != Access::Public) || is_default && !self.is_open {
                return Some(format!("{} ({})", reading.path, reading.kind));
            }
        }
        None
    }

    /// Rules in order, then admin over public over protected.
    fn listed(&self, method: &str, path: &str) -> Option<Access> {
        let asks = |rule: &&Rule| {
            let is_method = |known: &String| known == method || known == "GET" && method == "HEAD";
            (rule.methods.is_empty() || rule.methods.iter().any(is_method)) && rule.pattern.is_match(path)
        };
        if let Some(rule) = self.rules.iter().find(asks) {
            return Some(rule.access);
        }
        let lists = [(&self.admin, Access::Admin), (&self.public, Access::Public), (&self.protected, Access::Protected)];
        lists.into_iter().find(|(patterns, _)| patterns.iter().any(|pattern| pattern.is_match(path))).map(|(_, access)| access)
    }
}

/// More of either only makes the fuzzer slow.
const WORDS: usize = 16;
const PATTERN_BYTES: usize = 64;
