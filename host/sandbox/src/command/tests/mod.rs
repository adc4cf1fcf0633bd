//! The protocol's JSON against the contract and the schemas: what guest-sdk/command says is what wit/ and the host say.

mod contract;
mod host;
mod schema;
