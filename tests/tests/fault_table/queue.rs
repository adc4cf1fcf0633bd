//! Every fault of SQS at both of its operations that a worker of events sends.

use pipefitter_tests::fault_table::{FaultTable, Row, Trouble};
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::queue::{Queue, detail};
use pipefitter_tests::{Exchange, Rig, Worker, results_of};

const RECEIVE: &str = "ReceiveMessage";
const DELETE: &str = "DeleteMessageBatch";

/// What is not deleted comes again after so many seconds.
const VISIBILITY: u32 = 2;

/// A pipeline whose one action the worker serves, and a queue that tells of it.
struct Lab {
    rig: Rig,
    queue: Queue,
}

impl Lab {
    async fn new() -> Lab {
        let plugin = Plugin::probe("Probe");
        let mut rig = Rig::with(&[&plugin]).await;
        let queue = Queue::start_with(&mut rig, VISIBILITY).await;
        rig.pipeline("docs", [Action::new("Act", &plugin)]).await;
        Lab { rig, queue }
    }

    /// A worker whose queue works and whose next poll is hours away.
    async fn idle(&self) -> Worker {
        // So that its first receive is answered at once.
        self.wake().await;
        let deleted = self.queue.proxy.of(DELETE).len();
        let polls = self.polls();
        let mut first_poll = self.rig.proxy.hold("PollForJobs");
        let worker = self.rig.worker().await;
        first_poll.arrived().await;
        worker.process.line("events are received from").await;
        first_poll.release();
        self.rig.proxy.count("PollForJobs", polls + 1).await;
        self.queue.proxy.count(DELETE, deleted + 1).await;
        worker
    }

    fn polls(&self) -> usize {
        self.rig.proxy.of("PollForJobs").len()
    }

    /// Answers the receive that waits, and means nothing.
    async fn wake(&self) {
        self.queue.send(&["nothing".to_owned()]).await;
    }

    /// Has the next receive of the worker be a new request.
    async fn receive_anew(&self) {
        let received = self.queue.proxy.of(RECEIVE).len();
        self.wake().await;
        self.queue.proxy.count(RECEIVE, received + 1).await;
    }

    async fn begin(&self) -> String {
        self.rig.service.begin("docs").await
    }

    async fn tell(&self, execution: &str) {
        let id = self.rig.service.action_id("docs", execution, "Act").await;
        let event = detail("STARTED", "docs", execution, ("Act", &id));
        self.queue.tell(&event).await;
    }

    /// What must hold of every row, once its worker has gone.
    async fn judged(&self, table: &FaultTable, worker: Worker, before: usize) -> usize {
        self.queue.empties().await;
        let said = worker.stop_cleanly().await;
        assert!(!said.contains("left in the journal"), "{said}");
        let exchanges = self.rig.proxy.exchanges().split_off(before);
        let results = results_of(&exchanges);
        let [result] = results.values().map(Vec::as_slice).collect::<Vec<_>>()[..] else {
            panic!("not one job: {results:?}\n{}", table.rendered());
        };
        assert_eq!(result.len(), 1, "{results:?}\n{}", table.rendered());
        result.len()
    }
}

/// The requests for an operation after the first few, up to the first good one.
fn met<'a>(seen: &'a [Exchange], operation: &str, first: usize) -> Vec<&'a Exchange> {
    let of = |e: &&Exchange| e.operation == operation;
    let mut met = Vec::new();
    for exchange in seen.iter().filter(of).skip(first) {
        met.push(exchange);
        if exchange.is_ok() && !exchange.lost {
            break;
        }
    }
    met
}

