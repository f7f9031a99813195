//! The laws of patterns: any text is a pattern or an error; a set says what its patterns say one by one; and no path makes a pattern
//! work more than in proportion to its length, which is shown by matching long paths of the same piece.
//!
//! One input is patterns, one a line, and the path in the last line.

use portcullis::policy::pattern::{Pattern, PatternSet};

/// Checks the laws on one input; gives how many of the patterns match.
///
/// # Panics
///
/// If one does not hold.
pub fn check(data: &[u8]) -> usize {
    let text = String::from_utf8_lossy(data);
    let (sources, path) = text.rsplit_once('\n').unwrap_or((&text, "/"));
    let patterns: Vec<Pattern> = sources.split('\n').take(PATTERNS).filter_map(|source| Pattern::parse(source).ok()).collect();
    // A path that goes on for ever with the same piece is what blows up an engine that goes back.
    let long = path.repeat(LONG_BYTES / path.len().max(1));
    let set = PatternSet::new(patterns.clone());
    let mut found = 0;
    for path in [path, &long] {
        let one_by_one: Vec<usize> =
            patterns.iter().enumerate().filter(|(_, pattern)| pattern.is_match(path)).map(|(index, _)| index).collect();
        assert_eq!(set.matches(path).collect::<Vec<_>>(), one_by_one);
        assert_eq!(set.first_match(path), one_by_one.first().copied());
        for (index, pattern) in patterns.iter().enumerate() {
            assert_eq!(pattern.params(path).is_some(), one_by_one.contains(&index), "{}", pattern.as_str());
        }
        found += one_by_one.len();
    }
    found
}

const PATTERNS: usize = 8;
const LONG_BYTES: usize = 2_000;
