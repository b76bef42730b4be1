//! Fuzzes `fuzz::targets::quotes`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::quotes(data));
