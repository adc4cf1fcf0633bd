//! From a target to a connection: resolve, judge every address, dial those very addresses, shake hands.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use ipnet::IpNet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::address::judge;
use crate::dial::{ByteStream, Dial};
use crate::failure::Failure;
use crate::host::Host;
use crate::job::Job;
use crate::lookups::{JobLookups, Lookups};
use crate::protocol::ErrorCode;
use crate::proxy::{Destination, Proxy};
use crate::target::{Scheme, Target};
use crate::timeouts::Timeout;
use crate::tls::{self, Version};

/// How many addresses of a name are looked at: no honest name has more, and a hostile one decides how many it has.
const MOST_ADDRESSES: usize = 32;
/// How many of them are dialled.
const MOST_DIALLED: usize = 8;
/// When the next address is tried beside one that has not answered yet (RFC 8305, 5).
const NEXT_ATTEMPT: Duration = Duration::from_millis(250);

/// What all jobs of a worker connect with.
pub(crate) struct Connector {
    pub(crate) lookups: Lookups,
    pub(crate) dialler: Arc<dyn Dial>,
    pub(crate) tls: TlsConnector,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) refused: Vec<IpNet>,
}

impl Connector {
    /// Open a connection to a target of a job's; `named` are the otherwise refused ranges that its grants name.
    pub(crate) async fn open(
        &self,
        job: &Job,
        target: &Target,
        named: &[IpNet],
        timeout: &Timeout,
    ) -> Result<(Box<dyn ByteStream>, Version), Failure> {
        let deadline = Instant::now() + timeout.after;
        let destinations = tokio::time::timeout_at(deadline, self.destinations(job, target, named))
            .await
            .map_err(|_| timeout.failure(ErrorCode::DnsTimeout, "resolving the name"))??;
        let connect = async {
            let stream = self.race(destinations, &job.lookups).await?;
            match target.scheme {
                Scheme::Http => Ok((stream, Version::Http1)),
                Scheme::Https => tls::handshake(&self.tls, &target.host, stream).await,
            }
        };
        tokio::time::timeout_at(deadline, connect)
            .await
            .map_err(|_| timeout.failure(ErrorCode::ConnectionTimeout, "connecting"))?
    }

