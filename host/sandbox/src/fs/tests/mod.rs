//! The view without a guest: its calls are made as the linker makes them. No runtime is there, so that a call
//! that starts a thread or waits for one panics.

mod exact;
mod paths;
mod random;
mod refused;
mod rig;
