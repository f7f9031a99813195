//! `portcullis token mint`: a session token for a development instance.
//!
//! The key is a file of one's own. A gate takes its tokens only where `CLERK_JWT_KEY` is that key's public half, so nothing is
//! forged by it; all the same it is refused beside a production key.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value, json};

use crate::{
    cli::{DeploymentArguments, deployment::Deployment, key_pair::KeyPair, moment, output::Report, read_text, source::Fault},
    session::{InstanceType, PublishableKey},
    table::quote,
    time::UnixMillis,
};

/// A token that lives longer is a password.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The private key in PEM (RSA). Its public half is `CLERK_JWT_KEY` in `.dev.vars`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Make the key where there is none, and say what to put into `.dev.vars`.
    #[arg(long)]
    new_key: bool,
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// The user.
    #[arg(long, default_value = "user_minted")]
    sub: String,
    /// The authorized party. Without it: the first of the deployment.
    #[arg(long)]
    azp: Option<String>,
    /// A claim, as `NAME=VALUE`; the value is JSON, or else text. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_claim)]
    claim: Vec<(String, Value)>,
    /// How long it lives.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = moment::parse_duration)]
    lifetime: Duration,
    /// When it is issued, in seconds since 1970 or RFC 3339.
    #[arg(long, value_parser = moment::parse)]
    now: Option<UnixMillis>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    let deployment = Deployment::read(&arguments.deployment)?;
    let publishable = deployment.text("CLERK_PUBLISHABLE_KEY").and_then(|key| PublishableKey::parse(key.trim()));
    let Some(publishable) = publishable else {
        let place = deployment.place_of("CLERK_PUBLISHABLE_KEY");
        return Err(Fault::new("CLERK_PUBLISHABLE_KEY is no publishable key").at(place));
    };
    if publishable.instance_type == InstanceType::Production {
        let help = "choose a development environment by `--env`, or `.dev.vars` by `--local`";
        let place = deployment.place_of("CLERK_PUBLISHABLE_KEY");
        return Err(Fault::new("tokens are minted for development instances only, and this is a production key")
            .at(place)
            .help(help));
    }
    if arguments.lifetime > LONGEST {
        return Err(Fault::new("a minted token lives for a day at most"));
    }
    let mut aside = String::new();
    let key = if arguments.new_key && !arguments.key.exists() {
        let key = KeyPair::generate()?;
        write_private(&arguments.key, &key.render_private_pem()?)?;
        let public = key.render_public_pem()?.trim().replace('\n', "\\n");
        aside = format!("wrote {}; for the gate put into `.dev.vars`:\nCLERK_JWT_KEY=\"{public}\"\n", arguments.key.display());
        key
    } else {
        KeyPair::parse_pem(&read_text(&arguments.key)?.text)?
    };

    let parties = deployment.policy_table().and_then(|table| table.get("authorized_parties"));
    let first = parties.and_then(|parties| parties.as_text().or_else(|| parties.items().first()?.as_text()));
    let azp = arguments.azp.as_deref().or(first.filter(|party| !party.contains('*')));
    let iat = arguments.now.unwrap_or_else(moment::now).as_secs();
    let lifetime = i64::try_from(arguments.lifetime.as_secs()).unwrap_or(0);
    let mut claims: Map<String, Value> = Map::new();
    if let Value::Object(usual) = json!({
        "exp": iat + lifetime,
        "fva": [0, -1],
        "iat": iat,
        "iss": format!("https://{}", publishable.frontend_api),
        "nbf": iat - 10,
        "sid": "sess_minted",
        "sts": "active",
        "sub": arguments.sub,
        "v": 2,
    }) {
        claims.extend(usual);
    }
    claims.extend(azp.map(|azp| ("azp".to_owned(), azp.into())));
    claims.extend(arguments.claim.iter().cloned());
    let token = key.sign("ins_minted", &Value::Object(claims))?;
    Ok(Report { text: format!("{token}\n"), aside, code: 0 })
}

/// Writes a file that is new and that nobody else may read.
fn write_private(path: &Path, text: &str) -> Result<(), Fault> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let refuse = |error| Fault::new(format!("cannot write `{}`: {error}", path.display()));
    let mut file = options.open(path).map_err(refuse)?;
    file.write_all(text.as_bytes()).map_err(|error| {
        // Half a key would be taken for a broken one the next time.
        let _ = std::fs::remove_file(path);
        refuse(error)
    })
}

fn parse_claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{}` is not `NAME=VALUE`", quote(text)))?;
    if name.is_empty() {
        return Err("a claim has a name".to_owned());
    }
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}
