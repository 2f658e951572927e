//! Contexts: a profile with a region, and what is known of those one can choose from. Finding them is done in `aws` and
//! `runtime`.

/// A profile and a region to look at. What is `None` is as the program was started.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Destination {
    /// The profile.
    pub profile: Option<String>,
    /// The region.
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

/// The regions there are, with where they are; what the partitions of the AWS SDK's endpoint rules list (aws-sdk-ecs
/// 1.157). Any other can be named: this is a list to choose from.
pub const REGIONS: &[(&str, &str)] = &[
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-east-2", "Asia Pacific (Taipei)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ap-southeast-5", "Asia Pacific (Malaysia)"),
    ("ap-southeast-6", "Asia Pacific (New Zealand)"),
    ("ap-southeast-7", "Asia Pacific (Thailand)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("mx-central-1", "Mexico (Central)"),
    ("sa-east-1", "South America (Sao Paulo)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
    ("cn-north-1", "China (Beijing)"),
    ("cn-northwest-1", "China (Ningxia)"),
    ("eusc-de-east-1", "European Sovereign Cloud (Germany)"),
    ("us-iso-east-1", "US ISO East"),
    ("us-iso-west-1", "US ISO WEST"),
    ("us-isob-east-1", "US ISOB East (Ohio)"),
    ("us-isob-west-1", "US ISOB West"),
    ("eu-isoe-west-1", "EU ISOE West"),
    ("us-isof-east-1", "US ISOF EAST"),
    ("us-isof-south-1", "US ISOF SOUTH"),
    ("us-gov-east-1", "AWS GovCloud (US-East)"),
    ("us-gov-west-1", "AWS GovCloud (US-West)"),
];

/// Whether a text can be the name of a region: lower-case words, joined by hyphens, of letters and digits.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let words = text.split('-');
    text.len() <= 32
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && words.clone().all(|word| {
            let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            !word.is_empty() && word.chars().all(fits)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_what_is_none() {
        assert!(REGIONS.iter().all(|(name, _)| is_region(name)));
        assert!(is_region("local"));
        for text in [
            "",
            "eu west",
            "EU-west-1",
            "eu--1",
            "-eu",
            "eu-west-1/",
            "1",
        ] {
            assert!(!is_region(text), "{text}");
        }
    }
}
