//! All secrets of a worker, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::entry::Entry;
use crate::{SecretConfig, SecretError, SecretSource};

/// How secrets are kept and waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretsSettings {
    /// A value that AWS gave is used for so long before AWS is asked again, so that a rotated one is seen.
    /// Three times that while AWS is out of reach. Default 5 minutes; zero asks at every use.
    pub cache_for: Duration,
    /// How long a value is waited for, retries included. Default 20 s.
    pub timeout: Duration,
}

impl Default for SecretsSettings {
    fn default() -> Self {
        SecretsSettings {
            cache_for: Duration::from_secs(300),
            timeout: Duration::from_secs(20),
        }
    }
}

/// Secrets by name. What may have which is for the caller to say. Its `Debug` shows names only.
pub struct Secrets {
    entries: BTreeMap<String, Entry>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl Secrets {
    /// Secrets from their configuration. Nothing is read or sent: that is for [`Secrets::get`].
    ///
    /// # Errors
    /// The first fault of a [`SecretConfig::check`], or a name that comes twice.
    pub fn new(
        configs: impl IntoIterator<Item = SecretConfig>,
        settings: SecretsSettings,
    ) -> Result<Secrets, SecretError> {
        let mut entries = BTreeMap::new();
        for config in configs {
            let name = config.name.clone();
            let (source, keeps) = config.source()?;
            let cache_for = if keeps {
                settings.cache_for
            } else {
                Duration::ZERO
            };
            let entry = Entry::new(name.clone(), source, cache_for, settings.timeout);
            if entries.insert(name.clone(), entry).is_some() {
                return Err(SecretError::Twice { secret: name });
            }
        }
        Ok(Secrets { entries })
    }

    /// Secrets from sources of the caller's own, whose values are kept as those of AWS are.
    #[must_use]
    pub fn of_sources(
        sources: impl IntoIterator<Item = (String, Arc<dyn SecretSource>)>,
        settings: SecretsSettings,
    ) -> Secrets {
        let entry = |(name, source): (String, _)| {
            let entry = Entry::new(name.clone(), source, settings.cache_for, settings.timeout);
            (name, entry)
        };
        Secrets {
            entries: sources.into_iter().map(entry).collect(),
        }
    }

    /// The value of a secret, as it is or was a moment ago. Hide it before anybody else gets it.
    ///
    /// # Errors
    /// Why there is none, naming the secret and what to do.
    pub async fn get(&self, name: &str) -> Result<SecretString, SecretError> {
        match self.entries.get(name) {
            Some(entry) => entry.get().await,
            None => Err(SecretError::Unknown {
                secret: name.chars().take(64).flat_map(char::escape_debug).collect(),
            }),
        }
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}
