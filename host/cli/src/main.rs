//! A job worker for AWS CodePipeline custom actions whose logic is sandboxed WebAssembly.

fn main() {}
