//! Repositories and images of ECR, and what their tags point to.

use super::{Arn, Timestamp};

/// A repository as `DescribeRepositories` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The identity.
    pub arn: Arn,
    /// The name with all its segments, `shop/web`.
    pub name: String,
    /// Where images are pushed to and pulled from, without a tag.
    pub uri: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// `MUTABLE`, `IMMUTABLE`, `MUTABLE_WITH_EXCLUSION` or `IMMUTABLE_WITH_EXCLUSION`.
    pub mutability: String,
    /// Patterns of tags, with `*`, to which the contrary applies.
    pub exclusions: Vec<String>,
    /// Whether images are scanned when they are pushed.
    pub scan_on_push: bool,
}

impl Repository {
    /// Whether a tag may be moved to another image (ECR user guide, "Image tag mutability exclusion filters").
    #[must_use]
    pub fn can_move(&self, tag: &str) -> bool {
        let excluded = || self.exclusions.iter().any(|pattern| fits(pattern, tag));
        match self.mutability.as_str() {
            "IMMUTABLE" => false,
            "IMMUTABLE_WITH_EXCLUSION" => excluded(),
            "MUTABLE_WITH_EXCLUSION" => !excluded(),
            _ => true,
        }
    }
}

/// Whether a text is as a pattern has it, whose `*` stand for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(begin) else {
        return false;
    };
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.any(|at| fits(rest, &text[at..]))
}

/// An image as `DescribeImages` reports it: one digest, with any number of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The identity, which is the repository's with the digest: `…:repository/shop/web@sha256:…`.
    pub arn: Arn,
    /// The repository.
    pub repository: Arn,
    /// The digest of the manifest, `sha256:…`.
    pub digest: String,
    /// The tags that point to it.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<Timestamp>,
    /// Bytes as pushed, which is compressed; of an index, those of its largest image.
    pub size: Option<i64>,
    /// The media type of the manifest.
    pub media_type: String,
    /// The media type of what is packed, for things that are no container images.
    pub artifact_type: Option<String>,
    /// `ACTIVE`, `ARCHIVED` or `ACTIVATING`.
    pub status: String,
    /// When a pull was last recorded; ECR does so about once a day.
    pub pulled_at: Option<Timestamp>,
    /// What the last scan found, as far as the image itself says.
    pub scan: Option<Scan>,
}

impl Image {
    /// Whether it is an index: a list of images, one a platform.
    #[must_use]
    pub fn is_index(&self) -> bool {
        is_index(&self.media_type)
    }

    /// Whether its manifest is known to be that of one image, so that it has no children.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            "application/vnd.docker.distribution.manifest.v1+json"
                | "application/vnd.docker.distribution.manifest.v1+prettyjws"
                | "application/vnd.docker.distribution.manifest.v2+json"
                | "application/vnd.oci.image.manifest.v1+json"
        )
    }
}

/// Whether a media type is that of an index (OCI image specification, "media types"; Docker, "manifest list").
#[must_use]
pub fn is_index(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.index.v1+json"
            | "application/vnd.docker.distribution.manifest.list.v2+json"
    )
}

/// The outcome of a scan for vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// `COMPLETE`, `ACTIVE`, `IN_PROGRESS`, `UNSUPPORTED_IMAGE`, …
    pub status: String,
    /// More on the status, in words.
    pub reason: Option<String>,
    /// How many findings of each severity, the gravest first. None if no scan has told, empty if there are none.
    pub counts: Option<Vec<(String, i32)>>,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
}

impl Scan {
    /// The severities, the gravest first (ECR API reference, `FindingSeverity`).
    pub const SEVERITIES: [&'static str; 6] = [
        "CRITICAL",
        "HIGH",
        "MEDIUM",
        "LOW",
        "INFORMATIONAL",
        "UNDEFINED",
    ];

    /// How many findings there are of a severity.
    #[must_use]
    pub fn count(&self, severity: &str) -> i32 {
        let mut counts = self.counts.iter().flatten();
        counts
            .find(|(name, _)| name == severity)
            .map_or(0, |(_, count)| *count)
    }
}

/// Where a tag points at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTag {
    /// The repository.
    pub repository: Arn,
    /// The tag.
    pub name: String,
    /// The digest of the image; none if there is no such tag.
    pub digest: Option<String>,
}

/// What the manifest of an image says. It never changes: the digest is made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The image.
    pub image: Arn,
    /// Its media type.
    pub media_type: String,
    /// The images of an index; empty for an image of one platform.
    pub children: Vec<ManifestChild>,
}

impl Manifest {
    /// Whether a digest is that of one of its images.
    #[must_use]
    pub fn has(&self, digest: &str) -> bool {
        self.children.iter().any(|child| child.digest == digest)
    }

    /// The platforms of an index, in its order, each once.
    #[must_use]
    pub fn platforms(&self) -> Vec<&str> {
        let mut platforms: Vec<&str> = Vec::new();
        for platform in self
            .children
            .iter()
            .filter_map(|one| one.platform.as_deref())
        {
            if !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        platforms
    }
}

/// An image of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestChild {
    /// Its digest.
    pub digest: String,
    /// What it runs on, `linux/arm64/v8`; none for what does not run, such as attestations.
    pub platform: Option<String>,
}

/// The policies that a repository may have.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum PolicyKind {
    /// Who may do what with it.
    Permission,
    /// Which images are deleted when.
    Lifecycle,
}

/// A policy of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryPolicy {
    /// The repository.
    pub repository: Arn,
    /// Which of its policies.
    pub kind: PolicyKind,
    /// The policy as JSON; none if it has none.
    pub text: Option<String>,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("MUTABLE", &[], "latest", true)]
    #[case("IMMUTABLE", &[], "latest", false)]
    #[case("IMMUTABLE_WITH_EXCLUSION", &["latest", "dev-*"], "latest", true)]
    #[case("IMMUTABLE_WITH_EXCLUSION", &["latest", "dev-*"], "dev-7", true)]
    #[case("IMMUTABLE_WITH_EXCLUSION", &["latest", "dev-*"], "latest-7", false)]
    #[case("MUTABLE_WITH_EXCLUSION", &["v*.*"], "v1.2", false)]
    #[case("MUTABLE_WITH_EXCLUSION", &["v*.*"], "v1", true)]
    #[case("MUTABLE_WITH_EXCLUSION", &["*"], "é", false)]
    fn tags_move_where_they_may(
        #[case] mutability: &str,
        #[case] exclusions: &[&str],
        #[case] tag: &str,
        #[case] may: bool,
    ) {
        let arn = Arn::new("arn:aws:ecr:r:1:repository/web");
        let repository = Repository {
            name: arn.name().to_owned(),
            uri: String::new(),
            created_at: None,
            mutability: mutability.to_owned(),
            exclusions: exclusions.iter().map(|one| (*one).to_owned()).collect(),
            scan_on_push: false,
            arn,
        };
        assert_eq!(repository.can_move(tag), may);
    }
}
