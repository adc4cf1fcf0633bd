//! The pure step under random schedules, and its rules one by one.

mod cases;
mod random;
mod world;
