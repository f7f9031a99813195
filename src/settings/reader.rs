//! Reads a settings tree table by table, collecting every error instead of stopping at the first.

use super::{
    error::{Problem, SettingError},
    node::Node,
};
use crate::policy::pattern::Pattern;

/// Reads one table. Each `take_…` removes a key; [`finish`](Self::finish) reports what is left over as unknown.
pub(crate) struct TableReader<'e> {
    place: String,
    entries: Vec<(String, Node)>,
    known: Vec<&'static str>,
    errors: &'e mut Vec<SettingError>,
}

impl<'e> TableReader<'e> {
    /// Opens `node` as a table at `place` (empty for the top).
    pub(crate) fn open(place: &str, node: Node, errors: &'e mut Vec<SettingError>) -> Option<Self> {
        match node {
            Node::Table(entries) => Some(Self { place: place.to_owned(), entries, known: Vec::new(), errors }),
            other => {
                let setting = if place.is_empty() { "PORTCULLIS" } else { place };
                wrong_type(errors, setting, &other, "a table");
                None
            }
        }
    }

    /// The full name of a key of this table.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { [&*self.place, ".", key].concat() }
    }

    pub(crate) fn errors(&mut self) -> &mut Vec<SettingError> {
        self.errors
    }

    /// Removes a key. JSON's null counts as absent.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(index).1).filter(|node| *node != Node::Null)
    }

    pub(crate) fn take_text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Node::Text(text) => Some(text),
            other => self.refuse(key, &other, "a string"),
        }
    }

    pub(crate) fn take_flag(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            Node::Bool(flag) => Some(flag),
            other => self.refuse(key, &other, "true or false"),
        }
    }

    /// A whole number from zero to `most`; `expected` says so.
    pub(crate) fn take_count(&mut self, key: &'static str, most: u16, expected: &'static str) -> Option<usize> {
        let node = self.take(key)?;
        if let Node::Number(number) = node
            && (0.0..=f64::from(most)).contains(&number)
        {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // looked at above, and below
            let count = number as u16;
            if f64::from(count) - number == 0.0 {
                return Some(usize::from(count));
            }
        }
        self.refuse(key, &node, expected)
    }

    /// A number from zero to one.
    pub(crate) fn take_share(&mut self, key: &'static str) -> Option<f64> {
        match self.take(key)? {
            Node::Number(share) if (0.0..=1.0).contains(&share) => Some(share),
            other => self.refuse(key, &other, "a number from 0 to 1"),
        }
    }

    /// A list of strings, each with its place; one string alone stands for a list of one.
    pub(crate) fn take_texts(&mut self, key: &'static str) -> Option<Vec<(String, String)>> {
        let name = self.name(key);
        match self.take(key)? {
            Node::Text(text) => Some(vec![(name, text)]),
            Node::List(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    let place = [&*name, "[", &index.to_string(), "]"].concat();
                    match item {
                        Node::Text(text) => texts.push((place, text)),
                        other => wrong_type(self.errors, &place, &other, "a string"),
                    }
                }
                Some(texts)
            }
            other => self.refuse(key, &other, "a list of strings"),
        }
    }

    /// A list of patterns.
    pub(crate) fn take_patterns(&mut self, key: &'static str) -> Vec<(String, Pattern)> {
        let mut patterns = Vec::new();
        for (place, text) in self.take_texts(key).unwrap_or_default() {
            match Pattern::parse(&text) {
                Ok(pattern) => patterns.push((place, pattern)),
                Err(error) => {
                    SettingError { setting: place, problem: Problem::Pattern { pattern: super::error::quote(&text), error } }
                        .add_to(self.errors)
                }
            }
        }
        patterns
    }

    /// One of a few words.
    pub(crate) fn take_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.take_text(key)?;
        for (word, value) in choices {
            if *word == text {
                return Some(*value);
            }
        }
        let mut words = Vec::with_capacity(choices.len());
        for (word, _) in choices {
            words.push(*word);
        }
        self.refuse_word(key, &text, &words);
        None
    }

    fn refuse_word(&mut self, key: &str, text: &str, words: &[&str]) {
        let mut expected = String::new();
        for word in words {
            expected.push_str(if expected.is_empty() { "`" } else { " or `" });
            expected.push_str(word);
            expected.push('`');
        }
        self.refuse_value(key, text, &expected);
    }

    /// Reports a value of the right type that makes no sense.
    pub(crate) fn refuse_value(&mut self, key: &str, found: &str, expected: &str) {
        let name = self.name(key);
        SettingError::value(&name, found, expected).add_to(self.errors);
    }

    /// Reports every key that nobody took.
    pub(crate) fn finish(self) {
        for (key, _) in &self.entries {
            let setting = self.name(key);
            SettingError { setting, problem: Problem::Unknown { nearest: nearest(key, &self.known) } }.add_to(self.errors);
        }
    }

    fn refuse<T>(&mut self, key: &str, found: &Node, expected: &'static str) -> Option<T> {
        let name = self.name(key);
        wrong_type(self.errors, &name, found, expected);
        None
    }
}

/// Reports a value of the wrong type.
pub(crate) fn wrong_type(errors: &mut Vec<SettingError>, setting: &str, found: &Node, expected: &'static str) {
    SettingError { setting: setting.to_owned(), problem: Problem::Type { found: found.kind(), expected } }.add_to(errors);
}

/// The known name within two edits of `key`, the nearest first.
pub(crate) fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let folded = key.to_ascii_lowercase().replace('-', "_");
    known.iter().map(|name| (edits(&folded, name), *name)).filter(|(edits, _)| *edits <= 2).min().map(|(_, name)| name)
}

/// Levenshtein distance of two short names.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut before = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            left = (left + 1).min(above + 1).min(before + usize::from(x != *y));
            before = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_right_one() {
        assert_eq!(edits("authorised_parties", "authorized_parties"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(nearest("authorised-parties", &["admin", "authorized_parties"]), Some("authorized_parties"));
        assert_eq!(nearest("colour", &["admin", "public"]), None);
    }
}