#[tokio::test]
async fn without_events_jobs_are_polled_for_and_with_them_again_not() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    for trouble in Trouble::REFUSALS {
        let worker = lab.idle().await;
        let before = lab.rig.proxy.exchanges().len();
        let asked = lab.queue.proxy.exchanges().len();
        trouble.begin(&lab.queue.proxy, RECEIVE);
        lab.receive_anew().await;
        let told = worker.process.line("no events are received from").await;
        let level = if trouble.passes() { "WARN" } else { "ERROR" };
        assert!(told.contains(&format!("\"{level}\"")), "{told}");
        assert_eq!(
            told.contains("sqs:ReceiveMessage"),
            !trouble.passes(),
            "{told}"
        );
        let execution = lab.begin().await;
        let end = lab.rig.service.ended(&execution).await;
        assert_eq!(end, "succeeded");
        let mark = worker.process.mark();
        lab.queue.proxy.calm();
        lab.wake().await;
        worker
            .process
            .line_after(mark, "events are received from")
            .await;
        let counted = lab.judged(&table, worker, before).await;
        let seen = lab.queue.proxy.exchanges().split_off(asked);
        let refused: Vec<&Exchange> = seen.iter().filter(|e| e.made.is_some()).collect();
        table.add(&Row {
            operation: RECEIVE.to_owned(),
            fault: format!("{trouble:?}"),
            sent: refused[..refused.len().min(2)].to_vec(),
            did: format!("told at {level}, polled as usual, received again"),
            end,
            counted,
        });
    }
    table.show();
}

#[tokio::test]
async fn an_event_whose_answer_is_lost_or_late_comes_all_the_same() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    for trouble in [Trouble::Unanswered, Trouble::Late] {
        let worker = lab.idle().await;
        let before = lab.rig.proxy.exchanges().len();
        let asked = lab.queue.proxy.exchanges().len();
        let polls = lab.polls();
        let held = match trouble {
            Trouble::Late => Some(lab.queue.proxy.hold_answer(RECEIVE)),
            _ => {
                lab.queue.proxy.next(RECEIVE, trouble.fault(RECEIVE));
                None
            }
        };
        lab.receive_anew().await;
        let execution = lab.begin().await;
        lab.tell(&execution).await;
        let did = match held {
            Some(mut held) => {
                held.arrived().await;
                assert_eq!(lab.polls(), polls, "it polled, and had no event");
                held.release();
                "waited for it"
            }
            None => "received the event when it came again",
        };
        let end = lab.rig.service.ended(&execution).await;
        assert_eq!(end, "succeeded");
        let counted = lab.judged(&table, worker, before).await;
        let seen = lab.queue.proxy.exchanges().split_off(asked);
        let lost = seen.iter().filter(|e| e.lost).count();
        assert_eq!(lost, usize::from(trouble == Trouble::Unanswered));
        table.add(&Row {
            operation: RECEIVE.to_owned(),
            fault: format!("{trouble:?}"),
            sent: met(&seen, RECEIVE, 1),
            did: did.to_owned(),
            end,
            counted,
        });
    }
    table.show();
}

#[tokio::test]
async fn an_event_that_is_not_deleted_comes_again_and_does_no_harm() {
    let lab = Lab::new().await;
    let mut table = FaultTable::default();
    let more = [Trouble::Unanswered, Trouble::Late];
    for trouble in Trouble::REFUSALS.into_iter().chain(more) {
        let worker = lab.idle().await;
        let before = lab.rig.proxy.exchanges().len();
        let asked = lab.queue.proxy.exchanges().len();
        let held = match trouble {
            Trouble::Late => Some(lab.queue.proxy.hold_answer(DELETE)),
            Trouble::Unanswered => {
                lab.queue.proxy.next(DELETE, trouble.fault(DELETE));
                None
            }
            _ => {
                trouble.begin(&lab.queue.proxy, DELETE);
                None
            }
        };
        let execution = lab.begin().await;
        lab.tell(&execution).await;
        let end = lab.rig.service.ended(&execution).await;
        assert_eq!(end, "succeeded");
        let did = match held {
            Some(mut held) => {
                held.arrived().await;
                held.release();
                "waited for it"
            }
            None if trouble == Trouble::Unanswered => "deleted it again",
            None => {
                let told = worker.process.line("messages were not deleted").await;
                assert!(told.contains("sqs:DeleteMessage"), "{told}");
                // It comes again.
                let mark = worker.process.mark();
                let again = "messages were not deleted";
                worker.process.line_after(mark, again).await;
                lab.queue.proxy.calm();
                "told of it, read it again, and deleted it then"
            }
        };
        let counted = lab.judged(&table, worker, before).await;
        let seen = lab.queue.proxy.exchanges().split_off(asked);
        table.add(&Row {
            operation: DELETE.to_owned(),
            fault: format!("{trouble:?}"),
            sent: met(&seen, DELETE, 0),
            did: did.to_owned(),
            end,
            counted,
        });
    }
    table.show();
}
