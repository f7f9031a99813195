#![no_main]
//! The law of `laws/decision.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/decision.rs"]
mod decision;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    decision::check(data);
});
