//! Portcullis: an edge gate for Clerk sessions.
//!
//! For every request the gate canonicalises the path, matches it against a policy of public, protected and admin patterns,
//! verifies the session token and its authorized party, and decides: forward, redirect or deny. This crate is the core that
//! decides and the hosts that carry out. The core does no I/O: it is given a request and the time, and answers either a
//! [`Decision`](gate::Decision) or the one thing that it needs next.
//!
//! ```text
//!  host                core: pure, synchronous, `now` is an argument                              host
//!  Request ─► RequestView ─► path::judge ─► policy ─► session::authenticate ─► gate ─► Decision ─► Response, fetch(origin)
//!                              │ 400                     │ Need: Signature, Backend, Wait
//!                              ▼                         ▼ the host gets it, and resumes
//! ```
//!
//! # Features
//!
//! None at all is the core alone, without clock, socket, environment or randomness: `default-features = false`. `native` adds signatures by
//! `jsonwebtoken` for native programs and tests, `cli`, the default, the command line; `worker` adds the Cloudflare Worker, `js` and its
//! like the npm package's exports.
//!
//! What it is not: a replacement for the checks in your handlers. A gate says who may knock; the app behind it says whose
//! record may be read.
#![cfg_attr(not(any(feature = "worker", feature = "js")), forbid(unsafe_code))]
#![cfg_attr(any(feature = "worker", feature = "js"), deny(unsafe_code))]
#![warn(missing_docs)]

mod base64;
#[cfg(all(feature = "cli", not(target_family = "wasm")))]
pub mod cli;
pub mod fresh;
pub mod gate;
pub mod headers;
pub mod host;
pub mod json;
pub mod key;
mod letter_case;
pub mod limits;
pub mod machine;
mod number;
pub mod path;
pub mod policy;
pub mod reason;
pub mod request;
mod secret;
pub mod session;
pub mod settings;
pub mod store;
pub mod table;
mod text;
pub mod time;
pub mod token;
pub mod web_url;
pub mod webhook;
