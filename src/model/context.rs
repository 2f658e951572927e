//! Contexts: a profile with a region, and what is known of those one can choose from. Finding them is done in `aws` and
//! `runtime`.

/// A profile and a region to look at. What is `None` is as the program was started.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Destination {
    /// The profile.
    pub profile: Option<String>,
    /// The region, or several, by [`regions`](super::regions).
    pub region: Option<String>,
}

/// A profile of the shared files, without anything that is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownProfile {
    /// Its name.
    pub name: String,
    /// The region it names, if it names one.
    pub region: Option<String>,
    /// Where its credentials come from, in a few words: `sso`, `role ops of dev`.
    pub source: String,
}

/// All that one can choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contexts {
    /// The profiles, by name.
    pub profiles: Vec<KnownProfile>,
    /// Names of profiles that were used, the last one first.
    pub recent_profiles: Vec<String>,
    /// Names of regions that were used, the last one first.
    pub recent_regions: Vec<String>,
}

impl Contexts {
    /// The profile of this name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&KnownProfile> {
        self.profiles.iter().find(|known| known.name == name)
    }
}
