//! Why a decision is what it is: every step of it as data, from the functions that decide.
//!
//! The decision in an [`Explanation`] is the gate's own, made in the same run. What stands beside it is asked of the same rooms: the
//! readings of the target, the policy's answer to each, what every rule has to say, each requirement alone, and the checks of the
//! session token in their order.

use std::rc::Rc;

use super::{Decision, Gate, Shared};
use crate::{
    machine::{self, Io, Step},
    path::{self, JudgedTarget, ReadingKind},
    policy::{Access, ClaimTest, Consideration, Requirement, Source, Test},
    request::RequestView,
    session::{Auth, Reverification, TokenType},
    table::Node,
    time::UnixMillis,
    token::{TokenCheck, Verified},
};

/// A decision and how it came about.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Path and query as they were judged, and as the origin gets them; `None` where they could not be judged.
    pub target: Option<String>,
    /// Why they could not be judged.
    pub ambiguity: Option<String>,
    /// Every reading of the path, the canonical one first; without answers where the policy was not asked.
    pub readings: Vec<ExplainedReading>,
    /// Every rule and every entry of the lists, in the order of precedence; none where the policy was not asked.
    pub sources: Vec<ExplainedSource>,
    /// Every single thing that is required beside a session, by all readings together.
    pub requirements: Vec<ExplainedRequirement>,
    /// The session token that the request carries, where one is looked at.
    pub token: Option<ExplainedToken>,
    /// What the gate decides.
    pub decision: Decision,
}

/// One way to read the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedReading {
    /// The path as read.
    pub path: String,
    /// How it came about.
    pub kind: ReadingKind,
    /// The place of the reading that it was made from; its own for the canonical path.
    pub from: usize,
    /// What the policy asks of it, and where that comes from; nothing where the reading does not count, since no list names it.
    pub answers: Vec<(Access, Rc<str>)>,
}

/// One rule or list entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedSource {
    /// Its name, as `admin[0] /admin(.*)`.
    pub name: Rc<str>,
    /// The access that it gives.
    pub access: Access,
    /// What it has to say about the request, by the reading that it fits best.
    pub consideration: Consideration,
    /// Whether it decides, alone or with others.
    pub decides: bool,
}

/// One thing that is required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedRequirement {
    /// The name of what requires it.
    pub source: Rc<str>,
    /// What kind of thing, as `role`.
    pub name: &'static str,
    /// What exactly, in words.
    pub expected: String,
    /// Whether whoever asks has it.
    pub is_met: bool,
}

/// The session token of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedToken {
    /// `header` or `cookie`.
    pub place: &'static str,
    /// Every check, in order.
    pub checks: Vec<ExplainedCheck>,
}

/// One check of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedCheck {
    /// Which.
    pub check: TokenCheck,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Good.
    Passed,
    /// Not good, and why; holds no token.
    Failed(String),
    /// Not made, since one before it failed.
    NotReached,
}

impl Gate {
    /// Begins to decide about a request, and to say why. Slower than [`begin`](Self::begin), and for operators only: an explanation
    /// names rules and claims.
    #[must_use]
    pub fn explain(&self, request: RequestView, request_id: String, now: UnixMillis) -> Step<Explanation> {
        let gate = self.clone();
        machine::start(now, move |io| async move { gate.explain_in(&io, &request, request_id).await })
    }

    /// Begins to verify a session token by itself, whatever the policy: by the keys and the settings of the issuer that it names,
    /// which is given beside what came of it; without one it is Clerk's to judge.
    #[must_use]
    pub fn inspect(&self, token: String, now: UnixMillis) -> Step<(Option<String>, Verified)> {
        let gate = self.clone();
        machine::start(now, move |io| async move {
            let (issuer, verified) = gate.shared.authenticator.verify_alone(&io, &token).await;
            (issuer.map(str::to_owned), verified)
        })
    }

    /// The kind of the machine token that a request carries, and whether it is opaque: then the Backend API judges it, and no key.
    #[must_use]
    pub fn machine_token_in(&self, request: &RequestView, now: UnixMillis) -> Option<(TokenType, bool)> {
        self.shared.authenticator.machine_token_in(request, now)
    }

    /// Explains as part of a larger run of the machine. Awaits nothing but `io`.
    pub async fn explain_in(&self, io: &Io, request: &RequestView, request_id: String) -> Explanation {
        let decision = self.decide(io, request, request_id).await;
        let target = match path::judge(&request.url, &self.shared.settings.path) {
            Ok(target) => target,
            Err(ambiguity) => return Explanation { ambiguity: Some(ambiguity.to_string()), ..Explanation::of(decision) },
        };
        let method = &request.method;
        let mut readings = self.shared.explain_readings(method, &target);
        let target_text = Some(target.forward_target());
        if !decision.is_of_policy() {
            readings.iter_mut().for_each(|reading| reading.answers.clear());
            return Explanation { target: target_text, readings, ..Explanation::of(decision) };
        }
        Explanation {
            target: target_text,
            ambiguity: None,
            readings,
            sources: self.shared.explain_sources(method, &target),
            requirements: self.shared.explain_requirements(method, &target, &decision.auth),
            token: self.shared.explain_token(io, request, &target).await,
            decision,
        }
    }
}

impl Explanation {
    /// A decision for which neither path nor policy was looked at.
    #[must_use]
    pub fn of(decision: Decision) -> Self {
        Self {
            target: None,
            ambiguity: None,
            readings: Vec::new(),
            sources: Vec::new(),
            requirements: Vec::new(),
            token: None,
            decision,
        }
    }
}

