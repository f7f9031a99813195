//! Header hygiene: which names are ours, which never travel, and what an answer to one user may say to shared caches.

mod cache;
pub mod names;
mod reserved;

pub use self::{
    cache::{NETWORK_CACHE_CONTROL, private_cache_control, private_vary},
    reserved::{is_hop_by_hop, is_reserved},
};
