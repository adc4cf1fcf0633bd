//! `cargo xtask conformance`: what docs/LOCAL.md says of the embedded service and AWS, made from the tests that show it.
//!
//! A test says what it shows in its own documentation:
//!
//! ```text
//!   /// Shows `PollForJobs` as on AWS: a poll gets jobs of its query value only.
//!   #[tokio::test]
//!   async fn a_queryable_property_selects_jobs() {
//! ```
//!
//! | words | the behaviour |
//! |---|---|
//! | `as on AWS: ...` | is documented for AWS, and the same here |
//! | `as assumed: ...` | is documented nowhere: docs/AWS-ASSUMPTIONS.md |
//! | `unlike AWS: on AWS ...; here ...` | is documented for AWS, and another here |
//! | `not built: ...` | is not there, and refused by name |
//!
//! Between the backquotes are operations, or a whole service: `CodePipeline`, `S3`, `other services`. A behaviour is
//! on the page because a test shows it, and goes with the test. Each operation of both services' models has a
//! sentence, or the page is not made.
//!
//! ```text
//!   subjects  what can be told of: the services, and their operations out of the code
//!   shown     what the tests tell
//!   page      both, as sections of the page
//! ```

mod page;
mod shown;
mod subjects;

pub(crate) use page::run;
