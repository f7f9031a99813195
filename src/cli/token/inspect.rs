//! `portcullis token inspect`: what a token says, and what the gate would say to it.

use std::{io::Read, path::PathBuf, rc::Rc};

use serde_json::{Map, Value, json};

use crate::{
    cli::{
        DeploymentArguments, FINDINGS,
        deployment::Deployment,
        drive, moment,
        output::{BOLD, GREEN, RED, Report, YELLOW, paint},
        read_text,
        source::Fault,
    },
    machine,
    time::UnixMillis,
    token::{AuthorizedParty, CompactJws, KeySet, KeySource, Leniency, TokenError, VerificationKey, VerifyOptions, verify},
};

#[derive(clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The token; from standard input where it is absent or `-`, which keeps it out of the shell's history.
    token: Option<String>,
    /// A PEM public key, or a key set in JSON, to check the signature with.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Check parties and issuer by this deployment too; its `CLERK_JWT_KEY` is the key, where there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The environment of the deployment.
    #[arg(long, value_name = "NAME", requires = "config")]
    env: Option<String>,
    /// With `.dev.vars` of the deployment.
    #[arg(long, requires = "config")]
    local: bool,
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
        Ok(jws) => Rc::new(jws),
        Err(error) => return Ok(refused_unread(&error, arguments.json)),
    };
    let (header, claims) = (segment(&token, 0), segment(&token, 1));
    let mut options = VerifyOptions::default();
    let mut key = Key::None;
    if let Some(config) = &arguments.config {
        let which = DeploymentArguments { config: Some(config.clone()), env: arguments.env.clone(), local: arguments.local };
        key = of_deployment(&Deployment::read(&which)?, &mut options)?;
    }
    if let Some(path) = &arguments.key {
        key = Key::read(path, jws.header().kid())?;
    }
    let outcome = {
        let (jws, source) = (jws.clone(), key.source());
        let step = machine::start(now, |io| async move {
            verify::verify_session_token(&io, &jws, &source, &options, Leniency::default()).await.map(|_| ())
        });
        drive::run(step, now)
    };
    let code = if outcome.is_ok() { 0 } else { FINDINGS };
    let verdict = Verdict { outcome, key: key.in_words() };
    let text = if arguments.json {
        crate::cli::output::json(&json!({
            "header": header,
            "claims": claims,
            "times": times(&claims, now).into_iter().map(|(claim, words)| (claim.to_owned(), words.into())).collect::<Map<_, Value>>(),
            "key": verdict.key,
            "accepted": verdict.outcome.is_ok(),
            "reason": verdict.outcome.as_ref().err().map(|error| error.reason().as_str().into_owned()),
            "message": verdict.outcome.as_ref().err().map(ToString::to_string),
        }))
    } else {
        render(&header, &claims, now, &verdict)
    };
    Ok(Report { text, code, ..Report::default() })
}

struct Verdict {
    outcome: Result<(), TokenError>,
    key: String,
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
        if source.text.trim_start().starts_with('{') {
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
        let key = VerificationKey::parse_pem(&source.text).map_err(|error| Fault::new(format!("`{}`: {error}", source.name)))?;
        Ok(Self::Pem(Rc::new(key), format!("that of `{}`", source.name)))
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

fn of_deployment(deployment: &Deployment, options: &mut VerifyOptions) -> Result<Key, Fault> {
    let environment = deployment.complete_environment()?;
    let settings = deployment.settings(environment)?;
    options.authorized_parties = settings.authorized_parties.iter().map(|party| AuthorizedParty::parse(party, true)).collect();
    options.issuer = vec![format!("https://{}", settings.instance.frontend_api)];
    let pem = settings.instance.jwt_key.as_deref().and_then(|pem| VerificationKey::parse_pem(pem).ok());
    Ok(pem.map_or(Key::None, |key| Key::Pem(Rc::new(key), "`CLERK_JWT_KEY` of the deployment".to_owned())))
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
    text.push_str(&format!("{}\n  {}\n", paint(BOLD, "key"), verdict.key));
    text.push_str(&match &verdict.outcome {
        Ok(()) => format!("{}\n", paint(GREEN, "accepted")),
        Err(error) if error.is_unknown() => format!("{}: {error}\n", paint(YELLOW, "cannot tell")),
        Err(error) => format!("{} ({}): {error}\n", paint(RED, "refused"), error.reason().as_str()),
    });
    text
}

/// A name from the token, without what would move a terminal's cursor. Values are JSON, which escapes by itself.
fn printable(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}
