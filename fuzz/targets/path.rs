#![no_main]
//! The law of `laws/path.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/path.rs"]
mod path;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    path::check(data);
});
