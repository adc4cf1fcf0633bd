//! Goes on whatever the host asks for.

use std::time::Duration;

use crate::answer::{Answer, Job};
use crate::bindings::pipefitter::action::control;

pub(crate) fn run(_job: &Job) -> Answer {
    println!("deaf");
    let mut told = false;
    loop {
        if control::stop_requested().is_some() && !told {
            println!("asked to stop, and not stopping");
            told = true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
