//! Takes memory until there is no more, catches the refusal and says that all went well.

use std::hint::black_box;

use crate::answer::{Answer, Job, innocent};

pub(crate) fn run(_job: &Job) -> Answer {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        block.resize(1 << 20, 1);
        blocks.push(black_box(block));
    }
    drop(blocks);
    innocent()
}
