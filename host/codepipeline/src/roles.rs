//! What it means that there are no credentials to sign with: whoever gives them is in trouble, which passes, or says no.
//!
//! A role's credentials come from STS, and its answer is in the error's chain, whichever way the role was configured. STS
//! that throttles or fails says nothing about the role, so nothing may be given up for it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;

use crate::classify::{chain, class_of};
use crate::source::ErrorClass;

/// Credentials that are not there, or refused, do not come by themselves.
pub(crate) fn class_of_credentials(error: &CredentialsError) -> ErrorClass {
    if let Some(class) = chain(error).find_map(class_of_answer) {
        return class;
    }
    let unreachable = chain(error)
        .filter_map(|e| e.downcast_ref::<ConnectorError>())
        .any(broke_off);
    match error {
        CredentialsError::ProviderTimedOut(_) => ErrorClass::Transient,
        CredentialsError::ProviderError(_) | CredentialsError::Unhandled(_) if unreachable => {
            ErrorClass::Transient
        }
        _ => ErrorClass::Denied,
    }
}

/// Nobody answered, or not to the end.
fn broke_off(error: &ConnectorError) -> bool {
    error.is_io() || error.is_timeout() || error.as_other() == Some(ErrorKind::TransientError)
}

/// Of STS's answer, if this is one.
fn class_of_answer(error: &(dyn Error + 'static)) -> Option<ErrorClass> {
    let plain = error.downcast_ref::<SdkError<AssumeRoleError>>();
    let web = error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError>>();
    plain.and_then(answered).or_else(|| web.and_then(answered))
}

fn answered<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<ErrorClass> {
    let class = match error {
        SdkError::ServiceError(answer) => {
            class_of(answer.err().code(), answer.raw().status().as_u16())
        }
        SdkError::ResponseError(answer) => class_of(None, answer.raw().status().as_u16()),
        SdkError::TimeoutError(_) => ErrorClass::Transient,
        // What lies below tells: a connection, or credentials to ask STS with.
        _ => return None,
    };
    Some(match class {
        ErrorClass::Throttled | ErrorClass::Transient => class,
        _ => ErrorClass::Denied,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn refused() -> ConnectorError {
        ConnectorError::io("connection refused".into())
    }

    fn broken() -> ConnectorError {
        ConnectorError::other("half".into(), Some(ErrorKind::TransientError))
    }

    fn response(status: u16) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), SdkBody::empty())
    }

    fn answer(code: &str, status: u16) -> CredentialsError {
        let said = ErrorMetadata::builder().code(code).build();
        let answer = SdkError::service_error(AssumeRoleError::generic(said), response(status));
        CredentialsError::provider_error(answer)
    }

    fn of_a_web_identity(code: &str, status: u16) -> CredentialsError {
        let said = ErrorMetadata::builder().code(code).build();
        let said = AssumeRoleWithWebIdentityError::generic(said);
        CredentialsError::provider_error(SdkError::service_error(said, response(status)))
    }

    fn silence() -> CredentialsError {
        let silence: SdkError<AssumeRoleError> = SdkError::timeout_error("no answer");
        CredentialsError::provider_error(silence)
    }

    /// STS is reached, and there are no keys to ask it with.
    fn keyless() -> CredentialsError {
        let missing = CredentialsError::not_loaded("no provider");
        let missing = ConnectorError::other(missing.into(), None);
        let missing: SdkError<AssumeRoleError> = SdkError::dispatch_failure(missing);
        CredentialsError::provider_error(missing)
    }

    #[test]
    fn credentials_that_may_come_later_are_not_denied() {
        for (error, class) in [
            (
                CredentialsError::not_loaded("no provider"),
                ErrorClass::Denied,
            ),
            (
                CredentialsError::invalid_configuration("no such profile"),
                ErrorClass::Denied,
            ),
            (
                CredentialsError::provider_error("refused by somebody"),
                ErrorClass::Denied,
            ),
            (
                CredentialsError::provider_error(refused()),
                ErrorClass::Transient,
            ),
            (
                CredentialsError::provider_error(broken()),
                ErrorClass::Transient,
            ),
            (
                CredentialsError::provider_timed_out(Duration::from_secs(1)),
                ErrorClass::Transient,
            ),
            (answer("AccessDenied", 403), ErrorClass::Denied),
            (answer("ExpiredToken", 403), ErrorClass::Denied),
            (answer("ValidationError", 400), ErrorClass::Denied),
            (answer("Throttling", 400), ErrorClass::Throttled),
            (answer("InternalFailure", 500), ErrorClass::Transient),
            (answer("SomethingNew", 503), ErrorClass::Transient),
            (of_a_web_identity("Throttling", 400), ErrorClass::Throttled),
            (of_a_web_identity("AccessDenied", 403), ErrorClass::Denied),
            (silence(), ErrorClass::Transient),
            (keyless(), ErrorClass::Denied),
        ] {
            assert_eq!(class_of_credentials(&error), class, "{error:?}");
        }
    }
}
