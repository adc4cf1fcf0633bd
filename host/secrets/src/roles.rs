//! Whether credentials that are not there may come by themselves: whoever gives them is in trouble, or says no.
//!
//! A role's come from STS, and its answer is in the error's chain, whichever way the role was configured.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_types::retry::ErrorKind;

use crate::answer::is_trouble;

pub(crate) fn passes(error: &CredentialsError) -> bool {
    if matches!(error, CredentialsError::ProviderTimedOut(_)) {
        return true;
    }
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source()).any(|error| {
        let connection = error.downcast_ref::<ConnectorError>();
        let plain = error.downcast_ref::<SdkError<AssumeRoleError>>();
        let web = error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError>>();
        connection.is_some_and(broke_off)
            || plain.is_some_and(is_in_trouble)
            || web.is_some_and(is_in_trouble)
    })
}

/// Nobody answered, or not to the end.
fn broke_off(error: &ConnectorError) -> bool {
    error.is_io() || error.is_timeout() || error.as_other() == Some(ErrorKind::TransientError)
}

fn is_in_trouble<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code().unwrap_or_default();
            is_trouble(code, answer.raw().status().as_u16())
        }
        SdkError::ResponseError(answer) => is_trouble("", answer.raw().status().as_u16()),
        SdkError::TimeoutError(_) => true,
        // What lies below tells: a connection, or credentials to ask STS with.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn answer(code: &str, status: u16) -> CredentialsError {
        let said = ErrorMetadata::builder().code(code).build();
        let raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        let answer = SdkError::service_error(AssumeRoleError::generic(said), raw);
        CredentialsError::provider_error(answer)
    }

    #[test]
    fn sts_in_trouble_passes_and_its_no_does_not() {
        let silence: SdkError<AssumeRoleError> = SdkError::timeout_error("no answer");
        let missing = CredentialsError::not_loaded("no provider");
        let missing = ConnectorError::other(missing.into(), None);
        let missing: SdkError<AssumeRoleError> = SdkError::dispatch_failure(missing);
        let unreachable = ConnectorError::io("connection refused".into());
        let broken = ConnectorError::other("half".into(), Some(ErrorKind::TransientError));
        for (error, expected) in [
            (answer("AccessDenied", 403), false),
            (answer("ExpiredToken", 403), false),
            (answer("Throttling", 400), true),
            (answer("InternalFailure", 500), true),
            (CredentialsError::provider_error(silence), true),
            (CredentialsError::provider_error(missing), false),
            (CredentialsError::provider_error(unreachable), true),
            (CredentialsError::provider_error(broken), true),
            (CredentialsError::not_loaded("no provider"), false),
            (
                CredentialsError::provider_timed_out(Duration::from_secs(1)),
                true,
            ),
        ] {
            assert_eq!(passes(&error), expected, "{error:?}");
        }
    }
}
