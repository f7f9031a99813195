//! `portcullis init`: writes a `wrangler.toml` with a policy, and reads it back before it is kept.

mod effect;
mod middleware;
mod names;

use std::{
    fmt::Write as _,
    io::{BufRead, IsTerminal, Write as _},
    path::PathBuf,
};

use self::middleware::Imported;
use super::{
    FINDINGS,
    output::{BOLD, Report, YELLOW, paint, printable},
    source::{Fault, SourceFile},
    tree::Located,
    write_whole,
};
use crate::{
    policy::pattern::Pattern,
    settings::{Environment, Settings},
};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Where to write.
    #[arg(long, value_name = "FILE", default_value = "wrangler.toml")]
    output: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// The name of the Worker.
    #[arg(long, default_value = "portcullis")]
    name: String,
    /// Take the routes from a Next.js `middleware.ts` or `proxy.ts` that uses `createRouteMatcher`; what cannot be carried over is said.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Clerk's publishable key (`pk_…`); asked for on a terminal if it is not given.
    #[arg(long, value_name = "KEY")]
    publishable_key: Option<String>,
    /// The origin of your own pages, as `https://example.com`. May be repeated.
    #[arg(long = "authorized-party", value_name = "ORIGIN")]
    authorized_parties: Vec<String>,
    /// The app behind the gate, as `https://app.internal.example.com`.
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The sign-in page, a path or a URL.
    #[arg(long, value_name = "PAGE", default_value = "/sign-in")]
    sign_in_url: String,
    /// The sign-up page, a path or a URL.
    #[arg(long, value_name = "PAGE", default_value = "/sign-up")]
    sign_up_url: String,
    /// A public pattern. May be repeated.
    #[arg(long, value_name = "PATTERN")]
    public: Vec<String>,
    /// A protected pattern. What nothing names is protected all the same.
    #[arg(long, value_name = "PATTERN")]
    protected: Vec<String>,
    /// A pattern for admins: `metadata.role` has to be `admin`.
    #[arg(long, value_name = "PATTERN")]
    admin: Vec<String>,
    /// A pattern whose paths answer 401 instead of redirecting.
    #[arg(long, value_name = "PATTERN", default_value = "/api/:path*")]
    api: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Report, Fault> {
    if arguments.output.extension().is_some_and(|extension| extension == "json" || extension == "jsonc") {
        let message = format!("`{}` would be JSON by its name, and init writes TOML only", arguments.output.display());
        return Err(Fault::new(message).help("name a `.toml` file by `--output`; `wrangler.toml` is the usual one"));
    }
    if arguments.output.exists() && !arguments.force {
        let message = format!("`{}` is there already", arguments.output.display());
        return Err(Fault::new(message).help("replace it by `--force`, or name another file by `--output`"));
    }
    let mut imported = arguments.from.as_deref().map(middleware::read).transpose()?.unwrap_or_default();
    stop_at_segments(&mut imported);
    let publishable_key = match &arguments.publishable_key {
        Some(key) => key.clone(),
        None => ask("Clerk's publishable key (dashboard, \"API keys\")", "--publishable-key")?,
    };
    let parties = if arguments.authorized_parties.is_empty() {
        let answer = ask("Origins of your own pages, separated by blanks (https://example.com)", "--authorized-party")?;
        answer.split_whitespace().map(str::to_owned).collect()
    } else {
        arguments.authorized_parties.clone()
    };
    let text = render(arguments, &imported, &publishable_key, &parties);
    check(&text, &arguments.output)?;
    write_whole(&arguments.output, &text)?;
    let file = printable(&arguments.output.display().to_string());
    let described = if arguments.from.is_some() { describe(&imported) } else { String::new() };
    Ok(Report {
        // What is left is for somebody to look at.
        code: if imported.left.is_empty() { 0 } else { FINDINGS },
        text: format!("wrote {file}\n{described}{}", next_steps(&arguments.output, &publishable_key)),
        ..Report::default()
    })
}

/// Asks on a terminal; elsewhere the flag is missing.
fn ask(question: &str, flag: &str) -> Result<String, Fault> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Fault::new(format!("`{flag}` is missing, and there is no terminal to ask on")));
    }
    let _ = write!(anstream::stderr(), "{question}: ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|error| Fault::of_file("standard input", error))?;
    match answer.trim() {
        "" => Err(Fault::new(format!("no answer; give it by `{flag}`"))),
        answer => Ok(answer.to_owned()),
    }
}

