//! A configuration, in TOML or JSON with comments, as a tree in which every key and value knows its place.

use std::ops::Range;

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, errors::ParseError, parse_to_ast};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::source::{Fault, SourceFile};
use crate::table::Node;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub value: Value,
    pub span: Range<usize>,
}

/// What TOML and JSON know, as far as settings tell it apart.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Text(String),
    Number(f64),
    Bool(bool),
    List(Vec<Located>),
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Located,
}

impl Located {
    /// Reads a document: JSON with comments and trailing commas where the file is called so, as Wrangler does, else TOML.
    pub(super) fn parse(source: &SourceFile) -> Result<Self, Fault> {
        let extension = std::path::Path::new(&source.name).extension();
        if extension.is_some_and(|extension| extension == "json" || extension == "jsonc") {
            Self::parse_json(source)
        } else {
            Self::parse_toml(source)
        }
    }

    fn parse_json(source: &SourceFile) -> Result<Self, Fault> {
        let options = ParseOptions {
            allow_comments: true,
            allow_trailing_commas: true,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let refuse = |error: &ParseError| {
            let place = source.place(&(error.range().start..error.range().end));
            Fault::new(format!("`{}` is not JSON: {}", source.name, error.kind())).at(place)
        };
        let parsed = parse_to_ast(&source.text, &CollectOptions::default(), &options).map_err(|error| refuse(&error))?;
        match parsed.value {
            Some(value) => Ok(of_json(&value)),
            None => Err(Fault::new(format!("`{}` is empty", source.name))),
        }
    }

    fn parse_toml(source: &SourceFile) -> Result<Self, Fault> {
        match DeTable::parse(&source.text) {
            Ok(table) => Ok(of_table(table.get_ref(), table.span())),
            Err(error) => {
                let place = source.place(&error.span().unwrap_or(0..0));
                Err(Fault::new(format!("`{}` is not TOML: {}", source.name, error.message())).at(place))
            }
        }
    }

    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(super) fn entries(&self) -> &[Entry] {
        if let Value::Table(entries) = &self.value { entries } else { &[] }
    }

    pub(super) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(flag) = self.value { Some(flag) } else { None }
    }

    /// All strings within, with their keys; the key of a list's items is that of the list.
    pub(super) fn texts<'t>(&'t self, key: &'t str, found: &mut Vec<(&'t str, &'t str, &'t Range<usize>)>) {
        match &self.value {
            Value::Text(text) => found.push((key, text, &self.span)),
            Value::List(items) => items.iter().for_each(|item| item.texts(key, found)),
            Value::Table(entries) => entries.iter().for_each(|entry| entry.value.texts(&entry.key, found)),
            Value::Null | Value::Number(_) | Value::Bool(_) => {}
        }
    }

    /// The same as a settings tree.
    pub(super) fn to_node(&self) -> Node {
        match &self.value {
            Value::Null => Node::Null,
            Value::Text(text) => Node::Text(text.clone()),
            Value::Number(number) => Node::Number(*number),
            Value::Bool(flag) => Node::Bool(*flag),
            Value::List(items) => Node::List(items.iter().map(Self::to_node).collect()),
            Value::Table(entries) => {
                Node::Table(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_node())).collect())
            }
        }
    }

    /// The same as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Text(text) => Json::String(text.clone()),
            #[allow(clippy::cast_possible_truncation)] // looked at: only whole numbers are cast
            Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Json::from(*number as i64),
            Value::Number(number) => Json::from(*number),
            Value::Bool(flag) => Json::Bool(*flag),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
        }
    }

    /// The place of a setting such as `rules[0].match[1]`: of its value, or of the key of the nearest table around it that is there.
    pub(super) fn find(&self, own: &Range<usize>, setting: &str) -> Range<usize> {
        let mut here = (self, own.clone());
        for step in steps(setting) {
            let next = match step {
                Step::Key(key) => here.0.entry(key).map(|entry| (&entry.value, entry.place())),
                Step::Index(index) => here.0.items().get(index).map(|item| (item, item.span.clone())),
            };
            match next {
                Some(next) => here = next,
                None => break,
            }
        }
        here.1
    }

    /// The place of the setting's key rather than of its value.
    pub(super) fn find_key(&self, own: &Range<usize>, setting: &str) -> Range<usize> {
        let Some((parent, key)) = setting.rsplit_once('.') else {
            return self.entry(setting).map_or_else(|| self.find(own, setting), |entry| entry.key_span.clone());
        };
        let mut here = self;
        for step in steps(parent) {
            let next = match step {
                Step::Key(key) => here.get(key),
                Step::Index(index) => here.items().get(index),
            };
            match next {
                Some(next) => here = next,
                None => return self.find(own, setting),
            }
        }
        here.entry(key).map_or_else(|| self.find(own, setting), |entry| entry.key_span.clone())
    }
}

