//! Partners' clients whose jobs are not taken: told once each time that their tokens were asked for in vain.

use pipefitter_codepipeline::{REMEMBERED, WhyUnserved, clean_text};
use pipefitter_sandbox::Level;
use tokio::time::Instant;

use crate::status::UnservedClientStatus;

use super::core::Dispatcher;

impl Dispatcher {
    /// After a poll of a source.
    pub(super) fn tell_of_clients(&mut self, source: usize) {
        let of = &self.parts.sources[source].source;
        let unserved = of.clients().unserved;
        let id = of.id().clone();
        self.clients_told.retain(|(at, client), _| {
            *at != source || unserved.iter().any(|entry| entry.client.as_str() == client)
        });
        for entry in unserved {
            let key = (source, entry.client.as_str().to_owned());
            if self.clients_told.insert(key, entry.since) == Some(entry.since) {
                continue;
            }
            let client = clean_text(entry.client.as_str());
            let remedy = match entry.why {
                WhyUnserved::Unknown => {
                    "add the client to the `client-tokens` of the source, or, if it is no customer of yours any more, \
                     have the action removed from its pipeline"
                }
                WhyUnserved::Refused => {
                    "another token is tried as soon as the `client-tokens` of the source have one; have the customer \
                     connect again if there is none"
                }
                WhyUnserved::NotTold => "look at the `client-tokens` of the source",
            };
            self.notice(
                Level::Warn,
                format!(
                    "jobs of client {client} of {id} are not taken, since {} ({} offered so far): {remedy}; it is asked for again \
                     in {} minutes at the latest",
                    entry.why,
                    entry.offers,
                    REMEMBERED.as_secs() / 60
                ),
            );
        }
    }

    /// For the view: clients of all sources, and offers that were passed over.
    pub(super) fn unserved_clients(&self) -> (Vec<UnservedClientStatus>, u64) {
        let mut passed_over = 0;
        let mut found = Vec::new();
        for parts in &self.parts.sources {
            let view = parts.source.clients();
            passed_over += view.passed_over;
            found.extend(view.unserved.into_iter().map(|entry| UnservedClientStatus {
                source: parts.source.id().to_string(),
                client: entry.client.to_string(),
                reason: entry.why.to_string(),
                offers: entry.offers,
            }));
        }
        (found, passed_over)
    }
}

/// When a source's client was told of, by its position and the client's id.
pub(super) type ClientsTold = std::collections::BTreeMap<(usize, String), Instant>;
