//! Replays what eleven real routers answered to thousands of odd paths, and 300 ordinary URLs, against `path::judge`.
//!
//! Where a server ran the admin handler and the readings gave less than admin access, the gate would have been bypassed; where an
//! ordinary URL gets another access than its policy says, a user would be turned away. Both numbers must be zero, for both
//! defaults, whether the host hands the gate a parsed URL or the target as the client wrote it.
//! The data and its meaning: `tests/vectors/paths/README.md`.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
};

use portcullis::path::{Ambiguity, JudgedTarget, PathSettings, judge};
use serde::Deserialize;

#[test]
fn parsed_urls_have_no_bypass() {
    assert_no_bypass(Transit::Parsed);
}

#[test]
fn urls_as_the_client_wrote_them_have_no_bypass() {
    assert_no_bypass(Transit::AsWritten);
}

/// Middleware judges a request that the application then reads as it came.
#[test]
fn judging_without_forwarding_the_canonical_form_has_no_bypass_either() {
    assert_no_bypass_when(Transit::Parsed, false);
    assert_no_bypass_when(Transit::AsWritten, false);
}

#[test]
fn ordinary_urls_keep_the_access_of_the_policy_and_their_spelling() {
    let mut alarms = Vec::new();
    let ordinary: Vec<Ordinary> = read("ordinary.json");
    assert_eq!(ordinary.len(), 300);
    for Ordinary { url, expect } in &ordinary {
        let target = url.split_once('#').map_or(url.as_str(), |(target, _)| target);
        for default in [Access::Public, Access::Protected] {
            let expected = match expect.as_str() {
                "public" => Access::Public,
                "protected" => Access::Protected,
                "admin" => Access::Admin,
                _ => default,
            };
            match judge(&format!("http://h{url}"), &PathSettings::default()) {
                Err(ambiguity) => alarms.push(format!("{url}: {ambiguity}")),
                Ok(judged) => {
                    let found = access(&judged, default);
                    if found != expected {
                        alarms.push(format!("{url}: {found:?}, not {expected:?} ({:?})", judged.readings()));
                    }
                    if spelling(&judged.forward_target()) != spelling(target) {
                        alarms.push(format!("{url}: forwarded as {}", judged.forward_target()));
                    }
                }
            }
        }
    }
    assert!(alarms.is_empty(), "{} false alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn no_recorded_path_comes_near_the_limits() {
    let mut most = (0, String::new());
    for target in read::<Vec<Target>>("targets.json") {
        match judge(&format!("http://h{}", target.parsed()), &PathSettings::default()) {
            Ok(judged) if judged.readings().len() > most.0 => most = (judged.readings().len(), target.parsed()),
            Ok(_) => {}
            Err(ambiguity) => assert_ne!(ambiguity, Ambiguity::TooManyReadings, "{}", target.parsed()),
        }
    }
    assert!(most.0 < portcullis::limits::READINGS / 4, "{} readings of {}", most.0, most.1);
}

/// Whether the host parsed the URL before the gate sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transit {
    Parsed,
    AsWritten,
}

fn assert_no_bypass(transit: Transit) {
    assert_no_bypass_when(transit, true);
}

fn assert_no_bypass_when(transit: Transit, canonical_is_forwarded: bool) {
    let targets: Vec<Target> = read("targets.json");
    let origins = read::<Origins>("origins.json").origins;
    let recorded: Vec<HashMap<Sent, u8>> = origins.iter().map(|origin| recorded(origin, &targets)).collect();

    let mut bypasses = BTreeMap::<String, Vec<String>>::new();
    let (mut cases, mut refused, mut not_on_record) = (HashSet::new(), 0, 0);
    for target in &targets {
        if transit == Transit::AsWritten && origins.first().and_then(|origin| origin.handed.get(target.id)) == Some(&b'-') {
            continue;
        }
        let given = match transit {
            Transit::Parsed => target.parsed(),
            Transit::AsWritten => target.handed(),
        };
        if !cases.insert(target.sent(given.clone(), &target.headers)) {
            continue;
        }
        let url = match transit {
            Transit::Parsed => format!("http://h{}", target.parsed()),
            Transit::AsWritten => format!("http://h{}", without_authority_and_fragment(&target.raw)),
        };
        let judged = match judge(&url, &PathSettings::default()) {
            Ok(judged) => judged,
            Err(_) => {
                refused += 1;
                continue;
            }
        };
        let forwarded = if canonical_is_forwarded { judged.forward_target() } else { given };
        let sent = target.sent(forwarded, &forwarded_headers(&target.headers));
        for default in [Access::Public, Access::Protected] {
            let access = access(&judged, default);
            for (origin, recorded) in origins.iter().zip(&recorded) {
                let needed = match recorded.get(&sent) {
                    None => {
                        not_on_record += 1;
                        continue;
                    }
                    Some(b'A') => Access::Admin,
                    Some(b'P') => Access::Protected,
                    Some(_) => Access::Public,
                };
                if access < needed {
                    let case = format!("{url} ({}), sent as {}: {access:?}, not {needed:?}", target.how, sent.1);
                    bypasses.entry(origin.name.clone()).or_default().push(case);
                }
            }
        }
    }
    println!("{} targets, {refused} refused, {not_on_record} answers not on record", cases.len());
    assert!(cases.len() > 4000);
    assert!(bypasses.is_empty(), "{bypasses:#?}");
}

