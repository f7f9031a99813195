//! Searches for a text in a text.
//!
//! The standard library's are made for long texts and long needles: with what they bring along they are 6 KB of a gzipped Wasm
//! module. Paths, URLs and names are short.

/// Where `part`, which is not empty, stands first in `text`.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    let (first, bytes) = (*part.as_bytes().first()?, text.as_bytes());
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(part.as_bytes()) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Whether `part` stands in `text`.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    find(text, part).is_some()
}

/// Whether two names are the same but for the case of ASCII letters. The standard library's compares sixteen bytes at a time, and is
/// unrolled wherever one of the two is a literal.
#[inline(never)]
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    let mut pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.all(|(a, b)| a == b || a.eq_ignore_ascii_case(&b))
}

/// What is before and after the first `part` in `text`.
pub(crate) fn split_once<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, part)?;
    Some((text.get(..at)?, text.get(at + part.len()..)?))
}

/// `text` without each `part` that it begins with.
pub(crate) fn trim_start<'a>(mut text: &'a str, part: &str) -> &'a str {
    while let Some(rest) = text.strip_prefix(part) {
        text = rest;
    }
    text
}

/// `text` with another text for each `part`, from left to right.
pub(crate) fn replace(text: &str, part: &str, other: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, part) {
        out.push_str(before);
        out.push_str(other);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn searches_find_what_the_standard_library_finds(text in "[abé/]{0,12}", part in "[abé/]{1,3}", other in "[a/]{0,2}") {
            prop_assert_eq!(find(&text, &part), text.find(&part));
            prop_assert_eq!(contains(&text, &part), text.contains(&part));
            prop_assert_eq!(split_once(&text, &part), text.split_once(&part));
            prop_assert_eq!(trim_start(&text, &part), text.trim_start_matches(part.as_str()));
            prop_assert_eq!(replace(&text, &part, &other), text.replace(&part, &other));
        }
    }
}
