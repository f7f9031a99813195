#![no_main]
//! The law of `laws/session.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    session::check(data);
});
