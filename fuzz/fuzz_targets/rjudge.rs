//! Bytes of any kind as R-Judge records.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proctor_fuzz::check_file;
use proctor_model::Harness;

fuzz_target!(|bytes: &[u8]| check_file(Harness::RJudge, bytes));
