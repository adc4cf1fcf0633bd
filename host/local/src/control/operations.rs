//! Which operation of S3 a request is, as far as faults tell operations apart.

use http::Method;
use http::request::Parts;

/// The operation's name; `S3` for one that has no name here.
pub(crate) fn s3_operation(parts: &Parts) -> &'static str {
    let query = parts.uri.query().unwrap_or_default();
    let has =
        |name: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name);
    let path = parts.uri.path().trim_start_matches('/');
    let is_object = path.split_once('/').is_some_and(|(_, key)| !key.is_empty());
    match (parts.method.clone(), is_object) {
        (Method::GET, true) if has("uploadId") => "ListParts",
        (Method::GET, true) => "GetObject",
        (Method::HEAD, true) => "HeadObject",
        (Method::PUT, true) if has("partNumber") => "UploadPart",
        (Method::PUT, true) if parts.headers.contains_key("x-amz-copy-source") => "CopyObject",
        (Method::PUT, true) => "PutObject",
        (Method::POST, true) if has("uploads") => "CreateMultipartUpload",
        (Method::POST, true) if has("uploadId") => "CompleteMultipartUpload",
        (Method::DELETE, true) if has("uploadId") => "AbortMultipartUpload",
        (Method::DELETE, true) => "DeleteObject",
        (Method::GET, false) if has("list-type") => "ListObjectsV2",
        (Method::HEAD, false) => "HeadBucket",
        _ => "S3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let name = |method: &str, uri: &str| {
            let request = http::Request::builder().method(method).uri(uri).body(());
            s3_operation(&request.unwrap().into_parts().0)
        };
        assert_eq!(name("GET", "/bucket/a/key"), "GetObject");
        assert_eq!(name("PUT", "/bucket/key?x-id=PutObject"), "PutObject");
        assert_eq!(
            name("PUT", "/bucket/key?partNumber=1&uploadId=u"),
            "UploadPart"
        );
        assert_eq!(
            name("POST", "/bucket/key?uploads="),
            "CreateMultipartUpload"
        );
        assert_eq!(
            name("POST", "/bucket/key?uploadId=u"),
            "CompleteMultipartUpload"
        );
        assert_eq!(name("GET", "/bucket?list-type=2"), "ListObjectsV2");
        assert_eq!(name("HEAD", "/bucket/"), "HeadBucket");
        assert_eq!(name("PUT", "/bucket"), "S3");
    }
}
