//! Through an HTTP proxy, by CONNECT.
//!
//! Names are resolved and addresses judged here as without a proxy, and CONNECT names the address: the proxy is
//! told where to connect, and decides nothing. Certificates are still checked by name. Plain http goes through
//! CONNECT as well, so that a proxy sees one kind of request and rewrites none.
//!
//! Where only the proxy can resolve names, [`Proxy::resolving_names`] lets it, and gives the address check up.

use std::fmt;
use std::net::SocketAddr;
use std::pin::pin;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret as _, SecretString};

use crate::EgressError;
use crate::dial::ByteStream;
use crate::failure::{Failure, chain};
use crate::host::{Host, split_port};
use crate::protocol::ErrorCode;
use crate::target::without_user;

/// A proxy that every connection goes through. Its own address is the operator's choice and may be any.
#[derive(Clone, Debug)]
pub struct Proxy {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) resolves: bool,
    credentials: Option<Credentials>,
}

#[derive(Clone, Debug)]
struct Credentials {
    header: HeaderValue,
    password: SecretString,
}

/// Where CONNECT asks for.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Address(SocketAddr),
    /// A name that the proxy resolves.
    Name(String, u16),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// A proxy's answer to CONNECT is read into this much: the least that hyper reads HTTP/1 with.
const ANSWER_BYTES: usize = 8 * 1024;

impl Proxy {
    /// Read `http://host:port`. Without a port it is 3128, Squid's.
    ///
    /// # Errors
    /// [`EgressError::Proxy`], which says what to write instead, and never repeats a user or password.
    pub fn parse(url: &str) -> Result<Self, EgressError> {
        let shown = without_user(url);
        let fault = |reason: String| EgressError::Proxy {
            proxy: shown.clone(),
            reason,
        };
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(fault("has no scheme: write http://host:port".to_owned()));
        };
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(fault(
                "is not an http:// proxy, the only kind there is here: what goes through it to https is encrypted \
                 all the way to the server"
                    .to_owned(),
            ));
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(fault(
                "carries a user or password: give them apart from the address, as `proxy-user` and `proxy-password`, so \
                 that they are in no message"
                    .to_owned(),
            ));
        }
        let (host, port) = split_port(authority).map_err(fault)?;
        let host = Host::parse(host).map_err(|why| fault(format!("has a host that {why}")))?;
        Ok(Self {
            host,
            port: port.unwrap_or(3128),
            resolves: false,
            credentials: None,
        })
    }

    /// Show these to the proxy (Basic, RFC 7617).
    ///
    /// # Errors
    /// [`EgressError::Proxy`] where the user holds a colon, or either holds control characters.
    pub fn with_credentials(
        mut self,
        user: &str,
        password: &SecretString,
    ) -> Result<Self, EgressError> {
        let kept = password.clone();
        let password = password.expose_secret();
        let fault = |reason: &str| EgressError::Proxy {
            proxy: self.to_string(),
            reason: reason.to_owned(),
        };
        if user.contains(':') {
            return Err(fault(
                "has a user with a colon, which Basic credentials cannot hold",
            ));
        }
        if user.chars().chain(password.chars()).any(char::is_control) {
            return Err(fault("has a user or password with control characters"));
        }
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::from_str(&format!("Basic {pair}"))
            .map_err(|_| fault("has credentials that no header can hold"))?;
        value.set_sensitive(true);
        self.credentials = Some(Credentials {
            header: value,
            password: kept,
        });
        Ok(self)
    }

    /// The password that is shown to the proxy.
    pub(crate) fn password(&self) -> Option<&SecretString> {
        self.credentials.as_ref().map(|shown| &shown.password)
    }

    /// Let the proxy resolve names, where only it can.
    ///
    /// This gives the check of addresses up: a name that is granted then reaches whatever the proxy makes of it, metadata
    /// and private addresses included, and only the proxy's own rules stand between. Addresses that a request writes
    /// out are still judged.
    #[must_use]
    pub fn resolving_names(mut self, resolves: bool) -> Self {
        self.resolves = resolves;
        self
    }

    /// Ask for a connection to the destination over one to the proxy.
    pub(crate) async fn connect(
        &self,
        stream: Box<dyn ByteStream>,
        destination: &Destination,
    ) -> Result<Box<dyn ByteStream>, Failure> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(ANSWER_BYTES)
            .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
            .await
            .map_err(|error| unavailable(&chain(&error)))?;
        let mut tunnel = pin!(self.tunnel(sender, destination));
        let mut connection = pin!(connection.with_upgrades());
        tokio::select! {
            biased;
            tunnelled = &mut tunnel => tunnelled,
            // The connection is done when the tunnel is handed over, and when it breaks: the tunnel knows which.
            _ = &mut connection => tunnel.await,
        }
    }

    async fn tunnel(
        &self,
        mut sender: http1::SendRequest<Empty<Bytes>>,
        destination: &Destination,
    ) -> Result<Box<dyn ByteStream>, Failure> {
        let authority = destination.to_string();
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = Uri::builder()
            .authority(authority.as_str())
            .build()
            .map_err(|error| unavailable(&error.to_string()))?;
        let host = HeaderValue::from_str(&authority).map_err(|e| unavailable(&e.to_string()))?;
        request.headers_mut().insert(HOST, host);
        if let Some(credentials) = &self.credentials {
            request
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, credentials.header.clone());
        }
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| unavailable(&chain(&error)))?;
        match response.status() {
            status if status.is_success() => {
                let upgraded = hyper::upgrade::on(response)
                    .await
                    .map_err(|error| unavailable(&chain(&error)))?;
                Ok(Box::new(TokioIo::new(upgraded)))
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(Failure::failed(
                ErrorCode::ConfigurationError,
                "the proxy wants a user and password, or others than the worker has (407)",
            )),
            status => Err(unavailable(&format!(
                "it answered {status} to CONNECT {authority}"
            ))),
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}", self.host, self.port)
    }
}

