//! `portcullis token inspect`: what a token says, and what the gate would say to it.

use std::{
    io::Read,
    path::{Path, PathBuf},
    rc::Rc,
};

use serde_json::{Map, Value, json};

use crate::{
    cli::{
        DeploymentArguments, FINDINGS,
        deployment::Deployment,
        drive,
        keys::{self, Keys},
        moment,
        output::{BOLD, GREEN, RED, Report, YELLOW, paint, printable},
        read_text,
        source::Fault,
    },
    gate::Gate,
    key::VerificationKey,
    machine,
    time::UnixMillis,
    token::{CompactJws, KeySet, KeySource, Leniency, TokenError, VerifyOptions, verify},
};

#[derive(clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The token. Without it, or with `-`: from standard input, which keeps it out of the shell's history.
    token: Option<String>,
    /// A PEM public key, or a key set in JSON, to check the signature with.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Check by the settings of this deployment too, those of other issuers included. Without `--key` its `CLERK_JWT_KEY` is the key,
    /// or the key set of whoever issued the token is asked for.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The environment of the deployment.
    #[arg(long, value_name = "NAME", requires = "config")]
    env: Option<String>,
    /// With `.dev.vars` of the deployment.
    #[arg(long, requires = "config")]
    local: bool,
    /// Ask nobody for a key set.
    #[arg(long, requires = "config")]
    offline: bool,
    /// The time of the check, in seconds since 1970 or RFC 3339.
    #[arg(long, value_parser = moment::parse)]
    now: Option<UnixMillis>,
    /// One JSON document instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    let token = read_token(arguments.token.as_deref())?;
    let now = arguments.now.unwrap_or_else(moment::now);
    let jws = match CompactJws::decode(&Rc::from(token.as_str())) {
        Ok(jws) => jws,
        Err(error) => return Ok(refused_unread(&error, arguments.json)),
    };
    let (header, claims) = (segment(&token, 0), segment(&token, 1));
    let verdict = match &arguments.config {
        Some(config) => by_deployment(arguments, config, &jws, now)?,
        None => by_key(arguments.key.as_deref(), &jws, now)?,
    };
    let code = if verdict.outcome.is_ok() { 0 } else { FINDINGS };
    let text = if arguments.json {
        crate::cli::output::json(&json!({
            "header": header,
            "claims": claims,
            "times": times(&claims, now).into_iter().map(|(claim, words)| (claim.to_owned(), words.into())).collect::<Map<_, Value>>(),
            "judgedBy": verdict.judge.as_ref().map(Judge::name),
            "key": verdict.key,
            "accepted": verdict.outcome.is_ok(),
            "reason": verdict.outcome.as_ref().err().map(|error| error.reason().as_str().into_owned()),
            "message": verdict.message(),
        }))
    } else {
        render(&header, &claims, now, &verdict)
    };
    Ok(Report { text, code, ..Report::default() })
}

/// By whose settings a token was judged.
enum Judge {
    /// The Clerk instance of this Frontend API.
    Clerk(String),
    /// Another issuer.
    Issuer(String),
    /// Nobody: there is no Clerk instance, and the token names no issuer of the settings.
    Nobody,
}

impl Judge {
    fn name(&self) -> &str {
        match self {
            Self::Clerk(_) => "clerk",
            Self::Issuer(name) => name,
            Self::Nobody => "nobody",
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::Clerk(frontend_api) => format!("the Clerk instance of `{frontend_api}`"),
            Self::Issuer(name) => format!("the settings of the issuer `{}`", printable(name)),
            Self::Nobody => "nobody: the settings have no Clerk instance, and no issuer that the token names".to_owned(),
        }
    }
}

struct Verdict {
    outcome: Result<(), Box<TokenError>>,
    judge: Option<Judge>,
    key: String,
}

impl Verdict {
    /// Why it is not accepted.
    fn message(&self) -> Option<String> {
        let message = self.outcome.as_ref().err()?.to_string();
        Some(match self.judge {
            // The help is for Clerk's settings.
            Some(Judge::Issuer(_) | Judge::Nobody) => message.split("; help:").next().unwrap_or_default().to_owned(),
            None if matches!(self.outcome.as_ref().err().map(|error| &**error), Some(TokenError::NoKeySource)) => {
                "no key to verify with; help: name one by `--key FILE`, or a deployment by `--config FILE`".to_owned()
            }
            _ => message,
        })
    }
}

/// As the gate of this deployment judges it.
fn by_deployment(arguments: &Arguments, config: &Path, jws: &CompactJws, now: UnixMillis) -> Result<Verdict, Fault> {
    let (config, env) = (Some(config.to_owned()), arguments.env.clone());
    let deployment = Deployment::read(&DeploymentArguments { config, env, local: arguments.local })?;
    let mut environment = deployment.complete_environment()?;
    let mut keys = Keys::new(&deployment, arguments.key.as_deref(), arguments.offline, jws.header().kid(), &mut environment)?;
    let gate = Gate::new(environment).map_err(|errors| deployment.refuse(&errors))?;
    keys.know_issuers_of(gate.settings());
    let step = gate.inspect(jws.token().to_string(), now);
    let (issuer, outcome) = drive::run_asking(step, now, |call| keys.answer(call));
    let judge = match issuer {
        Some(name) => Judge::Issuer(name),
        None if gate.settings().instance.is_absent() => Judge::Nobody,
        None => Judge::Clerk(gate.settings().instance.frontend_api.clone()),
    };
    let key = match (&judge, &outcome) {
        (Judge::Nobody, _) => "looked for nowhere".to_owned(),
        (_, Err(error)) if matches!(**error, TokenError::KidNotFound { .. }) => {
            format!("{}, which has none of this `kid`", keys.in_words())
        }
        _ => keys.in_words(),
    };
    Ok(Verdict { outcome: outcome.map(|_| ()), judge: Some(judge), key })
}

