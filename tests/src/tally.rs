//! What the proxy saw, counted by job.

use std::collections::BTreeMap;

use crate::proxy::Exchange;

/// For each job, the operations and answers of every result that was sent.
#[must_use]
pub fn results_of(exchanges: &[Exchange]) -> BTreeMap<String, Vec<(String, Option<u16>)>> {
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for exchange in exchanges
        .iter()
        .filter(|e| e.operation.starts_with("Put") && e.operation.ends_with("Result"))
    {
        let sent = (exchange.operation.clone(), exchange.status);
        found
            .entry(exchange.subject.clone())
            .or_default()
            .push(sent);
    }
    found
}

/// For each job that was acknowledged, how many results the service took.
#[must_use]
pub fn terminal_results(exchanges: &[Exchange]) -> BTreeMap<String, usize> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for exchange in exchanges.iter().filter(|exchange| exchange.is_ok()) {
        match exchange.operation.as_str() {
            "AcknowledgeJob" | "AcknowledgeThirdPartyJob" => {
                taken.entry(exchange.subject.clone()).or_default();
            }
            "PutJobSuccessResult"
            | "PutJobFailureResult"
            | "PutThirdPartyJobSuccessResult"
            | "PutThirdPartyJobFailureResult" => {
                *taken.entry(exchange.subject.clone()).or_default() += 1;
            }
            _ => {}
        }
    }
    taken
}
