#![no_main]
//! The law of `laws/webhook.rs`, on whatever the fuzzer comes up with.

#[path = "../laws/webhook.rs"]
mod webhook;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    webhook::check(data);
});
