//! A secret in every form that programs print by accident, everywhere they print.

use std::io::Write;

use crate::bindings::pipefitter::action::{control, log};

/// Say it; returns the forms.
pub(crate) fn say_everywhere(secret: &str) -> Vec<String> {
    let forms = forms(secret);
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
    forms
}

/// All of them.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    vec![
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
    ]
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
