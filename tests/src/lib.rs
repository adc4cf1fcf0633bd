//! Whole-system suites: the real binary over HTTP.
