//! Reads a settings tree table by table, collecting every error instead of stopping at the first.

use super::{
    error::{Problem, SettingError, quote},
    node::Node,
};
use crate::policy::pattern::Pattern;

/// What makes a policy or one of its rules narrower, or lets fewer tokens count: a null in its place would open what it was to close.
const ONLY_CLOSING: [&str; 15] = [
    "authorized_parties",
    "admin",
    "protected",
    "rules",
    "methods",
    "require",
    "where",
    "fresh",
    "role",
    "permission",
    "feature",
    "plan",
    "reverification",
    "claim",
    "token",
];

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

    /// All of it, where the keys are the operator's own words.
    pub(crate) fn into_entries(self) -> Vec<(String, Node)> {
        self.entries
    }

    pub(crate) fn errors(&mut self) -> &mut Vec<SettingError> {
        self.errors
    }

    /// Removes a key. JSON's null counts as absent, but where that would ask for less than is written.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Node> {
        let node = self.remove(key)?;
        if node != Node::Null {
            return Some(node);
        }
        if ONLY_CLOSING.contains(&key) {
            self.refuse_type(key, &node, "a value; leave it out where none is meant");
        }
        None
    }

    /// The same for what closes nothing here, though it is called as what does so elsewhere.
    pub(crate) fn take_unless_null(&mut self, key: &'static str) -> Option<Node> {
        self.remove(key).filter(|node| *node != Node::Null)
    }

    fn remove(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(index).1)
    }

    #[inline(never)]
    pub(crate) fn take_text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Node::Text(text) => Some(text),
            other => self.refuse(key, &other, "a string"),
        }
    }

    #[inline(never)]
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
        self.refuse_amount(key, &node, expected);
        None
    }

    /// A number from zero to one.
    pub(crate) fn take_share(&mut self, key: &'static str) -> Option<f64> {
        match self.take(key)? {
            Node::Number(share) if (0.0..=1.0).contains(&share) => Some(share),
            other => {
                self.refuse_amount(key, &other, "a number from 0 to 1");
                None
            }
        }
    }

    /// Reports what is no number in the bounds that `expected` names: a number by its value.
    #[inline(never)]
    pub(crate) fn refuse_amount(&mut self, key: &str, found: &Node, expected: &'static str) {
        match found {
            Node::Number(number) if whole(*number).is_some() => self.refuse_value(key, &shown(found), expected),
            Node::Number(_) => {
                let setting = self.name(key);
                SettingError { setting, problem: Problem::Type { found: "another number", expected } }.add_to(self.errors);
            }
            other => self.refuse_type(key, other, expected),
        }
    }

    /// A list of strings; what `see` has against one of them is reported with its place. How it is written, if it is there.
    #[inline(never)]
    pub(crate) fn take_each(&mut self, key: &'static str, see: &mut dyn FnMut(&str) -> Result<(), Problem>) -> Option<Written> {
        let node = self.take(key)?;
        let place = self.name(key);
        Some(read_each(&place, &node, self.errors, see))
    }

    /// A list of strings, those that pass `check`; it says what was expected in place of another.
    pub(crate) fn take_texts(
        &mut self,
        key: &'static str,
        check: &dyn Fn(&str) -> Result<(), &'static str>,
    ) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        let mut see = |text: &str| match check(text) {
            Ok(()) => {
                texts.push(text.to_owned());
                Ok(())
            }
            Err(expected) => Err(Problem::value(text, expected)),
        };
        self.take_each(key, &mut see)?;
        Some(texts)
    }

    /// The same where an empty list would ask for nothing, or for what nobody has: that is an error, and `least` is what was expected.
    #[inline(never)]
    pub(crate) fn take_some_texts(
        &mut self,
        key: &'static str,
        least: &'static str,
        check: &dyn Fn(&str) -> Result<(), &'static str>,
    ) -> Option<Vec<String>> {
        let before = self.errors.len();
        let texts = self.take_texts(key, check)?;
        if texts.is_empty() && self.errors.len() == before {
            self.refuse_empty(key, least);
        }
        Some(texts)
    }

    /// A list of patterns, which go into `patterns`.
    #[inline(never)]
    pub(crate) fn take_patterns(&mut self, key: &'static str, patterns: &mut Vec<Pattern>) -> Option<Written> {
        self.take_each(key, &mut |text| match Pattern::parse(text) {
            Ok(pattern) => {
                patterns.push(pattern);
                Ok(())
            }
            Err(error) => Err(Problem::pattern(text, error)),
        })
    }

    /// One of a few words.
    pub(crate) fn take_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let node = self.take(key)?;
        let text = shown(&node);
        for (word, value) in choices {
            if *word == text && matches!(node, Node::Text(_)) {
                return Some(*value);
            }
        }
        self.refuse_choice(key, &text, choices);
        None
    }

    #[inline(never)]
    fn refuse_choice<T>(&mut self, key: &str, text: &str, choices: &[(&str, T)]) {
        let mut expected = String::new();
        for (word, _) in choices {
            expected.push_str(if expected.is_empty() { "`" } else { " or `" });
            expected.push_str(word);
            expected.push('`');
        }
        self.refuse_value(key, text, &expected);
    }

    /// Reports a setting that must be there.
    #[inline(never)]
    pub(crate) fn refuse_absence(&mut self, key: &str, expected: &'static str) {
        SettingError::missing(&self.name(key), expected).add_to(self.errors);
    }

    /// Reports a list without anything in it.
    #[inline(never)]
    pub(crate) fn refuse_empty(&mut self, key: &str, least: &'static str) {
        SettingError::empty(&self.name(key), least).add_to(self.errors);
    }

    /// Reports a setting that does not go together with another one.
    #[inline(never)]
    pub(crate) fn refuse_together(&mut self, key: &str, why: &str, help: &'static str) {
        SettingError::conflict(&self.name(key), why, help).add_to(self.errors);
    }

    /// Reports a value of the right type that makes no sense.
    #[inline(never)]
    pub(crate) fn refuse_value(&mut self, key: &str, found: &str, expected: &str) {
        let name = self.name(key);
        SettingError::value(&name, found, expected).add_to(self.errors);
    }

    /// Reports every key that nobody took.
    #[inline(never)]
    pub(crate) fn finish(mut self) {
        for (key, _) in core::mem::take(&mut self.entries) {
            self.refuse_unknown(&key);
        }
    }

    #[inline(never)]
    fn refuse_unknown(&mut self, key: &str) {
        let setting = self.name(&quote(key));
        SettingError { setting, problem: Problem::Unknown { nearest: nearest(key, &self.known) } }.add_to(self.errors);
    }

    fn refuse<T>(&mut self, key: &str, found: &Node, expected: &'static str) -> Option<T> {
        self.refuse_type(key, found, expected);
        None
    }

    /// Reports a value of the wrong type.
    #[inline(never)]
    pub(crate) fn refuse_type(&mut self, key: &str, found: &Node, expected: &'static str) {
        let name = self.name(key);
        wrong_type(self.errors, &name, found, expected);
    }
}

