//! The laws of paths: any bytes as a URL are judged or refused; the readings are bounded and each once; what is forwarded reads as
//! what was judged, and judging it again adds nothing; a reading that is switched off only goes away.
//!
//! One input is the request target; a first line `l<name>` more than that declares a locale.

use portcullis::{
    limits,
    path::{JudgedTarget, PathSettings, ReadingKind, ReadingKinds, judge},
};

/// Checks the laws on one input; gives whether the URL could be judged.
///
/// # Panics
///
/// If one does not hold.
pub fn check(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let (locale, target) = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with('l') => (Some(first[1..].to_owned()).filter(|name| is_locale(name)), rest),
        _ => (None, &*text),
    };
    let settings = PathSettings { locales: locale.into_iter().collect(), ..PathSettings::default() };
    let url = format!("https://gate.example{target}");
    let Ok(judged) = judge(&url, &settings) else { return false };

    let readings = judged.readings();
    assert!(readings.len() <= limits::READINGS);
    assert!(readings.iter().map(|reading| reading.path.len()).sum::<usize>() <= limits::READING_BYTES + limits::PATH_BYTES);
    assert_eq!((readings[0].kind, readings[0].path.as_str()), (ReadingKind::Canonical, judged.path().as_str()));
    for (index, reading) in readings.iter().enumerate() {
        assert!(reading.path.starts_with('/') && reading.from < readings.len(), "{reading:?}");
        assert!(readings[..index].iter().all(|other| other.path != reading.path), "{reading:?} is there twice");
    }

    let path = judged.path().as_str();
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{}?#".contains(&byte)), "{path}");
    assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")), "{path}");

    let again = judge(&judged.forward_url(), &settings).expect("what is forwarded can be judged");
    assert_eq!(again.forward_url(), judged.forward_url());
    for reading in again.readings() {
        assert!(has(&judged, &reading.path), "{} was not seen at first", reading.path);
    }

    let off = ReadingKind::ALL[data.len() % ReadingKind::ALL.len()];
    let fewer = PathSettings { readings: ReadingKinds::ALL.without(off), ..settings };
    let fewer = judge(&url, &fewer).expect("fewer readings are fewer reasons to refuse");
    assert_eq!(fewer.forward_url(), judged.forward_url());
    for reading in fewer.readings() {
        assert!(has(&judged, &reading.path), "{} came from a reading that is off", reading.path);
    }
    true
}

fn has(judged: &JudgedTarget, path: &str) -> bool {
    judged.readings().iter().any(|known| known.path == path)
}

/// What the settings take for one.
fn is_locale(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
