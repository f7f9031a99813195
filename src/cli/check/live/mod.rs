//! `--live`: asks a running edge what an attacker would, and shows what it answers.
//!
//! Requests are few, one after another with a pause between, and change nothing: reads, and deliveries of an event that no app knows.
//! They go to a host that the operator says is theirs. What a probe is after is a page that the policy does not open: an answer of 2xx
//! is a hole, one of 3xx or 4xx a refusal. No answer, or one of 5xx, shows neither: an app may have been reached, and failed.

mod caching;
mod headers;
mod paths;
mod tokens;
mod webhook;

use std::{
    io::{BufRead, IsTerminal, Write as _},
    path::PathBuf,
    time::Duration,
};

use super::{
    connectivity,
    evidence::Evidence,
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{
        deployment::Deployment,
        moment,
        network::{Call, Network, Reply},
        read_text,
        source::Fault,
    },
    path,
    policy::{Access, lint::Severity},
    settings::{Settings, is_loopback_host},
    web_url::url_origin_of,
};

/// Between two requests: nobody's rate limit minds, and no log is flooded.
const PAUSE: Duration = Duration::from_millis(100);
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What a gate says of its health.
const HEALTHY: &[u8] = br#"{"status":"ok"}"#;

/// What is asked, and of whom.
#[derive(clap::Args)]
pub(super) struct LiveArguments {
    /// A running edge, as `https://example.com`: it is asked what an attacker would ask. About thirty requests, which change nothing.
    #[arg(long, value_name = "ORIGIN", conflicts_with = "offline")]
    live: Option<String>,
    /// The host of `--live` is yours to probe. Without it that is asked on a terminal.
    #[arg(long, requires = "live")]
    yes_this_is_mine: bool,
    /// The private key (PEM, RSA) of an edge whose `CLERK_JWT_KEY` is its public half: with it expired and foreign tokens are otherwise
    /// good ones. For staging: see `portcullis token mint`.
    #[arg(long, value_name = "FILE", requires = "live")]
    probe_key: Option<PathBuf>,
}

impl LiveArguments {
    /// Whether no edge is named.
    pub(super) fn is_absent(&self) -> bool {
        self.live.is_none()
    }
}

pub(super) fn check(
    deployment: &Deployment,
    settings: &Settings,
    arguments: &LiveArguments,
    evidence: &mut Vec<Evidence>,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let Some(url) = &arguments.live else { return Ok(()) };
    let origin = read_origin(url)?;
    if !arguments.yes_this_is_mine {
        ask_whose(&origin)?;
    }
    let probe_key = arguments.probe_key.as_deref().map(read_text).transpose()?;
    let network = Network::new();
    let mut live = Live {
        deployment,
        settings,
        network: &network,
        closed: connectivity::closed_path(deployment, settings, &["protected", "admin"])
            .unwrap_or_else(|| "/portcullis-probe".to_owned()),
        marker: format!("portcullis-probe-{}", moment::now().0),
        origin,
        unanswered: Vec::new(),
        evidence,
        findings,
    };
    if !live.is_there() {
        return Ok(());
    }
    if live.is_closed_to_strangers() {
        tokens::probe(&mut live, probe_key.map(|source| source.text).as_deref())?;
        paths::probe(&mut live);
        headers::probe_closed(&mut live);
    }
    headers::probe_open(&mut live);
    webhook::probe(&mut live)?;
    live.say_what_was_not_shown();
    Ok(())
}

/// Scheme, host and port, and nothing else.
fn read_origin(url: &str) -> Result<String, Fault> {
    let refuse = |why: &str| Fault::new(format!("`{url}` cannot be probed: {why}"));
    let origin = url_origin_of(url.trim_end_matches('/')).filter(|origin| origin.len() == url.trim_end_matches('/').len());
    let origin = origin.ok_or_else(|| refuse("expected an origin, as `https://example.com`"))?;
    let host = origin.strip_prefix("http://");
    match host {
        Some(host) if !is_loopback_host(host) => Err(refuse("over plain http only this machine is")),
        _ => Ok(origin.to_owned()),
    }
}

fn ask_whose(origin: &str) -> Result<(), Fault> {
    let stdin = std::io::stdin();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    if !stdin.is_terminal() {
        return Err(Fault::new(format!("nobody has said that `{host}` is theirs")).help("say so by `--yes-this-is-mine`"));
    }
    let _ = write!(anstream::stderr(), "About thirty requests go to {host}. Type its name if it is yours: ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|error| Fault::of_file("standard input", error))?;
    if answer.trim() == host { Ok(()) } else { Err(Fault::new(format!("`{host}` was not asked anything"))) }
}

/// A probe's request, beside its path.
#[derive(Default)]
struct Probe<'p> {
    method: Option<&'p str>,
    headers: Vec<(&'p str, String)>,
    body: Option<String>,
}

struct Live<'a> {
    deployment: &'a Deployment,
    settings: &'a Settings,
    network: &'a Network,
    origin: String,
    /// A path that the policy opens to nobody.
    closed: String,
    /// Stands in values that no visitor would send, and is looked for in answers.
    marker: String,
    /// Probes whose answer shows nothing.
    unanswered: Vec<String>,
    evidence: &'a mut Vec<Evidence>,
    findings: &'a mut Vec<Finding>,
}

