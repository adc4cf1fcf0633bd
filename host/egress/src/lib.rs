//! The way out of a plugin to the network.