impl Shared {
    fn explain_readings(&self, method: &str, target: &JudgedTarget) -> Vec<ExplainedReading> {
        let policy = &self.settings.policy;
        let (answers, _) = policy.answers(method, target, false);
        let readings = target.readings().iter().enumerate();
        readings
            .map(|(index, reading)| ExplainedReading {
                path: reading.path.clone(),
                kind: reading.kind,
                from: reading.from,
                answers: answers
                    .iter()
                    .filter(|(_, of)| *of == index)
                    .map(|(source, _)| (policy.access_of(*source), policy.name_of(*source)))
                    .collect(),
            })
            .collect()
    }

    fn explain_sources(&self, method: &str, target: &JudgedTarget) -> Vec<ExplainedSource> {
        let policy = &self.settings.policy;
        let deciding = policy.demand_in_force(method, target).sources;
        let explain = |source: Source| {
            let readings = target.readings().iter();
            let considerations = readings.flat_map(|reading| {
                [policy.considers(source, method, &reading.path), policy.considers(source, method, &reading.text())]
            });
            ExplainedSource {
                name: policy.name_of(source),
                access: policy.access_of(source),
                consideration: considerations.max().unwrap_or(Consideration::OtherPath),
                decides: deciding.contains(&source),
            }
        };
        let unlisted = deciding.iter().filter(|source| matches!(source, Source::StaticFiles | Source::Default));
        policy.sources().map(explain).chain(unlisted.map(|source| explain(*source))).collect()
    }

    fn explain_requirements(&self, method: &str, target: &JudgedTarget, auth: &Auth) -> Vec<ExplainedRequirement> {
        let policy = &self.settings.policy;
        let kind = auth.machine_auth().map_or(TokenType::SessionToken, |machine| machine.token_type());
        let mut explained = Vec::new();
        for source in policy.demand_in_force(method, target).sources {
            for (name, part) in policy.requirements_of(source).flat_map(Requirement::parts) {
                let has_kind = part.tokens.is_empty() || part.tokens.contains(&kind);
                explained.push(ExplainedRequirement {
                    source: policy.name_of(source),
                    name,
                    expected: describe(&part),
                    is_met: auth.is_authenticated() && has_kind && part.is_met(auth),
                });
            }
            for tie in policy.ties_of(source) {
                explained.push(ExplainedRequirement {
                    source: policy.name_of(source),
                    name: "where",
                    expected: tie.words(),
                    is_met: auth.is_authenticated() && policy.has_tie(source, tie, target, auth),
                });
            }
        }
        explained
    }

    async fn explain_token(&self, io: &Io, request: &RequestView, target: &JudgedTarget) -> Option<ExplainedToken> {
        let policy = &self.settings.policy;
        let demand = policy.demand_in_force(&request.method, target);
        let authenticator = self.authenticator_of(&policy.tokens_of(demand.source));
        let request = RequestView { url: target.forward_url().into(), ..request.clone() };
        let (place, result) = authenticator.verify_carried(io, &request).await?;
        Some(ExplainedToken { place, checks: explain_checks(&result) })
    }
}

fn explain_checks(result: &Verified) -> Vec<ExplainedCheck> {
    let failed = result.as_ref().err().map(|error| (error.check(), error.to_string()));
    let outcome = |check: TokenCheck| match &failed {
        Some((at, message)) if *at == check => Outcome::Failed(message.clone()),
        Some((at, _)) if *at < check => Outcome::NotReached,
        _ => Outcome::Passed,
    };
    TokenCheck::ALL.into_iter().map(|check| ExplainedCheck { check, outcome: outcome(check) }).collect()
}

/// What a requirement of one thing asks, in words.
fn describe(part: &Requirement) -> String {
    let Requirement { role, permission, feature, plan, reverification, claim, tokens } = part;
    if let Some(name) = [role, permission, feature, plan].into_iter().flatten().next() {
        return name.clone();
    }
    if let Some(level) = reverification {
        return match level {
            Reverification::StrictMfa => "strict_mfa",
            Reverification::Strict => "strict",
            Reverification::Moderate => "moderate",
            Reverification::Lax => "lax",
            Reverification::Custom { .. } => "custom",
        }
        .to_owned();
    }
    match claim {
        Some(claim) => describe_claim(claim),
        None => tokens.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or "),
    }
}

fn describe_claim(ClaimTest { path, test }: &ClaimTest) -> String {
    let path = path.join(".");
    match test {
        Test::Equals(value) => [&path, " equals ", &describe_value(value)].concat(),
        Test::OneOf(values) => [&path, " is one of ", &values.iter().map(describe_value).collect::<Vec<_>>().join(", ")].concat(),
        Test::Contains(value) => [&path, " contains ", &describe_value(value)].concat(),
    }
}

fn describe_value(value: &Node) -> String {
    match value {
        Node::Text(text) => {
            let mut out = String::new();
            crate::json::push_string(&mut out, text);
            out
        }
        // Fractions are rare here, and what writes them weighs 10 KB.
        #[allow(clippy::cast_possible_truncation)] // whole, and small enough
        Node::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => (*number as i64).to_string(),
        Node::Number(_) => "a fraction".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Null | Node::List(_) | Node::Table(_) => value.kind().to_owned(),
    }
}
