//! STS and a CodePipeline without jobs, at one address: who calls, with which credentials, and for which role.
//!
//! The embedded service has one pair of keys and no STS, so it cannot tell whose keys a worker polls with. This
//! one knows several pairs, and checks signatures as AWS does: by making the same one. It can also stand in front
//! of an embedded service, which then does what a caller asks in whatever Region and with whatever keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::process::DEADLINE;
use crate::resigned;

/// What AssumeRole gives: access key id, secret key, session token.
pub const ASSUMED: (&str, &str, &str) = ("ASIAASSUMEDROLE00000", "assumed-secret", "assumed-token");

/// The account of every caller, to begin with.
pub const ACCOUNT: &str = "111122223333";

/// One request.
#[derive(Clone, Debug)]
pub struct Call {
    /// `AssumeRole`, `PollForJobs` ...
    pub operation: String,
    /// What STS was asked; empty for CodePipeline.
    pub parameters: BTreeMap<String, String>,
    /// What CodePipeline was asked.
    pub request: serde_json::Value,
    /// Of the signature.
    pub access_key: String,
    /// Of the signature.
    pub region: String,
    /// Whether the signature, and the session token where the key needs one, are right.
    pub genuine: bool,
}

struct Shared {
    /// Secret by access key id, for keys without a token.
    keys: BTreeMap<String, String>,
    /// AssumeRole is refused.
    closed: bool,
    /// Who answers CodePipeline's operations in place of an empty poll.
    upstream: Option<SocketAddr>,
    /// How long what AssumeRole gives works; for good where nothing is said.
    lifetime: watch::Sender<Option<Duration>>,
    /// What GetCallerIdentity tells.
    account: watch::Sender<String>,
    /// Status and text that CodePipeline answers an operation with, in place of an empty poll.
    said: watch::Sender<BTreeMap<String, (StatusCode, String)>>,
    calls: watch::Sender<Vec<Call>>,
}

/// The two services. Dropped, they stop.
pub struct IdleAws {
    address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

impl IdleAws {
    /// Services that know these access key ids and secrets, besides [`ASSUMED`].
    pub async fn start(keys: &[(&str, &str)]) -> IdleAws {
        IdleAws::serve(keys, false, None).await
    }

    /// The same, and what CodePipeline is asked an embedded service does.
    pub async fn start_before(upstream: SocketAddr, keys: &[(&str, &str)]) -> IdleAws {
        IdleAws::serve(keys, false, Some(upstream)).await
    }

    /// The same, and nobody may assume a role.
    pub async fn start_closed(keys: &[(&str, &str)]) -> IdleAws {
        IdleAws::serve(keys, true, None).await
    }

