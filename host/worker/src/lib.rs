//! The life of a job: dispatcher, state machine, slots, outbox, drain, recovery.
