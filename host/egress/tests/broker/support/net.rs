//! Names and addresses as a test has them.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use pipefitter_egress::{
    AttachedHeader, Broker, ByteStream, Dial, Egress, EgressConfig, NetworkGrant, NetworkGrants,
    NetworkLimits, Proxy, Resolve, parse_range,
};
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::guest::Guest;

/// What a dialled address leads to.
#[derive(Clone)]
pub(crate) enum Endpoint {
    /// A server on loopback.
    Tcp(SocketAddr),
    /// A server in memory, given its end of each connection: for tests that move time.
    Memory(Arc<dyn Fn(DuplexStream) + Send + Sync>),
    /// Nobody listens.
    Refuses,
    /// Never answers.
    Hangs,
}

/// Builds what a test connects to.
#[derive(Clone, Default)]
pub(crate) struct Net {
    names: HashMap<String, Vec<Vec<IpAddr>>>,
    endpoints: HashMap<SocketAddr, Endpoint>,
    /// What every other address leads to.
    elsewhere: Option<Endpoint>,
    hanging_name: Option<String>,
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) refused: Vec<ipnet::IpNet>,
}

impl Net {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A name, and what it resolves to.
    pub(crate) fn name(self, name: &str, addresses: &[&str]) -> Self {
        self.rebinding(name, &[addresses])
    }

    /// A name that resolves to something else each time; to the last for ever.
    pub(crate) fn rebinding(mut self, name: &str, answers: &[&[&str]]) -> Self {
        let parse = |addresses: &&[&str]| addresses.iter().map(|a| a.parse().unwrap()).collect();
        self.names
            .insert(name.to_owned(), answers.iter().map(parse).collect());
        self
    }

    /// A name that is resolved for ever.
    pub(crate) fn hanging_name(mut self, name: &str) -> Self {
        self.hanging_name = Some(name.to_owned());
        self
    }

    /// What an address, with its port, leads to.
    pub(crate) fn at(mut self, address: &str, endpoint: Endpoint) -> Self {
        self.endpoints.insert(address.parse().unwrap(), endpoint);
        self
    }

    /// What every address leads to that has no endpoint of its own.
    pub(crate) fn everywhere(mut self, endpoint: Endpoint) -> Self {
        self.elsewhere = Some(endpoint);
        self
    }

    pub(crate) fn trusting(mut self, authorities: PathBuf) -> Self {
        self.authorities = Some(authorities);
        self
    }

    pub(crate) fn start(self) -> Setup {
        let (dialled_tx, dialled) = mpsc::unbounded_channel();
        let (resolved_tx, resolved) = mpsc::unbounded_channel();
        let config = EgressConfig {
            authorities: self.authorities.clone(),
            proxy: self.proxy.clone(),
            refused: self.refused.clone(),
            resolver: Arc::new(Names {
                times: self
                    .names
                    .keys()
                    .map(|name| (name.clone(), AtomicUsize::new(0)))
                    .collect(),
                net: self.clone(),
                resolved: resolved_tx,
            }),
            dialler: Arc::new(Addresses {
                net: self,
                dialled: dialled_tx,
            }),
        };
        Setup {
            egress: Egress::new(config).unwrap(),
            dialled,
            resolved,
        }
    }
}

struct Names {
    net: Net,
    times: HashMap<String, AtomicUsize>,
    resolved: mpsc::UnboundedSender<String>,
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let _ = self.resolved.send(name.to_owned());
        if self.net.hanging_name.as_deref() == Some(name) {
            std::future::pending::<()>().await;
        }
        let unknown = || io::Error::other("no such name");
        let answers = self.net.names.get(name).ok_or_else(unknown)?;
        let times = self.times[name].fetch_add(1, Ordering::Relaxed);
        Ok(answers
            .get(times)
            .or(answers.last())
            .cloned()
            .unwrap_or_default())
    }
}

struct Addresses {
    net: Net,
    dialled: mpsc::UnboundedSender<SocketAddr>,
}

#[async_trait]
impl Dial for Addresses {
    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn ByteStream>> {
        let _ = self.dialled.send(address);
        match self
            .net
            .endpoints
            .get(&address)
            .or(self.net.elsewhere.as_ref())
        {
            Some(Endpoint::Tcp(server)) => {
                assert!(server.ip().is_loopback(), "tests leave this machine alone");
                Ok(Box::new(TcpStream::connect(server).await?))
            }
            Some(Endpoint::Memory(serve)) => {
                let (ours, theirs) = tokio::io::duplex(16 * 1024);
                serve(theirs);
                Ok(Box::new(ours))
            }
            Some(Endpoint::Refuses) => Err(io::ErrorKind::ConnectionRefused.into()),
            Some(Endpoint::Hangs) => std::future::pending().await,
            None => panic!("{address} was dialled, and nothing leads there"),
        }
    }
}

/// An egress, and what it resolved and dialled.
pub(crate) struct Setup {
    pub(crate) egress: Egress,
    dialled: mpsc::UnboundedReceiver<SocketAddr>,
    resolved: mpsc::UnboundedReceiver<String>,
}

impl Setup {
    /// The addresses that were dialled since this was asked last.
    pub(crate) fn dialled(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.dialled.try_recv().ok())
            .map(|a| a.to_string())
            .collect()
    }

    /// The names that were resolved since this was asked last.
    pub(crate) fn resolved(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.resolved.try_recv().ok()).collect()
    }

    pub(crate) fn broker(
        &self,
        grants: &[&str],
        limits: NetworkLimits,
        attach: Vec<AttachedHeader>,
    ) -> Broker {
        self.egress
            .broker("fetcher", read_grants(grants), limits, attach)
    }

    /// A job with these grants, and the default limits.
    pub(crate) async fn guest(&self, grants: &[&str]) -> Guest {
        self.limited_guest(grants, NetworkLimits::default()).await
    }

    pub(crate) async fn limited_guest(&self, grants: &[&str], limits: NetworkLimits) -> Guest {
        Guest::of(self.broker(grants, limits, Vec::new())).await
    }
}

/// Grants as `grant` or `grant range range ...`.
fn read_grants(grants: &[&str]) -> NetworkGrants {
    grants
        .iter()
        .map(|text| {
            let mut parts = text.split_whitespace();
            let grant = NetworkGrant::parse(parts.next().unwrap()).unwrap();
            grant.with_ranges(parts.map(|range| parse_range(range).unwrap()))
        })
        .collect()
}
