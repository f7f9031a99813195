//! Matches patterns against paths, for `tests/oracle/patterns.test.mjs`: one JSON object a line in, one out.
//!
//! In: `{"pattern": "/:id", "path": "/7"}`. Out: `{"error": null, "match": true, "params": {"id": "7"}}`.
//! Or in: `{"pattern": "/:id", "url": "http://h/%37"}`. Out the same, with the canonical `path` that was matched, or a null `path`
//! where there is none.

use std::io::{self, BufRead, Write};

use portcullis::{
    path::{PathSettings, judge},
    policy::pattern::{Pattern, PatternSet},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Question {
    pattern: String,
    #[serde(default)]
    path: String,
    url: Option<String>,
}

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let mut question: Question = serde_json::from_str(&line?)?;
        let canonical =
            question.url.as_ref().map(|url| judge(url, &PathSettings::default()).map(|judged| judged.path().as_str().to_owned()));
        match canonical {
            Some(Err(_)) => writeln!(out, "{}", json!({ "path": null }))?,
            Some(Ok(path)) => {
                question.path = path;
                writeln!(out, "{}", answer(&question))?;
            }
            None => writeln!(out, "{}", answer(&question))?,
        }
    }
    out.flush()
}

fn answer(question: &Question) -> Value {
    let pattern = match Pattern::parse(&question.pattern) {
        Ok(pattern) => pattern,
        Err(error) => return json!({ "path": question.path, "error": error.to_string(), "match": false, "params": null }),
    };
    let is_match = pattern.is_match(&question.path);
    let params = pattern.params(&question.path).map(|params| {
        params.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value.into_owned()))).collect::<Map<_, _>>()
    });
    let indexed = PatternSet::new(vec![pattern.clone()]).first_match(&question.path).is_some();
    json!({ "path": question.path, "error": null, "match": is_match, "indexed": indexed, "params": params })
}
