//! A gate's configuration as JavaScript writes it, to the core's settings and back: `signInUrl` is `sign_in_url` there, `secretKey`
//! is `CLERK_SECRET_KEY`, and errors speak the names that the caller wrote.

use crate::{
    json::push_string,
    settings::Environment,
    table::{Node, Problem, SettingError, nearest as nearest_of},
    text,
};

/// What stands beside the policy in a Worker's environment, by both of its names.
const VARIABLES: [(&str, &str); 8] = [
    ("publishableKey", "CLERK_PUBLISHABLE_KEY"),
    ("secretKey", "CLERK_SECRET_KEY"),
    ("jwtKey", "CLERK_JWT_KEY"),
    ("apiUrl", "CLERK_API_URL"),
    ("proxyUrl", "CLERK_PROXY_URL"),
    ("signingKey", "PORTCULLIS_SIGNING_KEY"),
    ("signingKeyPrevious", "PORTCULLIS_SIGNING_KEY_PREVIOUS"),
    ("signingKeyNext", "PORTCULLIS_SIGNING_KEY_NEXT"),
];

/// Settings that nothing here can act on: an operator must not believe that they hold. The webhooks' own are told apart, by what to do instead.
const WORKER_ONLY: [(&str, &str); 11] = [
    ("securityHeaders", "the app sets its own"),
    ("csp", "the app sets its own"),
    ("cors", "the app sets its own"),
    ("ownPages", "the app makes its own pages from the decision"),
    ("logUser", "the app writes its own log from the decision"),
    ("logForwards", "the app writes its own log from the decision"),
    ("rateLimits", "only the Worker has counters"),
    ("proxy", "only the Worker is a proxy of the Frontend API"),
    ("fapiUrl", "only the Worker is a proxy of the Frontend API"),
    ("webhookPath", WEBHOOKS),
    ("webhookSigningSecret", WEBHOOKS),
];
const WEBHOOKS: &str = "only the Worker takes in webhooks by itself";

/// Tables whose keys are the user's own words: parameters of a path.
const VERBATIM: [&str; 1] = ["where"];

/// Makes something of a configuration, JSON.
///
/// # Errors
///
/// All that is wrong: about its outer shape, and what `make` has against the rest.
pub(super) fn made<T>(
    json: &str,
    make: impl FnOnce(Environment) -> Result<T, Vec<SettingError>>,
) -> Result<T, Vec<SettingError>> {
    let (environment, mut errors) = read(json)?;
    let made = make(environment);
    if errors.is_empty() {
        return made;
    }
    // A key that is no text was handed on as missing.
    let more = made.err().unwrap_or_default();
    let is_told = |setting: &str| errors.iter().any(|told| told.setting == setting);
    let more: Vec<_> = more.into_iter().filter(|error| !is_told(&to_caller(&error.setting))).collect();
    errors.extend(more);
    Err(errors)
}

/// The settings for the core, and what is wrong about the others.
///
/// # Errors
///
/// What is no object.
fn read(json: &str) -> Result<(Environment, Vec<SettingError>), Vec<SettingError>> {
    let not_an_object = || vec![problem("config", Problem::Type { found: "no object", expected: "an object of settings" })];
    let Ok(Node::Table(mut entries)) = Node::parse_json(json) else { return Err(not_an_object()) };
    let mut errors = Vec::new();
    let mut take = |name: &str| entries.iter().position(|(key, _)| key == name).map(|at| entries.remove(at).1);
    let [publishable_key, secret_key, jwt_key, api_url, proxy_url, signing_key, signing_key_previous, signing_key_next] =
        VARIABLES.map(|(name, _)| match take(name) {
            None | Some(Node::Null) => None,
            Some(Node::Text(text)) => Some(text),
            Some(other) => {
                errors.push(problem(name, Problem::Type { found: other.kind(), expected: "a string" }));
                None
            }
        });
    for (name, why) in WORKER_ONLY {
        if take(name).is_some_and(|value| value != Node::Null) {
            let help = if why == WEBHOOKS {
                "remove it, and call `verifyWebhook` in the handler"
            } else {
                "remove it, or deploy the gate as a Worker"
            };
            errors.push(problem(name, Problem::Conflict { why: why.to_owned(), help }));
        }
    }
    let portcullis = Some(to_core(Node::Table(entries)));
    let environment = Environment {
        publishable_key,
        secret_key,
        jwt_key,
        api_url,
        proxy_url,
        signing_key,
        signing_key_previous,
        signing_key_next,
        portcullis,
        ..Environment::default()
    };
    Ok((environment, errors))
}

/// The errors in the caller's own names, as a JSON list of `{ setting, message }`.
pub(super) fn describe(errors: Vec<SettingError>) -> String {
    let mut out = String::from("[");
    for error in errors {
        if out.len() > 1 {
            out.push(',');
        }
        let setting = to_caller(&error.setting);
        out.push_str("{\"setting\":");
        push_string(&mut out, &setting);
        out.push_str(",\"message\":");
        push_string(&mut out, &message(setting, error.problem));
        out.push('}');
    }
    out.push(']');
    out
}

