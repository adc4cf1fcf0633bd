//! The view without a guest: its calls are made as the linker makes them, and each is polled once. One that
//! waits for anything panics.

mod exact;
mod paths;
mod random;
mod refused;
mod rig;
