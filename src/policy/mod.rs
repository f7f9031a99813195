//! Policy. (contract stub)
