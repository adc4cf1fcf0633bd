//! From names to addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Resolves names. It is asked once for each connection, and never for a name that no grant covers. What it was asked is
/// waited for to the end, by nobody perhaps.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a name, best first.
    ///
    /// # Errors
    /// What the system said, a name that does not exist included.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver, with its hosts file and search domains.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((name, 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}
