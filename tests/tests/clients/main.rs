//! Clients that nobody here wrote: boto3 and the AWS CLI, as users and as a rival worker.

mod aws_cli;
mod boto;
