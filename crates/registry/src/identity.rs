//! What a registry says about itself, wherever it is: the form of what is stored, and an id of its own.

use crate::RegistryError;

/// Raised when an older program could no longer read what is written.
pub(crate) const FORMAT: &str = "1";
/// Bytes of an id.
const ID_LEN: usize = 16;

/// An id that no other registry has.
pub(crate) fn fresh_id() -> Result<String, RegistryError> {
    let mut id = [0; ID_LEN];
    getrandom::fill(&mut id).map_err(|error| RegistryError::Storage(format!("no randomness: {error}")))?;
    Ok(hex::encode(id))
}

/// Refuses what another program wrote.
pub(crate) fn check_format(found: Option<&str>) -> Result<(), RegistryError> {
    match found {
        Some(FORMAT) => Ok(()),
        other => {
            let found = other.unwrap_or("missing");
            let message = format!(
                "its format is {found} and this program knows {FORMAT} only: use the one that wrote it"
            );
            Err(RegistryError::Storage(message))
        }
    }
}
