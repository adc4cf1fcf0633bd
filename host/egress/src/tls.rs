//! Whom the worker trusts, and the handshake with them.

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio_rustls::TlsConnector;

use crate::EgressError;
use crate::dial::ByteStream;
use crate::failure::{Failure, chain};
use crate::host::Host;
use crate::protocol::ErrorCode;

/// Which HTTP a server agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// The client's side of TLS: the system's authorities, and those of a file of the operator's.
pub(crate) fn client(authorities: Option<&Path>) -> Result<TlsConnector, EgressError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    let (_, unusable) = roots.add_parsable_certificates(system.certs);
    if unusable > 0 || !system.errors.is_empty() {
        let errors = system.errors.len();
        tracing::warn!(
            unusable,
            errors,
            "the system has certificate authorities that cannot be used"
        );
    }
    if let Some(path) = authorities {
        add_file(&mut roots, path)?;
    }
    if roots.is_empty() {
        let detail = system
            .errors
            .first()
            .map(|error| format!(" ({error})"))
            .unwrap_or_default();
        return Err(EgressError::NoSystemAuthorities { detail });
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(EgressError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A ticket would tell a server that two jobs, of two plugins perhaps, are one worker's.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), EgressError> {
    let text = std::fs::read(path).map_err(|source| EgressError::ReadAuthorities {
        path: path.to_owned(),
        source,
    })?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, pem::Error>>()
        .map_err(|source| EgressError::ParseAuthorities {
            path: path.to_owned(),
            source,
        })?;
    if certificates.is_empty() {
        return Err(EgressError::NoAuthorities {
            path: path.to_owned(),
        });
    }
    for (place, certificate) in certificates.into_iter().enumerate() {
        roots
            .add(certificate)
            .map_err(|source| EgressError::Authority {
                path: path.to_owned(),
                number: place + 1,
                source,
            })?;
    }
    Ok(())
}

/// Shake hands with the server of this name, whatever address it was reached at.
pub(crate) async fn handshake(
    connector: &TlsConnector,
    host: &Host,
    stream: Box<dyn ByteStream>,
) -> Result<(Box<dyn ByteStream>, Version), Failure> {
    let name = match host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| {
            Failure::denied(
                ErrorCode::HttpRequestUriInvalid,
                "the host is not a name that a certificate can hold",
            )
        })?,
        Host::Address(address) => ServerName::IpAddress((*address).into()),
    };
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| handshake_failure(&error))?;
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(HTTP2) => Version::Http2,
        _ => Version::Http1,
    };
    Ok((Box::new(stream), version))
}

fn handshake_failure(error: &std::io::Error) -> Failure {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let code = match tls {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            ErrorCode::TlsCertificateError
        }
        Some(rustls::Error::AlertReceived(_)) => ErrorCode::TlsAlertReceived,
        Some(_) => ErrorCode::TlsProtocolError,
        None => ErrorCode::ConnectionTerminated,
    };
    Failure::failed(code, format!("the TLS handshake failed: {}", chain(error)))
}
