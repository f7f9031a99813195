//! `portcullis explain`: why does the gate decide so about this request?
//!
//! The decision is the gate's own (or the Worker's, for what it answers by itself), and so is what stands beside it. Over the
//! network only questions go out: for keys, for a machine's token. What a token says is taken for fresh, a session is not renewed, and a
//! handshake is not taken in.

mod report;

use std::{io::Read as _, path::PathBuf, rc::Rc};

use super::{
    DeploymentArguments,
    browser::{self, Kind, offer},
    deployment::Deployment,
    drive,
    keys::Keys,
    moment,
    output::{Report, json},
    secret,
    source::Fault,
    worker,
};
use crate::{
    gate::{Explanation, Gate},
    request::{HeaderList, RequestView},
    time::UnixMillis,
    token::CompactJws,
    web_url::url_origin_of,
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The method, as `GET`.
    method: String,
    /// The address: a path on the first authorized party, or an absolute URL. It is judged as it stands here.
    url: String,
    #[command(flatten)]
    deployment: DeploymentArguments,
    /// A header, as `Name: value`. May be repeated.
    #[arg(long = "header", short = 'H', value_name = "HEADER")]
    headers: Vec<String>,
    /// A cookie, as `name=value`. May be repeated.
    #[arg(long = "cookie", value_name = "COOKIE")]
    cookies: Vec<String>,
    /// A token for `Authorization: Bearer`; `-` reads it from standard input, which keeps it out of the shell's history.
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// How a browser asks. By what the headers say, else GET is for a document.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The time of the request, in seconds since 1970 or RFC 3339. Without it: this machine's clock.
    #[arg(long, value_parser = moment::parse)]
    now: Option<UnixMillis>,
    /// A PEM public key, or a key set in JSON, to check the token's signature with.
    #[arg(long, visible_alias = "jwks", value_name = "FILE")]
    key: Option<PathBuf>,
    /// Ask nobody over the network: without `CLERK_JWT_KEY` or `--key` no signature can be checked.
    #[arg(long)]
    offline: bool,
    /// One JSON document instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    let deployment = Deployment::read(&arguments.deployment)?;
    let mut environment = deployment.complete_environment()?;
    let (request, credentials) = request(arguments, &deployment.base_url())?;
    let decoded = credentials.iter().find_map(|credential| CompactJws::decode(&Rc::from(credential.as_str())).ok());
    let kid = decoded.as_ref().and_then(|jws| jws.header().kid());
    let mut keys = Keys::new(&deployment, arguments.key.as_deref(), arguments.offline, kid, &mut environment)?;
    let gate = Gate::taking_tokens_for_fresh(environment).map_err(|errors| deployment.refuse(&errors))?;
    keys.know_issuers_of(gate.settings());
    let url = request.url.to_string();
    let now = arguments.now.unwrap_or_else(moment::now);
    let machine = gate.machine_token_in(&request, now);
    let explanation = match worker::answer(gate.settings(), &request) {
        Some(decision) => Explanation::of(decision),
        None => {
            let step = gate.explain(request, "explain".to_owned(), now);
            drive::run_asking(step, now, |call| keys.answer(call))
        }
    };
    let text = if arguments.json {
        json(&report::json(&explanation))
    } else {
        report::text(&arguments.method, &url, &explanation, &keys.in_words(), machine)
    };
    // Whatever a decision repeats of what it was asked: a token is never printed whole.
    Ok(Report { text: secret::mask_credentials(&text, &credentials), ..Report::default() })
}

/// The request, and what in it must not be shown.
fn request(arguments: &Arguments, base: &str) -> Result<(RequestView, Vec<String>), Fault> {
    let url = if arguments.url.starts_with('/') { format!("{base}{}", arguments.url) } else { arguments.url.clone() };
    let Some(origin) = url_origin_of(&url).map(str::to_owned) else {
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        if let Some(scheme) = scheme.filter(|scheme| !matches!(*scheme, "http" | "https")) {
            return Err(Fault::new(format!("`{scheme}` is no scheme of a gate: only http and https are")));
        }
        return Err(Fault::new(format!("`{}` is no path and no absolute URL", arguments.url))
            .help("as `/admin` or `https://example.com/admin`"));
    };
    if !is_token(&arguments.method) {
        return Err(
            Fault::new(format!("`{}` is no method", arguments.method)).help("as `GET`; the address is an argument of its own")
        );
    }
    let mut headers = Vec::new();
    for header in &arguments.headers {
        let (name, value) = header
            .split_once(':')
            .filter(|(name, value)| is_token(name.trim()) && !value.chars().any(|c| c.is_control() && c != '\t'))
            .ok_or_else(|| Fault::new("`--header` expects `Name: value`, as HTTP allows them"))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    // What stands there instead may be the value alone: it is not shown.
    if arguments.cookies.iter().any(|cookie| cookie.split_once('=').is_none_or(|(name, _)| !is_token(name.trim()))) {
        return Err(Fault::new("`--cookie` expects `name=value`"));
    }
    if !arguments.cookies.is_empty() {
        headers.push(("cookie".to_owned(), arguments.cookies.join("; ")));
    }
    if let Some(token) = &arguments.token {
        let token = if token == "-" { read_standard_input()? } else { token.trim().to_owned() };
        let bare = token.strip_prefix("Bearer").filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let token = bare.unwrap_or(&token).trim();
        if token.is_empty() {
            // As a variable that is not set: what was to be explained is not a request without a token.
            return Err(Fault::new("`--token` is empty").help("leave it out to ask as somebody without a token"));
        }
        offer(&mut headers, "authorization", format!("Bearer {token}"));
    }
    let credentials = credentials_in(&headers);
    let kind = arguments.kind.unwrap_or_else(|| kind_of(&arguments.method, &headers));
    browser::complete(&mut headers, &arguments.method, kind, &origin);
    let view =
        RequestView { method: arguments.method.as_str().into(), url: url.into(), headers: Rc::new(HeaderList::new(headers)) };
    Ok((view, credentials))
}

/// A token as methods and names of fields and cookies are (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn read_standard_input() -> Result<String, Fault> {
    let mut text = String::new();
    // More than any token may have, so that what is too long is said to be.
    let read = std::io::stdin().take(1 << 20).read_to_string(&mut text);
    read.map_err(|error| Fault::of_file("standard input", error))?;
    Ok(text.trim().to_owned())
}

/// The values of cookies and of `Authorization`.
fn credentials_in(headers: &[(String, String)]) -> Vec<String> {
    let values = headers.iter().flat_map(|(name, value)| match name.as_str() {
        "cookie" => value.split(';').filter_map(|pair| Some(pair.split_once('=')?.1.trim())).collect(),
        "authorization" | "proxy-authorization" => vec![value.split_once(' ').map_or(value.as_str(), |(_, token)| token.trim())],
        _ => Vec::new(),
    });
    values.map(str::to_owned).collect()
}

/// What the headers say, and where they say nothing the method.
fn kind_of(method: &str, headers: &[(String, String)]) -> Kind {
    let given = |name: &str| headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    let is_document = match (given("sec-fetch-dest"), given("accept")) {
        (Some(destination), _) => destination == "document" || destination == "iframe",
        (None, Some(accept)) => accept.starts_with("text/html"),
        (None, None) => method == "GET",
    };
    if is_document { Kind::Document } else { Kind::Fetch }
}
