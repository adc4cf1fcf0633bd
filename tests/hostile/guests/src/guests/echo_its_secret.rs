//! Says a secret of its configuration in every form that programs print by accident, everywhere.

use std::io::Write;

use crate::answer::{Answer, Job, configured, failed};
use crate::bindings::pipefitter::action::{control, log};

pub(crate) fn run(job: &Job) -> Answer {
    let secret = configured(job, "secret");
    let forms = [
        secret.to_owned(),
        base64(secret.as_bytes()),
        base64(format!("user:{secret}").as_bytes()),
        base64(format!("x{secret}yz").as_bytes()),
        url(secret),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        secret.bytes().map(|byte| format!("{byte:02X}")).collect(),
        secret.replace('\\', "\\\\").replace('"', "\\\""),
        format!("\u{1b}[1m{secret}\u{1b}[0m"),
        // A control code in its middle goes away before it is looked for.
        secret.chars().flat_map(|c| [c, '\u{0}']).collect(),
    ];
    let mut stdout = std::io::stdout();
    for form in &forms {
        println!("out {form}");
        eprintln!("err {form}");
        log::write(
            log::Level::Warn,
            &format!("log {form}"),
            &[
                ("field".to_owned(), form.clone()),
                (form.clone(), String::new()),
            ],
        );
        control::progress(None, &format!("progress {form}"));
        // In pieces, as a stream may bring it.
        for piece in form.as_bytes().chunks(3) {
            let _written = stdout.write_all(piece).and_then(|()| stdout.flush());
        }
        println!();
        // At the place where a line is cut.
        println!("{}{form}", "-".repeat(8 * 1024 - form.len() / 2 - 8));
    }
    failed(format!("told {}", forms.join(" ")))
}

fn url(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            if at <= group.len() {
                text.push(char::from(LETTERS[(word >> (18 - 6 * at) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}
