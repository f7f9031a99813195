//! Portcullis: an edge gate for Clerk sessions.
#![cfg_attr(not(feature = "worker"), forbid(unsafe_code))]
#![cfg_attr(feature = "worker", deny(unsafe_code))]
#![warn(missing_docs)]

pub mod host;
pub mod json;
pub mod limits;
pub mod machine;
pub mod path;
pub mod policy;
pub mod reason;
pub mod request;
pub mod session;
pub mod time;
pub mod token;
pub mod web_url;