    async fn serve(keys: &[(&str, &str)], closed: bool, upstream: Option<SocketAddr>) -> IdleAws {
        let keys = keys
            .iter()
            .map(|(id, secret)| ((*id).to_owned(), (*secret).to_owned()));
        let shared = Arc::new(Shared {
            keys: keys.collect(),
            closed,
            upstream,
            lifetime: watch::Sender::new(None),
            account: watch::Sender::new(ACCOUNT.to_owned()),
            said: watch::Sender::default(),
            calls: watch::Sender::new(Vec::new()),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        IdleAws {
            address,
            shared,
            _serving: serving,
        }
    }

    /// The account that callers are of from now on.
    pub fn set_account(&self, account: &str) {
        self.shared.account.send_replace(account.to_owned());
    }

    /// How long what AssumeRole gives is said to work from now on.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.shared.lifetime.send_replace(Some(lifetime));
    }

    /// What CodePipeline answers an operation with from now on.
    pub fn say(&self, operation: &str, status: u16, answer: &serde_json::Value) {
        let status = StatusCode::from_u16(status).expect("a status");
        self.shared.said.send_modify(|said| {
            said.insert(operation.to_owned(), (status, answer.to_string()));
        });
    }

    /// Where both listen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Wait for the first call of an operation whose key and signature are right.
    pub async fn genuine(&self, operation: &str, access_key: &str) -> Call {
        let mut calls = self.shared.calls.subscribe();
        let wanted = |call: &&Call| {
            call.genuine && call.operation == operation && call.access_key == access_key
        };
        let waited = timeout(
            DEADLINE,
            calls.wait_for(|calls| calls.iter().any(|call| wanted(&call))),
        );
        match waited.await {
            Ok(Ok(calls)) => calls.iter().find(wanted).expect("it was seen").clone(),
            _ => panic!(
                "no {operation} came that {access_key} had signed, but:\n{:#?}",
                self.calls()
            ),
        }
    }

    /// Everything that came.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.borrow().clone()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = text(&headers, "x-amz-target");
    let parameters: BTreeMap<String, String> = match target {
        Some(_) => BTreeMap::new(),
        None => url::form_urlencoded::parse(&body).into_owned().collect(),
    };
    let operation = match target {
        Some(target) => target.rsplit('.').next().unwrap_or(target).to_owned(),
        None => parameters.get("Action").cloned().unwrap_or_default(),
    };
    let (access_key, region, genuine) = signer(&shared, &method, &uri, &headers, &body);
    let role = parameters.get("RoleArn").cloned().unwrap_or_default();
    let is_sts = target.is_none();
    let asked = operation.clone();
    shared.calls.send_modify(|calls| {
        calls.push(Call {
            operation,
            parameters,
            request: serde_json::from_slice(&body).unwrap_or_default(),
            access_key,
            region,
            genuine,
        });
    });
    match (is_sts, genuine && !(is_sts && shared.closed)) {
        (true, true) if asked == "GetCallerIdentity" => {
            let account = shared.account.borrow().clone();
            identity(&account).into_response()
        }
        (true, true) => assumed(&role, *shared.lifetime.borrow()).into_response(),
        (true, false) => (StatusCode::FORBIDDEN, DENIED_BY_STS).into_response(),
        (false, true) => {
            let said = shared.said.borrow().get(&asked).cloned();
            match (said, shared.upstream) {
                (Some((status, text)), _) => (status, text).into_response(),
                (None, Some(upstream)) => {
                    let target = target.unwrap_or_default();
                    resigned::pass_on(upstream, target, body)
                        .await
                        .into_response()
                }
                (None, None) => "{\"jobs\":[]}".into_response(),
            }
        }
        (false, false) => (
            StatusCode::BAD_REQUEST,
            "{\"__type\":\"InvalidSignatureException\",\"message\":\"not the signature\"}",
        )
            .into_response(),
    }
}

/// Who signed, for which Region, and whether with the right secret and token.
fn signer(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> (String, String, bool) {
    let claimed = text(headers, "authorization").unwrap_or_default();
    let field = |name: &str| {
        let (_, rest) = claimed.split_once(&format!("{name}=")).unwrap_or_default();
        rest.split([',', ' ']).next().unwrap_or_default().to_owned()
    };
    let scope = field("Credential");
    let mut scope = scope.split('/').map(str::to_owned);
    let mut next = || scope.next().unwrap_or_default();
    let (id, _date, region, service) = (next(), next(), next(), next());
    let known = match shared.keys.get(&id) {
        Some(secret) => Some((secret.as_str(), None)),
        None if id == ASSUMED.0 => Some((ASSUMED.1, Some(ASSUMED.2))),
        None => None,
    };
    let Some((secret, token)) = known else {
        return (id, region, false);
    };
    if text(headers, "x-amz-security-token") != token {
        return (id, region, false);
    }
    let stamp = text(headers, "x-amz-date").unwrap_or_default();
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|time| SystemTime::from(time.timestamp()));
    let Ok(time) = time else {
        return (id, region, false);
    };
    let signed = field("SignedHeaders");
    // These two the signer adds by itself.
    let headers = signed
        .split(';')
        .filter(|name| !["x-amz-date", "x-amz-security-token"].contains(name))
        .filter_map(|name| Some((name, text(headers, name)?)));
    let host = headers.clone().find(|(name, _)| *name == "host");
    let url = format!("http://{}{uri}", host.map_or("", |(_, host)| host));
    let identity = Credentials::new(&id, secret, token.map(str::to_owned), None, "test").into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&region)
        .name(&service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .expect("all is given")
        .into();
    let request = SignableRequest::new(method.as_str(), url, headers, SignableBody::Bytes(body));
    let made = request.and_then(|request| sign(request, &parameters));
    let genuine = made.is_ok_and(|made| made.signature() == field("Signature"));
    (id, region, genuine)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

const DENIED_BY_STS: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
    <Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";

fn identity(account: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/test</Arn><UserId>AIDATEST</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

fn assumed(role: &str, lifetime: Option<Duration>) -> String {
    let (id, secret, token) = ASSUMED;
    let end = lifetime.map(|lifetime| Timestamp::now() + lifetime);
    let end = end.map_or("2099-01-01T00:00:00Z".to_owned(), |end| end.to_string());
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
         <AssumedRoleUser><AssumedRoleId>AROATEST:pipefitter</AssumedRoleId><Arn>{role}</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{end}</Expiration></Credentials>\
         </AssumeRoleResult></AssumeRoleResponse>"
    )
}
