//! Header hygiene: which names are ours, which never travel, and what an answer to one user may say to shared caches.

mod cache;
mod cors;
mod csp;
pub mod names;
mod reserved;
mod security;

use std::borrow::Cow;

pub use self::{
    cache::{NETWORK_CACHE_CONTROL, private_cache_control, private_vary},
    cors::{CORS_FIELDS, Cors},
    csp::ContentSecurityPolicy,
    reserved::{is_hop_by_hop, is_reserved},
    security::AddedHeaders,
};
pub(crate) use self::{csp::frontend_origin, security::read_fields};

/// A header field: its name in lower case, and its value.
pub type Field = (&'static str, Cow<'static, str>);
