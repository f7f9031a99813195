//! Tables of settings: a tree of values as they are written, read key by key, and what can be wrong with one.
//!
//! What the keys mean is for the rooms below to say; here is what they have in common, so that each reads its own part of the settings
//! and all errors look alike.

mod error;
mod node;
mod reader;

#[cfg(feature = "js-gate")]
pub(crate) use reader::nearest;
pub(crate) use reader::{TableReader, Written, read_each, wrong_type};
pub use {
    error::{Problem, SettingError, quote},
    node::{Node, NodeError},
};
