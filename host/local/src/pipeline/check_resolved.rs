//! What an action's configuration may be once its variables are in it; worded for the pipeline's owner, and without
//! the values, of which one may be secret.

use super::model::Configuration;

/// Characters of one value (the model's ActionConfigurationValue).
const MAX_VALUE: usize = 1000;

/// Bytes of all of an action's configuration: 100 KB (the user guide's limits page, which has 120 KB as 122,880
/// bytes).
const MAX_CONFIGURATION: usize = 100 * 1024;

/// Whether a resolved value may be that long.
///
/// # Errors
/// A message that names the property.
pub(super) fn check_resolved_value(property: &str, value: &str) -> Result<(), String> {
    let length = value.encode_utf16().count();
    if length <= MAX_VALUE {
        return Ok(());
    }
    Err(format!(
        "configuration '{property}' has {length} characters once its variables are resolved; a value may \
         have {MAX_VALUE}"
    ))
}

/// Whether all of an action's configuration may be that large.
///
/// # Errors
/// A message with both sizes.
pub(super) fn check_resolved_size(resolved: &Configuration) -> Result<(), String> {
    let size: usize = resolved
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size <= MAX_CONFIGURATION {
        return Ok(());
    }
    Err(format!(
        "the configuration has {size} bytes once its variables are resolved; that of an action may have \
         {MAX_CONFIGURATION}"
    ))
}
