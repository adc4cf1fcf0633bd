//! TLS by an authority of the operator's, and proxies: what CONNECT names was judged here, unless the operator says that
//! the proxy resolves names.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use crate::plugins::{Pair, expect, rig};
use crate::servers::{Proxy, Server};

/// A server's certificate for `localhost`, and its authority in PEM.
fn certified() -> (TlsAcceptor, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority);
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap().der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

#[tokio::test]
async fn https_needs_an_authority_that_is_trusted() {
    let (acceptor, authority) = certified();
    let server = Server::start_tls(acceptor).await;
    let port = server.address.port();
    let grant = format!("{{ to = \"https://localhost:{port}\", ranges = [\"127.0.0.1/32\"] }}");
    let net = Pair::new("net", &grant);
    let mut rig = rig(&[&net]).await;
    let url = format!("https://localhost:{port}/hello");

    let worker = rig.worker().await;
    let results = rig
        .outcomes("unknown", net.actions("get", &[("url", &url)]))
        .await;
    expect(&results, "get", &[("error", "tls-certificate-error")]);
    worker.stop_cleanly().await;

    let file = rig.folder().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    // The system's, in a file that its administrator names as OpenSSL has it.
    let variable = ("SSL_CERT_FILE".to_owned(), file.display().to_string());
    rig.setup.environment.push(variable);
    let worker = rig.worker().await;
    let results = rig
        .outcomes("of-the-system", net.actions("get", &[("url", &url)]))
        .await;
    expect(&results, "get", &[("status", "200"), ("body", "hello")]);
    worker.stop_cleanly().await;

    rig.setup.environment.pop();
    let table = format!("[network]\nca-file = {file:?}\n");
    rig.setup.tables.push_str(&table);
    let worker = rig.worker().await;
    let results = rig
        .outcomes("of-the-operator", net.actions("get", &[("url", &url)]))
        .await;
    expect(&results, "get", &[("status", "200"), ("body", "hello")]);
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn a_proxy_is_told_the_address_unless_it_resolves_names() {
    let server = Server::start("", 1).await;
    let proxy = Proxy::start().await;
    let port = server.address.port();
    let ranged = format!("{{ to = \"http://localhost:{port}\", ranges = [\"127.0.0.1/32\"] }}");
    let net = Pair::new("net", &ranged);
    let unranged = Pair::new("unranged", &format!("\"http://localhost:{port}\""));
    let mut rig = rig(&[&net, &unranged]).await;
    let url = format!("http://localhost:{port}/hello");
    let tables = rig.setup.tables.clone();

    let table = format!("[network]\nproxy = \"http://{}\"\n", proxy.address);
    rig.setup.tables = format!("{tables}{table}");
    let worker = rig.worker().await;
    let actions = [
        net.actions("ranged", &[("url", &url)]),
        unranged.actions("unranged", &[("url", &url)]),
    ];
    let results = rig.outcomes("checked", actions.into_iter().flatten()).await;
    expect(&results, "ranged", &[("status", "200"), ("body", "hello")]);
    expect(
        &results,
        "unranged",
        &[("error", "destination-ip-prohibited")],
    );
    let address = format!("127.0.0.1:{port}");
    assert_eq!(proxy.asked(), [address.clone(), address.clone()]);
    worker.stop_cleanly().await;

    rig.setup.tables = format!("{tables}{table}proxy-resolves = true\n");
    let worker = rig.worker().await;
    let results = rig
        .outcomes("given-up", unranged.actions("unranged", &[("url", &url)]))
        .await;
    expect(
        &results,
        "unranged",
        &[("status", "200"), ("body", "hello")],
    );
    let name = format!("localhost:{port}");
    assert_eq!(
        proxy.asked(),
        [address.clone(), address, name.clone(), name]
    );
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn a_proxy_is_shown_the_user_and_the_secret_that_the_operator_names() {
    const PASSWORD: &str = "prox-4f9d1c77ab";
    // `worker:prox-4f9d1c77ab`
    const BASIC: &str = "Basic d29ya2VyOnByb3gtNGY5ZDFjNzdhYg==";
    let server = Server::start("", 1).await;
    let proxy = Proxy::that_wants(Some(BASIC.to_owned())).await;
    let net = Pair::new("net", &format!("\"http://{}\"", server.address));
    let mut rig = rig(&[&net]).await;
    let table = format!(
        "[network]\nproxy = \"http://{}\"\nproxy-user = \"worker\"\nproxy-password = \"proxy\"\n\
         [secrets.proxy]\nenvironment = \"TEST_PROXY_PASSWORD\"\n",
        proxy.address
    );
    rig.setup.tables.push_str(&table);
    for (password, wanted) in [
        (PASSWORD, ("body", "recorded")),
        ("another-password", ("error", "configuration-error")),
    ] {
        rig.setup.environment = vec![("TEST_PROXY_PASSWORD".to_owned(), password.to_owned())];
        let worker = rig.worker().await;
        // A guest that knows it, or guesses it, does not get it said.
        let own = format!("x-own: {PASSWORD}");
        let actions = net.actions("get", &[("url", &server.url("/record")), ("headers", &own)]);
        let results = rig.outcomes(password, actions).await;
        expect(&results, "get", &[wanted]);
        let said = worker.stop_cleanly().await;
        let logs: String = rig.job_logs().into_values().collect();
        for secret in [password, &BASIC[6..]] {
            assert!(!said.contains(secret), "{said}");
            assert!(!logs.contains(secret), "{logs}");
        }
    }
    // What is the proxy's is not the server's.
    assert_eq!(server.authorizations().await, [None, None]);
}
