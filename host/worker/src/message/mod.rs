mod host;
pub(crate) use host::*;
