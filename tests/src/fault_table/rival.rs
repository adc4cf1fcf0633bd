//! Another worker, at the service itself.

use aws_sdk_codepipeline::types::{ActionOwner, ActionTypeId};
use serde_json::json;

use crate::partners::{ADA, BOB, EVE};
use crate::rig::Rig;
use crate::service::Service;

use super::Operation;

/// Take the job that a request of the worker's is held for: it is offered again, and acknowledged with the nonce of that
/// offer. The worker, which would acknowledge a new offer too, polls when that is done.
pub(super) async fn takes(rig: &Rig, operation: Operation, job: &str) {
    let is_poll = operation.name.starts_with("Poll");
    let mut polls = (!is_poll).then(|| rig.proxy.hold("Poll*"));
    if let Some(polls) = &mut polls {
        polls.arrived().await;
    }
    let service = &rig.service;
    let kind = kind_of(service, operation.pipeline).await;
    service.control(json!({ "do": "reoffer" })).await;
    let taken = is_taken(service, &kind, job).await;
    assert!(taken, "{operation:?}: another worker does not get {job}");
    if let Some(polls) = polls {
        polls.release();
    }
}

/// The type of the action that the pipeline has besides its source.
async fn kind_of(service: &Service, pipeline: &str) -> ActionTypeId {
    let got = service.codepipeline.get_pipeline().name(pipeline).send();
    let got = got.await.expect("the pipeline is there");
    let stages = got.pipeline().expect("a pipeline").stages();
    let action = stages[1].actions().first().expect("an action");
    action.action_type_id().expect("a type").clone()
}

async fn is_taken(service: &Service, kind: &ActionTypeId, job: &str) -> bool {
    match kind.owner() {
        ActionOwner::ThirdParty => is_partners_taken(service, kind, job).await,
        _ => is_own_taken(service, kind, job).await,
    }
}

async fn is_own_taken(service: &Service, kind: &ActionTypeId, job: &str) -> bool {
    let codepipeline = &service.codepipeline;
    let poll = codepipeline.poll_for_jobs().action_type_id(kind.clone());
    let offered = poll.send().await.expect("a poll is answered");
    let offer = offered.jobs().iter().find(|offer| offer.id() == Some(job));
    let Some(nonce) = offer.and_then(|offer| offer.nonce()) else {
        return false;
    };
    let acknowledge = codepipeline.acknowledge_job().job_id(job).nonce(nonce);
    acknowledge.send().await.is_ok()
}

async fn is_partners_taken(service: &Service, kind: &ActionTypeId, job: &str) -> bool {
    let codepipeline = &service.codepipeline;
    let poll = codepipeline.poll_for_third_party_jobs();
    let offered = poll.action_type_id(kind.clone()).send().await;
    let offered = offered.expect("a poll is answered");
    let offer = offered
        .jobs()
        .iter()
        .find(|offer| offer.job_id() == Some(job));
    let client = offer.and_then(|offer| offer.client_id());
    let known = [ADA, BOB, EVE];
    let Some(customer) = known.iter().find(|known| Some(known.id) == client) else {
        return false;
    };
    let details = codepipeline.get_third_party_job_details().job_id(job);
    let details = details.client_token(customer.token).send().await;
    let details = details.expect("details are given");
    let nonce = details
        .job_details()
        .and_then(|details| details.nonce())
        .expect("a nonce");
    let acknowledge = codepipeline.acknowledge_third_party_job().job_id(job);
    let acknowledge = acknowledge.nonce(nonce).client_token(customer.token);
    acknowledge.send().await.is_ok()
}
