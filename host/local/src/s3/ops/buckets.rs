//! Buckets.

use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Operations;
use super::convert::{custom, time};
use crate::s3::access::LIST;
use crate::s3::store::Versioning;

/// The Region that says nothing of itself: it has no location constraint.
const CLASSIC: &str = "us-east-1";

impl Operations {
    pub(super) async fn make_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let input = req.input;
        let configuration = input.create_bucket_configuration;
        if configuration
            .as_ref()
            .is_some_and(|asked| asked.bucket.is_some() || asked.location.is_some())
        {
            return Err(s3_error!(
                NotImplemented,
                "a directory bucket (Bucket and Location of CreateBucketConfiguration) is not built; {LIST}"
            ));
        }
        let constraint = configuration
            .and_then(|configuration| configuration.location_constraint)
            .map(|constraint| constraint.as_str().to_owned())
            .filter(|constraint| !constraint.is_empty());
        let region = constraint.as_deref().unwrap_or(CLASSIC);
        if region != self.region {
            return Err(custom(
                "IllegalLocationConstraintException",
                format!(
                    "this endpoint makes buckets in {}, and {region} was asked for; set the client's Region and its LocationConstraint to {0}",
                    self.region
                ),
            ));
        }
        let bucket = input.bucket;
        let created = self.store.create_bucket(&bucket, false).await?;
        // Making one's own bucket again is a success in us-east-1, and nowhere else.
        if !created && self.region != CLASSIC {
            return Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "the bucket {bucket} exists and is yours"
            ));
        }
        Ok(S3Response::new(CreateBucketOutput {
            location: Some(format!("/{bucket}")),
        }))
    }

    pub(super) async fn remove_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.store.delete_bucket(&req.input.bucket).await?;
        let output = DeleteBucketOutput::default();
        Ok(S3Response::with_status(
            output,
            http::StatusCode::NO_CONTENT,
        ))
    }

    pub(super) async fn probe_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.store.bucket(&req.input.bucket).await?;
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(self.region.clone()),
            ..Default::default()
        }))
    }

    pub(super) async fn all_buckets(
        &self,
        req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let input = req.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let max = input.max_buckets.map_or(usize::MAX, |max| {
            usize::try_from(max).unwrap_or_default().max(1)
        });
        let mut buckets: Vec<_> = self.store.buckets().await;
        buckets.retain(|bucket| {
            bucket.name.starts_with(&prefix)
                && input
                    .continuation_token
                    .as_ref()
                    .is_none_or(|token| bucket.name > *token)
        });
        let truncated = buckets.len() > max;
        buckets.truncate(max);
        let token = buckets.last().map(|bucket| bucket.name.clone());
        let buckets = buckets
            .into_iter()
            .map(|bucket| Bucket {
                creation_date: time(bucket.created),
                name: Some(bucket.name),
                bucket_region: Some(self.region.clone()),
            })
            .collect();
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(buckets),
            continuation_token: token.filter(|_| truncated),
            owner: Some(owner()),
            prefix: input.prefix,
        }))
    }

    pub(super) async fn location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.store.bucket(&req.input.bucket).await?;
        let constraint = (self.region != CLASSIC).then(|| self.region.clone().into());
        Ok(S3Response::new(GetBucketLocationOutput {
            location_constraint: constraint,
        }))
    }

    pub(super) async fn versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let bucket = self.store.bucket(&req.input.bucket).await?;
        let status = match bucket.versioning {
            Versioning::Never => None,
            Versioning::Enabled => Some(BucketVersioningStatus::ENABLED),
            Versioning::Suspended => Some(BucketVersioningStatus::SUSPENDED),
        };
        Ok(S3Response::new(GetBucketVersioningOutput {
            mfa_delete: None,
            status: status.map(BucketVersioningStatus::from_static),
        }))
    }

    pub(super) async fn set_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let input = req.input;
        let configuration = input.versioning_configuration;
        if configuration
            .mfa_delete
            .is_some_and(|mfa| mfa.as_str() == "Enabled")
        {
            return Err(s3_error!(NotImplemented, "MFA delete is not built; {LIST}"));
        }
        let status = configuration.status;
        let versioning = match status.as_ref().map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            _ => {
                return Err(s3_error!(
                    IllegalVersioningConfigurationException,
                    "the Status of a versioning configuration is Enabled or Suspended"
                ));
            }
        };
        self.store.set_versioning(&input.bucket, versioning).await?;
        Ok(S3Response::new(PutBucketVersioningOutput::default()))
    }
}

/// There is one account.
pub(super) fn owner() -> Owner {
    Owner {
        display_name: Some("local".into()),
        id: Some("local".into()),
    }
}
