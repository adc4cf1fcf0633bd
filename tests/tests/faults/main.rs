//! What goes wrong around a job: rivals, lost answers, expired credentials, crashes, shutdowns.

mod crash;
mod races;
mod restart;
mod shutdown;
