//! Who signed a request, and whether they may make it.
//!
//! s3s verifies signatures with the secret that [`S3Auth`] gives it, and then asks [`S3Access`]
//! before it reads the body. It knows nothing of session tokens: they are compared here.
//!
//! ```text
//!   no signature          AccessDenied            wrong or missing token   InvalidToken
//!   unknown access key    InvalidAccessKeyId      session is over          ExpiredToken (400)
//!   wrong signature       SignatureDoesNotMatch   not the job's object     AccessDenied
//! ```
//!
//! A job's session reads its inputs and writes its outputs, object by object, and does nothing else:
//! what AWS's session policy for a job worker comes to.

use http::{HeaderMap, Method, Uri};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use subtle::ConstantTimeEq;

use super::operation::operation_of;
use super::ops::BUILT;
use crate::auth::{Identity, JobAccess, ROOT_KEY, Registry};

/// Where the list of what is built, and what is not, is kept.
pub(super) const LIST: &str = "docs/LOCAL.md lists what the embedded S3 has";

/// What a job may do with the objects it reads.
const READS: &[&str] = &["GetObject", "HeadObject"];

/// What a job may do with the objects it writes.
const WRITES: &[&str] = &[
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
];

/// The writes that say how the object is encrypted; a part goes with its upload.
const ENCRYPTING: &[&str] = &["PutObject", "CreateMultipartUpload"];

/// Query parameters that stand without a value in requests that are built. Any other one names a
/// sub-resource that s3s may not know: passed on, `PUT /b/k?something` would overwrite the object.
const BARE_PARAMETERS: &[&str] = &[
    "continuation-token",
    "delete",
    "delimiter",
    "encoding-type",
    "key-marker",
    "location",
    "marker",
    "prefix",
    "start-after",
    "tagging",
    "upload-id-marker",
    "uploads",
    "version-id-marker",
    "versioning",
    "versions",
    "x-id",
];

/// Headers of features that are not built. To accept one in silence would promise its effect.
const UNBUILT_HEADERS: &[(&str, &str)] = &[
    ("x-amz-grant-", "access control lists"),
    ("x-amz-object-lock-", "object lock"),
    ("x-amz-bucket-object-lock-", "object lock"),
    ("x-amz-tagging", "object tags"),
    ("x-amz-server-side-encryption-customer-", "SSE-C"),
    (
        "x-amz-copy-source-server-side-encryption-customer-",
        "SSE-C",
    ),
    ("x-amz-write-offset-bytes", "appending"),
];

/// Who should own the bucket, and the bucket that is copied from.
const OWNERS: &[&str] = &[
    "x-amz-expected-bucket-owner",
    "x-amz-source-expected-bucket-owner",
];

/// The access lists that say what is so anyway.
const PLAIN_ACLS: &[&str] = &["private", "bucket-owner-full-control"];

/// Lets requests in.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) registry: Registry,
    /// The one account, whose every bucket is.
    pub(super) account: String,
}

#[async_trait::async_trait]
impl S3Auth for Gate {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.identity(access_key)? {
            Identity::Root => Ok(ROOT_KEY.into()),
            // An expired session's too: its owner is told so, once the signature is found good.
            Identity::Job(access) => Ok(access.secret.as_str().into()),
        }
    }
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = cx.credentials() else {
            return Err(s3_error!(
                AccessDenied,
                "the request is not signed; set AWS_ACCESS_KEY_ID={ROOT_KEY} and AWS_SECRET_ACCESS_KEY={ROOT_KEY}"
            ));
        };
        let identity = self.identity(&credentials.access_key)?;
        let token = session_token(cx.uri(), cx.headers());
        let operation = cx.s3_op().name();
        match &identity {
            Identity::Root if token.is_some() => {
                return Err(s3_error!(
                    InvalidToken,
                    "the access key {ROOT_KEY} has no session token; unset AWS_SESSION_TOKEN"
                ));
            }
            Identity::Root => {}
            Identity::Job(access) => {
                let token = token.unwrap_or_default();
                let expected = access.session_token.as_bytes();
                if !bool::from(token.as_bytes().ct_eq(expected)) {
                    return Err(s3_error!(
                        InvalidToken,
                        "The provided token is malformed or otherwise invalid."
                    ));
                }
                if self.registry.is_expired(access) {
                    return Err(s3_error!(
                        ExpiredToken,
                        "The provided token has expired. Call GetJobDetails for new credentials."
                    ));
                }
                check_job(access, operation, cx.s3_path(), cx.headers())?;
            }
        }
        self.check_owner(cx.headers())?;
        check_built(operation, cx.method(), cx.uri(), cx.headers())
    }
}

