//! The life of a job: dispatcher, state machine, slots, outbox, drain, recovery.
mod envelope;
mod life;
mod message;
mod outcome;
