//! What the service says of jobs, through the source's public doors and the SDK that they go by: a server
//! on the loopback answers each call with the input.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, RwLock};

use pipefitter_codepipeline::{
    ActionTypeId, CustomSource, JobContents, JobId, JobSource, Owner, PollRequest, Retries,
    SourceConfig, SourceId, Timeouts,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Runtime;

/// An answer to a poll and to a question for details. What is offered can be acknowledged, and what has
/// credentials has all of them.
pub fn job(data: &[u8]) {
    thread_local! {
        static SERVICE: Service = Service::start();
    }
    SERVICE.with(|service| service.ask(data));
}

/// What every request is answered with.
type Answer = Arc<RwLock<Vec<u8>>>;

struct Service {
    runtime: Runtime,
    source: CustomSource,
    answer: Answer,
}

impl Service {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answer = Answer::default();
        let served = Arc::clone(&answer);
        std::thread::spawn(move || serve(&listener, &served));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let config = SourceConfig {
            id: SourceId::new("main"),
            region: "eu-central-1".to_owned(),
            profile: None,
            role_arn: None,
            external_id: None,
            endpoint_url: Some(endpoint),
            static_keys: Some((
                "AKIAIOSFODNN7EXAMPLE".to_owned(),
                SecretString::from("example"),
            )),
            retries: Retries {
                attempts: 1,
                ..Retries::default()
            },
            timeouts: Timeouts::default(),
        };
        let source = runtime.block_on(CustomSource::connect(config)).unwrap();
        Self {
            runtime,
            source,
            answer,
        }
    }

    fn ask(&self, data: &[u8]) {
        let request = PollRequest {
            action_type: ActionTypeId {
                category: "Build".to_owned(),
                owner: Owner::Custom,
                provider: "Site".to_owned(),
                version: "1".to_owned(),
            },
            query: None,
            max: 4,
        };
        *self.answer.write().unwrap() = data.to_vec();
        match self.runtime.block_on(self.source.poll(&request)) {
            Ok(offers) => {
                for offer in offers {
                    assert!(!offer.job.as_str().is_empty());
                    if let Some(contents) = &offer.contents {
                        let nonce = contents
                            .nonce
                            .as_ref()
                            .expect("what is offered has a nonce");
                        assert!(!nonce.expose().is_empty());
                        whole(contents);
                    }
                    let _shown = format!("{offer:?}");
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let id = JobId::new("job-1");
        let details = self.source.details(&id, None);
        match self.runtime.block_on(details) {
            Ok(contents) => whole(&contents),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn whole(contents: &JobContents) {
    for artifact in contents.inputs.iter().chain(&contents.outputs) {
        if let Some(location) = &artifact.location {
            assert!(!location.bucket.is_empty() && !location.key.is_empty());
        }
    }
    if let Some(credentials) = &contents.credentials {
        assert!(!credentials.access_key_id.is_empty());
        assert!(!credentials.secret_access_key.expose_secret().is_empty());
        assert!(!credentials.session_token.expose_secret().is_empty());
    }
}

/// A thread for each connection: the SDK drops those whose answer it could not read, and opens others.
fn serve(listener: &TcpListener, answer: &Answer) {
    while let Ok((stream, _)) = listener.accept() {
        let answer = Arc::clone(answer);
        std::thread::spawn(move || answer_all(stream, &answer));
    }
}

fn answer_all(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if requests.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut requests.by_ref().take(length), &mut std::io::sink())?;
        let body = answer.read().unwrap().clone();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), &body].concat())?;
    }
}