fn unavailable(why: &str) -> Failure {
    Failure::failed(
        ErrorCode::DestinationUnavailable,
        format!("the proxy does not connect: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address() {
        for (url, read) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("http://proxy", "http://proxy:3128"),
            (
                "HTTP://Proxy.corp.example:8080/",
                "http://proxy.corp.example:8080",
            ),
            ("http://10.0.0.1:3128", "http://10.0.0.1:3128"),
            ("http://[fd00::1]:3128", "http://[fd00::1]:3128"),
        ] {
            assert_eq!(Proxy::parse(url).unwrap().to_string(), read);
        }
    }

    #[test]
    fn faults_say_what_to_write_and_repeat_no_password() {
        for (url, advice) in [
            ("proxy:3128", "write http://host:port"),
            ("https://proxy:3128", "the only kind"),
            ("socks5://proxy", "the only kind"),
            ("http://user:hunter22@proxy:3128", "give them apart"),
            ("user:hunter22@proxy:3128", "write http://host:port"),
            ("https://user:hunter22@proxy:3128", "the only kind"),
            ("http://proxy:x", "from 1 to 65535"),
            ("http://proxy/path", "contains '/'"),
            ("http://", "is empty"),
        ] {
            let fault = Proxy::parse(url).unwrap_err();
            assert!(fault.to_string().contains(advice), "{fault}");
            assert!(
                !format!("{fault} {fault:?}").contains("hunter22"),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn credentials_are_in_no_text() {
        let proxy = Proxy::parse("http://proxy").unwrap();
        let with = |user: &str, password: &str| {
            proxy
                .clone()
                .with_credentials(user, &SecretString::from(password))
        };
        let text = format!("{:?}", with("builder", "hunter22").unwrap());
        assert!(
            !text.contains("hunter22") && !text.contains("YnVpbGRlcjpodW50ZXIyMg"),
            "{text}"
        );
        assert!(with("a:b", "c").is_err());
        assert!(with("a", "c\r\nx: y").is_err());
    }
}
