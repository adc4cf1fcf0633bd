//! What a plugin must not get away with.

use std::hint::black_box;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use crate::bindings::exports::pipefitter::action::handler::Job;
use crate::bindings::pipefitter::action::log;
use crate::bindings::pipefitter::action::types::FailureType;
use crate::{Answer, failed, number, succeeded};

pub(crate) fn net() -> Answer {
    let attempts = [
        ("connect", TcpStream::connect("127.0.0.1:80").map(drop)),
        ("listen", TcpListener::bind("127.0.0.1:0").map(drop)),
        ("udp", UdpSocket::bind("127.0.0.1:0").map(drop)),
        (
            "lookup",
            ("localhost", 80).to_socket_addrs().and_then(|mut found| {
                found
                    .next()
                    .map(drop)
                    .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "no address"))
            }),
        ),
    ];
    let mut variables = Vec::new();
    for (what, result) in attempts {
        match result {
            Ok(()) => return failed(FailureType::JobFailed, &format!("{what} worked")),
            Err(error) => variables.push((what.to_owned(), error.to_string())),
        }
    }
    succeeded(variables)
}

pub(crate) fn spin() -> Answer {
    println!("spinning");
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

/// `lines` (endless without) lines of `width` (100) characters.
pub(crate) fn flood(job: &Job) -> Answer {
    let line = "x".repeat(number(job, "width").unwrap_or(100) as usize);
    let mut left = number(job, "lines").unwrap_or(u64::MAX);
    while left > 0 {
        println!("{line}");
        left -= 1;
    }
    succeeded(Vec::new())
}

/// Takes memory until there is no more, and then acts as if nothing had happened.
pub(crate) fn memory() -> Answer {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            break;
        }
        block.resize(1 << 20, 1);
        blocks.push(black_box(block));
    }
    let taken = blocks.len();
    drop(blocks);
    succeeded(vec![("megabytes".into(), taken.to_string())])
}

pub(crate) fn stack() -> Answer {
    fn down(n: u64) -> u64 {
        if black_box(n) == u64::MAX {
            return 0;
        }
        down(n + 1).wrapping_mul(3) ^ n
    }
    succeeded(vec![("depth".into(), down(0).to_string())])
}

/// Opens its own scratch directory's file again and again.
pub(crate) fn handles() -> Answer {
    let mut files = Vec::new();
    let _made = std::fs::write("/scratch/file", b"x");
    loop {
        match std::fs::File::open("/scratch/file") {
            Ok(file) => files.push(file),
            Err(error) => return failed(FailureType::JobFailed, &error.to_string()),
        }
    }
}

/// One message of 17 MiB.
pub(crate) fn hostcall() -> Answer {
    let text = "x".repeat(17 << 20);
    log::write(log::Level::Info, &text, &[]);
    succeeded(Vec::new())
}
