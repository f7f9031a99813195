#![no_main]
//! The law of `laws/token.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/token.rs"]
mod token;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    token::check(data);
});
