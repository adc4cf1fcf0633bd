//! TCP, UDP and name lookup, by the standard library.

use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use crate::answer::{Answer, Job, all_denied};

pub(crate) fn run(_job: &Job) -> Answer {
    all_denied(vec![
        ("connect", TcpStream::connect("127.0.0.1:80").map(drop)),
        (
            "metadata",
            TcpStream::connect("169.254.169.254:80").map(drop),
        ),
        ("listen", TcpListener::bind("127.0.0.1:0").map(drop)),
        ("udp", UdpSocket::bind("0.0.0.0:0").map(drop)),
        ("lookup", ("localhost", 80).to_socket_addrs().map(drop)),
    ])
}
