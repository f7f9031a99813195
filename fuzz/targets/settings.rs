#![no_main]
//! The law of `laws/settings.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/settings.rs"]
mod settings;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    settings::check(data);
});