/// As a session token of Clerk's, by this key alone.
fn by_key(file: Option<&Path>, jws: &Rc<CompactJws>, now: UnixMillis) -> Result<Verdict, Fault> {
    let key = match file {
        Some(path) => Key::read(path, jws.header().kid())?,
        None => Key::None,
    };
    let (jws, source) = (jws.clone(), key.source());
    let step = machine::start(now, |io| async move {
        let options = VerifyOptions::default();
        verify::verify_session_token(&io, &jws, &source, &options, Leniency::default()).await.map(|_| ())
    });
    Ok(Verdict { outcome: drive::run(step, now), judge: None, key: key.in_words() })
}

fn read_token(argument: Option<&str>) -> Result<String, Fault> {
    let token = match argument {
        Some(token) if token != "-" => token.to_owned(),
        _ => {
            let mut text = String::new();
            // More than any token may have, so that what is too long is said to be.
            let read = std::io::stdin().take(1 << 20).read_to_string(&mut text);
            read.map_err(|error| Fault::of_file("standard input", error))?;
            text
        }
    };
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
    if token.is_empty() {
        return Err(Fault::new("there is no token: give it as an argument or on standard input"));
    }
    Ok(token.to_owned())
}

/// It cannot even be read; nothing of it is shown.
fn refused_unread(error: &TokenError, as_json: bool) -> Report {
    let text = if as_json {
        crate::cli::output::json(&json!({
            "accepted": false, "reason": error.reason().as_str(), "message": error.to_string(),
        }))
    } else {
        format!("{} ({}): {error}\n", paint(RED, "refused"), error.reason().as_str())
    };
    Report { text, code: FINDINGS, ..Report::default() }
}

/// A segment as JSON. The core has read it before, so it is there.
fn segment(token: &str, index: usize) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let bytes = token.split('.').nth(index).and_then(|segment| URL_SAFE_NO_PAD.decode(segment.trim_end_matches('=')).ok());
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null)
}

/// Where the key is from.
enum Key {
    None,
    Pem(Rc<VerificationKey>, String),
    NotInSet(String),
}

impl Key {
    fn read(path: &std::path::Path, kid: Option<&str>) -> Result<Self, Fault> {
        let source = read_text(path)?;
        if keys::is_json(&source) {
            let set =
                KeySet::parse(source.text.as_bytes(), None).map_err(|error| Fault::new(format!("`{}`: {error}", source.name)))?;
            let kid = kid.unwrap_or_default();
            return match set.select(kid) {
                Some(Ok(key)) => Ok(Self::Pem(key, format!("the one of its `kid` in `{}`", source.name))),
                Some(Err(wrong)) => {
                    Err(Fault::new(format!("the key of this `kid` in `{}` cannot be used: {wrong}", source.name)))
                }
                None => Ok(Self::NotInSet(source.name)),
            };
        }
        let key = keys::parse_public_pem(&source)?;
        Ok(Self::Pem(key, format!("that of `{}`", source.name)))
    }

    fn source(&self) -> KeySource {
        match self {
            Self::Pem(key, _) => KeySource::Pem(key.clone()),
            Self::None | Self::NotInSet(_) => KeySource::None,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::None => "none given, so the signature was not checked; name one by --key FILE".to_owned(),
            Self::Pem(_, from) => from.clone(),
            Self::NotInSet(file) => {
                format!("`{file}` has none of this `kid`: the token is of another instance, or the file is old")
            }
        }
    }
}

/// The time claims in words.
fn times(claims: &Value, now: UnixMillis) -> Vec<(&'static str, String)> {
    let time = |claim: &'static str| Some((claim, moment::in_words(claims.get(claim)?.as_f64()?, now)));
    ["iat", "nbf", "exp"].into_iter().filter_map(time).collect()
}

fn render(header: &Value, claims: &Value, now: UnixMillis, verdict: &Verdict) -> String {
    let mut text = String::new();
    let times = times(claims, now);
    for (title, part) in [("header", header), ("claims", claims)] {
        text.push_str(&format!("{}\n", paint(BOLD, title)));
        for (name, value) in part.as_object().into_iter().flatten() {
            let words = times.iter().find(|(claim, _)| claim == name).filter(|_| title == "claims");
            let words = words.map_or(String::new(), |(_, words)| format!("  ({words})"));
            text.push_str(&format!("  {}: {value}{words}\n", printable(name)));
        }
    }
    if let Some(judge) = &verdict.judge {
        text.push_str(&format!("{}\n  {}\n", paint(BOLD, "judged by"), judge.in_words()));
    }
    text.push_str(&format!("{}\n  {}\n", paint(BOLD, "key"), verdict.key));
    let message = verdict.message().unwrap_or_default();
    text.push_str(&match &verdict.outcome {
        Ok(()) => format!("{}\n", paint(GREEN, "accepted")),
        Err(error) if error.is_unknown() => format!("{}: {message}\n", paint(YELLOW, "cannot tell")),
        Err(error) => format!("{} ({}): {message}\n", paint(RED, "refused"), error.reason().as_str()),
    });
    text
}
