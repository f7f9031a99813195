//! A request as the loop hands it in: one text, one fact a line.

use std::{ops::Range, rc::Rc};

use crate::request::{HeaderName, HeaderSource, RequestView};

/// Reads the method, the URL, the value of each [`HeaderName`] in its order, and then, where the loop has reason to tell all,
/// every header as `name:value`. A value has a colon before it; a header that is absent is an empty line. No line break can
/// stand in any of these.
pub(super) fn read(text: String) -> RequestView {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        lines.push(start..start + line.len());
        start += line.len() + 1;
    }
    let lines = Lines { text, lines };
    RequestView { method: lines.line(0).into(), url: lines.line(1).into(), headers: Rc::new(lines) }
}

struct Lines {
    text: String,
    lines: Vec<Range<usize>>,
}

impl Lines {
    fn line(&self, at: usize) -> &str {
        self.lines.get(at).and_then(|line| self.text.get(line.clone())).unwrap_or_default()
    }
}

impl HeaderSource for Lines {
    fn header(&self, name: HeaderName) -> Option<String> {
        self.line(2 + name as usize).strip_prefix(':').map(str::to_owned)
    }

    fn all(&self) -> Vec<(String, String)> {
        let lines = (2 + HeaderName::ALL.len()..self.lines.len()).map(|at| self.line(at));
        let pairs = lines.filter_map(|line| line.split_once(':'));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_header_is_not_an_absent_one() {
        let blanks = "\n".repeat(HeaderName::ALL.len() - 1);
        let request = read(format!("GET\nhttps://example.com/\n:{blanks}\nx-a:b:c\nx-d:"));
        assert_eq!((&*request.method, &*request.url), ("GET", "https://example.com/"));
        assert_eq!(request.headers.header(HeaderName::Accept).as_deref(), Some(""));
        assert_eq!(request.headers.header(HeaderName::UserAgent), None);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(request.headers.all(), [pair("x-a", "b:c"), pair("x-d", "")]);
    }
}