impl Live<'_> {
    /// Sends a probe as a script would: the answer is a status, and no sign-in page.
    fn send(&self, target: &str, probe: &Probe<'_>) -> Result<Reply, String> {
        std::thread::sleep(PAUSE);
        let mut headers = vec![("accept", "application/json".to_owned()), ("sec-fetch-dest", "empty".to_owned())];
        headers.extend(probe.headers.iter().cloned());
        let method = probe.method.unwrap_or("GET");
        let url = format!("{}{target}", self.origin);
        self.network.send(&Call { method, url: &url, headers, body: probe.body.clone(), time_limit: TIME_LIMIT })
    }

    /// Sends a probe that has to be refused, and says so where it is not. `what` continues "the edge let in".
    fn expect_refusal(&mut self, kind: Kind, target: &str, probe: &Probe<'_>, what: &str, [why, help]: [&str; 2]) -> bool {
        let answer = self.send(target, probe);
        let asked = format!("{} {target} ({what})", probe.method.unwrap_or("GET"));
        let shown = Shown::by(&answer);
        let proves = match shown {
            Shown::Refused => format!("refused: {what}"),
            Shown::LetIn => format!("a hole: {what}"),
            Shown::Nothing => NOTHING.to_owned(),
        };
        match shown {
            Shown::Refused => {}
            Shown::LetIn => {
                let said = format!("the edge let in {what}");
                self.findings.push(finding(kind, Severity::Error, None, [&said, why, help]));
            }
            Shown::Nothing => self.unanswered.push(asked.clone()),
        }
        let is_refused = shown == Shown::Refused;
        self.evidence.push(Evidence::new(is_refused, asked, in_words(&answer), proves));
        is_refused
    }

    /// A probe that nobody answered is no proof of anything, least of all of a refusal.
    fn say_what_was_not_shown(&mut self) {
        let Some(first) = self.unanswered.first() else { return };
        let what = match self.unanswered.len() {
            1 => format!("no answer that would show anything to `{first}`"),
            count => format!("no answer that would show anything to {count} probes, the first of them `{first}`"),
        };
        let why = "the gate may have let them through to an app that failed, or something in between is out of order";
        let help = "see the evidence for what was said; mend that, and ask again";
        self.find(Kind::LiveNotShown, Severity::Error, [&what, why, help]);
    }

    fn find(&mut self, kind: Kind, severity: Severity, words: [&str; 3]) {
        self.findings.push(finding(kind, severity, None, words));
    }

    /// Whether there is an answer at all, and whether a gate gives it.
    fn is_there(&mut self) -> bool {
        let target = "/.well-known/portcullis/health";
        let answer = self.send(target, &Probe::default());
        // An app that answers everything would answer this too.
        let is_gate = is_success(&answer) && answer.as_ref().is_ok_and(|reply| reply.body == HEALTHY);
        let said = in_words(&answer);
        let proves = match &answer {
            Ok(_) if is_gate => "a gate answers there",
            Ok(_) => "what answers there is no gate, or it is behind something that hides it",
            Err(_) => "nobody answers there",
        };
        self.evidence.push(Evidence::new(is_gate, format!("GET {}{target}", self.origin), said.clone(), proves));
        if answer.is_err() {
            let what = format!("`{}` does not answer ({said})", self.origin);
            self.find(
                Kind::LiveUnreachable,
                Severity::Error,
                [&what, "nothing could be probed", "check the address, and this network"],
            );
            return false;
        }
        if !is_gate {
            let what = format!("no gate answers at `{}{target}` ({said})", self.origin);
            let why = "requests to this host may not pass the gate at all";
            self.find(
                Kind::LiveGateNotSeen,
                Severity::Warning,
                [&what, why, "check the route in `wrangler.toml`, and that it is deployed"],
            );
        }
        true
    }

    /// The page that all probes are after, asked for by nobody in particular.
    fn is_closed_to_strangers(&mut self) -> bool {
        let target = self.closed.clone();
        let answer = self.send(&target, &Probe::default());
        let said = in_words(&answer);
        let shown = Shown::by(&answer);
        let proves = match shown {
            Shown::Refused => "closed to strangers",
            Shown::LetIn => "a hole: it is open to everybody",
            Shown::Nothing => NOTHING,
        };
        let asked = format!("GET {target} (nobody)");
        self.evidence.push(Evidence::new(shown == Shown::Refused, asked.clone(), said.clone(), proves));
        match (shown, &answer) {
            (Shown::Refused, Ok(reply)) => caching::look_at_refusal(self, &target, reply),
            (Shown::LetIn, _) => {
                let what = format!("`{target}` is shown to everybody ({said}), and the policy protects it");
                let why = "the deployed gate has another policy, or the request does not pass it";
                self.find(
                    Kind::LiveOpen,
                    Severity::Error,
                    [&what, why, "deploy this configuration, and check the routes of the zone"],
                );
            }
            _ => self.unanswered.push(asked),
        }
        shown == Shown::Refused
    }

    /// What the policy asks of the path; `None` where it cannot be judged, which is refused too.
    fn access(&self, method: &str, target: &str) -> Option<Access> {
        let judged = path::judge(&format!("{}{target}", self.origin), &self.settings.path).ok()?;
        Some(self.settings.policy.demand_for(method, &judged).access)
    }
}

/// What the answer to a probe shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Refused,
    LetIn,
    Nothing,
}

const NOTHING: &str = "nothing: whether it is closed was not seen";

impl Shown {
    fn by(answer: &Result<Reply, String>) -> Self {
        match answer {
            Ok(reply) if (200..300).contains(&reply.status) => Self::LetIn,
            Ok(reply) if reply.status < 500 => Self::Refused,
            _ => Self::Nothing,
        }
    }
}

fn is_success(answer: &Result<Reply, String>) -> bool {
    matches!(answer, Ok(reply) if (200..300).contains(&reply.status))
}

fn in_words(answer: &Result<Reply, String>) -> String {
    match answer {
        Ok(reply) => match reply.header("location") {
            Some(location) => format!("{} to {}", reply.status, location.split('?').next().unwrap_or(location)),
            None => reply.status.to_string(),
        },
        Err(why) => format!("no answer ({why})"),
    }
}
