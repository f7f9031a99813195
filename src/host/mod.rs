//! Hosts: the only rooms that name a crypto backend or a runtime. None decides anything.

#[cfg(feature = "native")]
pub mod native;
