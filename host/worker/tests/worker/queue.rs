//! A queue of events that brings what a test puts into it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_events::{
    ActionEvent, ActionState, Delivery, EventQueue, NotAnEvent, QueueError, QueueFault,
};
use pipefitter_worker::SourceEvents;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::timeout;

/// As SQS waits.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Queue {
    waiting: Arc<Mutex<VecDeque<Delivery>>>,
    came: Arc<Notify>,
    /// What every request answers while it is there.
    pub(crate) down: Arc<Mutex<Option<QueueFault>>>,
    /// Receipts in the order of their deletion.
    pub(crate) deleted: Arc<watch::Sender<Vec<String>>>,
    pub(crate) receives: Arc<watch::Sender<u32>>,
}

impl Queue {
    pub(crate) fn new() -> Queue {
        Queue {
            waiting: Arc::default(),
            came: Arc::default(),
            down: Arc::default(),
            deleted: Arc::new(watch::channel(Vec::new()).0),
            receives: Arc::new(watch::channel(0).0),
        }
    }

    /// As a source has it, with an idle interval of six hours.
    pub(crate) fn events(&self) -> SourceEvents {
        SourceEvents {
            queue: Arc::new(self.clone()),
            poll_interval_max: Duration::from_secs(6 * 3600),
        }
    }

    pub(crate) async fn put(&self, receipt: &str, event: Result<ActionEvent, NotAnEvent>) {
        self.put_again(receipt, 1, event).await;
    }

    pub(crate) async fn put_again(
        &self,
        receipt: &str,
        times: u32,
        event: Result<ActionEvent, NotAnEvent>,
    ) {
        self.waiting.lock().await.push_back(Delivery {
            receipt: receipt.to_owned(),
            times,
            event,
        });
        self.came.notify_one();
    }

    pub(crate) async fn until_deleted(&self, count: usize) {
        let mut deleted = self.deleted.subscribe();
        timeout(
            Duration::from_secs(3600),
            deleted.wait_for(|deleted| deleted.len() >= count),
        )
        .await
        .expect("messages are deleted")
        .unwrap();
    }

    /// So many more receives have ended or begun.
    pub(crate) async fn until_received(&self, more: u32) {
        let mut receives = self.receives.subscribe();
        let wanted = *receives.borrow() + more;
        receives
            .wait_for(|receives| *receives >= wanted)
            .await
            .unwrap();
    }
}

#[async_trait]
impl EventQueue for Queue {
    fn name(&self) -> &str {
        "https://sqs/111122223333/events"
    }

    async fn receive(&self) -> Result<Vec<Delivery>, QueueError> {
        self.receives.send_modify(|receives| *receives += 1);
        if let Some(fault) = *self.down.lock().await {
            return Err(QueueError {
                operation: "ReceiveMessage",
                fault,
                message: "as the test wants it".to_owned(),
            });
        }
        // A wait that was notified of what an earlier one took finds nothing, as SQS may.
        if self.waiting.lock().await.is_empty() {
            let _came = timeout(WAIT, self.came.notified()).await;
        }
        let mut waiting = self.waiting.lock().await;
        let some = waiting.len().min(10);
        Ok(waiting.drain(..some).collect())
    }

    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError> {
        assert!((1..=10).contains(&receipts.len()), "a batch of SQS");
        self.deleted.send_modify(|deleted| deleted.extend(receipts));
        Ok(())
    }
}

/// An event about the action of a job of the fake service.
pub(crate) fn event(state: ActionState, job: &str) -> ActionEvent {
    ActionEvent {
        region: "eu-central-1".to_owned(),
        time: None,
        state,
        pipeline: "docs".to_owned(),
        execution: "execution".to_owned(),
        action_execution: Some(format!("action-of-{job}")),
        stage: "Build".to_owned(),
        action: "Site".to_owned(),
        owner: "Custom".to_owned(),
        category: "Build".to_owned(),
        provider: "Site".to_owned(),
        version: "1".to_owned(),
    }
}
