//! The findings as text, as JSON and as SARIF.

use serde_json::{Value, json};

use super::{evidence::Evidence, finding::Finding, routes::Coverage};
use crate::{
    cli::output::{BLUE, BOLD, DIM, GREEN, RED, YELLOW, count, paint, printable},
    policy::lint::Severity,
};

/// For people.
pub(super) fn text(findings: &[Finding], evidence: &[Evidence], coverage: Option<&Coverage>, with_notes: bool) -> String {
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| with_notes || finding.severity > Severity::Note) {
        let style = match finding.severity {
            Severity::Note => BLUE,
            Severity::Warning => YELLOW,
            Severity::Error => RED,
        };
        let kind = paint(style, &format!("{}[{}]", finding.severity.as_str(), finding.kind));
        text.push_str(&format!("{kind}{}\n", paint(BOLD, &format!(": {}", printable(&finding.what)))));
        if let Some(place) = &finding.place {
            text.push_str(&place.render());
        }
        text.push_str(&format!("  {} {}\n", paint(BLUE, "why:"), printable(&finding.why)));
        if !finding.help.is_empty() {
            text.push_str(&format!("  {} {}\n", paint(GREEN, "fix:"), printable(&finding.help)));
        }
        text.push('\n');
    }
    if !evidence.is_empty() {
        text.push_str(&asked(evidence));
    }
    if let Some(coverage) = coverage {
        text.push_str(&routes(coverage));
    }
    let number = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, notes) = (number(Severity::Error), number(Severity::Warning), number(Severity::Note));
    let verdict = if errors + warnings == 0 { paint(GREEN, "ready") } else { paint(RED, "not ready") };
    let folded = if notes > 0 && !with_notes { " (see them by --notes)" } else { "" };
    text.push_str(&format!(
        "{verdict}: {}, {}, {}{}\n",
        count(errors, "error"),
        count(warnings, "warning"),
        count(notes, "note"),
        paint(DIM, folded),
    ));
    text
}

fn asked(evidence: &[Evidence]) -> String {
    let mut text = format!("{}\n", paint(BOLD, "asked over the network"));
    for Evidence { asked, answer, proves, is_good } in evidence {
        let mark = if *is_good { paint(GREEN, "✓") } else { paint(RED, "✗") };
        let (asked, answer) = (printable(asked), printable(answer));
        text.push_str(&format!("  {mark} {asked}: {answer}\n    {}\n", paint(DIM, &printable(proves))));
    }
    text.push('\n');
    text
}

fn routes(coverage: &Coverage) -> String {
    let unnamed = coverage.unnamed();
    let named = coverage.routes.len() - unnamed;
    let verb = if named == 1 { "is" } else { "are" };
    let mut text = format!("{}: {} {verb} named by a rule, {unnamed} not\n", paint(BOLD, "routes"), count(named, "route"));
    for judged in coverage.routes.iter().filter(|judged| judged.rule.is_none()) {
        let method = judged.route.method.as_deref().unwrap_or("*");
        text.push_str(&format!(
            "  {} {}: {} (nothing names it)\n",
            printable(method),
            printable(&judged.route.path),
            judged.access
        ));
    }
    text.push('\n');
    text
}

/// For machines.
pub(super) fn json(findings: &[Finding], evidence: &[Evidence], coverage: Option<&Coverage>) -> Value {
    let finding = |finding: &Finding| {
        let place = finding.place.as_ref();
        json!({
            "kind": finding.kind,
            "severity": finding.severity.as_str(),
            "file": place.map(|place| &place.file),
            "line": place.and_then(|place| place.line),
            "column": place.filter(|place| place.line.is_some()).map(|place| place.column),
            "what": finding.what,
            "why": finding.why,
            "help": finding.help,
        })
    };
    let route = |judged: &super::routes::Judged| {
        json!({
            "method": judged.route.method,
            "path": judged.route.path,
            "sample": judged.sample,
            "access": judged.access,
            "rule": judged.rule,
        })
    };
    json!({
        "ready": findings.iter().all(|finding| finding.severity == Severity::Note),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
        "evidence": evidence.iter().map(|one| json!({
            "asked": one.asked, "answer": one.answer, "proves": one.proves, "good": one.is_good,
        })).collect::<Vec<_>>(),
        "routes": coverage.map(|coverage| coverage.routes.iter().map(route).collect::<Vec<_>>()),
    })
}

/// For code scanning; `configuration` is the file that was checked.
///
/// GitHub refuses a whole log for one result without a place, so what is wrong outside all files stands in the first line of the
/// configuration.
///
/// Source: OASIS SARIF 2.1.0; "SARIF support for code scanning" in GitHub's documentation.
pub(super) fn sarif(findings: &[Finding], configuration: &str) -> Value {
    // Findings come with the gravest first: the level of a kind is that of its gravest one.
    let mut kinds: Vec<&Finding> = Vec::new();
    for finding in findings {
        if !kinds.iter().any(|known| known.kind == finding.kind) {
            kinds.push(finding);
        }
    }
    kinds.sort_by_key(|finding| finding.kind);
    let rule = |finding: &&Finding| {
        json!({
            "id": finding.kind,
            "shortDescription": {"text": finding.about},
            "defaultConfiguration": {"level": finding.severity.as_str()},
        })
    };
    let result = |finding: &Finding| {
        let place = finding.place.as_ref();
        let uri = uri(place.map_or(configuration, |place| &place.file));
        let (line, column) = place.and_then(|place| Some((place.line?, place.column))).unwrap_or((1, 1));
        let fix = if finding.help.is_empty() { String::new() } else { format!(" Fix: {}.", finding.help) };
        let message = format!("{}. Why: {}.{fix}", finding.what, finding.why);
        json!({
            "ruleId": finding.kind,
            "level": finding.severity.as_str(),
            "message": {"text": message},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri},
                "region": {"startLine": line, "startColumn": column},
            }}],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "portcullis",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": kinds.iter().map(rule).collect::<Vec<_>>(),
            }},
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// A file's name as a reference (RFC 3986): what is no letter of one is written as `%XX`.
fn uri(file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file).replace(std::path::MAIN_SEPARATOR, "/");
    let mut uri = String::new();
    for byte in file.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
