//! moto's server: AWS services that nobody here wrote, on a port of their own.

use std::net::SocketAddr;

use tokio::process::Command;

use crate::binary;
use crate::process::{Process, finished};

/// A running server. It ends with the test.
pub struct MotoServer {
    /// Where it listens, without a slash at the end.
    pub endpoint: String,
    /// The process.
    pub process: Process,
}

impl MotoServer {
    /// Start it; port 0 takes any that is free. Without `account` it has moto's own account.
    pub async fn start(port: u16, account: Option<&str>) -> MotoServer {
        let mut server = Command::new(binary::venv("moto_server"));
        server.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        if let Some(account) = account {
            server.env("MOTO_ACCOUNT_ID", account);
        }
        let process = Process::start("moto_server", quiet(server));
        let endpoint = process
            .find(0, "its address", |line| {
                let at = line.find("http://127.0.0.1:")?;
                Some(line[at..].trim().to_owned())
            })
            .await;
        MotoServer { endpoint, process }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        let address = self.endpoint.trim_start_matches("http://");
        address
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", self.endpoint))
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Run one of tests/python against it; what it prints.
    pub async fn python(
        &self,
        script: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> String {
        let mut command = Command::new(binary::venv("python"));
        command
            .arg(binary::root().join("tests/python").join(script))
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .envs(environment.iter().copied());
        let (code, said, errors) = finished(quiet(command)).await;
        assert_eq!(code, 0, "{said}{errors}\n{}", self.process.output());
        said
    }
}

/// With keys that moto takes for root's, and nothing of the machine's own.
fn quiet(mut command: Command) -> Command {
    command
        .env("AWS_ACCESS_KEY_ID", "root")
        .env("AWS_SECRET_ACCESS_KEY", "root")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_SESSION_TOKEN");
    command
}
