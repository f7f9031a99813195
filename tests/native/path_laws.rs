//! Laws of `path::judge`, on made-up URLs.
//!
//! The strongest one builds an origin out of random steps in random order (decode, strip parameters, resolve dots, …), written
//! here once more and plainly, and lets it read what the gate forwards: it must never reach the admin page unseen.

use portcullis::path::{Ambiguity, JudgedTarget, PathSettings, ReadingKind, ReadingKinds, judge};
use proptest::{prelude::*, sample::select};

#[path = "strange_paths.rs"]
mod strange_paths;

use strange_paths::path;

fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        path().prop_map(|path| format!("https://example.com{path}")),
        "\\PC{0,80}".prop_map(|rest| format!("https://example.com/{rest}")),
        "\\PC{0,40}",
        "https?://[a-z:@\\[\\]/\\\\?#%.0-9]{0,40}",
    ]
}

fn settings() -> PathSettings {
    PathSettings::default()
}

/// Whether the policy `admin = ["/admin(.*)"]` asks for an admin.
fn is_admin(judged: &JudgedTarget) -> bool {
    judged.strictest(false, |path| is_admin_path(path.as_bytes()).then_some(true)).0
}

fn is_admin_path(path: &[u8]) -> bool {
    path.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"/admin"))
}

proptest! {
    // A fourth of the usual number, for an everyday run of seconds; PROPTEST_CASES=20000 is a good night's work.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_forwarded_is_what_was_judged(url in url()) {
        let Ok(judged) = judge(&url, &settings()) else { return Ok(()) };
        prop_assert_eq!(&judged.readings()[0].path, judged.path().as_str());
        let again = judge(&judged.forward_url(), &settings()).unwrap();
        prop_assert_eq!(again.forward_url(), judged.forward_url());
        // A second look sees nothing that the first did not.
        for reading in again.readings() {
            prop_assert!(judged.readings().iter().any(|known| known.path == reading.path), "{:?}", reading);
        }
    }

    #[test]
    fn the_canonical_path_survives_url_parsers(url in url()) {
        let Ok(judged) = judge(&url, &settings()) else { return Ok(()) };
        let path = judged.path().as_str();
        prop_assert!(path.starts_with('/'));
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{}?#".contains(&byte)), "{}", path);
        prop_assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")), "{}", path);
        prop_assert!(judged.search().bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>'#".contains(&byte)));
    }

    #[test]
    fn readings_are_paths_each_once_and_in_bounds(url in url()) {
        let Ok(judged) = judge(&url, &settings()) else { return Ok(()) };
        let readings = judged.readings();
        prop_assert!(readings.len() <= portcullis::limits::READINGS);
        for (index, reading) in readings.iter().enumerate() {
            prop_assert!(reading.path.starts_with('/'));
            prop_assert!(reading.from < readings.len());
            prop_assert!(index == 0 || reading.kind != ReadingKind::Canonical);
            prop_assert!(readings.iter().skip(index + 1).all(|other| other.path != reading.path));
        }
    }

    #[test]
    fn no_order_of_steps_reaches_the_admin_page_unseen(tricks in prop::collection::vec((select(TRICKS), any::<u64>()), 0..8), decodings in 0_usize..3) {
        let mut path = b"/admin/users".to_vec();
        for ((disguise, _), seed) in &tricks {
            path = disguise(path, *seed);
        }
        for layer in 0..decodings {
            path = encode(path, tricks.len() as u64 + layer as u64);
        }
        let Ok(judged) = judge(&format!("https://example.com{}", escape(&path)), &settings()) else { return Ok(()) };
        // The origin undoes all of it, or forgets a step: both are origins.
        let undo = || tricks.iter().rev().map(|((_, step), _)| *step);
        for forgotten in 0..=tricks.len() {
            let mut read = judged.path().as_str().as_bytes().to_vec();
            for _ in 0..=decodings {
                read = decode(read);
            }
            for (_, step) in undo().enumerate().filter(|(index, _)| *index != forgotten) {
                read = rooted(step(read));
            }
            if is_admin_path(&read) {
                prop_assert!(is_admin(&judged), "{} is read as {} but has only {:#?}", judged.path().as_str(), String::from_utf8_lossy(&read), judged.readings());
            }
        }
    }

    #[test]
    fn no_way_around_a_public_prefix_reaches_an_unlisted_path(
        tricks in prop::collection::vec((select(WAYS), any::<u64>()), 0..5), decodings in 0_usize..3, seed in any::<u64>(),
    ) {
        let mut path = b"/secret/x".to_vec();
        for ((disguise, _), seed) in &tricks {
            path = disguise(path, *seed);
        }
        path = encode([b"/blog/..", path.as_slice()].concat(), seed);
        for layer in 0..decodings {
            path = encode(path, seed.rotate_left(layer as u32 * 7));
        }
        let Ok(judged) = judge(&format!("https://example.com{}", escape(&path)), &settings()) else { return Ok(()) };
        let mut read = judged.path().as_str().as_bytes().to_vec();
        for _ in 0..decodings + 2 {
            read = decode(read);
        }
        read = resolve_dots(read);
        for ((_, step), _) in tricks.iter().rev() {
            read = rooted(step(read));
        }
        if read.starts_with(b"/secret") {
            let is_protected = judged.strictest(true, |path| path.starts_with("/blog").then_some(false)).0;
            prop_assert!(is_protected, "{} is read as {} but has only {:#?}", judged.path().as_str(), String::from_utf8_lossy(&read), judged.readings());
        }
    }

    #[test]
    fn no_steps_in_any_order_reach_the_admin_page_unseen(path in path(), steps in prop::collection::vec(select(STEPS), 0..8)) {
        let Ok(judged) = judge(&format!("https://example.com{path}"), &settings()) else { return Ok(()) };
        let read = steps.iter().fold(judged.path().as_str().as_bytes().to_vec(), |path, step| rooted(step(path)));
        if is_admin_path(&read) {
            prop_assert!(is_admin(&judged), "{} is read as {} but has only {:#?}", judged.path().as_str(), String::from_utf8_lossy(&read), judged.readings());
        }
    }

    #[test]
    fn a_layer_of_encoding_never_opens_an_admin_path(path in path(), seed in any::<u64>()) {
        let path = path.split(['?', '#']).next().unwrap_or("/").to_owned();
        let Ok(judged) = judge(&format!("https://example.com{path}"), &settings()) else { return Ok(()) };
        if !is_admin(&judged) {
            return Ok(());
        }
        let encoded: String = path.bytes().enumerate().map(|(index, byte)| match byte {
            _ if index == 0 => "/".to_owned(),
            b'%' => "%25".to_owned(),
            _ if seed.rotate_left(u32::try_from(index % 64).unwrap()) & 1 == 1 || !byte.is_ascii() => format!("%{byte:02x}"),
            _ => char::from(byte).to_string(),
        }).collect();
        match judge(&format!("https://example.com{encoded}"), &settings()) {
            Ok(judged) => prop_assert!(is_admin(&judged), "{path} became {encoded}: {:#?}", judged.readings()),
            Err(ambiguity) => prop_assert!(matches!(ambiguity, Ambiguity::EncodedNul { .. } | Ambiguity::TooManyReadings), "{}", ambiguity),
        }
    }

    #[test]
    fn a_reading_switched_off_only_takes_readings_away(path in path(), kind in select(ReadingKind::ALL)) {
        let url = format!("https://example.com{path}");
        let Ok(judged) = judge(&url, &settings()) else { return Ok(()) };
        let fewer = judge(&url, &PathSettings { readings: ReadingKinds::ALL.without(kind), ..settings() }).unwrap();
        prop_assert_eq!(fewer.path(), judged.path());
        for reading in fewer.readings() {
            prop_assert!(reading.kind != kind || kind == ReadingKind::Canonical);
            prop_assert!(judged.readings().iter().any(|known| known.path == reading.path));
        }
    }
}