/// Method, target, headers: what an origin was sent.
type Sent = (String, String, Vec<(String, String)>);

fn recorded(origin: &Origin, targets: &[Target]) -> HashMap<Sent, u8> {
    let mut recorded = HashMap::new();
    for target in targets {
        for (sent, answers) in
            [(target.raw.clone(), &origin.raw), (target.handed(), &origin.handed), (target.parsed(), &origin.whatwg)]
        {
            match answers.get(target.id) {
                None | Some(b'-') => {}
                Some(answer) => {
                    recorded.insert(target.sent(sent, &target.headers), *answer);
                }
            }
        }
    }
    recorded
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Public,
    Protected,
    Admin,
}

/// The policy that the data was made for: `literal` and `literal(.*)`, in any case, with an optional slash at the end.
fn access(judged: &JudgedTarget, default: Access) -> Access {
    judged.strictest(default, listed).0
}

fn listed(path: &str) -> Option<Access> {
    let path = path.to_ascii_lowercase();
    let is = |literal: &str| path.strip_suffix('/').unwrap_or(&path) == literal;
    if path.starts_with("/admin") || path.starts_with("/api/admin") {
        Some(Access::Admin)
    } else if path == "/" || is("/about") || path.starts_with("/blog") || path.starts_with("/api/public") {
        Some(Access::Public)
    } else if path.starts_with("/dashboard") {
        Some(Access::Protected)
    } else {
        None
    }
}

/// The headers that an origin routes by and that the gate strips, in every spelling (room `headers`).
fn forwarded_headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    const STRIPPED: &[&str] = &["script-name", "path-info"];
    let is_stripped = |name: &str| STRIPPED.contains(&name.to_ascii_lowercase().replace('_', "-").as_str());
    headers.iter().filter(|(name, _)| !is_stripped(name)).cloned().collect()
}

/// Makes the spellings equal that no origin tells apart: unreserved characters escaped or not, digits in either case.
fn spelling(target: &str) -> String {
    let mut out = String::new();
    let mut rest = target;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let escaped = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (escaped, after.get(..2), after.get(2..)) {
            (Some(byte), Some(digits), Some(tail)) => {
                match byte {
                    b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                    _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
                    _ => out.extend(["%", &digits.to_ascii_uppercase()]),
                }
                rest = tail;
            }
            _ => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

fn without_authority_and_fragment(raw: &str) -> &str {
    let scheme = raw.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let target = match scheme.as_deref() {
        Some(scheme @ ("http" | "https")) => {
            let rest = &raw[scheme.len() + 3..];
            &rest[rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())..]
        }
        _ => raw,
    };
    target.split_once('#').map_or(target, |(target, _)| target)
}

fn read<T: for<'de> Deserialize<'de>>(file: &str) -> T {
    let path = format!("{}/tests/vectors/paths/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[derive(Deserialize)]
struct Ordinary {
    url: String,
    expect: String,
}

#[derive(Deserialize)]
struct Origins {
    origins: Vec<Origin>,
}

#[derive(Deserialize)]
struct Origin {
    name: String,
    #[serde(deserialize_with = "codes")]
    whatwg: Vec<u8>,
    #[serde(deserialize_with = "codes")]
    handed: Vec<u8>,
    #[serde(deserialize_with = "codes")]
    raw: Vec<u8>,
}

fn codes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    String::deserialize(deserializer).map(String::into_bytes)
}

#[derive(Deserialize)]
struct Target {
    id: usize,
    raw: String,
    path: String,
    #[serde(default)]
    search: String,
    handed: Option<String>,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    how: String,
}

fn get() -> String {
    "GET".into()
}

impl Target {
    fn parsed(&self) -> String {
        format!("{}{}", self.path, self.search)
    }

    fn handed(&self) -> String {
        self.handed.clone().unwrap_or_else(|| self.parsed())
    }

    fn sent(&self, target: String, headers: &[(String, String)]) -> Sent {
        (self.method.clone(), target, headers.to_vec())
    }
}
