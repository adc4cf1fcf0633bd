//! What a worker needs to let plugins out: one for all of them.

use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::EgressError;
use crate::attach::AttachedHeader;
use crate::broker::Broker;
use crate::connect::Connector;
use crate::dial::{Dial, TcpDialler};
use crate::grant::NetworkGrants;
use crate::limits::NetworkLimits;
use crate::lookups::Lookups;
use crate::proxy::Proxy;
use crate::resolve::{Resolve, SystemResolver};
use crate::tls;

/// How a worker reaches the network.
#[derive(Clone)]
pub struct EgressConfig {
    /// A PEM file of certificate authorities that are trusted beside the system's.
    pub authorities: Option<PathBuf>,
    /// A proxy that every connection goes through.
    pub proxy: Option<Proxy>,
    /// Ranges that are refused beside those that are never public, unless a grant names them: public addresses of the
    /// operator's own, say, or the prefix of a NAT64 other than the well-known one.
    pub refused: Vec<IpNet>,
    /// Resolves names.
    pub resolver: Arc<dyn Resolve>,
    /// Opens connections.
    pub dialler: Arc<dyn Dial>,
}

impl Default for EgressConfig {
    /// The system's resolver, TCP, the system's authorities; no proxy.
    fn default() -> Self {
        Self {
            authorities: None,
            proxy: None,
            refused: Vec::new(),
            resolver: Arc::new(SystemResolver),
            dialler: Arc::new(TcpDialler),
        }
    }
}

/// The way out, of which a worker has one and each job gets a [`Broker`].
#[derive(Clone)]
pub struct Egress {
    connector: Arc<Connector>,
}

impl Egress {
    /// Read the certificate authorities and make ready. Blocks for some milliseconds while it reads; a worker that
    /// grants no network need not have one.
    ///
    /// # Errors
    /// [`EgressError`] where the authorities cannot be read, or there are none.
    pub fn new(config: EgressConfig) -> Result<Self, EgressError> {
        let tls = tls::client(config.authorities.as_deref())?;
        Ok(Self {
            connector: Arc::new(Connector {
                lookups: Lookups::new(config.resolver),
                dialler: config.dialler,
                tls,
                proxy: config.proxy,
                refused: config.refused,
            }),
        })
    }

    /// The password that the worker shows to its proxy. No guest gets it; it is here to be hidden in whatever else
    /// may tell it.
    #[must_use]
    pub fn proxy_password(&self) -> Option<&SecretString> {
        self.connector.proxy.as_ref().and_then(Proxy::password)
    }

    /// The broker of one job of a plugin, whose name is for logs and for advice only.
    ///
    /// Limits that cannot be kept ([`NetworkLimits::check`]) are brought to the nearest that can.
    pub fn broker(
        &self,
        plugin: &str,
        grants: NetworkGrants,
        limits: NetworkLimits,
        attach: Vec<AttachedHeader>,
    ) -> Broker {
        Broker {
            plugin: plugin.to_owned(),
            connector: Arc::clone(&self.connector),
            grants,
            limits: limits.kept(),
            attached: attach,
            observer: None,
        }
    }
}
