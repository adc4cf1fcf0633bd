//! One file for each experiment: what it does, and what it makes of what it sees.

pub(crate) mod abandon;
pub(crate) mod acknowledge;
pub(crate) mod batch;
pub(crate) mod continuation;
pub(crate) mod credentials;
pub(crate) mod ended;
pub(crate) mod hand_out;
pub(crate) mod resolved_values;
pub(crate) mod timeout;
