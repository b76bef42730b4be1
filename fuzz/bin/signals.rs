//! Fuzzes `fuzz::targets::signals`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::signals(data));
