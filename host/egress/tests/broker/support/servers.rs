//! Servers on loopback and in memory.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::net::Endpoint;

pub(crate) type Answer = Response<BoxBody<Bytes, Infallible>>;
/// What a server answers with.
pub(crate) type TextService =
    Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Answer> + Send + Sync>;

/// A service that answers with the request as it came: its line, its headers in order, a blank line, its body, and its
/// trailers.
pub(crate) fn describe() -> TextService {
    Arc::new(|request| {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut text = format!("{} {} {:?}\n", parts.method, parts.uri, parts.version);
            for (name, value) in &parts.headers {
                let _ = writeln!(
                    text,
                    "{name}: {}",
                    String::from_utf8_lossy(value.as_bytes())
                );
            }
            let body = match body.collect().await {
                Ok(body) => body,
                Err(error) => panic!("the body broke: {error:?}"),
            };
            let trailers = body.trailers().cloned();
            let _ = write!(text, "\n{}", String::from_utf8_lossy(&body.to_bytes()));
            for (name, value) in trailers.iter().flatten() {
                let _ = write!(text, "\ntrailer {name:?}: {value:?}");
            }
            Response::new(Full::from(text).boxed())
        })
    })
}

/// Serve one connection with HTTP/1, or HTTP/2.
async fn serve_http<S>(stream: S, service: TextService, http2: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = service(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let io = TokioIo::new(stream);
    // A connection that a test breaks is no fault of the server's.
    if http2 {
        let _ = http2::Builder::new(TokioExecutor::new())
            .serve_connection(io, service)
            .await;
    } else {
        let _ = http1::Builder::new().serve_connection(io, service).await;
    }
}

/// A plain HTTP/1 server in memory.
pub(crate) fn http1_over(service: TextService) -> Endpoint {
    let tasks = TaskTracker::new();
    Endpoint::Memory(Arc::new(move |stream: DuplexStream| {
        tasks.spawn(serve_http(stream, Arc::clone(&service), false));
    }))
}

/// A plain HTTP/1 server on loopback.
pub(crate) async fn tcp_server(service: TextService) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tasks.spawn(serve_http(stream, Arc::clone(&service), false));
        }
    });
    address
}

/// A certificate authority of the test's, whose file is there as long as it is.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    _dir: tempfile::TempDir,
    pub(crate) file: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("authority.pem");
        std::fs::write(&file, certificate.pem()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            _dir: dir,
            file,
        }
    }

    /// A server's side of TLS for these names, which offers these protocols.
    pub(crate) fn server(&self, names: &[&str], alpn: &[&str]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// An HTTPS server on loopback; tells the server names that clients asked for.
pub(crate) async fn tls_server(
    acceptor: TlsAcceptor,
    service: TextService,
) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (names, asked) = mpsc::unbounded_channel();
    let tasks = TaskTracker::new();
    tasks.clone().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, service, names) =
                (acceptor.clone(), Arc::clone(&service), names.clone());
            tasks.spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let connection = stream.get_ref().1;
                let http2 = connection.alpn_protocol() == Some(b"h2");
                let _ = names.send(connection.server_name().unwrap_or("-").to_owned());
                serve_http(stream, service, http2).await;
            });
        }
    });
    (address, asked)
}

/// A server that reads one head of a request, says exactly what it was told to, and closes.
pub(crate) struct RawServer {
    pub(crate) endpoint: Endpoint,
    requests: mpsc::UnboundedReceiver<String>,
}

impl RawServer {
    pub(crate) fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        let (tx, requests) = mpsc::unbounded_channel();
        let tasks = TaskTracker::new();
        let endpoint = Endpoint::Memory(Arc::new(move |mut stream: DuplexStream| {
            let (answer, tx) = (Arc::clone(&answer), tx.clone());
            tasks.spawn(async move {
                let head = read_head(&mut stream).await;
                let _ = tx.send(head);
                let _ = stream.write_all(&answer).await;
            });
        }));
        Self { endpoint, requests }
    }

    /// The heads that came.
    pub(crate) fn heads(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

/// The head of a request, as it came.
pub(crate) async fn read_head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}
