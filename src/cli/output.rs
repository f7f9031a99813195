//! What a command prints: text with colours, which the streams take out where nobody would see them.

use anstyle::{AnsiColor, Style};

/// What a command has to say.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// For standard output.
    pub text: String,
    /// For standard error, beside it.
    pub aside: String,
    /// The exit code.
    pub code: u8,
}

/// `text` in a style.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Foreign text on one line of a terminal, which it cannot steer: control characters escaped, but for tabs.
pub(super) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\t' { printable.extend(c.escape_unicode()) } else { printable.push(c) }
    }
    printable
}

/// `one thing`, `two things`: a count with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// JSON for machines, one document.
pub(super) fn json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(super) const BLUE: Style = AnsiColor::Blue.on_default().bold();