#[test]
fn any_number_of_encoding_layers_is_seen_or_refused() {
    let mut path = "/%61dmin/users".to_owned();
    let mut refused = 0;
    for _ in 0..300 {
        match judge(&format!("https://example.com{path}"), &settings()) {
            Ok(judged) => assert!(is_admin(&judged), "{path}"),
            Err(ambiguity) => {
                assert_eq!(ambiguity, Ambiguity::TooManyReadings);
                refused += 1;
            }
        }
        path = path.replace('%', "%25");
    }
    assert!(refused > 0 && refused < 200);
}

type Step = fn(Vec<u8>) -> Vec<u8>;
type Disguise = fn(Vec<u8>, u64) -> Vec<u8>;

/// A way to hide a path, and the step of an origin that undoes it.
const TRICKS: &[(Disguise, Step)] = &[
    (encode, decode),
    (encode, decode),
    (|path, seed| insert(path, seed, b'/', b"/"), merge_slashes),
    (|path, seed| insert(path, seed, b'/', b"./"), resolve_dots),
    (|path, seed| insert(path, seed, b'/', b"x/../"), resolve_dots),
    (|path, seed| insert(path, seed, b'/', b";v=1/"), |path| merge_slashes(without_parameters(path))),
    (|path, _| [b"/about/..", path.as_slice()].concat(), resolve_dots),
    (|path, _| [b"/about/..;a=b", path.as_slice()].concat(), |path| resolve_dots(without_parameters(path))),
    (|path, _| [b"/blog/x/..%09/..", path.as_slice()].concat(), |path| resolve_dots(trimmed(decode(path)))),
    (|path, _| [b"/about/....//..//", path.as_slice()].concat(), |path| resolve_dots(replace(&path, b"../", b""))),
    (|path, _| [b"//h", path.as_slice()].concat(), after_host),
    (|path, _| [b"/index.php", path.as_slice()].concat(), |path| after_script(path)),
    (
        |path, _| [b"/_next/data/b", path.as_slice(), b".json"].concat(),
        |path| without_extension(path.strip_prefix(b"/_next/data/b").map(<[u8]>::to_vec).unwrap_or(path)),
    ),
    (
        |path, _| [b"/x\n", path.as_slice()].concat(),
        |path| path.split(|byte| *byte == b'\n').next_back().unwrap_or_default().to_vec(),
    ),
    (|path, _| beyond_first(&path, b"/", b"\\"), |path| replace(&path, b"\\", b"/")),
    (|path, _| beyond_first(&path, b"/", "／".as_bytes()), |path| replace(&path, "／".as_bytes(), b"/")),
    (|path, _| replace(&path, b".", "．".as_bytes()), |path| replace(&path, "．".as_bytes(), b".")),
    (|path, _| beyond_first(&path, b"/", b"\xc0\xaf"), |path| replace(&path, b"\xc0\xaf", b"/")),
    (|path, _| replace(&path, b".", b"\xe0\x80\xae"), |path| replace(&path, b"\xe0\x80\xae", b".")),
    (|path, _| replace(&path, b"a", b"%u0061"), |path| replace(&path, b"%u0061", b"a")),
    (|path, _| replace(&path, b"d", "ｄ".as_bytes()), |path| replace(&path, "ｄ".as_bytes(), b"d")),
    (|path, _| replace(&path, b"s", "ſ".as_bytes()), |path| replace(&path, "ſ".as_bytes(), b"s")),
    (|path, _| replace(&path, b"a", "á".as_bytes()), |path| replace(&path, "á".as_bytes(), b"a")),
    (|path, _| replace(&path, b"m", b"m\t"), |path| replace(&path, b"\t", b"")),
    (|path, _| replace(&path, b".", ".\u{200b}".as_bytes()), |path| replace(&path, "\u{200b}".as_bytes(), b"")),
    (|path, _| replace(&path, b"m", "m\u{ad}".as_bytes()), |path| replace(&path, "\u{ad}".as_bytes(), b"")),
    (|path, seed| insert(path, seed, b'/', b" "), trimmed),
    (|path, seed| insert(path, seed, b'/', b"+"), |path| trimmed(replace(&path, b"+", b" "))),
    (|path, _| [&path, b".json".as_slice()].concat(), without_extension),
    (|path, _| [&path, b"?x".as_slice()].concat(), |path| cut(path, b'?')),
    (|path, _| [&path, b"#/../../about".as_slice()].concat(), |path| cut(path, b'#')),
    (|path, _| [&path, b";/../../about".as_slice()].concat(), |path| cut(path, b';')),
    (|path, _| [&path, b"&/../../about".as_slice()].concat(), |path| cut(path, b'&')),
    (|path, _| [&path, b"\r\n/../../about".as_slice()].concat(), |path| cut(path, b'\r')),
    (|path, _| [b"/(S(x))", path.as_slice()].concat(), |path| path.strip_prefix(b"/(S(x))").map(<[u8]>::to_vec).unwrap_or(path)),
];

