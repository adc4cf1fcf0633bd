//! The embedded CodePipeline and S3.

mod auth;
