//! Opening connections to addresses.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection, whatever carries it.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for T {}

/// Opens connections. It is given addresses only, each of them judged before: it resolves nothing.
#[async_trait]
pub trait Dial: Send + Sync {
    /// Connect to this very address.
    ///
    /// # Errors
    /// What the system said.
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn ByteStream>>;
}

/// TCP, as the system makes it.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpDialler;

#[async_trait]
impl Dial for TcpDialler {
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn ByteStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}
