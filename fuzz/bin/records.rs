//! Fuzzes `fuzz::targets::records`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::records(data));
