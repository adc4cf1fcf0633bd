//! A Deploy action: publishes a site into a granted directory in steps.
