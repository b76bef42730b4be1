//! Fuzzes `fuzz::targets::oanda`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::oanda(data));
