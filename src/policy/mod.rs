//! Policy. (contract stub)

pub mod pattern;
