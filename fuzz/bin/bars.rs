//! Fuzzes `fuzz::targets::bars`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::bars(data));
