//! Connections of one job that wait for its next request to the same target.
//!
//! They were opened under the same grants, so what was judged then holds now. Never shared between jobs: a server
//! must not be able to tell one guest of another.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::sender::Connection;
use crate::target::Target;

/// How long a connection waits; most servers keep one for longer (nginx 75 s, AWS load balancers 60 s).
const IDLE: Duration = Duration::from_secs(30);

/// The connections that wait.
pub(crate) struct Pool {
    most: usize,
    idle: Mutex<Vec<(Target, Connection)>>,
}

impl Pool {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// The connection to this target that was used last.
    pub(crate) async fn take(&self, target: &Target) -> Option<Connection> {
        let mut idle = self.idle.lock().await;
        let now = Instant::now();
        idle.retain(|(_, connection)| {
            !connection.is_closed() && now.duration_since(connection.idle_since) < IDLE
        });
        let place = idle.iter().rposition(|(of, _)| of == target)?;
        Some(idle.remove(place).1)
    }

    /// Keep a connection; the one that has waited longest goes where there are too many.
    pub(crate) async fn put(&self, target: Target, mut connection: Connection) {
        connection.idle_since = Instant::now();
        let mut idle = self.idle.lock().await;
        if idle.len() >= self.most {
            idle.remove(0);
        }
        idle.push((target, connection));
    }

    /// End all of them.
    pub(crate) async fn clear(&self) {
        self.idle.lock().await.clear();
    }
}
