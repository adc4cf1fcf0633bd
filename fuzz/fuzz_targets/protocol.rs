#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pipefitter_fuzz_targets::protocol(data));
