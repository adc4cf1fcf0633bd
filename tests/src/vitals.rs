//! What a process holds of the machine, as the kernel tells it: whether all that a job took came back.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::process::DEADLINE;

/// Between two looks: the kernel announces to nobody that a process has closed a file.
const LOOK: Duration = Duration::from_millis(20);

/// What a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Open files. TCP connections are left out: clients keep some, more or less of them, for the next request; and
    /// so is compiled code.
    pub files: usize,
    /// Pieces of memory without a name: compiled code that is kept for the next job, and what its memories begin as.
    pub code: usize,
    /// Threads.
    pub threads: usize,
    /// Processes that it started and has not reaped.
    pub children: usize,
    /// Memory in use (RSS), bytes.
    pub resident: u64,
}

impl Vitals {
    /// Of the process with this id.
    ///
    /// # Panics
    /// Where there is no such process.
    #[must_use]
    pub fn of(process: i32) -> Vitals {
        let status = fs::read_to_string(format!("/proc/{process}/status"))
            .unwrap_or_else(|error| panic!("process {process}: {error}"));
        let number = |key: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        let (code, files) = open_files(process)
            .into_iter()
            .partition::<Vec<_>, _>(|target| target.starts_with("/memfd:"));
        Vitals {
            files: files.len(),
            code: code.len(),
            threads: usize::try_from(number("Threads:")).unwrap_or(usize::MAX),
            children: children_of(process).len(),
            resident: number("VmRSS:") * 1024,
        }
    }

    /// The most of each.
    pub(crate) fn rise_to(&mut self, now: &Vitals) {
        self.files = self.files.max(now.files);
        self.code = self.code.max(now.code);
        self.threads = self.threads.max(now.threads);
        self.children = self.children.max(now.children);
        self.resident = self.resident.max(now.resident);
    }

    /// Wait until a process is back at what it was: no more files, threads or children, and no more memory than
    /// `slack` bytes besides. A runtime lets a thread go 10 s after it had the last to do.
    ///
    /// # Panics
    /// Where it does not come back in time; tells what it holds, and `after` what.
    pub async fn returned(&self, process: i32, slack: u64, after: &str) -> Vitals {
        let until = Instant::now() + DEADLINE;
        loop {
            let now = Vitals::of(process);
            let back = now.files <= self.files
                && now.threads <= self.threads
                && now.children <= self.children
                && now.resident <= self.resident + slack;
            if back {
                return now;
            }
            assert!(
                Instant::now() < until,
                "process {process} had {self:?}, and after {after} has {now:?}, of files {:#?}",
                targets(process)
            );
            sleep(LOOK).await;
        }
    }
}

fn targets(process: i32) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.to_string_lossy().into_owned())
        .collect()
}

fn open_files(process: i32) -> Vec<String> {
    let connections: HashSet<String> = sockets(process)
        .into_iter()
        .map(|socket| socket.target)
        .collect();
    let mut files = targets(process);
    files.retain(|target| !connections.contains(target));
    files
}

/// Connections that a process has to this address on the loopback interface.
#[must_use]
pub(crate) fn connections(process: i32, to: SocketAddr) -> usize {
    let of_it: HashSet<String> = targets(process).into_iter().collect();
    let wanted = match to {
        // As the kernel writes it: the address as a number of this machine's byte order.
        SocketAddr::V4(to) => format!(
            "{:08X}:{:04X}",
            u32::from_ne_bytes(to.ip().octets()),
            to.port()
        ),
        SocketAddr::V6(to) => panic!("{to} is none of the tests'"),
    };
    sockets(process)
        .iter()
        .filter(|socket| socket.remote == wanted && of_it.contains(&socket.target))
        .count()
}

/// A line of the kernel's table of TCP.
struct Socket {
    remote: String,
    /// What a descriptor of it is a link to.
    target: String,
}

/// Of all processes in a process's network.
fn sockets(process: i32) -> Vec<Socket> {
    ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(format!("/proc/{process}/net/{table}")).ok())
        .flat_map(|table| {
            let socket = |line: &str| {
                let words: Vec<_> = line.split_whitespace().collect();
                Some(Socket {
                    remote: (*words.get(2)?).to_owned(),
                    target: format!("socket:[{}]", words.get(9)?),
                })
            };
            table.lines().skip(1).filter_map(socket).collect::<Vec<_>>()
        })
        .collect()
}

/// The processes that a process started and has not reaped.
pub(crate) fn children_of(process: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let parent = |stat: String| -> Option<i32> {
        // After the name, which may hold anything: state, parent.
        stat.rsplit_once(')')?
            .1
            .split_whitespace()
            .nth(1)?
            .parse()
            .ok()
    };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let stat = fs::read_to_string(path.join("stat")).ok()?;
            let child = path.file_name()?.to_str()?.parse().ok()?;
            (parent(stat) == Some(process)).then_some(child)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_held_is_seen_and_what_is_let_go_too() {
        let own = i32::try_from(std::process::id()).unwrap();
        let before = Vitals::of(own);
        let file = fs::File::open("/proc/self/status").unwrap();
        let mut child = tokio::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let during = Vitals::of(own);
        assert!(during.files > before.files, "{before:?} {during:?}");
        assert_eq!(during.children, before.children + 1);
        drop((file, child.stdin.take()));
        child.wait().await.unwrap();
        assert_eq!(Vitals::of(own).children, before.children);

        // No test of its own: another runtime of this process that begins or ends has files, too.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(connections(own, address), 0);
        let connection = tokio::net::TcpStream::connect(address).await.unwrap();
        assert_eq!(connections(own, address), 1);
        drop(connection);
        assert_eq!(connections(own, address), 0);
    }
}
