//! News of actions before a poll has them: EventBridge's "CodePipeline Action Execution State Change" events,
//! through an SQS queue.
//!
//! ```text
//!   CodePipeline -> EventBridge rule -> SQS queue -> receive -> an event, or why it is none -> delete
//! ```
//!
//! Events are hints. They come late, twice or never, one for an action and none for the further jobs of a
//! continuation chain, and hold no job id and no nonce: whoever hears of a job still has to poll for it. So nothing
//! here is kept or acknowledged with care. Every message is handed over once it is received and is deleted then,
//! whatever it holds; what cannot be deleted comes again, and says how often it did.
//!
//! A queue is one worker's. Of two that share one, each would see half of the events, and an abandoned job's would
//! reach the wrong one every other time. [`setup`] makes what AWS must be told for a queue.

mod address;
mod event;
mod queue;
mod setup;
mod sqs;

pub use address::{QueueUrl, QueueUrlError};
pub use event::{ActionEvent, ActionState, NotAnEvent};
pub use queue::{Delivery, EventQueue, QueueError, QueueFault};
pub use setup::{RuleFor, receive_statement, setup};
pub use sqs::SqsQueue;
