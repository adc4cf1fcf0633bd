//! Messages of a queue, and the URL that names one.

use pipefitter_events::{ActionEvent, QueueUrl};

/// A message is an event of an action that says which, or is refused with words; a queue's URL is refused, or names the
/// same queue again.
pub fn event(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match ActionEvent::read(text) {
        Ok(event) => {
            assert!(text.contains("aws.codepipeline") || text.contains('\\'));
            assert_eq!(ActionEvent::read(text).as_ref(), Ok(&event));
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
    match QueueUrl::parse(text) {
        Ok(queue) => {
            assert_eq!(QueueUrl::parse(queue.as_str()).as_ref(), Ok(&queue));
            assert!(queue.as_str().starts_with(&queue.endpoint()));
            assert_eq!(queue.account().len(), 12);
            assert!(!queue.name().contains([':', '/', '"', '\\']), "{queue}");
        }
        Err(why) => assert!(!why.to_string().is_empty()),
    }
}
