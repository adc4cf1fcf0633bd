//! What the process's supervisor is told: systemd (`Type=notify`), or whatever else gave it a NOTIFY_SOCKET.
//!
//!     start --(jobs are served)--> READY=1, STATUS=... --(SIGTERM)--> STOPPING=1, STATUS=draining ...
//!                                        ^----(the line changed, once a second at most)
//!
//! The line is the worker's own word on its readiness: `systemctl status` shows it. Nothing here can
//! hinder a worker, and without a supervisor nothing is sent: one that does not read what it is told is told again a
//! second later, what the worker is by then.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use pipefitter_worker::Readiness;
use tokio::time::{Instant, sleep_until};

use crate::config::notify_socket;

/// Between two lines, at least: every poll changes a worker's view.
const PACE: Duration = Duration::from_secs(1);

const READY: &str = "READY=1\n";
const STOPPING: &str = "STOPPING=1\n";

pub(crate) struct Supervisor {
    /// None without one.
    socket: Option<OsString>,
    /// What has happened and is not told yet.
    owed: String,
    /// The last line that was told.
    said: Option<Readiness>,
    /// There may be something to tell.
    changed: bool,
    next: Instant,
}

impl Supervisor {
    /// Jobs are served from now on.
    pub(crate) fn ready(now: Readiness) -> Self {
        Self::of(notify_socket(), now)
    }

    fn of(socket: Option<OsString>, now: Readiness) -> Self {
        let mut supervisor = Self {
            socket,
            owed: READY.to_owned(),
            said: None,
            changed: true,
            next: Instant::now(),
        };
        supervisor.tell(now);
        supervisor
    }

    /// The worker's view has changed.
    pub(crate) fn changed(&mut self) {
        self.changed = true;
    }

    /// Wait until there may be something to tell.
    pub(crate) async fn due(&self) {
        match self.changed {
            true => sleep_until(self.next).await,
            false => std::future::pending().await,
        }
    }

    /// Tell what the worker is now, unless that was said.
    pub(crate) fn tell(&mut self, now: Readiness) {
        let mut message = self.owed.clone();
        let is_news = self.said.as_ref() != Some(&now);
        if is_news {
            message.push_str("STATUS=");
            message.push_str(&now.text);
            message.push('\n');
        }
        self.changed = false;
        if message.is_empty() {
            return;
        }
        self.next = Instant::now() + PACE;
        if self.send(&message) && is_news {
            self.said = Some(now);
        }
    }

    /// The worker takes no more work, and ends once its jobs have.
    pub(crate) fn stopping(&mut self) {
        self.owed.push_str(STOPPING);
        let message = self.owed.clone();
        self.send(&message);
    }

    /// Whether it need not be told again.
    fn send(&mut self, message: &str) -> bool {
        if let Err(error) = self.try_send(message) {
            tracing::debug!(%error, "the supervisor could not be told");
            if error.kind() == ErrorKind::WouldBlock {
                self.changed = true;
                self.next = Instant::now() + PACE;
                return false;
            }
        }
        self.owed.clear();
        true
    }

    /// Without waiting: whoever does not read the socket must not stop the worker.
    fn try_send(&self, message: &str) -> io::Result<()> {
        let Some(path) = &self.socket else {
            return Ok(());
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        match path.as_bytes() {
            [b'@', name @ ..] => socket.connect_addr(&SocketAddr::from_abstract_name(name)?)?,
            _ => socket.connect(path)?,
        }
        // A datagram goes whole, or not at all.
        socket.send(message.as_bytes()).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use pipefitter_worker::WorkerStatus;
    use tempfile::TempDir;

    use super::*;

    fn worker(parked: usize) -> Readiness {
        let mut status = WorkerStatus::default();
        status.parked = parked;
        status.readiness()
    }

    /// What listens at a socket, and the socket's path.
    fn listener() -> (UnixDatagram, OsString, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        (listener, path.into_os_string(), folder)
    }

    fn heard(listener: &UnixDatagram) -> Option<String> {
        let mut buffer = [0; 4096];
        let length = listener.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    fn is_due(supervisor: &Supervisor) -> bool {
        supervisor.due().now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_is_told_once_a_second_at_most_and_not_twice() {
        let (listener, path, _folder) = listener();
        let mut supervisor = Supervisor::of(Some(path), worker(0));
        let first = heard(&listener).unwrap();
        assert!(first.starts_with("READY=1\nSTATUS="), "{first}");
        assert!(!is_due(&supervisor), "nothing changed");
        supervisor.changed();
        let began = Instant::now();
        supervisor.due().await;
        assert_eq!(began.elapsed(), PACE);
        supervisor.tell(worker(0));
        assert_eq!(heard(&listener), None, "that was said");
        assert!(!is_due(&supervisor), "nothing changed since");

        // What was not told at once does not hold up what comes next.
        supervisor.changed();
        assert!(is_due(&supervisor));
        supervisor.tell(worker(1));
        let second = heard(&listener).unwrap();
        assert!(second.starts_with("STATUS="), "{second}");
        supervisor.changed();
        assert!(!is_due(&supervisor), "a second has not passed");
        let began = Instant::now();
        supervisor.due().await;
        assert_eq!(began.elapsed(), PACE);
        supervisor.stopping();
        assert_eq!(heard(&listener).unwrap(), STOPPING);
        supervisor.tell(worker(2));
        assert!(heard(&listener).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_read_is_told_again_and_waits_for_nobody() {
        let (listener, path, _folder) = listener();
        let own = UnixDatagram::unbound().unwrap();
        own.set_nonblocking(true).unwrap();
        own.connect(&path).unwrap();
        while own.send(b"EARLIER=1").is_ok() {}
        let mut supervisor = Supervisor::of(Some(path), worker(0));
        supervisor.stopping();
        let began = Instant::now();
        supervisor.due().await;
        assert_eq!(began.elapsed(), PACE);
        supervisor.tell(worker(1));
        assert!(!is_due(&supervisor), "it was tried just now");
        while heard(&listener).is_some_and(|message| message == "EARLIER=1") {}
        supervisor.due().await;
        supervisor.tell(worker(2));
        let told = heard(&listener).unwrap();
        let line = worker(2).text;
        assert_eq!(told, format!("READY=1\nSTOPPING=1\nSTATUS={line}\n"));
        assert!(!is_due(&supervisor), "all is told");
    }

    #[tokio::test(start_paused = true)]
    async fn a_supervisor_that_listens_at_no_file_is_told_too() {
        let name = format!("pipefitter-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixDatagram::bind_addr(&address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let _told = Supervisor::of(Some(format!("@{name}").into()), worker(0));
        assert!(heard(&listener).unwrap().starts_with(READY));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_supervisor_nothing_is_owed() {
        let mut supervisor = Supervisor::of(None, worker(0));
        supervisor.stopping();
        assert!(!is_due(&supervisor));
        assert!(supervisor.owed.is_empty());
    }
}
