//! A webhook on a loopback address, which takes messages and keeps the first.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// The longest message that is taken, and how long one may take.
const LONGEST: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

/// A message.
pub(super) struct Told {
    pub(super) authorization: String,
    /// JSON, indented.
    pub(super) body: String,
}

/// It listens until the process ends.
pub(super) struct Webhook {
    port: u16,
    told: Receiver<Told>,
}

impl Webhook {
    pub(super) fn start() -> Result<Webhook> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .context("could not listen on a loopback address")?;
        let port = listener
            .local_addr()
            .context("could not find out the listener's port")?
            .port();
        let (sender, told) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                match answer(stream) {
                    // The receiver ends with the demo.
                    Ok(told) => drop(sender.send(told)),
                    Err(error) => eprintln!("the webhook did not take a message: {error:#}"),
                }
            }
        });
        Ok(Webhook { port, told })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The first message, once its sender has succeeded.
    pub(super) fn told(&self) -> Result<Told> {
        self.told
            .recv_timeout(PATIENCE)
            .context("the webhook was told nothing")
    }
}

/// Read one request of HTTP/1.1 and say yes to it.
fn answer(mut stream: TcpStream) -> Result<Told> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let told = read(&mut BufReader::new(&stream).take(LONGEST));
    let status = if told.is_ok() {
        "200 OK"
    } else {
        "400 Bad Request"
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )?;
    told
}

fn read(request: &mut impl BufRead) -> Result<Told> {
    let mut authorization = String::new();
    let mut length = None;
    let mut line = String::new();
    request.read_line(&mut line)?;
    loop {
        line.clear();
        if request.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.trim().clone_into(&mut authorization),
            "content-length" => length = value.trim().parse().ok(),
            _ => {}
        }
    }
    let mut body = vec![
        0;
        length
            .filter(|length| *length as u64 <= LONGEST)
            .context("it has no length")?
    ];
    request.read_exact(&mut body)?;
    let body: serde_json::Value = serde_json::from_slice(&body).context("it is not JSON")?;
    Ok(Told {
        authorization,
        body: format!("{body:#}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(request: &str) -> String {
        let webhook = Webhook::start().unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, webhook.port())).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let status = said.lines().next().unwrap_or_default().to_owned();
        if status.ends_with("200 OK") {
            let told = webhook.told().unwrap();
            return format!("{} {}", told.authorization, told.body);
        }
        status
    }

    #[test]
    fn a_message_is_kept_and_anything_else_is_refused() {
        let head = "POST /x HTTP/1.1\r\nAuthorization: Bearer t\r\nContent-Length:";
        assert_eq!(
            answered(&format!("{head} 8\r\n\r\n{{\"a\":1}}\n")),
            "Bearer t {\n  \"a\": 1\n}"
        );
        let refused = "HTTP/1.1 400 Bad Request";
        assert_eq!(answered(&format!("{head} 2\r\n\r\n{{x")), refused);
        assert_eq!(answered("POST /x HTTP/1.1\r\n\r\n"), refused);
    }
}
