//! Which operation of S3 a request is for.
//!
//! The table is that of S3's model, so that an operation is named though it is not built, and though
//! s3s does not know it. Of all operations that a request could be for, it is for the one that asks
//! for most: `?uploadId=` makes ListParts of a GetObject.

use http::{HeaderMap, Method, Uri};

use super::model::OPERATIONS;

/// One operation, by what its requests cannot be without.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) target: Target,
    /// `name`, or `name=value`.
    pub(super) query: &'static [&'static str],
    pub(super) header: Option<&'static str>,
}

/// What a request's path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Service,
    Bucket,
    Object,
}

impl Operation {
    pub(super) const fn new(
        name: &'static str,
        method: &'static str,
        target: Target,
        query: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            method,
            target,
            query,
            header: None,
        }
    }

    pub(super) const fn with(self, header: &'static str) -> Self {
        Self {
            header: Some(header),
            ..self
        }
    }

    /// How much it asks for.
    fn weight(&self) -> usize {
        self.query.len() + usize::from(self.header.is_some())
    }
}

/// The name of the operation; none where S3 has no such one.
pub(crate) fn operation_of(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<&'static str> {
    let target = target(uri.path());
    let query = uri.query().unwrap_or_default();
    let parameters: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let is_given = |wanted: &&str| {
        let (name, value) = wanted.split_once('=').unwrap_or((wanted, ""));
        parameters
            .iter()
            .any(|(key, given)| key == name && (value.is_empty() || given == value))
    };
    OPERATIONS
        .iter()
        .filter(|operation| operation.method == method && operation.target == target)
        .filter(|operation| operation.query.iter().all(is_given))
        .filter(|operation| {
            operation
                .header
                .is_none_or(|name| headers.contains_key(name))
        })
        .max_by_key(|operation| operation.weight())
        .map(|operation| operation.name)
}

fn target(path: &str) -> Target {
    match path.trim_start_matches('/').split_once('/') {
        Some((_, key)) if !key.is_empty() => Target::Object,
        _ if path.trim_matches('/').is_empty() => Target::Service,
        _ => Target::Bucket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::ops::BUILT;

    #[test]
    fn requests_are_told_apart() {
        let name = |method: &str, uri: &str| {
            let request = http::Request::builder().method(method).uri(uri);
            let (head, ()) = request.body(()).unwrap().into_parts();
            operation_of(&head.method, &head.uri, &head.headers).unwrap_or_default()
        };
        for (method, uri, expected) in [
            ("GET", "/", "ListBuckets"),
            ("GET", "/bucket/a/key", "GetObject"),
            ("GET", "/bucket/a/key?versionId=v", "GetObject"),
            ("PUT", "/bucket/key?x-id=PutObject", "PutObject"),
            ("PUT", "/bucket/key?partNumber=1&uploadId=u", "UploadPart"),
            ("POST", "/bucket/key?uploads=", "CreateMultipartUpload"),
            ("POST", "/bucket/key?uploadId=u", "CompleteMultipartUpload"),
            ("GET", "/bucket/key?uploadId=u", "ListParts"),
            ("DELETE", "/bucket/key?uploadId=u", "AbortMultipartUpload"),
            ("GET", "/bucket?list-type=2", "ListObjectsV2"),
            ("GET", "/bucket?list-type=1", "ListObjects"),
            ("HEAD", "/bucket/", "HeadBucket"),
            ("PUT", "/bucket", "CreateBucket"),
            ("PUT", "/bucket?versioning", "PutBucketVersioning"),
            (
                "GET",
                "/bucket?analytics",
                "ListBucketAnalyticsConfigurations",
            ),
            (
                "GET",
                "/bucket?analytics&id=1",
                "GetBucketAnalyticsConfiguration",
            ),
            ("POST", "/bucket", ""),
        ] {
            assert_eq!(name(method, uri), expected, "{method} {uri}");
        }
        let copy = http::HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amz-copy-source"),
            http::HeaderValue::from_static("bucket/other"),
        )]);
        let put = |uri: &'static str| operation_of(&Method::PUT, &Uri::from_static(uri), &copy);
        assert_eq!(put("/bucket/key"), Some("CopyObject"));
        let part = "/bucket/key?partNumber=1&uploadId=u";
        assert_eq!(put(part), Some("UploadPartCopy"));
    }

    #[test]
    fn what_is_built_is_of_the_model() {
        for name in BUILT {
            let mut all = OPERATIONS.iter();
            assert!(all.any(|operation| operation.name == *name), "{name}");
        }
    }
}
