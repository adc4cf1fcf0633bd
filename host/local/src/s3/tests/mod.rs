//! The embedded S3 through its own door: the AWS SDK over HTTP, and bare HTTP for what no SDK sends.

mod access;
mod differences;
mod durable;
mod harness;
mod listing;
mod objects;
mod reads;
mod unbuilt;
mod uploads;
mod versions;
mod wire;
