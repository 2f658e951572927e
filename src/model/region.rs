//! Regions: the names of those there are, and of those that are looked at together.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands between the names of regions that are looked at together.
const BETWEEN: char = ',';

/// A region that is looked at beside others, by its name: `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Region(Box<str>);

impl Region {
    /// Takes the name as it is.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names in a text such as `eu-west-1,us-east-1`, each once, in their order.
pub fn regions(text: &str) -> impl Iterator<Item = &str> {
    let names = || text.split(BETWEEN).map(str::trim);
    names()
        .enumerate()
        .filter(move |(place, name)| {
            !name.is_empty() && !names().take(*place).any(|it| it == *name)
        })
        .map(|(_, name)| name)
}

/// The names in one text, as [`regions`] reads them.
#[must_use]
pub fn join_regions<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    names.join(&BETWEEN.to_string())
}

/// The names in a text by the alphabet: the same text for the same regions, in whichever order they were named.
#[must_use]
pub fn sorted_regions(text: &str) -> String {
    let mut names: Vec<_> = regions(text).collect();
    names.sort_unstable();
    join_regions(names)
}

/// A few words for the regions in a text: the first, and how many more there are.
#[must_use]
pub fn region_words(text: &str) -> String {
    let mut names = regions(text);
    let first = names.next().unwrap_or_default();
    match names.count() {
        0 => first.to_owned(),
        more => format!("{first} +{more}"),
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
    fn several_are_named_in_one_text() {
        let text = " eu-west-1,us-east-1,, eu-west-1 ,ap-south-1";
        let names: Vec<_> = regions(text).collect();
        assert_eq!(names, ["eu-west-1", "us-east-1", "ap-south-1"]);
        assert_eq!(join_regions(names), "eu-west-1,us-east-1,ap-south-1");
        assert_eq!(sorted_regions(text), "ap-south-1,eu-west-1,us-east-1");
        assert_eq!(region_words(text), "eu-west-1 +2");
        assert_eq!(region_words("eu-west-1"), "eu-west-1");
        assert_eq!(region_words(""), "");
        assert_eq!(regions("").count(), 0);
    }

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
