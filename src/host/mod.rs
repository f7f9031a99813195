//! The hosts: the only place that names a runtime or a crypto backend. They carry out; they never decide.

#[cfg(feature = "js")]
pub mod js;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
pub mod native;
#[cfg(feature = "worker")]
pub mod worker;