/// The tricks that move a path to another place, which counts whether or not the policy names it.
const WAYS: &[(Disguise, Step)] = &[
    (encode, decode),
    (|path, seed| insert(path, seed, b'/', b"/"), merge_slashes),
    (|path, seed| insert(path, seed, b'/', b"./"), resolve_dots),
    (|path, seed| insert(path, seed, b'/', b";v=1/"), |path| merge_slashes(without_parameters(path))),
    (|path, _| [b"/blog/..;a=b", path.as_slice()].concat(), |path| resolve_dots(without_parameters(path))),
    (|path, _| [b"/blog/x/..%09/..", path.as_slice()].concat(), |path| resolve_dots(trimmed(decode(path)))),
    (|path, _| [b"/blog/..+", path.as_slice()].concat(), |path| resolve_dots(trimmed(replace(&path, b"+", b" ")))),
    (|path, _| [b"//h", path.as_slice()].concat(), after_host),
    (|path, _| beyond_first(&path, b"/", b"\\"), |path| replace(&path, b"\\", b"/")),
    (|path, _| beyond_first(&path, b"/", "／".as_bytes()), |path| replace(&path, "／".as_bytes(), b"/")),
    (|path, _| replace(&path, b".", "．".as_bytes()), |path| replace(&path, "．".as_bytes(), b".")),
    (|path, _| beyond_first(&path, b"/", b"\xc0\xaf"), |path| replace(&path, b"\xc0\xaf", b"/")),
    (|path, _| replace(&path, b".", b"\xe0\x80\xae"), |path| replace(&path, b"\xe0\x80\xae", b".")),
    (|path, _| replace(&path, b".", ".\u{200b}".as_bytes()), |path| replace(&path, "\u{200b}".as_bytes(), b"")),
    (|path, _| [&path, b"?x".as_slice()].concat(), |path| cut(path, b'?')),
    (|path, _| [&path, b";/../../blog".as_slice()].concat(), |path| cut(path, b';')),
];

