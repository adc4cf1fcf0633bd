//! Where the secrets come from that an operator grants to plugins.
