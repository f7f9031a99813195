//! Text files with places in them: line, column, and an excerpt with a caret.

use std::ops::Range;

use super::{
    output::{BLUE, BOLD, RED, paint, printable},
    secret,
};

/// A file and its text.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    /// As the user named it.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file.
    pub file: String,
    /// From 1; `None`: the file as a whole.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: usize,
    /// The line itself, secrets masked, and how many characters of it are meant.
    pub excerpt: Option<(String, usize)>,
}

impl Place {
    /// A whole file.
    pub(super) fn file(name: impl Into<String>) -> Self {
        Self { file: name.into(), line: None, column: 1, excerpt: None }
    }

    /// `file:line:column`.
    pub(super) fn render_position(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}:{}", self.file, self.column),
            None => self.file.clone(),
        }
    }

    /// The position and, where there is one, the line with carets under what is meant; each line ends with a newline.
    pub(super) fn render(&self) -> String {
        let arrow = paint(BLUE, "-->");
        let (Some(line), Some((text, width))) = (self.line, &self.excerpt) else {
            return format!("  {arrow} {}\n", self.render_position());
        };
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let bar = paint(BLUE, "|");
        let (text, at) = window(text, self.column - 1);
        let before: String = text.chars().take(at).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let carets = paint(RED, &"^".repeat((*width).clamp(1, WINDOW_CHARS / 2)));
        format!(
            "{margin} {arrow} {}\n{margin} {bar}\n{} {bar} {}\n{margin} {bar} {before}{carets}\n",
            self.render_position(),
            paint(BLUE, &number),
            printable(&text),
        )
    }
}

/// Characters of a line that are shown of one that is longer than a terminal's should be, as JSON that a program wrote on one line.
const WINDOW_CHARS: usize = 120;

/// What is shown of a line, and at which character of that the one at `at` is.
fn window(line: &str, at: usize) -> (String, usize) {
    let length = line.chars().count();
    if length <= 2 * WINDOW_CHARS {
        return (line.to_owned(), at);
    }
    let begin = at.saturating_sub(WINDOW_CHARS / 2).min(length - WINDOW_CHARS);
    let shown: String = line.chars().skip(begin).take(WINDOW_CHARS).collect();
    let before = if begin > 0 { "…" } else { "" };
    let behind = if begin + WINDOW_CHARS < length { "…" } else { "" };
    (format!("{before}{shown}{behind}"), at - begin + before.chars().count())
}

impl SourceFile {
    /// The place of a range of bytes; of a range over several lines the first line.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let start = floor(&self.text, span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line = self.text[..start].matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let end = floor(&self.text, span.end).clamp(start, line_end);
        let width = self.text[start..end].trim_end().chars().count();
        let text = self.text[line_start..line_end].trim_end_matches('\r');
        let (text, width) = match secret::mask(text) {
            // The caret under what is masked would point into nothing.
            masked if masked != text => (masked, 1),
            _ => (text.to_owned(), width),
        };
        Place { file: self.name.clone(), line: Some(line), column, excerpt: Some((text, width)) }
    }
}

fn floor(text: &str, mut index: usize) -> usize {
    index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// Why a command could not do its work: exit code 2.
#[derive(Debug)]
pub(super) struct Fault {
    message: String,
    place: Option<Box<Place>>,
    help: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: None, help: None }
    }

    pub(super) fn of_file(file: impl Into<String>, why: impl std::fmt::Display) -> Self {
        let file = file.into();
        Self::new(format!("cannot read `{file}`: {why}"))
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = Some(Box::new(place));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn render(&self) -> String {
        let mut text = format!("{}{}\n", paint(RED, "error"), paint(BOLD, &format!(": {}", printable(&self.message))));
        if let Some(place) = &self.place {
            text.push_str(&place.render());
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("  help: {}\n", printable(help)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_fault_quotes_stays_on_its_line() {
        let shown = Fault::new("cannot read `a\n\u{1b}[2J`").help("look at `\u{7}`").render();
        assert!(shown.contains("`a\\u{a}\\u{1b}[2J`") && shown.contains("`\\u{7}`"), "{shown:?}");
    }

    #[test]
    fn of_a_line_without_an_end_the_part_in_question_is_shown() {
        let line = |at: usize| format!("{}ERROR{}", "a".repeat(at), "é".repeat(100_000));
        for at in [0, 3, 59, 60, 61, 500, 99_999] {
            let source = SourceFile { name: "w.json".into(), text: line(at) };
            let shown = anstream::adapter::strip_str(&source.place(&(at..at + 5)).render()).to_string();
            assert!(shown.starts_with(&format!("  --> w.json:1:{}\n", at + 1)), "{shown}");
            let lines: Vec<&str> = shown.lines().collect();
            assert!(lines.iter().all(|line| line.chars().count() < 140), "{shown}");
            let caret = lines[3].chars().position(|c| c == '^').unwrap();
            assert_eq!(lines[2].chars().skip(caret).take(5).collect::<String>(), "ERROR", "{shown}");
            assert!(lines[3].ends_with("^^^^^") && !lines[3].contains("^^^^^^"), "{shown}");
        }
    }

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = SourceFile { name: "a.toml".into(), text: "x = 1\r\ny = 'ü', 'z'\n".into() };
        let place = source.place(&(17..18));
        assert_eq!((place.line, place.column), (Some(2), 10));
        assert_eq!(place.excerpt, Some(("y = 'ü', 'z'".into(), 1)));
        assert_eq!(source.place(&(900..901)).line, Some(3), "past the end is the end");
    }
}