fn message(setting: String, problem: Problem) -> String {
    if let Problem::Unknown { nearest } = &problem {
        let is_at_top = !setting.contains('.');
        let variable = || {
            let by_its_other_name = VARIABLES.iter().find(|(_, variable)| *variable == setting).map(|(name, _)| *name);
            let near = by_its_other_name.or_else(|| nearest_of(&setting, &VARIABLES.map(|(name, _)| name)));
            near.filter(|_| is_at_top).map(str::to_owned)
        };
        let help = match nearest.map(to_caller).or_else(variable) {
            Some(nearest) => ["; help: did you mean `", &nearest, "`?"].concat(),
            None => String::new(),
        };
        return ["unknown setting `", &setting, "`", &help].concat();
    }
    let mut message = SettingError { setting, problem }.to_string();
    // The longer names first: one begins like another.
    for (name, variable) in VARIABLES.into_iter().rev() {
        message = text::replace(&message, variable, name);
    }
    message
}

fn problem(setting: &str, problem: Problem) -> SettingError {
    SettingError { setting: setting.to_owned(), problem }
}

/// The same tree with the core's names. A name that is already written that way is none here: it is turned into one that the
/// core does not know either, and finds the right one near it.
fn to_core(node: Node) -> Node {
    match node {
        Node::Table(entries) => Node::Table(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let value = if VERBATIM.contains(&key.as_str()) { value } else { to_core(value) };
                    (snake_case(&key), value)
                })
                .collect(),
        ),
        Node::List(items) => Node::List(items.into_iter().map(to_core).collect()),
        other => other,
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        match c {
            '_' => out.push('-'),
            'A'..='Z' => out.extend(['_', c.to_ascii_lowercase()]),
            other => out.push(other),
        }
    }
    out
}

/// A place of the core's, `rules[0].require.one_of`, as the caller wrote it.
fn to_caller(place: &str) -> String {
    if let Some((name, _)) = VARIABLES.iter().find(|(_, variable)| *variable == place) {
        return (*name).to_owned();
    }
    if place == "PORTCULLIS" {
        return "config".to_owned();
    }
    let mut out = String::with_capacity(place.len());
    let mut chars = place.chars();
    while let Some(c) = chars.next() {
        match c {
            '_' => out.extend(chars.next().map(|next| next.to_ascii_uppercase())),
            '-' => out.push('_'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn messages(json: &str) -> String {
        describe(made(json, Settings::read).err().unwrap_or_default())
    }

    const KEYS: &str = r#""publishableKey":"pk_test_Y2xlcmsuZXhhbXBsZS5jb20k","secretKey":"sk_test_0123456789""#;

    #[test]
    fn names_of_javascript_reach_the_core_and_parameters_stay_as_they_are() {
        let json = r#"{"signInUrl":"/a","rules":[{"match":"/x","require":{"claim":"a","oneOf":["b_c"]},"where":{"orgSlug":"org.slug"}}]}"#;
        let Some(Node::Table(table)) = read(json).unwrap().0.portcullis else { panic!("no table") };
        assert_eq!(table[0].0, "sign_in_url");
        let text = format!("{:?}", table[1]);
        assert!(text.contains("one_of") && text.contains("b_c") && text.contains("orgSlug"), "{text}");
    }

    #[test]
    fn what_only_the_worker_can_keep_is_refused() {
        let found = messages(&format!(r#"{{{KEYS},"webhookPath":"/hooks"}}"#));
        assert!(found.contains("`webhookPath`: only the Worker") && found.contains("verifyWebhook"), "{found}");
    }

    #[test]
    fn every_mistake_is_told_and_each_once() {
        let found = messages(
            r#"{"publishableKey":5,"cors":{},"webhookPath":"/hooks","webhookSigningSecret":"x","admin":["/a"],"zzz":1,"authorizedParties":[]}"#,
        );
        for expected in ["publishableKey", "cors", "webhookPath", "webhookSigningSecret", "adminRequires", "zzz", "secretKey"] {
            assert_eq!(found.matches(&format!("\"setting\":\"{expected}\"")).count(), 1, "{expected} in {found}");
        }
    }

    #[test]
    fn parties_that_are_none_are_not_taken_for_all() {
        for (value, said) in [("null", " is null, expected"), ("[]", " is an empty list, expected at least one origin")] {
            let found = messages(&format!(r#"{{{KEYS},"authorizedParties":{value}}}"#));
            assert!(found.contains(&["`authorizedParties`", said].concat()), "{found}");
        }
        assert_eq!(messages(&format!("{{{KEYS}}}")), "[]");
    }

    #[test]
    fn a_misspelt_name_is_answered_in_the_callers_words() {
        for (name, nearest) in [
            ("authorisedParties", "authorizedParties"),
            ("sign_in_url", "signInUrl"),
            ("secretkey", "secretKey"),
            ("publishable_key", "publishableKey"),
            ("CLERK_SECRET_KEY", "secretKey"),
        ] {
            let found = messages(&format!("{{{KEYS},\"{name}\":\"/x\"}}"));
            assert!(found.contains(&format!("unknown setting `{name}`; help: did you mean `{nearest}`?")), "{found}");
        }
        let found = messages(&format!(
            r#"{{{KEYS},"rules":[{{"match":"/x","requires":{{}},"methods":5}}],"admin":["/:","/a"],"zzz":1}}"#
        ));
        for expected in ["rules[0].requires", "rules[0].methods", "admin[0]", "adminRequires", "unknown setting `zzz`\""] {
            assert!(found.contains(expected), "{expected} in {found}");
        }
        assert!(messages("{}").contains("setting `publishableKey` is missing"));
        assert!(messages("[]").contains("setting `config` is no object"));
        assert!(messages(r#"{"secretKey":5}"#).contains("setting `secretKey` is a number, expected a string"));
    }
}
