//! Hostile guests that are plain WASI commands, one file each in `guests/`. As those in `../guests`, they are one module, and
//! the provider of an action type says which guest it is.

mod guests;
mod line;

use std::io;

fn main() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let document: serde_json::Value = serde_json::from_str(&line)?;
    let job = &document["job"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&job["action_type"]["provider"]).replace('-', "_");
    guests::run(&name, &line::Lines::new(&text(&job["id"])))
}
