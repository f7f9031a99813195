#![no_main]
//! The law of `laws/pattern.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/pattern.rs"]
mod pattern;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    pattern::check(data);
});
