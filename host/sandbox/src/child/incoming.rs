//! Frames from a child, read beside other things that happen.

use tokio::io::AsyncReadExt;
use tokio::net::unix::OwnedReadHalf;

use crate::error::chain;

use super::gate::Gate;
use super::protocol::{self, FrameError, MAX_UP, Up};

/// A frame that may be read in parts: what was read stays when something else comes first.
#[derive(Default)]
pub(super) struct Incoming {
    prefix: [u8; 4],
    have: usize,
    body: Option<Vec<u8>>,
}

impl Incoming {
    pub(super) async fn next(
        &mut self,
        pipe: &mut OwnedReadHalf,
        gate: &mut Gate,
    ) -> Result<Option<Up>, String> {
        let broken = |error: FrameError| format!("it sent {}", chain(&error));
        loop {
            let Some(body) = &mut self.body else {
                match pipe.read(&mut self.prefix[self.have..]).await {
                    Ok(0) | Err(_) => return Ok(None),
                    Ok(read) => self.have += read,
                }
                if self.have == self.prefix.len() {
                    let length = protocol::length(self.prefix, MAX_UP).map_err(broken)?;
                    gate.frame(length).map_err(|refused| refused.to_string())?;
                    self.body = Some(vec![0; length]);
                    self.have = 0;
                }
                continue;
            };
            if self.have < body.len() {
                match pipe.read(&mut body[self.have..]).await {
                    Ok(0) | Err(_) => return Ok(None),
                    Ok(read) => self.have += read,
                }
                continue;
            }
            let frame = protocol::decode(body).map_err(broken)?;
            self.body = None;
            self.have = 0;
            return Ok(Some(frame));
        }
    }
}
