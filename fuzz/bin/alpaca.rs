//! Fuzzes `fuzz::targets::alpaca`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::alpaca(data));