    /// Where to connect to, every address of it judged.
    async fn destinations(
        &self,
        job: &Job,
        target: &Target,
        named: &[IpNet],
    ) -> Result<Vec<Destination>, Failure> {
        let addresses = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) if self.proxy.as_ref().is_some_and(|proxy| proxy.resolves) => {
                return Ok(vec![Destination::Name(name.clone(), target.port)]);
            }
            Host::Name(name) => resolve(&job.lookups, name).await?,
        };
        let mut allowed = Vec::new();
        let mut seen = HashSet::new();
        let mut refused = Vec::new();
        for address in addresses.into_iter().take(MOST_ADDRESSES) {
            match judge(address, named, &self.refused) {
                // The same address twice, mapped and not, is one attempt.
                Ok(address) if seen.insert(address) => allowed.push(address),
                Ok(_) => {}
                Err(class) => refused.push(format!("{address}, {class}")),
            }
        }
        if let (true, Some(first)) = (allowed.is_empty(), refused.first()) {
            let what = match &target.host {
                Host::Name(_) => "it resolves to",
                Host::Address(_) => "it is",
            };
            return Err(Failure::denied(
                ErrorCode::DestinationIpProhibited,
                format!("{what} {first}: if that is meant, add the address to the grant's ranges"),
            ));
        }
        if !refused.is_empty() {
            let target = job.shown(&target.to_string());
            tracing::debug!(%target, ?refused, "addresses that may not be dialled were left out");
        }
        Ok(alternate(allowed)
            .into_iter()
            .take(MOST_DIALLED)
            .map(|address| Destination::Address(SocketAddr::new(address, target.port)))
            .collect())
    }

    /// Try the destinations one after the other, not waiting long for any, and take the first that answers.
    async fn race(
        &self,
        destinations: Vec<Destination>,
        lookups: &JobLookups,
    ) -> Result<Box<dyn ByteStream>, Failure> {
        let mut waiting = destinations.into_iter();
        let mut attempts = FuturesUnordered::new();
        let mut first_failure = None;
        loop {
            match waiting.next() {
                Some(destination) => attempts.push(self.reach(destination, lookups)),
                None if attempts.is_empty() => {
                    return Err(first_failure.unwrap_or_else(|| {
                        Failure::failed(ErrorCode::DnsError, "the name has no address")
                    }));
                }
                None => {}
            }
            let more = !waiting.as_slice().is_empty();
            tokio::select! {
                Some(attempt) = attempts.next() => match attempt {
                    Ok(stream) => return Ok(stream),
                    Err(failure) => first_failure = first_failure.or(Some(failure)),
                },
                () = tokio::time::sleep(NEXT_ATTEMPT), if more => {}
            }
        }
    }

    /// Connect to one destination, directly or by the proxy.
    async fn reach(
        &self,
        destination: Destination,
        lookups: &JobLookups,
    ) -> Result<Box<dyn ByteStream>, Failure> {
        match (&self.proxy, &destination) {
            (Some(proxy), _) => {
                let stream = self.dial_proxy(proxy, lookups).await?;
                proxy.connect(stream, &destination).await
            }
            (None, Destination::Address(address)) => self
                .dialler
                .dial(*address)
                .await
                .map_err(|error| dial_failure(*address, &error)),
            (None, Destination::Name(..)) => Err(Failure::failed(
                ErrorCode::DnsError,
                "a name was left to a proxy, and there is none",
            )),
        }
    }

    /// The proxy's address is the operator's choice: it is not judged.
    async fn dial_proxy(
        &self,
        proxy: &Proxy,
        lookups: &JobLookups,
    ) -> Result<Box<dyn ByteStream>, Failure> {
        let addresses = match &proxy.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => resolve(lookups, name).await.map_err(|_| {
                let why = format!("the name of the proxy {proxy} cannot be resolved");
                Failure::failed(ErrorCode::DestinationUnavailable, why)
            })?,
        };
        let mut failure = format!("the name of the proxy {proxy} has no address");
        for address in addresses.into_iter().take(MOST_DIALLED) {
            match self
                .dialler
                .dial(SocketAddr::new(address, proxy.port))
                .await
            {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = format!("the proxy {proxy} cannot be reached: {error}"),
            }
        }
        Err(Failure::failed(ErrorCode::DestinationUnavailable, failure))
    }
}

async fn resolve(lookups: &JobLookups, name: &str) -> Result<Vec<IpAddr>, Failure> {
    lookups.resolve(name).await.map_err(|error| {
        Failure::failed(
            ErrorCode::DnsError,
            format!("the name cannot be resolved: {error}"),
        )
    })
}

/// The resolver's order, but alternating between the families, so that one that is broken costs one attempt.
fn alternate(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let Some(first) = addresses.first() else {
        return addresses;
    };
    let first_is_v4 = first.is_ipv4();
    let count = addresses.len();
    let (ones, others): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == first_is_v4);
    let (mut ones, mut others) = (ones.into_iter(), others.into_iter());
    let mut order = Vec::with_capacity(count);
    while order.len() < count {
        order.extend(ones.next());
        order.extend(others.next());
    }
    order
}

fn dial_failure(address: SocketAddr, error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            ErrorCode::DestinationIpUnroutable
        }
        io::ErrorKind::TimedOut => ErrorCode::ConnectionTimeout,
        _ => ErrorCode::DestinationUnavailable,
    };
    Failure::failed(code, format!("{address} cannot be reached: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns() {
        let order = |texts: &[&str]| {
            let addresses = texts.iter().map(|text| text.parse().unwrap()).collect();
            alternate(addresses)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            order(&["::1", "::2", "::3", "1.1.1.1"]),
            ["::1", "1.1.1.1", "::2", "::3"]
        );
        assert_eq!(order(&["1.1.1.1", "::1"]), ["1.1.1.1", "::1"]);
        assert!(order(&[]).is_empty());
    }
}
