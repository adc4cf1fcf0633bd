//! `dev --source`: a folder that is uploaded, and again when it changes.

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Process, closed_to_others};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::folder::pipefitter;

/// Secrets Manager's answer to the only question that it is asked.
async fn answer(mut stream: TcpStream) {
    let mut request = Vec::new();
    while !request.windows(8).any(|part| part == b"SecretId") {
        let read = stream.read_buf(&mut request).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&request));
    }
    let body = r#"{"Name":"proxy","SecretString":"prox-4f9d1c77ab"}"#;
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close\r\n";
    let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_change_while_dev_starts_is_uploaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["plugins", "source"] {
        std::fs::create_dir(path(name)).unwrap();
        closed_to_others(&path(name));
    }
    Plugin::probe("Probe").install(&path("plugins"));
    std::fs::write(path("source/a.txt"), "alpha").unwrap();
    // The worker asks for a proxy's password before it is there, which is after the source was uploaded: so the start
    // waits in the midst for as long as the test likes.
    let secrets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = format!(
        "[[source]]\nid = \"main\"\nregion = \"us-east-1\"\n\
         [plugins.probe.grant]\nnetwork = [\"https://api.example.com\"]\n\
         [network]\nproxy = \"http://127.0.0.1:9\"\nproxy-user = \"worker\"\nproxy-password = \"proxy\"\n\
         [secrets.proxy]\nsecrets-manager = \"proxy\"\nendpoint-url = \"http://{}\"\n",
        secrets.local_addr().unwrap()
    );
    std::fs::write(path("dev.toml"), config).unwrap();
    let mut command = pipefitter(folder.path());
    command
        .args(["dev", "--port", "0", "--plugins", "plugins"])
        .args(["--source", "source", "--config", "dev.toml"])
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    let dev = Process::start("pipefitter dev", command);
    let asked = tokio::select! {
        asked = secrets.accept() => asked.unwrap().0,
        _ = dev.ended() => dev.fail("ended before it asked for a secret"),
    };
    dev.line("Source source is s3://").await;
    let mark = dev.mark();
    std::fs::write(path("source/b.txt"), "beta").unwrap();
    answer(asked).await;
    dev.line_after(mark, "Source source is s3://").await;
    dev.terminate();
    assert_eq!(dev.ended().await.code(), Some(0), "{}", dev.output());
}
