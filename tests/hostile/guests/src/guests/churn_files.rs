//! Writes, renames and deletes the same few bytes thousands of times: within every limit if what is deleted is given back.

use std::fs;

use crate::answer::{Answer, Job, failed, output, succeeded};

const ROUNDS: usize = 2000;

pub(crate) fn run(job: &Job) -> Answer {
    let out = output(job);
    let content = vec![1_u8; 4 << 10];
    for round in 0..ROUNDS {
        let (from, to) = (out.join("from"), out.join(format!("to-{}", round % 3)));
        let churned = fs::write(&from, &content)
            .and_then(|()| fs::rename(&from, &to))
            .and_then(|()| match round % 2 {
                0 => fs::remove_file(&to),
                _ => Ok(()),
            });
        if let Err(error) = churned {
            return failed(format!("round {round}: {error}"));
        }
    }
    succeeded([("rounds", ROUNDS.to_string())])
}
