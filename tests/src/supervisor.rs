//! What a worker tells its supervisor, as systemd hears it.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::time::timeout;

use crate::process::DEADLINE;

/// A socket for NOTIFY_SOCKET.
pub struct Supervisor {
    socket: UnixDatagram,
    // In the system's folder: below target/ the path can be too long for a socket's address.
    folder: TempDir,
}

impl Supervisor {
    /// Listen.
    #[must_use]
    pub fn start() -> Supervisor {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let socket = UnixDatagram::bind(folder.path().join("notify"))
            .expect("a socket can be made in a folder of its own");
        Supervisor { socket, folder }
    }

    /// For the worker's environment.
    #[must_use]
    pub fn variable(&self) -> (String, String) {
        let path: PathBuf = self.folder.path().join("notify");
        ("NOTIFY_SOCKET".to_owned(), path.display().to_string())
    }

    /// Have so much wait to be read that nobody can send more, as where the supervisor has stopped reading.
    ///
    /// # Panics
    /// The socket takes nothing at all.
    pub fn fill(&self) {
        let (_, path) = self.variable();
        let sender = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
        sender.set_nonblocking(true).expect("a socket of our own");
        sender.connect(path).expect("the supervisor listens");
        let mut sent = 0;
        while sender.send(b"X_WAITS=1").is_ok() {
            sent += 1;
        }
        assert!(sent > 0, "it was full before");
    }

    /// Wait for a message that is as asked for; those before it are gone.
    ///
    /// # Panics
    /// None comes.
    pub async fn told(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let mut heard = Vec::new();
        let wait = async {
            // More than any message has.
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let length = self.socket.recv(&mut buffer).await;
                let length = length.expect("a datagram can be received");
                let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if is_it(&message) {
                    return message;
                }
                heard.push(message);
            }
        };
        match timeout(DEADLINE, wait).await {
            Ok(message) => message,
            Err(_) => panic!("the supervisor was not told {what}, but: {heard:#?}"),
        }
    }
}
