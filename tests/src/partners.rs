//! Partners' customers, and the file that has the embedded service know them.

use std::fmt::Write as _;

use crate::plugins::Plugin;

/// A customer: client id, client token, and the one pipeline that is theirs.
#[derive(Clone, Copy, Debug)]
pub struct Customer {
    /// The client id.
    pub id: &'static str,
    /// The client token.
    pub token: &'static str,
    /// The pipeline's name.
    pub pipeline: &'static str,
}

/// One of them.
pub const ADA: Customer = Customer {
    id: "5f1bd11c-6b0d-4a4c-bd09-1f1b9e2d7a01",
    token: "token-sentinel-of-ada",
    pipeline: "adas",
};
/// Another.
pub const BOB: Customer = Customer {
    id: "5f1bd11c-6b0d-4a4c-bd09-1f1b9e2d7a02",
    token: "token-sentinel-of-bob",
    pipeline: "bobs",
};
/// One more.
pub const EVE: Customer = Customer {
    id: "5f1bd11c-6b0d-4a4c-bd09-1f1b9e2d7a03",
    token: "token-sentinel-of-eve",
    pipeline: "eves",
};

/// The probe as Build/Partner/1.
#[must_use]
pub fn probe() -> Plugin {
    Plugin::probe("Partner")
}

/// The file of `dev --third-party`: the plugin's type, and who is connected.
#[must_use]
pub fn declared(plugin: &Plugin, customers: &[Customer], job_ids: &str) -> String {
    let mut text = format!(
        "job-ids = {job_ids:?}\n[[action-type]]\ncategory = {:?}\nprovider = {:?}\nversion = \"1\"\ninputs = {{ max = \
         {} }}\noutputs = {{ max = {} }}\n",
        plugin.category, plugin.provider, plugin.inputs.1, plugin.outputs.1
    );
    // Writing to a String cannot fail, here and below.
    for name in &plugin.properties {
        let _ = write!(text, "[[action-type.property]]\nname = {name:?}\n");
    }
    let _ = write!(
        text,
        "[[action-type.property]]\nname = \"secret\"\nsecret = true\n"
    );
    for customer in customers {
        let _ = write!(
            text,
            "[[action-type.client]]\nid = {:?}\ntoken = {:?}\npipelines = [{:?}]\n",
            customer.id, customer.token, customer.pipeline
        );
    }
    text
}
