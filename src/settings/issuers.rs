//! `issuer` and `issuers`: whose tokens are taken beside Clerk's, or instead of them.

use super::environment::is_loopback;
use crate::{
    headers::{is_hop_by_hop, is_reserved},
    key::Algorithm,
    session::IssuerOptions,
    table::{Node, Problem, SettingError, TableReader, quote, read_each, wrong_type},
    text::ByAny as _,
    web_url::url_origin_of,
};

/// Reads `issuer` and `issuers`.
#[inline(never)]
pub(super) fn read_all([issuer, issuers]: [Option<Node>; 2], errors: &mut Vec<SettingError>) -> Vec<IssuerOptions> {
    let mut read_so_far = Vec::new();
    for (place, node) in [("issuer", issuer), ("issuers", issuers)] {
        if let Some(node) = node {
            read(place, node, &mut read_so_far, errors);
        }
    }
    read_so_far
}

/// Reads one table, or a list of them, at `place`.
fn read(place: &str, node: Node, issuers: &mut Vec<IssuerOptions>, errors: &mut Vec<SettingError>) {
    match node {
        Node::List(items) => {
            for (index, item) in items.into_iter().enumerate() {
                issuers.extend(read_one(&[place, "[", &index.to_string(), "]"].concat(), item, errors));
            }
        }
        node => issuers.extend(read_one(place, node, errors)),
    }
}

/// Two issuers of one name would have their keys taken for each other's.
#[inline(never)]
pub(super) fn check_names(issuers: &[IssuerOptions], of_clerk: &[String], errors: &mut Vec<SettingError>) {
    for (index, IssuerOptions { issuer, .. }) in issuers.iter().enumerate() {
        let earlier = issuers.get(..index).unwrap_or_default();
        let is_clerk = of_clerk.contains(issuer);
        if is_clerk || earlier.iter().any(|earlier| earlier.issuer == *issuer) {
            let whose = if is_clerk { "the Clerk instance's own" } else { "given twice" };
            let why = ["`", &quote(issuer), "` is ", whose].concat();
            SettingError::conflict("issuers", &why, "name each issuer once, and Clerk's not at all").add_to(errors);
        }
    }
}

fn read_one(place: &str, node: Node, errors: &mut Vec<SettingError>) -> Option<IssuerOptions> {
    let before = errors.len();
    let mut table = TableReader::open(place, node, errors)?;
    let issuer = take_address(&mut table, "issuer");
    let jwks_url = take_address(&mut table, "jwks_url");
    let cookie = take_name(&mut table, "cookie");
    let header = take_name(&mut table, "header").map(|name| name.to_ascii_lowercase());
    let audience = table.take_texts("audience", &|_| Ok(())).unwrap_or_default();
    let named = table.take("algorithms");
    let user_id = take_path(&mut table, "user_id").unwrap_or_else(|| vec!["sub".to_owned()]);
    let role = take_path(&mut table, "role").unwrap_or_default();
    let permissions = take_path(&mut table, "permissions").unwrap_or_default();
    let audience_place = table.name("audience");
    if audience.is_empty() || audience.iter().any(String::is_empty) {
        let expected = "whom the tokens have to be made for, or those made for any other app of the issuer would pass";
        SettingError::missing(&audience_place, expected).add_to(table.errors());
    }
    let cookie_place = table.name("cookie");
    if let Some(name) = cookie.as_deref().filter(|name| name.starts_with("__session") || name.starts_with("__clerk")) {
        SettingError::value(&cookie_place, name, "a name that is not one of Clerk's cookies").add_to(table.errors());
    }
    let header_place = table.name("header");
    let is_taken = |name: &str| is_reserved(name) || is_hop_by_hop(name) || matches!(name, "cookie" | "host");
    if let Some(name) = header.as_deref().filter(|name| is_taken(name)) {
        SettingError::value(&header_place, name, "a name that is neither the gate's nor the connection's own")
            .add_to(table.errors());
    }
    let algorithms_place = table.name("algorithms");
    let algorithms = read_algorithms(&algorithms_place, named, table.errors());
    table.finish();
    if errors.len() > before {
        return None;
    }
    // A token has to stand somewhere: where the settings name no place, it is the usual one.
    let header = header.or_else(|| cookie.is_none().then(|| "authorization".to_owned()));
    Some(IssuerOptions { issuer: issuer?, jwks_url: jwks_url?, cookie, header, audience, algorithms, user_id, role, permissions })
}

fn read_algorithms(place: &str, named: Option<Node>, errors: &mut Vec<SettingError>) -> Vec<Algorithm> {
    let mut algorithms = Vec::new();
    let mut see = |name: &str| match Algorithm::parse(name) {
        Some(algorithm) => {
            algorithms.push(algorithm);
            Ok(())
        }
        None => {
            let names = Algorithm::ALL.map(Algorithm::as_str).join(", ");
            Err(Problem::value(name, &["one of ", &names].concat()))
        }
    };
    let Some(named) = named else { return vec![Algorithm::Rs256] };
    let before = errors.len();
    read_each(place, &named, errors, &mut see);
    if algorithms.is_empty() && errors.len() == before {
        SettingError::empty(place, "at least one algorithm; without the setting it is RS256").add_to(errors);
    }
    algorithms
}

/// An `https` URL, kept to the letter; `http` only for this machine.
fn take_address(table: &mut TableReader<'_>, key: &'static str) -> Option<String> {
    let name = table.name(key);
    let Some(text) = table.take_text(key) else {
        SettingError::missing(&name, "an `https` URL").add_to(table.errors());
        return None;
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>'));
    let is_safe = text.starts_with("https://") || is_loopback(&text);
    if is_plain && is_safe && url_origin_of(&text).is_some() {
        return Some(text);
    }
    SettingError::value(&name, &text, "an `https` URL").add_to(table.errors());
    None
}

/// The name of a cookie or a header (RFC 9110 section 5.6.2).
fn take_name(table: &mut TableReader<'_>, key: &'static str) -> Option<String> {
    let text = table.take_text(key)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.len() <= 128 && text.bytes().all(is_token) {
        return Some(text);
    }
    let name = table.name(key);
    SettingError::value(&name, &text, "a name of letters, digits and dashes").add_to(table.errors());
    None
}

/// Where a claim stands: a dotted path, or a list of member names.
fn take_path(table: &mut TableReader<'_>, key: &'static str) -> Option<Vec<String>> {
    let name = table.name(key);
    let path: Vec<String> = match table.take_unless_null(key)? {
        Node::Text(text) => text.pieces(b".").map(str::to_owned).collect(),
        Node::List(items) => {
            items.into_iter().map(|item| if let Node::Text(text) = item { text } else { String::new() }).collect()
        }
        other => {
            wrong_type(table.errors(), &name, &other, "a dotted path or a list of member names");
            return None;
        }
    };
    if path.is_empty() {
        SettingError::empty(&name, "at least one member name").add_to(table.errors());
        return None;
    }
    if path.iter().any(String::is_empty) {
        SettingError::value(&name, &path.join("."), "a path of member names without an empty one").add_to(table.errors());
        return None;
    }
    Some(path)
}
