//! The embedded CodePipeline and S3.
