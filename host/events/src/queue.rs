//! The seam towards the worker.

use async_trait::async_trait;

use crate::event::{ActionEvent, NotAnEvent};

/// A message as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What deletes it.
    pub receipt: String,
    /// How often it has come, this time included; 1 where the queue does not tell.
    pub times: u32,
    /// What it holds.
    pub event: Result<ActionEvent, NotAnEvent>,
}

/// A queue of events.
#[async_trait]
pub trait EventQueue: Send + Sync {
    /// Names it in log lines.
    fn name(&self) -> &str;
    /// The next messages, at most ten; waits up to 20 seconds for the first, and none is an answer too.
    async fn receive(&self) -> Result<Vec<Delivery>, QueueError>;
    /// Delete messages, at most ten: those of one [`EventQueue::receive`].
    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError>;
}

/// What an error means for what is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueFault {
    /// Try again: no connection, no answer in time, throttled, 5xx.
    Transient,
    /// Credentials or rights: tell the operator.
    Denied,
    /// There is no such queue: tell the operator.
    Missing,
    /// The request itself is wrong: tell the operator.
    Invalid,
}

/// A request to a queue failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct QueueError {
    /// SQS's name of the operation.
    pub operation: &'static str,
    /// What it means.
    pub fault: QueueFault,
    /// In words; never a request or response body.
    pub message: String,
}
