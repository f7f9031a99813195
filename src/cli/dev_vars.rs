//! `.dev.vars`, read as `wrangler dev` reads it.
//!
//! Source: `parse` of dotenv 16.3.1, which Wrangler holds: one expression, tried at the beginning of each line. A line that it passes over without a
//! word is an error here: whoever wrote it meant something.

use super::source::{Fault, Place, SourceFile};

/// Names and values, in their order; of a name that stands twice the last counts.
pub(super) fn parse(source: &SourceFile) -> Result<Vec<(String, String)>, Fault> {
    let text = source.text.as_str();
    let mut pairs = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let begin = skip(text, at);
        if begin == text.len() {
            break;
        }
        if let Some((name, value, end)) = pair(text, begin) {
            pairs.push((name.to_owned(), value));
            at = end_of_line(text, end);
        } else if text[begin..].starts_with('#') {
            at = end_of_line(text, begin);
        } else {
            let fault = Fault::new(format!("`{}` has a line that is not `NAME=VALUE`", source.name));
            // It may hold a secret, and is not shown.
            return Err(fault.at(Place { excerpt: None, ..source.place(&(begin..begin)) }));
        }
    }
    Ok(pairs)
}

/// The pair that begins at `at`, and where it ends.
fn pair(text: &str, at: usize) -> Option<(&str, String, usize)> {
    let exported = text[at..].strip_prefix("export").filter(|rest| rest.starts_with(is_blank));
    exported.and_then(|rest| bare_pair(text, skip(text, text.len() - rest.len()))).or_else(|| bare_pair(text, at))
}

fn bare_pair(text: &str, at: usize) -> Option<(&str, String, usize)> {
    let length = text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).unwrap_or(text.len() - at);
    let name = text.get(at..at + length).filter(|name| !name.is_empty())?;
    let sign = skip(text, at + length);
    let value_at = if text[sign..].starts_with('=') {
        sign + 1
    } else {
        let blank = text[at + length..].strip_prefix(':')?.chars().next().filter(|c| is_blank(*c))?;
        at + length + 1 + blank.len_utf8()
    };
    let (raw, end) = quoted(text, value_at).unwrap_or_else(|| {
        let rest = &text[value_at..];
        let raw = rest.split(['#', '\r', '\n']).next().unwrap_or_default();
        (raw.trim_matches(is_blank), value_at + raw.len())
    });
    Some((name, unquote(raw), end))
}

/// A value in quotes with its quotes, where nothing but a comment follows on its line. A quote behind `\` is the last one only where no other can be.
fn quoted(text: &str, at: usize) -> Option<(&str, usize)> {
    let open = skip(text, at);
    let quote = text[open..].chars().next().filter(|c| "'\"`".contains(*c))?;
    let mut ends = Vec::new();
    let mut is_escaped = false;
    for (offset, c) in text[open + 1..].char_indices() {
        if c == quote {
            ends.push(open + 1 + offset + 1);
            if !is_escaped {
                break;
            }
        }
        is_escaped = c == '\\';
    }
    let end = ends.into_iter().rev().find(|end| {
        let rest = text[*end..].trim_start_matches(|c| is_blank(c) && !is_line_end(c));
        rest.is_empty() || rest.starts_with('#') || rest.starts_with(is_line_end)
    })?;
    Some((&text[open..end], end))
}

/// Without the quotes around it. Between double ones `\n` and `\r` are line ends.
fn unquote(raw: &str) -> String {
    let quote = raw.chars().next().filter(|c| "'\"`".contains(*c));
    let inner = quote.and_then(|quote| raw[1..].strip_suffix(quote)).unwrap_or(raw);
    let text = inner.replace("\r\n", "\n").replace('\r', "\n");
    if quote == Some('"') { text.replace("\\n", "\n").replace("\\r", "\r") } else { text }
}

/// Past all blanks from `at` on, line ends among them.
fn skip(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(is_blank).len()
}

fn end_of_line(text: &str, at: usize) -> usize {
    text[at..].find(is_line_end).map_or(text.len(), |offset| at + offset)
}

fn is_line_end(c: char) -> bool {
    c == '\n' || c == '\r'
}

/// What JavaScript's `\s` is.
fn is_blank(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        parse(&SourceFile { name: ".dev.vars".into(), text: text.into() }).map_err(|fault| fault.render())
    }

    /// What dotenv 16.3.1 gives for each of these.
    #[test]
    fn values_are_those_that_wrangler_dev_gives() {
        for (text, expected) in [
            ("A=1", "1"),
            ("A = 1 ", "1"),
            ("export A=1", "1"),
            ("A: 1", "1"),
            ("A=two words", "two words"),
            (
                "A=-----BEGIN PUBLIC KEY-----\\nMII=\\n-----END PUBLIC KEY-----\\n",
                "-----BEGIN PUBLIC KEY-----\\nMII=\\n-----END PUBLIC KEY-----\\n",
            ),
            ("A=\"a\\nb\"", "a\nb"),
            ("A='a\\nb'", "a\\nb"),
            ("A=\"a\nb\" # why", "a\nb"),
            ("A=\"a\r\nb\"\r\n", "a\nb"),
            ("A=`it's \"so\"`", "it's \"so\""),
            ("A='it\\'s'", "it\\'s"),
            ("A='it\\' # why", "it\\"),
            ("A='x' y", "'x' y"),
            ("A=\"open", "\"open"),
            ("A=a # why", "a"),
            ("A=a#why", "a"),
            ("A=\"a # b\"", "a # b"),
            ("A=", ""),
            ("A=# why", ""),
            ("A=$HOME ${HOME}", "$HOME ${HOME}"),
            ("A=1\nA=2", "2"),
            ("\n# why\n\n  A=1\n", "1"),
        ] {
            let pairs = read(text).unwrap();
            let last = pairs.last().map(|(name, value)| (name.as_str(), value.as_str()));
            assert_eq!(last, Some(("A", expected)), "{text:?}");
        }
        assert_eq!(read("my-name.x=1\nB=2").unwrap().len(), 2);
        assert_eq!(read("export=1").unwrap(), [("export".to_owned(), "1".to_owned())]);
        assert_eq!(read("\n \n# nothing").unwrap(), []);
    }

    #[test]
    fn a_line_that_says_nothing_is_refused_with_its_place_and_not_shown() {
        for (text, place) in [
            ("A=1\nsk_test_x is no pair\n", ".dev.vars:2:1"),
            ("=1", ".dev.vars:1:1"),
            ("A", ".dev.vars:1:1"),
            ("ä=1", ".dev.vars:1:1"),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains("has a line that is not `NAME=VALUE`") && said.contains(place), "{said}");
            assert!(!said.contains("sk_test_x"), "{said}");
        }
    }
}
