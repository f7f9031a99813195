//! What was asked over the network, and what the answer proves.

/// One request of a check, and its answer.
#[derive(Debug)]
pub(super) struct Evidence {
    /// As `GET https://example.com/admin`; without any credential.
    pub asked: String,
    /// As `401`, or why there was no answer.
    pub answer: String,
    /// What that shows, in words.
    pub proves: String,
    /// Whether it is as it should be.
    pub is_good: bool,
}

impl Evidence {
    pub(super) fn new(is_good: bool, asked: impl Into<String>, answer: impl Into<String>, proves: impl Into<String>) -> Self {
        Self { asked: asked.into(), answer: answer.into(), proves: proves.into(), is_good }
    }
}
