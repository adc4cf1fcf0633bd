//! The digests that a client sends with content, and their verification.
//!
//! They come as headers, or behind the content as trailers; s3s passes both on and checks neither.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};

use super::convert::custom;
use crate::s3::StoreError;
use crate::s3::checksum::Algorithm;
use crate::s3::store::Received;

/// What a client promises about content.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    md5: Option<Vec<u8>>,
    checksum: Option<(Algorithm, Source)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Source {
    Header(Vec<u8>),
    Trailer,
}

impl Declared {
    /// Reads the headers of an upload.
    pub(super) fn from_headers(headers: &HeaderMap) -> S3Result<Self> {
        let md5 = match text(headers, "content-md5") {
            None => None,
            Some(value) => Some(digest(value, 16).ok_or_else(|| {
                s3_error!(InvalidDigest, "Content-MD5 is not 16 bytes in Base64")
            })?),
        };
        let mut checksum = None;
        for algorithm in Algorithm::ALL {
            let header = algorithm.header();
            let source = match text(headers, header) {
                Some(value) => {
                    Source::Header(digest(value, algorithm.length()).ok_or_else(|| {
                        s3_error!(InvalidRequest, "Value for {header} header is invalid.")
                    })?)
                }
                None if is_trailer(headers, header) => Source::Trailer,
                None => continue,
            };
            if checksum.replace((algorithm, source)).is_some() {
                return Err(s3_error!(
                    InvalidRequest,
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
                ));
            }
        }
        if checksum.is_none() && headers.contains_key("x-amz-sdk-checksum-algorithm") {
            return Err(s3_error!(
                InvalidRequest,
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
            ));
        }
        Ok(Self { md5, checksum })
    }

    /// The algorithm that the content must be hashed with.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.checksum.as_ref().map(|(algorithm, _)| *algorithm)
    }

    /// Holds the content to what was promised. The trailers are there once it was received.
    pub(super) fn verify(
        &self,
        received: &Received,
        trailers: Option<&TrailingHeaders>,
    ) -> S3Result<()> {
        let differs = |digest| S3Error::from(StoreError::BadDigest { digest });
        if self.md5.as_ref().is_some_and(|md5| md5[..] != received.md5) {
            return Err(differs("Content-MD5"));
        }
        let Some((algorithm, source)) = &self.checksum else {
            return Ok(());
        };
        let expected = match source {
            Source::Header(value) => value.clone(),
            Source::Trailer => trailers
                .and_then(|trailers| {
                    let value = trailers.read(|all| {
                        let value = text(all, algorithm.header())?;
                        digest(value, algorithm.length())
                    });
                    value.flatten()
                })
                .ok_or_else(|| {
                    custom(
                        "MalformedTrailerError",
                        format!(
                            "the trailer {} was announced and is missing or malformed",
                            algorithm.header()
                        ),
                    )
                })?,
        };
        match received.digest(*algorithm) {
            Some(digest) if digest == expected => Ok(()),
            _ => Err(differs(algorithm.name())),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn is_trailer(headers: &HeaderMap, name: &str) -> bool {
    let trailers = headers.get_all("x-amz-trailer").into_iter();
    trailers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|trailer| trailer.trim().eq_ignore_ascii_case(name))
}

fn digest(base64: &str, length: usize) -> Option<Vec<u8>> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    (bytes.len() == length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(headers: &[(&'static str, &'static str)]) -> S3Result<Declared> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Declared::from_headers(&headers.collect())
    }

    #[test]
    fn headers_and_trailers_name_the_checksum() {
        let trailer = declared(&[("x-amz-trailer", "x-amz-checksum-crc32")]).unwrap();
        assert_eq!(trailer.algorithm(), Some(Algorithm::Crc32));
        let header = declared(&[("x-amz-checksum-crc32c", "yZRlqg==")]).unwrap();
        assert_eq!(header.algorithm(), Some(Algorithm::Crc32c));
        assert_eq!(declared(&[]).unwrap().algorithm(), None);
    }

    #[test]
    fn malformed_promises_are_refused() {
        for (headers, code) in [
            (&[("content-md5", "AAAA")][..], "InvalidDigest"),
            (&[("x-amz-checksum-crc32", "?")], "InvalidRequest"),
            (
                &[("x-amz-sdk-checksum-algorithm", "CRC32")],
                "InvalidRequest",
            ),
            (
                &[
                    ("x-amz-checksum-crc32", "yZRlqg=="),
                    ("x-amz-trailer", "x-amz-checksum-sha1"),
                ],
                "InvalidRequest",
            ),
        ] {
            assert_eq!(declared(headers).unwrap_err().code().as_str(), code);
        }
    }
}
