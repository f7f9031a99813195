//! Settings as a tree: what TOML, JSON and a Worker's environment have in common.
//!
//! A tree of our own instead of `serde_json::Value`: it knows the place of every value while it is read, refuses a key that is
//! given twice, and adds next to nothing to the Wasm module.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};

use crate::json::{Document, Raw};

/// One value of the settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// JSON's null; TOML has none.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// A table, in the order as written; no key stands in it twice.
    Table(Vec<(String, Node)>),
}

impl Node {
    /// What kind of value this is, for error messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Why a text is not a settings tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeError {
    /// It is not JSON.
    NotJson,
    /// A key stands twice in one table.
    Twice(String),
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("it is not JSON"),
            Self::Twice(key) => write!(f, "the setting `{}` stands twice", super::quote(key)),
        }
    }
}

impl std::error::Error for NodeError {}

impl Node {
    /// Whether it is a table with that key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        matches!(self, Self::Table(entries) if entries.iter().any(|(name, value)| name == key && *value != Self::Null))
    }

    /// Reads JSON, as a Worker's environment gives it.
    ///
    /// # Errors
    ///
    /// [`NodeError`].
    pub fn parse_json(text: &str) -> Result<Self, NodeError> {
        let document = Document::parse(text).map_err(|_| NodeError::NotJson)?;
        Self::of_json(document.root())
    }

    fn of_json(value: Raw<'_>) -> Result<Self, NodeError> {
        if let Some(text) = value.as_str() {
            return Ok(Self::Text(text.into_owned()));
        }
        if let Some(number) = value.as_f64() {
            return Ok(Self::Number(number));
        }
        if let Some(elements) = value.elements() {
            return elements.into_iter().map(Self::of_json).collect::<Result<_, _>>().map(Self::List);
        }
        if !value.is_object() {
            return Ok(if value.is_null() { Self::Null } else { Self::Bool(value.is_true()) });
        }
        let mut table: Vec<(String, Self)> = Vec::new();
        let mut error = None;
        value.each_member(|key, value| {
            if table.iter().any(|(seen, _)| *seen == key) {
                error = Some(NodeError::Twice(key.into_owned()));
                return;
            }
            match Self::of_json(value) {
                Ok(node) => table.push((key.into_owned(), node)),
                Err(inner) => error = Some(inner),
            }
        });
        error.map_or(Ok(Self::Table(table)), Err)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a setting")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    #[allow(clippy::cast_precision_loss)] // no setting is a number past 2^53
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut table: Vec<(String, Node)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<String, Node>()? {
            if table.iter().any(|(seen, _)| *seen == key) {
                return Err(A::Error::custom(format_args!("the setting `{key}` stands twice")));
            }
            table.push((key, value));
        }
        Ok(Node::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_serde_read_the_same_tree() {
        let text = r#"{"a":["x",1.5,true,false,null],"b":{"c":"\u00e9"},"d":-3}"#;
        assert_eq!(Node::parse_json(text), Ok(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn a_key_that_stands_twice_is_named() {
        assert_eq!(Node::parse_json(r#"{"a":{"b":1,"b":2}}"#), Err(NodeError::Twice("b".into())));
        assert_eq!(Node::parse_json("{"), Err(NodeError::NotJson));
        assert!(serde_json::from_str::<Node>(r#"{"b":1,"b":2}"#).is_err());
    }
}