impl Entry {
    /// The value; of a table under a header of its own the key, since its value is all that follows.
    fn place(&self) -> Range<usize> {
        match self.value.value {
            Value::Table(_) | Value::List(_) => self.key_span.clone(),
            _ => self.value.span.clone(),
        }
    }
}

enum Step<'s> {
    Key(&'s str),
    Index(usize),
}

/// The steps of a setting's name. What is no index is left out: names are the core's own, so there is none.
fn steps(setting: &str) -> impl Iterator<Item = Step<'_>> {
    setting.split('.').flat_map(|part| {
        let (key, indices) = part.split_once('[').unwrap_or((part, ""));
        let indices = indices.split('[').filter_map(|index| index.trim_end_matches(']').parse().ok().map(Step::Index));
        std::iter::once(Step::Key(key)).chain(indices)
    })
}

fn of_value(value: &Spanned<DeValue<'_>>) -> Located {
    let span = value.span();
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            Value::Number(i64::from_str_radix(digits, number.radix()).map_or(f64::NAN, wide))
        }
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(of_value).collect()),
        DeValue::Table(table) => return of_table(table, span),
    };
    Located { value, span }
}

#[allow(clippy::cast_precision_loss)] // as JSON numbers are read by a Worker
fn wide(number: i64) -> f64 {
    number as f64
}

fn of_table(table: &DeTable<'_>, span: Range<usize>) -> Located {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry { key: key.get_ref().to_string(), key_span: key.span(), value: of_value(value) })
        .collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    Located { value: Value::Table(entries), span }
}

fn of_json(value: &ast::Value<'_>) -> Located {
    let span = value.start()..value.end();
    let value = match value {
        ast::Value::NullKeyword(_) => Value::Null,
        ast::Value::StringLit(text) => Value::Text(text.value.to_string()),
        ast::Value::NumberLit(number) => Value::Number(number.value.parse().unwrap_or(f64::NAN)),
        ast::Value::BooleanLit(flag) => Value::Bool(flag.value),
        ast::Value::Array(array) => Value::List(array.elements.iter().map(of_json).collect()),
        ast::Value::Object(object) => {
            let mut entries: Vec<Entry> = Vec::new();
            for property in &object.properties {
                let key_span = property.name.start()..property.name.end();
                let key = property.name.as_str().to_owned();
                // Of a key that stands twice the last one counts, as everywhere in JavaScript.
                entries.retain(|entry| entry.key != key);
                entries.push(Entry { key, key_span, value: of_json(&property.value) });
            }
            Value::Table(entries)
        }
    };
    Located { value, span }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, setting: &str) -> String {
        let source = SourceFile { name: "t".into(), text: text.into() };
        let tree = Located::parse(&source).unwrap();
        text[tree.find(&(0..0), setting)].to_owned()
    }

    #[test]
    fn a_setting_is_found_at_its_value_or_at_what_is_around_it() {
        let text = "public = ['/a', '/b']\n[[rules]]\nmatch = '/c'\n[[rules]]\nmatch = ['/d', '/e']\n[rules.require]\nrole = 'x'";
        assert_eq!(found(text, "public[1]"), "'/b'");
        assert_eq!(found(text, "public[9]"), "public");
        assert_eq!(found(text, "rules[0].match"), "'/c'");
        assert_eq!(found(text, "rules[1].match[1]"), "'/e'");
        assert_eq!(found(text, "rules[1].require.role"), "'x'");
        assert_eq!(found(text, "rules[0].methods"), "[[rules]]");
    }

    #[test]
    fn json_is_read_as_wrangler_reads_it() {
        let read = |text: &str| Located::parse(&SourceFile { name: "wrangler.jsonc".into(), text: text.into() });
        let text = "{ // why\n \"a\": [\"x\", null, 1.5,], \"b\": 1, \"b\": true }";
        let tree = read(text).unwrap();
        assert_eq!(&text[tree.find(&(0..0), "a[0]")], "\"x\"");
        assert_eq!(tree.get("b").and_then(Located::as_bool), Some(true), "the last one counts");
        for broken in ["{a: 1}", "{'a': 1}", "{\"a\": 1 \"b\": 2}", "{\"a\": +1}", "", "{\"a\": 1"] {
            assert!(read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_broken_file_is_refused_with_the_place() {
        let source = SourceFile { name: "broken.toml".into(), text: "a = 1\nb = = 2\n".into() };
        let message = Located::parse(&source).unwrap_err().render();
        assert!(message.contains("broken.toml:2:"), "{message}");
    }
}
