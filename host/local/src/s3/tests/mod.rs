//! The embedded S3 through its own door, with the AWS SDK.
