//! Clocks and random numbers that are the same in every run.

use std::time::Duration;

use rand010::SeedableRng;
use rand010::rngs::StdRng;
use wasmtime_wasi::{HostWallClock, WasiCtxBuilder};

use crate::runner::Fixed;

pub(crate) fn set(wasi: &mut WasiCtxBuilder, fixed: &Fixed) {
    if let Some(seconds) = fixed.wall_clock {
        wasi.wall_clock(Stopped(Duration::from_secs(seconds)));
    }
    if let Some(seed) = fixed.random_seed {
        // One stream each: what a guest takes of one does not change the other.
        wasi.secure_random(StdRng::seed_from_u64(seed))
            .insecure_random(StdRng::seed_from_u64(seed.wrapping_add(1)))
            .insecure_random_seed(seed.into());
    }
}

struct Stopped(Duration);

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}
