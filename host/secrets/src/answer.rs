//! An answer of AWS that is no secret, in words for the operator.
//!
//! The SDK's error is taken apart here and dropped: its `Debug` shows requests and responses whole, and a
//! response that could not be read may be one with the value in it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::SecretError;
use crate::roles;

/// Of what AWS says, in characters.
const SAID: usize = 400;

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) secret: String,
    /// In words.
    pub(crate) place: String,
    /// The IAM permission that it takes, and on what.
    pub(crate) permission: String,
}

impl Place {
    pub(crate) fn failed<E: ProvideErrorMetadata>(
        &self,
        error: &SdkError<E, HttpResponse>,
    ) -> SecretError {
        match error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let meta = answer.err().meta();
                self.refused(status, meta.code(), meta.message().unwrap_or_default())
            }
            SdkError::TimeoutError(_) => self.unavailable("no answer in time".to_owned()),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => self.not_sent(error),
                None => self.unavailable("no connection".to_owned()),
            },
            SdkError::ResponseError(answer) if answer.raw().status().is_success() => {
                self.unavailable("an answer that cannot be read".to_owned())
            }
            SdkError::ResponseError(answer) => {
                self.refused(answer.raw().status().as_u16(), None, "")
            }
            _ => SecretError::Refused {
                secret: self.secret.clone(),
                place: self.place.clone(),
                said: "no request could be made of its settings".to_owned(),
            },
        }
    }

    /// AWS's own words are kept to their first line: further ones of a signature error show the request, with
    /// its session token.
    fn refused(&self, status: u16, code: Option<&str>, text: &str) -> SecretError {
        let (secret, place) = (self.secret.clone(), self.place.clone());
        let said = match code {
            None => format!("status {status}"),
            Some(code) if text.is_empty() => code.to_owned(),
            Some(code) => format!("{code}: {}", first_line(text)),
        };
        match code.unwrap_or_default() {
            "ResourceNotFoundException" | "ParameterNotFound" | "ParameterVersionNotFound" => {
                SecretError::Missing {
                    secret,
                    place,
                    said,
                }
            }
            // Secrets Manager's and SSM's ways to say that KMS said no.
            "DecryptionFailure" | "InvalidKeyId" => SecretError::Key {
                secret,
                place,
                said,
            },
            "AccessDeniedException" | "AccessDenied"
                if text.contains("KMS") || text.contains("kms:") =>
            {
                SecretError::Key {
                    secret,
                    place,
                    said,
                }
            }
            "AccessDeniedException"
            | "AccessDenied"
            | "UnauthorizedOperation"
            | "NotAuthorized" => SecretError::Denied {
                secret,
                place,
                permission: self.permission.clone(),
                said,
            },
            // Of the errors that all services share ("Common Errors" of the API references), those that
            // are about who asks.
            "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "InvalidToken"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClientException" => SecretError::Credentials {
                secret,
                place,
                said,
            },
            code if is_trouble(code, status) => self.unavailable(said),
            // Not the store's own, but of something on the way: an endpoint's policy, a proxy.
            "" if matches!(status, 401 | 403) => SecretError::Denied {
                secret,
                place,
                permission: self.permission.clone(),
                said,
            },
            "" => self.unavailable(said),
            _ => SecretError::Refused {
                secret,
                place,
                said,
            },
        }
    }

    fn not_sent(&self, error: &ConnectorError) -> SecretError {
        let mut chain = Vec::new();
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            chain.push(error);
            next = error.source();
        }
        let mut words: Vec<String> = chain.iter().map(ToString::to_string).collect();
        words.dedup();
        let said = first_line(&words.join(": "));
        let credentials = chain
            .iter()
            .find_map(|error| error.downcast_ref::<CredentialsError>());
        match credentials {
            Some(error) if roles::passes(error) => self.unavailable(said),
            Some(_) => SecretError::Credentials {
                secret: self.secret.clone(),
                place: self.place.clone(),
                said,
            },
            None if error.is_timeout() => {
                self.unavailable("no connection or answer in time".to_owned())
            }
            None => self.unavailable(said),
        }
    }

    fn unavailable(&self, said: String) -> SecretError {
        SecretError::Unavailable {
            secret: self.secret.clone(),
            place: self.place.clone(),
            said,
        }
    }
}

/// Whether a service has enough to do with itself: asked again later, it may say something else.
pub(crate) fn is_trouble(code: &str, status: u16) -> bool {
    status >= 500
        || status == 429
        || code.contains("Throttl")
        || code.contains("TooManyRequests")
        || code == "RequestLimitExceeded"
        || code == "SlowDown"
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars()
        .filter(|c| !c.is_control())
        .take(SAID)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Answers in the services' own words, from their API references and as AWS gives them.
    #[test]
    fn every_answer_says_what_to_do() {
        let place = Place {
            secret: "npm".to_owned(),
            place: "secret ci/npm of Secrets Manager in eu-central-1".to_owned(),
            permission: "secretsmanager:GetSecretValue on ci/npm".to_owned(),
        };
        let mut told = String::new();
        for (status, code, text) in [
            (
                400,
                Some("AccessDeniedException"),
                "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: \
                 secretsmanager:GetSecretValue on resource: ci/npm because no identity-based policy allows \
                 the secretsmanager:GetSecretValue action",
            ),
            (
                400,
                Some("AccessDeniedException"),
                "Access to KMS is not allowed",
            ),
            (400, Some("DecryptionFailure"), ""),
            (
                400,
                Some("InvalidRequestException"),
                "You can't perform this operation on the secret because it was marked for deletion.",
            ),
            (
                400,
                Some("ResourceNotFoundException"),
                "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
            ),
            (
                400,
                Some("ExpiredTokenException"),
                "The security token is expired",
            ),
            (
                400,
                Some("InvalidSignatureException"),
                "The request signature does not match.\n\nThe Canonical String should have been\nPOST",
            ),
            (400, Some("ThrottlingException"), "Rate exceeded"),
            (
                500,
                Some("InternalServiceError"),
                "An error occurred on the server side.",
            ),
            (503, None, "<html>"),
            (403, None, "<html>"),
            (400, Some("ValidationException"), "Invalid name"),
        ] {
            let error = place.refused(status, code, text);
            let _ = writeln!(told, "{:?}: {error}", error.kind());
        }
        insta::assert_snapshot!(told);
    }
}
