//! Fuzzes `fuzz::targets::sessions`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::sessions(data));
