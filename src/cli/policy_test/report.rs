//! The results as text, JSON and JUnit XML.

use serde_json::{Value, json};

use super::{Outcome, Results};
use crate::cli::output::{BOLD, DIM, GREEN, RED, count, paint, printable};

impl Results {
    fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count()
    }

    /// Whether the run fails for entries that no test is decided by.
    pub(super) fn lacks_coverage(&self) -> bool {
        self.requires_coverage && !self.untouched.is_empty()
    }
}

/// For people: what failed in full, the rest as one line each.
pub(super) fn text(results: &Results) -> String {
    let mut text = String::new();
    for Outcome { name, place, differences, decided } in &results.outcomes {
        let (name, decided) = (&printable(name), printable(decided));
        if differences.is_empty() {
            text.push_str(&format!("{} {name} {}\n", paint(GREEN, "ok  "), paint(DIM, &format!("— {decided}"))));
            continue;
        }
        text.push_str(&format!("{} {}\n", paint(RED, "FAIL"), paint(BOLD, name)));
        text.push_str(&place.render());
        for difference in differences {
            text.push_str(&format!("  {}\n", printable(difference)));
        }
        text.push_str(&format!("  it was: {decided}\n"));
    }
    let failed = results.failed();
    let passed = results.outcomes.len() - failed;
    let covered = results.entries - results.untouched.len();
    let untouched: String =
        results.untouched.iter().map(|name| format!("  no test is decided by {}\n", printable(name))).collect();
    let summary = format!("\n{passed} passed, {failed} failed; {covered} of {} decided a test\n", count(results.entries, "rule"));
    if results.lacks_coverage() {
        let what = paint(BOLD, "every rule decides a test (--require-coverage)");
        text.push_str(&format!("{} {what}\n{untouched}{summary}", paint(RED, "FAIL")));
    } else {
        text.push_str(&format!("{summary}{untouched}"));
    }
    text
}

/// For machines.
pub(super) fn json(results: &Results) -> Value {
    let outcome = |outcome: &Outcome| {
        json!({
            "name": outcome.name,
            "file": outcome.place.file,
            "line": outcome.place.line,
            "passed": outcome.differences.is_empty(),
            "differences": outcome.differences,
            "decided": outcome.decided,
        })
    };
    json!({
        "passed": results.outcomes.len() - results.failed(),
        "failed": results.failed(),
        "tests": results.outcomes.iter().map(outcome).collect::<Vec<_>>(),
        "coverage": {
            "rules": results.entries,
            "untouched": results.untouched,
            "required": results.requires_coverage,
            "passed": !results.lacks_coverage(),
        },
    })
}

/// For CI servers.
pub(super) fn junit(results: &Results) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // What is required of all tests together is one more of them here: CI servers count these.
    let tests = results.outcomes.len() + usize::from(results.requires_coverage);
    let failures = results.failed() + usize::from(results.lacks_coverage());
    let file = escape(&results.file);
    xml.push_str(&format!("<testsuites tests=\"{tests}\" failures=\"{failures}\">\n"));
    xml.push_str(&format!("  <testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\">\n"));
    for outcome in &results.outcomes {
        let head = format!(
            "    <testcase name=\"{}\" classname=\"{file}\" file=\"{file}\" line=\"{}\"",
            escape(&outcome.name),
            outcome.place.line.unwrap_or(1)
        );
        if outcome.differences.is_empty() {
            xml.push_str(&format!("{head}/>\n"));
        } else {
            let message = escape(&outcome.differences.join("; "));
            let decided = escape(&outcome.decided);
            xml.push_str(&format!("{head}>\n      <failure message=\"{message}\">{decided}</failure>\n    </testcase>\n"));
        }
    }
    if results.requires_coverage {
        let head = format!("    <testcase name=\"every rule decides a test\" classname=\"{file}\" file=\"{file}\" line=\"1\"");
        if results.lacks_coverage() {
            let message = format!("no test is decided by {}", results.untouched.join("; "));
            xml.push_str(&format!("{head}>\n      <failure message=\"{}\"/>\n    </testcase>\n", escape(&message)));
        } else {
            xml.push_str(&format!("{head}/>\n"));
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// For text and attributes of XML 1.0. Control characters cannot stand in it at all.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_break_out_of_an_attribute() {
        assert_eq!(escape("a\"/><b>&\u{1}\n"), "a&quot;/&gt;&lt;b&gt;&amp;\u{fffd} ");
    }
}
