//! Bytes of any kind as a Codex rollout.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_fuzz::check_lines;
use proctor_model::Harness;

fuzz_target!(|bytes: &[u8]| check_lines(Harness::Codex, bytes));