fn render(arguments: &Arguments, imported: &Imported, publishable_key: &str, parties: &[String]) -> String {
    let mut public: Vec<String> = Vec::new();
    let sign_in_url = imported.sign_in_url.as_ref().unwrap_or(&arguments.sign_in_url);
    let sign_up_url = imported.sign_up_url.as_ref().unwrap_or(&arguments.sign_up_url);
    // Sign-in pages are open, or nobody would ever get in. A middleware says itself whether people may sign up.
    let opens_sign_up = arguments.from.is_none() || imported.sign_up_url.is_some();
    for page in [Some(sign_in_url), Some(sign_up_url).filter(|_| opens_sign_up)].into_iter().flatten() {
        if page.starts_with('/') {
            public.push(format!("{}/:path*", page.trim_end_matches('/')));
        }
    }
    for pattern in imported.public.iter().chain(&arguments.public) {
        if !public.contains(pattern) {
            public.push(pattern.clone());
        }
    }
    let mut text = format!(
        "# The gate. Every setting is explained in docs/settings.md; `portcullis check` says whether it is ready.\n\
         name = {}{}\
         [vars]\n\
         # Not a secret. The secret one: `npx wrangler secret put CLERK_SECRET_KEY`.\n\
         CLERK_PUBLISHABLE_KEY = {}\n\n\
         [vars.PORTCULLIS]\n\
         # Whose tokens are accepted: the origins of your own pages.\n\
         authorized_parties = {}\n",
        quoted(&arguments.name),
        deployed_as_shipped(),
        quoted(publishable_key),
        list(parties),
    );
    if let Some(origin) = &arguments.origin {
        let _ = writeln!(text, "# The app behind the gate.\norigin = {}", quoted(origin));
    }
    let _ = writeln!(text, "sign_in_url = {}", quoted(sign_in_url));
    if opens_sign_up {
        let _ = writeln!(text, "sign_up_url = {}", quoted(sign_up_url));
    }
    text.push('\n');
    let _ = writeln!(text, "# What no list names is for signed-in users.\ndefault = \"protected\"\npublic = {}", list(&public));
    if !arguments.protected.is_empty() {
        let _ = writeln!(text, "protected = {}", list(&arguments.protected));
    }
    if !arguments.admin.is_empty() {
        let _ = writeln!(text, "admin = {}", list(&arguments.admin));
        text.push_str("admin_requires = { claim = \"metadata.role\", equals = \"admin\" }\n");
    }
    let _ =
        writeln!(text, "# These answer 401 and 403 as problem documents instead of redirecting.\napi = {}", list(&arguments.api));
    // Before the lists, since there `public` comes before `protected`: what the middleware protects stays so wherever the two meet.
    let protected = Some((imported.protected.clone(), String::new())).filter(|(patterns, _)| !patterns.is_empty());
    for (patterns, require) in imported.rules.iter().chain(&protected) {
        let _ = writeln!(text, "\n[[vars.PORTCULLIS.rules]]\nmatch = {}", list(patterns));
        if !require.is_empty() {
            let _ = writeln!(text, "require = {require}");
        }
    }
    text
}

/// What Wrangler needs to know of the Worker, behind its name: as the file that comes with the gate has it.
fn deployed_as_shipped() -> &'static str {
    const SHIPPED: &str = include_str!("../../../wrangler.toml");
    let behind_name = SHIPPED.split_once("name = \"portcullis\"").map_or(SHIPPED, |(_, rest)| rest);
    behind_name.split_once("[vars]").map_or(behind_name, |(deployment, _)| deployment)
}

/// What is left to do, in the order in which it works.
fn next_steps(output: &std::path::Path, publishable_key: &str) -> String {
    let file = printable(&output.display().to_string());
    let option = if file == "wrangler.toml" { String::new() } else { format!(" --config {file}") };
    // With a development key it cannot be ready for production.
    let local = if publishable_key.trim().starts_with("pk_test_") { " --local" } else { "" };
    format!(
        "next:\n  write your route into {file}, at `routes`\n  portcullis check{option}{local}\n  \
         in the root of a checkout of Portcullis, where {file} has to be (it builds the Worker there):\n    \
         npx wrangler secret put CLERK_SECRET_KEY{option}\n    npx wrangler deploy{option}\n"
    )
}

/// Clerk's own examples say `/sign-in(.*)`, which opens `/sign-inx` too. As everywhere, what is not sure to be meant stays closed.
fn stop_at_segments(imported: &mut Imported) {
    for pattern in &mut imported.public {
        let opens_siblings = Pattern::parse(pattern).is_ok_and(|pattern| pattern.opens_siblings());
        let Some(base) = pattern.strip_suffix("(.*)").filter(|_| opens_siblings) else { continue };
        let narrow = format!("{base}/:path*");
        if Pattern::parse(&narrow).is_ok() {
            imported.notes.push(format!(
                "`{pattern}` is `{narrow}` here: the middleware opens `{base}x` too; if there are such pages, list them in `public`"
            ));
            *pattern = narrow;
        }
    }
}

/// What of a middleware became what, for people.
fn describe(imported: &Imported) -> String {
    let count = |number: usize, noun: &str| super::output::count(number, noun);
    let mut text = format!(
        "carried over: {}, {}, {} with requirements\n",
        count(imported.public.len(), "public pattern"),
        count(imported.protected.len(), "protected pattern"),
        count(imported.rules.len(), "rule"),
    );
    for note in &imported.notes {
        text.push_str(&format!("  note: {}\n", printable(note)));
    }
    for (place, what) in &imported.left {
        text.push_str(&format!(
            "{}{}\n{}",
            paint(YELLOW, "not carried over"),
            paint(BOLD, &format!(": {}", printable(what))),
            place.render()
        ));
    }
    text
}

/// A file with errors is never written.
fn check(text: &str, path: &std::path::Path) -> Result<(), Fault> {
    let source = SourceFile { name: path.display().to_string(), text: text.to_owned() };
    let root = Located::parse(&source)?;
    let vars = root.get("vars");
    let key = vars.and_then(|vars| vars.get("CLERK_PUBLISHABLE_KEY")).and_then(Located::as_text).unwrap_or_default();
    let kind = if key.trim().starts_with("pk_live_") { "live" } else { "test" };
    let environment = Environment {
        publishable_key: Some(key.to_owned()),
        secret_key: Some(format!("sk_{kind}_not-known-here")),
        portcullis: vars.and_then(|vars| vars.get("PORTCULLIS")).map(Located::to_node),
        ..Environment::default()
    };
    match Settings::read(environment) {
        Ok(_) => Ok(()),
        Err(errors) => {
            let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Err(Fault::new(format!("nothing was written: {}", messages.join("; "))))
        }
    }
}

fn list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
}

/// A TOML basic string: JSON's escapes are among those of TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
