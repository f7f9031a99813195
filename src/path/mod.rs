//! Canonical paths. (contract stub)