/// How a list of strings is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// As one string, which stands for a list of one.
    AsOne,
    /// As a list, or as something that is reported.
    AsList,
}

/// Hands each string of a list to `see`, and reports what it has against one of them with its place.
#[inline(never)]
pub(crate) fn read_each(
    place: &str,
    node: &Node,
    errors: &mut Vec<SettingError>,
    see: &mut dyn FnMut(&str) -> Result<(), Problem>,
) -> Written {
    match node {
        Node::Text(text) => {
            if let Err(problem) = see(text) {
                refuse_item(place, None, problem, errors);
            }
            return Written::AsOne;
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let seen = match item {
                    Node::Text(text) => see(text),
                    other => Err(Problem::Type { found: other.kind(), expected: "a string" }),
                };
                if let Err(problem) = seen {
                    refuse_item(place, Some(index), problem, errors);
                }
            }
        }
        other => wrong_type(errors, place, other, "a list of strings"),
    }
    Written::AsList
}

#[inline(never)]
fn refuse_item(place: &str, index: Option<usize>, problem: Problem, errors: &mut Vec<SettingError>) {
    let setting = match index {
        Some(index) => [place, "[", &index.to_string(), "]"].concat(),
        None => place.to_owned(),
    };
    SettingError { setting, problem }.add_to(errors);
}

/// A value as it is written, for the message that refuses it; its kind where that would be long.
#[inline(never)]
fn shown(node: &Node) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Bool(flag) => (if *flag { "true" } else { "false" }).to_owned(),
        Node::Number(number) => whole(*number).unwrap_or_else(|| node.kind().to_owned()),
        Node::Null | Node::List(_) | Node::Table(_) => node.kind().to_owned(),
    }
}

/// A whole number in digits. Fractions have none here: what writes them weighs 10 KB.
fn whole(number: f64) -> Option<String> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates, and is compared
    let digits = number.abs() as u32;
    (f64::from(digits) - number.abs() == 0.0).then(|| [if number < 0.0 { "-" } else { "" }, &digits.to_string()].concat())
}

/// Reports a value of the wrong type.
#[inline(never)]
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
    fn a_name_that_nobody_knows_cannot_break_out_of_a_log_line() {
        let node = Node::parse_json("{\"public\\n\\u001b[2K\":[]}").unwrap();
        let mut errors = Vec::new();
        TableReader::open("", node, &mut errors).unwrap().finish();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].to_string(), "unknown setting `public\\u{a}\\u{1b}[2K`");
    }

    #[test]
    fn a_value_that_is_refused_is_shown_with_what_may_stand_there() {
        let refused = |json: &str, read: &dyn Fn(&mut TableReader<'_>)| {
            let mut errors = Vec::new();
            read(&mut TableReader::open("", Node::parse_json(json).unwrap(), &mut errors).unwrap());
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        let share = |json: &str| refused(json, &|table| assert_eq!(table.take_share("k"), None));
        assert_eq!(share(r#"{"k": 2}"#), "setting `k` is `2`, expected a number from 0 to 1");
        assert_eq!(share(r#"{"k": -1}"#), "setting `k` is `-1`, expected a number from 0 to 1");
        assert_eq!(share(r#"{"k": "1"}"#), "setting `k` is a string, expected a number from 0 to 1");
        let count = |json: &str| refused(json, &|table| assert_eq!(table.take_count("k", 9, "a whole number from 0 to 9"), None));
        assert_eq!(count(r#"{"k": 70000}"#), "setting `k` is `70000`, expected a whole number from 0 to 9");
        assert_eq!(count(r#"{"k": 1.5}"#), "setting `k` is another number, expected a whole number from 0 to 9");
        let choice = |json: &str| refused(json, &|table| assert_eq!(table.take_choice("k", &[("public", 1), ("true", 2)]), None));
        for (json, found) in [("true", "true"), ("3", "3"), ("[]", "a list"), ("\"x\"", "x")] {
            let expected = format!("setting `k` is `{found}`, expected `public` or `true`");
            assert_eq!(choice(&format!("{{\"k\": {json}}}")), expected);
        }
    }

    #[test]
    fn a_misspelt_name_finds_the_right_one() {
        assert_eq!(edits("authorised_parties", "authorized_parties"), 1);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(nearest("authorised-parties", &["admin", "authorized_parties"]), Some("authorized_parties"));
        assert_eq!(nearest("colour", &["admin", "public"]), None);
    }
}
