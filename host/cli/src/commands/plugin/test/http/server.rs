//! The server, on a port of the loopback device that is free.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::compare::{Request, differences};
use super::exchange::{self, Answer, Exchange};
use crate::commands::plugin::test::diff::Difference;

/// Runs until it is dropped.
pub(in crate::commands::plugin::test) struct Server {
    state: Arc<State>,
    url: String,
    _accepting: JoinSet<()>,
}

struct State {
    exchanges: Vec<Exchange>,
    requests: Mutex<Vec<Request>>,
}

impl Server {
    /// For the text of http.toml; files that it names are below `base`.
    pub(in crate::commands::plugin::test) async fn start(text: &str, base: &Path) -> Result<Self> {
        let state = Arc::new(State {
            exchanges: exchange::read(text, base)?,
            requests: Mutex::new(Vec::new()),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("could not start the case's HTTP server")?;
        let address = listener
            .local_addr()
            .context("could not start the case's HTTP server")?;
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, Arc::clone(&state)));
        Ok(Self {
            state,
            url: format!("http://{address}"),
            _accepting: accepting,
        })
    }

    /// Where it is, without a slash at the end.
    pub(in crate::commands::plugin::test) fn url(&self) -> &str {
        &self.url
    }

    /// What was asked otherwise than expected so far.
    pub(in crate::commands::plugin::test) async fn differences(
        &self,
        replace: &(dyn Fn(&str) -> String + Sync),
    ) -> Vec<Difference> {
        let requests = self.state.requests.lock().await;
        differences(&self.state.exchanges, &requests, replace)
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // What could not be accepted is the client's to notice.
                let Ok((stream, _)) = accepted else { continue };
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let answers = service_fn(|request| answered(&state, request));
                    let connection = http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(stream), answers);
                    // One that breaks off shows in what the plugin makes of it.
                    let _ = connection.await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// An error ends the connection.
async fn answered(
    state: &State,
    request: hyper::Request<Incoming>,
) -> io::Result<hyper::Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let mut requests = state.requests.lock().await;
    let wanted = |exchange: &Exchange| {
        let path = head
            .uri
            .path_and_query()
            .map(http::uri::PathAndQuery::as_str);
        exchange.method == head.method && path == Some(exchange.path.as_str())
    };
    let exchange = state
        .exchanges
        .iter()
        .enumerate()
        .position(|(at, exchange)| {
            wanted(exchange) && !requests.iter().any(|request| request.exchange == Some(at))
        });
    let unexpected = format!(
        "no exchange of http.toml is left for {} {}\n",
        head.method, head.uri
    );
    requests.push(Request {
        head,
        body,
        exchange,
    });
    drop(requests);
    let answer = exchange.and_then(|at| state.exchanges.get(at));
    let Some(answer) = answer.map(|exchange| exchange.answer.clone()) else {
        let mut response = hyper::Response::new(Full::from(unexpected));
        *response.status_mut() = http::StatusCode::NOT_IMPLEMENTED;
        return Ok(response);
    };
    tokio::time::sleep(answer.delay).await;
    if answer.close {
        return Err(io::Error::other("http.toml says so"));
    }
    Ok(response(answer))
}

fn response(answer: Answer) -> hyper::Response<Full<Bytes>> {
    let mut response = hyper::Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    for (name, value) in answer.headers {
        response.headers_mut().append(name, value);
    }
    response
}