impl Gate {
    fn identity(&self, access_key: &str) -> S3Result<Identity> {
        self.registry.lookup(access_key).ok_or_else(|| {
            s3_error!(
                InvalidAccessKeyId,
                "The AWS Access Key Id you provided does not exist in our records."
            )
        })
    }
}

impl Gate {
    /// Whoever names an owner wants nobody else's bucket.
    fn check_owner(&self, headers: &HeaderMap) -> S3Result<()> {
        let mut named = OWNERS.iter().filter_map(|name| headers.get(*name));
        if named.any(|owner| owner != self.account.as_str()) {
            return Err(s3_error!(
                AccessDenied,
                "Access Denied: the buckets here are the account {}'s, and another owner is expected",
                self.account
            ));
        }
        Ok(())
    }
}

/// The token travels as the signature does: in a header, or in a presigned query.
fn session_token(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let mut presigned = url::form_urlencoded::parse(query.as_bytes());
    if query.contains("X-Amz-Signature=") {
        return presigned
            .find(|(name, _)| name == "X-Amz-Security-Token")
            .map(|(_, token)| token.into_owned());
    }
    let token = headers.get("x-amz-security-token")?;
    // What is not text is no token of ours, and still a token.
    Some(token.to_str().unwrap_or("?").to_owned())
}

/// Whether a job's session may do this.
fn check_job(
    access: &JobAccess,
    operation: &str,
    path: &S3Path,
    headers: &HeaderMap,
) -> S3Result<()> {
    let denied = |reason: String| Err(S3Error::with_message(S3ErrorCode::AccessDenied, reason));
    let Some((bucket, key)) = path.as_object() else {
        return denied(format!(
            "Access Denied: a job's credentials may not call {operation}; they read its input artifacts and write its output artifacts"
        ));
    };
    let listed = |objects: &[(String, String)]| {
        let mut objects = objects.iter();
        objects.any(|object| object.0 == bucket && object.1 == key)
    };
    let reads = READS.contains(&operation) && listed(&access.reads);
    let writes = WRITES.contains(&operation) && listed(&access.writes);
    if !reads && !writes {
        return denied(format!(
            "Access Denied: this job's credentials may not call {operation} on {bucket}/{key}; they read its input artifacts and write its output artifacts"
        ));
    }
    let Some(rule) = &access.require_kms else {
        return Ok(());
    };
    if !ENCRYPTING.contains(&operation) {
        return Ok(());
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("x-amz-server-side-encryption") != Some("aws:kms") {
        return denied(
            "Access Denied: the artifact bucket takes uploads with x-amz-server-side-encryption: aws:kms only".into(),
        );
    }
    let key_id = header("x-amz-server-side-encryption-aws-kms-key-id");
    if key_id != rule.key_id.as_deref() {
        return denied(match &rule.key_id {
            Some(expected) => format!(
                "Access Denied: the pipeline's artifacts are encrypted with the key {expected}; send it as x-amz-server-side-encryption-aws-kms-key-id"
            ),
            None => "Access Denied: the job has no encryption key; leave x-amz-server-side-encryption-aws-kms-key-id out".into(),
        });
    }
    Ok(())
}

/// Whether everything that the request asks for exists here.
fn check_built(operation: &str, method: &Method, uri: &Uri, headers: &HeaderMap) -> S3Result<()> {
    let unbuilt = |what: &str| Err(s3_error!(NotImplemented, "{what} is not built; {LIST}"));
    // s3s takes an operation that it does not know for a plainer one.
    let named = operation_of(method, uri, headers);
    let mut names = named.into_iter().chain([operation]);
    if let Some(name) = names.find(|name| !BUILT.contains(name)) {
        return unbuilt(name);
    }
    let query = uri.query().unwrap_or_default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let known = BARE_PARAMETERS.contains(&&*name) || name.starts_with("X-Amz-");
        if value.is_empty() && !name.is_empty() && !known {
            return unbuilt(&format!("the sub-resource ?{name}"));
        }
    }
    for name in headers.keys() {
        let name = name.as_str();
        let mut all = UNBUILT_HEADERS.iter();
        if let Some((_, feature)) = all.find(|(prefix, _)| name.starts_with(prefix)) {
            return unbuilt(&format!("{feature} (the header {name})"));
        }
    }
    let ownership = headers.get("x-amz-object-ownership");
    if ownership.is_some_and(|ownership| ownership != "BucketOwnerEnforced") {
        return unbuilt("object ownership other than BucketOwnerEnforced");
    }
    match headers.get("x-amz-acl").map(|acl| acl.to_str()) {
        None => Ok(()),
        Some(Ok(acl)) if PLAIN_ACLS.contains(&acl) => Ok(()),
        Some(_) => Err(super::ops::custom(
            "AccessControlListNotSupported",
            "The bucket does not allow ACLs".into(),
        )),
    }
}
