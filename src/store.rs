//! Statements for a database that the host has: SQL and values as JSON on the way there, rows as JSON on the way back.
//!
//! A batch is one transaction. The tables are made when they are first missed, so that nobody has to set them up. Times are
//! milliseconds since 1970. Rows past their `until` count as absent.

use crate::{
    json::{Document, Raw, push_string},
    machine::{Io, Outage},
    text,
};

/// The tables, as far as they are missing.
const SCHEMA: [&str; 7] = [
    // `claim` names the request that is delivering; NULL: delivered.
    "CREATE TABLE IF NOT EXISTS portcullis_deliveries (id TEXT PRIMARY KEY, claim TEXT, until INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS portcullis_deliveries_until ON portcullis_deliveries (until)",
    // `at`: when it came to be so, in Clerk's time; `seen`: when it was so for sure. See `fresh/mirror.rs`.
    "CREATE TABLE IF NOT EXISTS portcullis_users (id TEXT PRIMARY KEY, gone INTEGER NOT NULL, banned INTEGER NOT NULL, \
     metadata TEXT NOT NULL, at INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS portcullis_sessions (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, ended INTEGER NOT NULL, \
     at INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS portcullis_sessions_seen ON portcullis_sessions (seen)",
    "CREATE TABLE IF NOT EXISTS portcullis_members (user_id TEXT, org_id TEXT, role TEXT, at INTEGER NOT NULL, \
     seen INTEGER NOT NULL, PRIMARY KEY (user_id, org_id)) WITHOUT ROWID",
    // Which families of events have ever come.
    "CREATE TABLE IF NOT EXISTS portcullis_events (family TEXT PRIMARY KEY) WITHOUT ROWID",
];

/// What a SQLite database says where one of them is missing.
const NO_TABLE: &str = "no such table: portcullis_";

/// Statements that are run in one transaction, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    json: String,
}

/// A value of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number that a double can hold.
    Number(i64),
    /// None.
    Null,
}

/// The rows that the statements of a batch gave.
#[derive(Clone, Debug)]
pub struct Rows {
    document: Document,
}

impl Default for Batch {
    fn default() -> Self {
        Self { json: "[]".to_owned() }
    }
}

impl Batch {
    /// Adds a statement; its values stand for its question marks.
    #[must_use]
    pub fn and(mut self, sql: &str, values: &[Value<'_>]) -> Self {
        self.json.pop();
        self.json.push_str(if self.json.len() > 1 { ",[" } else { "[" });
        push_string(&mut self.json, sql);
        for value in values {
            self.json.push(',');
            match value {
                Value::Text(text) => push_string(&mut self.json, text),
                Value::Number(number) => self.json.push_str(&number.to_string()),
                Value::Null => self.json.push_str("null"),
            }
        }
        self.json.push_str("]]");
        self
    }

    /// As a JSON list of lists: SQL, and its values.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl Rows {
    /// Reads a JSON list with a list of rows for each statement; a row is an object.
    ///
    /// # Errors
    ///
    /// [`Outage`] where it is none.
    pub fn parse(json: &str) -> Result<Self, Outage> {
        let document = Document::parse(json).map_err(|_| Outage("the database answered no JSON".to_owned()))?;
        Ok(Self { document })
    }

    /// The first row of a statement, by its place in the batch.
    #[must_use]
    pub fn first(&self, statement: usize) -> Option<Raw<'_>> {
        self.document.root().elements()?.get(statement)?.elements()?.first().copied()
    }
}

/// Runs a batch, making the tables where they are missing.
///
/// # Errors
///
/// [`Outage`] where the database gave no answer, or failed: then nothing of the batch has happened, as far as one can tell.
pub async fn run(io: &Io, batch: Batch) -> Result<Rows, Outage> {
    match io.store(batch.clone()).await {
        Err(Outage(why)) if text::find(&why, NO_TABLE).is_some() => {
            io.store(SCHEMA.iter().fold(Batch::default(), |batch, sql| batch.and(sql, &[]))).await?;
            io.store(batch).await
        }
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_sql_and_its_values() {
        let batch = Batch::default().and("SELECT ?", &[Value::Text("a\"b"), Value::Number(-5)]).and("SELECT 1", &[]);
        assert_eq!(batch.json(), r#"[["SELECT ?","a\"b",-5],["SELECT 1"]]"#);
        assert_eq!(Batch::default().json(), "[]");
    }

    #[test]
    fn a_row_is_found_by_its_statement() {
        let rows = Rows::parse(r#"[[],[{"claim":null},{"claim":"x"}]]"#).unwrap();
        assert!(rows.first(0).is_none() && rows.first(2).is_none());
        assert!(rows.first(1).unwrap().get("claim").unwrap().is_null());
        assert!(Rows::parse("x").is_err());
    }
}
