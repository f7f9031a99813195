//! The hosts: the only place that names a runtime or a crypto backend. They carry out; they never decide.

#[cfg(feature = "js")]
pub mod js;
#[cfg(feature = "native")]
pub mod native;
#[cfg(feature = "worker")]
pub mod worker;
