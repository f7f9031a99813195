//! Matches patterns against paths, for `tests/oracle/patterns.test.mjs`: one JSON object a line in, one out.
//!
//! In: `{"pattern": "/:id", "path": "/7"}`. Out: `{"error": null, "match": true, "params": {"id": "7"}}`.

use std::io::{self, BufRead, Write};

use portcullis::policy::pattern::{Pattern, PatternSet};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Question {
    pattern: String,
    path: String,
}

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        writeln!(out, "{}", answer(&question))?;
    }
    out.flush()
}

fn answer(question: &Question) -> Value {
    let pattern = match Pattern::parse(&question.pattern) {
        Ok(pattern) => pattern,
        Err(error) => return json!({ "error": error.to_string(), "match": false, "params": null }),
    };
    let is_match = pattern.is_match(&question.path);
    let params = pattern.params(&question.path).map(|params| {
        params.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value.into_owned()))).collect::<Map<_, _>>()
    });
    let indexed = PatternSet::new(vec![pattern.clone()]).first_match(&question.path).is_some();
    json!({ "error": null, "match": is_match, "indexed": indexed, "params": params })
}