fn beyond_first(path: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let (first, rest) = path.split_at(1);
    [first, &replace(rest, what, with)].concat()
}

fn insert(path: Vec<u8>, seed: u64, after: u8, what: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, byte) in path.into_iter().enumerate() {
        out.push(byte);
        if byte == after && seed.rotate_left(u32::try_from(index % 64).unwrap()) & 1 == 1 {
            out.extend_from_slice(what);
        }
    }
    out
}

/// Encodes some bytes, and every `%`, so that one decoding undoes it.
fn encode(path: Vec<u8>, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, byte) in path.into_iter().enumerate() {
        if byte == b'%' || index > 0 && seed.rotate_left(u32::try_from(index % 64).unwrap()) & 3 == 3 {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

/// Encodes what cannot stand in a request line, and every `%`.
fn escape(path: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        0x21..=0x7e if !b"%?#\\".contains(byte) => char::from(*byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    path.iter().map(escape).collect()
}

fn without_parameters(path: Vec<u8>) -> Vec<u8> {
    each_segment(&path, |segment| cut(segment.to_vec(), b';'))
}

fn after_script(path: Vec<u8>) -> Vec<u8> {
    path.strip_prefix(b"/index.php").filter(|rest| rest.starts_with(b"/")).map(<[u8]>::to_vec).unwrap_or(path)
}

fn trimmed(path: Vec<u8>) -> Vec<u8> {
    each_segment(&path, |segment| segment.trim_ascii().to_vec())
}

/// What origins do, each the simplest way.
const STEPS: &[Step] = &[
    decode,
    decode,
    decode,
    |path| if path.contains(&b'?') { cut(path, b'?') } else { path },
    |path| cut(path, b'#'),
    |path| cut(path, b';'),
    |path| cut(path, b'&'),
    |path| cut(path, 0),
    |path| cut(path, b'\n'),
    without_parameters,
    trimmed,
    |path| replace(&path, b"\\", b"/"),
    |path| replace(&path, b"+", b" "),
    |path| replace(&path, b"../", b""),
    |path| replace(&path, "／".as_bytes(), b"/"),
    |path| replace(&path, "．".as_bytes(), b"."),
    |path| replace(&path, b"\xc0\xaf", b"/"),
    |path| replace(&path, b"\xc0\xae", b"."),
    |path| replace(&path, "\u{200b}".as_bytes(), b""),
    |path| replace(&path, b"%u0061", b"a"),
    |path| path.into_iter().filter(|byte| !byte.is_ascii_control()).collect(),
    |path| String::from_utf8_lossy(&path).replace('\u{fffd}', "").into_bytes(),
    merge_slashes,
    merge_slashes,
    resolve_dots,
    resolve_dots,
    after_host,
    without_extension,
    |path| after_script(path),
];

fn rooted(mut path: Vec<u8>) -> Vec<u8> {
    if path.first() != Some(&b'/') {
        path.insert(0, b'/');
    }
    path
}

fn decode(path: Vec<u8>) -> Vec<u8> {
    let (mut out, mut index) = (Vec::new(), 0);
    while index < path.len() {
        let byte =
            path.get(index + 1..index + 3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match byte {
            Some(byte) if path[index] == b'%' && path[index + 1] != b'+' => {
                out.push(byte);
                index += 3;
            }
            _ => {
                out.push(path[index]);
                index += 1;
            }
        }
    }
    out
}

fn cut(path: Vec<u8>, at: u8) -> Vec<u8> {
    path.split(|byte| *byte == at).next().unwrap_or_default().to_vec()
}

fn each_segment(path: &[u8], map: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    path.split(|byte| *byte == b'/').map(map).collect::<Vec<_>>().join(&b'/')
}

fn replace(path: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), path);
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(what) {
            out.extend_from_slice(with);
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

fn merge_slashes(path: Vec<u8>) -> Vec<u8> {
    let mut path = path;
    path.dedup_by(|a, b| *a == b'/' && *b == b'/');
    path
}

fn resolve_dots(path: Vec<u8>) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let rooted = path.strip_prefix(b"/").unwrap_or(&path);
    for segment in rooted.split(|byte| *byte == b'/') {
        match segment {
            b"." => {}
            b".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    [b"/".as_slice(), &kept.join(&b'/')].concat()
}

fn after_host(path: Vec<u8>) -> Vec<u8> {
    match path.strip_prefix(b"//") {
        None => path,
        Some(rest) => {
            let start = rest.iter().position(|byte| *byte != b'/').unwrap_or(rest.len());
            let host = rest[start..].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'));
            host.map_or(b"/".to_vec(), |end| rest[start + end..].to_vec())
        }
    }
}

fn without_extension(path: Vec<u8>) -> Vec<u8> {
    let file = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    match path[file..].iter().rposition(|byte| *byte == b'.') {
        Some(at) if at > 0 => path[..file + at].to_vec(),
        _ => path,
    }
}
