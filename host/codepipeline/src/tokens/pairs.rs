//! The text that a file and a variable hold: `{ "client id": "token", ... }`.

use std::collections::BTreeMap;

use crate::ids::{ClientId, ClientToken};
use crate::limits;

use super::source::ClientTokensError;

pub(super) type Pairs = BTreeMap<ClientId, ClientToken>;

/// Room for some ten thousand customers; more belong in a database, which a program asks.
pub(super) const LARGEST: u64 = 4 << 20;

/// One customer's token that the service would not take costs the others nothing.
pub(super) fn parse(place: &str, text: &str) -> Result<Pairs, ClientTokensError> {
    // The error's own words may quote the text.
    let read: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| ClientTokensError::Form {
            place: place.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
    let pairs = read.into_iter().filter_map(|(client, token)| {
        let checked = ClientToken::new(&token);
        if checked.is_none() {
            tracing::warn!(
                place,
                client,
                "a client token is not used: it must have 1 to {} characters",
                limits::CLIENT_TOKEN
            );
        }
        Some((ClientId::new(client), checked?))
    });
    Ok(pairs.collect())
}
