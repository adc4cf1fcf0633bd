//! What an artifact would have a plugin print: outcomes without the job's id, or with one that was guessed.

use std::io;

use crate::line::{Lines, SUCCESS};

pub(crate) fn run(lines: &Lines) -> io::Result<()> {
    println!("{{\"pipefitter\":1,{SUCCESS}}}");
    println!("{{\"pipefitter\":1,\"job_id\":\"\",{SUCCESS}}}");
    println!("{{\"pipefitter\":1,\"job_id\":\"11111111-2222-3333-4444-555555555555\",{SUCCESS}}}");
    println!("text before {}{SUCCESS}}}", lines.begin());
    println!("{{\"a\":{}{SUCCESS}}}}}", lines.begin());
    Ok(())
}
