//! A queue's URL, which says where to ask, whose the queue is, and what it is called.

use std::fmt;

use url::Url;

/// The URL of a standard SQS queue, as `aws sqs create-queue` answers it.
#[derive(Clone, PartialEq, Eq)]
pub struct QueueUrl {
    url: Url,
    account: String,
    name: String,
}

/// A URL is not a queue's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueueUrlError {
    /// Not `http` or `https`, or no URL.
    #[error("it is not an http or https URL")]
    NotAUrl,
    /// It has what a queue's URL does not have.
    #[error("it has a user, a query or a fragment in it")]
    TooMuch,
    /// The path is not account and name.
    #[error("its path is not an account's 12 digits and the queue's name")]
    NotAQueue,
    /// A FIFO queue.
    #[error(
        "it is a FIFO queue: the order of events means nothing here, and they would be slowed down"
    )]
    Fifo,
}

impl QueueUrl {
    /// Take a URL apart.
    ///
    /// # Errors
    /// It is not a standard queue's.
    pub fn parse(text: &str) -> Result<QueueUrl, QueueUrlError> {
        let url = Url::parse(text).map_err(|_| QueueUrlError::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(QueueUrlError::NotAUrl);
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(QueueUrlError::TooMuch);
        }
        let mut parts = url.path().trim_start_matches('/').split('/');
        let (Some(account), Some(name), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(QueueUrlError::NotAQueue);
        };
        let of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.ends_with(".fifo") {
            return Err(QueueUrlError::Fifo);
        }
        // 80 characters: API reference of CreateQueue, QueueName.
        let is_name = (1..=80).contains(&name.len()) && name.chars().all(of_name);
        let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if !is_name || !is_account {
            return Err(QueueUrlError::NotAQueue);
        }
        let (account, name) = (account.to_owned(), name.to_owned());
        Ok(QueueUrl { url, account, name })
    }

    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Scheme, host and port: the service that has this queue, be it a Region's, a VPC endpoint or another one that
    /// speaks the protocol.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The account that the queue belongs to, 12 digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The queue's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The queue's ARN, in the Region and partition that it is said to be in.
    #[must_use]
    pub fn arn(&self, partition: &str, region: &str) -> String {
        format!(
            "arn:{partition}:sqs:{region}:{}:{}",
            self.account, self.name
        )
    }
}

impl fmt::Debug for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queues_url_says_where_whose_and_what() {
        let url = "https://sqs.eu-central-1.amazonaws.com/111122223333/pipefitter-1";
        let queue = QueueUrl::parse(url).unwrap();
        assert_eq!(queue.as_str(), url);
        assert_eq!(queue.endpoint(), "https://sqs.eu-central-1.amazonaws.com");
        assert_eq!(
            (queue.account(), queue.name()),
            ("111122223333", "pipefitter-1")
        );
        assert_eq!(
            queue.arn("aws", "eu-central-1"),
            "arn:aws:sqs:eu-central-1:111122223333:pipefitter-1"
        );
        let here = QueueUrl::parse("http://127.0.0.1:5000/123456789012/q").unwrap();
        assert_eq!(here.endpoint(), "http://127.0.0.1:5000");
    }

    #[test]
    fn what_is_not_a_standard_queues_url_is_refused() {
        let refused = |text: &str| QueueUrl::parse(text).unwrap_err();
        for (text, fault) in [
            (
                "arn:aws:sqs:eu-central-1:111122223333:q",
                QueueUrlError::NotAUrl,
            ),
            ("pipefitter", QueueUrlError::NotAUrl),
            ("ftp://host/111122223333/q", QueueUrlError::NotAUrl),
            ("https://me@host/111122223333/q", QueueUrlError::TooMuch),
            ("https://host/111122223333/q?x=1", QueueUrlError::TooMuch),
            ("https://host/q", QueueUrlError::NotAQueue),
            ("https://host/1/q", QueueUrlError::NotAQueue),
            ("https://host/111122223333/", QueueUrlError::NotAQueue),
            ("https://host/111122223333/q/r", QueueUrlError::NotAQueue),
            ("https://host/111122223333/q.fifo", QueueUrlError::Fifo),
        ] {
            assert_eq!(refused(text), fault, "{text}");
        }
    }
}
