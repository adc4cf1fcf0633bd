//! Set-up, demo, tests, soaks and benchmarks with one command each.

fn main() {}
