//! Amazon resource names, in the long and the old short form; nothing here asks AWS.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};

use super::short_digest;

/// The identity of a thing in the account: its ARN, or for what is none of AWS its address.
///
/// A task definition family has no ARN of its own. It is named as its revisions are, with its region, and without a
/// number, account and partition: `arn::ecs:eu-west-1::task-definition/web`.
///
/// Images and tags have no ARN of their own. They are named as everywhere, by their repository with a digest or a tag:
/// `arn:…:repository/shop/web@sha256:…`, `arn:…:repository/shop/web:stable`.
///
/// Cheap to clone. Accessors never fail: a part that is not there reads as an empty string.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn(Arc<str>);

impl Arn {
    /// Wraps the text as it came; nothing is checked or changed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The whole text, exactly as AWS gave it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn field(&self, index: usize) -> &str {
        if !self.0.starts_with("arn:") {
            return "";
        }
        self.0.splitn(6, ':').nth(index).unwrap_or("")
    }

    /// `aws`, `aws-cn`, `aws-us-gov` and so on; empty for a bare name.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.field(1)
    }

    /// The region, `eu-west-1`; empty for a bare name.
    #[must_use]
    pub fn region(&self) -> &str {
        self.field(3)
    }

    /// The twelve digits of the owning account; empty for a bare name.
    #[must_use]
    pub fn account(&self) -> &str {
        self.field(4)
    }

    /// The resource part: `service/web/api`, or the old `service/api`; the whole text for a bare name.
    #[must_use]
    pub fn resource(&self) -> &str {
        if self.0.starts_with("arn:") {
            self.field(5)
        } else {
            &self.0
        }
    }

    /// Whether it names a thing of AWS. Engines stand in lists too, and are named by their address.
    #[must_use]
    pub fn is_of_aws(&self) -> bool {
        !self.as_str().contains("://")
    }

    /// The kind of thing: `cluster`, `service`, `task`, `task-definition`, `family`, `container-instance`, `repository`,
    /// `image`, `tag`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self.resource().split_once('/') {
            Some(("repository", name)) if name.contains('@') => "image",
            Some(("repository", name)) if name.contains(':') => "tag",
            Some(("task-definition", name)) if !name.contains(':') => "family",
            Some((kind, _)) => kind,
            None => "",
        }
    }

    /// The last segment: a name, a task id, or `family:revision`. Of a repository all its segments, of an image the
    /// digest, of a tag the tag.
    #[must_use]
    pub fn name(&self) -> &str {
        let resource = self.resource();
        if let Some(name) = resource.strip_prefix("repository/") {
            let end = name.find(['@', ':']).map_or(0, |end| end + 1);
            return &name[end..];
        }
        resource.rsplit_once('/').map_or(resource, |(_, name)| name)
    }

    /// The first eight characters of the last segment: enough to tell tasks and instances apart. Of an image the first
    /// twelve digits of its digest; repositories and tags are as long as they are.
    #[must_use]
    pub fn short(&self) -> &str {
        let name = self.name();
        match self.kind() {
            "image" => return short_digest(name),
            "repository" | "tag" => return name,
            _ => {}
        }
        match name.char_indices().nth(8) {
            Some((end, _)) => &name[..end],
            None => name,
        }
    }

    /// The name of the cluster, where the ARN is in the long form that carries it.
    #[must_use]
    pub fn cluster_name(&self) -> Option<&str> {
        let mut parts = self.resource().split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("cluster"), Some(name), None)
            | (Some("service" | "task" | "container-instance"), Some(name), Some(_)) => Some(name),
            _ => None,
        }
    }

    /// The repository of an image or tag; a repository is its own.
    #[must_use]
    pub fn repository(&self) -> Option<Self> {
        let name = self.repository_name()?;
        let begin = self.0.len() - self.resource().len() + "repository/".len();
        Some(Self::new(&self.0[..begin + name.len()]))
    }

    /// The name of a repository, or of that of an image or tag: `shop/web`.
    #[must_use]
    pub fn repository_name(&self) -> Option<&str> {
        let name = self.resource().strip_prefix("repository/")?;
        name.split(['@', ':']).next()
    }

    /// The image with this digest, `sha256:…`, of a repository.
    #[must_use]
    pub fn image(&self, digest: &str) -> Self {
        Self::new(&format!("{self}@{digest}"))
    }

    /// The tag of this name of a repository.
    #[must_use]
    pub fn tag(&self, tag: &str) -> Self {
        Self::new(&format!("{self}:{tag}"))
    }

    /// The task definition family of this name in a region.
    #[must_use]
    pub fn of_family(region: &str, name: &str) -> Self {
        Self::new(&format!("arn::ecs:{region}::task-definition/{name}"))
    }

    /// The family that a task definition revision is of.
    #[must_use]
    pub fn to_family(&self) -> Self {
        Self::of_family(self.region(), self.family())
    }

    /// The family of a task definition ARN, `web` of `…:task-definition/web:7`.
    #[must_use]
    pub fn family(&self) -> &str {
        let name = self.name();
        name.rsplit_once(':').map_or(name, |(family, _)| family)
    }

    /// The revision of a task definition ARN, `7` of `…:task-definition/web:7`.
    #[must_use]
    pub fn revision(&self) -> Option<u32> {
        self.name().rsplit_once(':')?.1.parse().ok()
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Arn {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Serialize for Arn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Arn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Reader)
    }
}

/// Reads an ARN without a copy of its text in between: of large accounts there are very many.
struct Reader;

impl Visitor<'_> for Reader {
    type Value = Arn;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ARN or a name")
    }

    fn visit_str<E>(self, text: &str) -> Result<Arn, E> {
        Ok(Arn::new(text))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "arn:aws:ecs:eu-west-1:123456789012:service/web/api",
        "service",
        "api",
        Some("web")
    )]
    #[case(
        "arn:aws:ecs:eu-west-1:123456789012:service/api",
        "service",
        "api",
        None
    )]
    #[case(
        "arn:aws-cn:ecs:cn-north-1:1:task/web/0123456789abcdef",
        "task",
        "0123456789abcdef",
        Some("web")
    )]
    #[case(
        "arn:aws:ecs:eu-west-1:1:task/0123456789abcdef",
        "task",
        "0123456789abcdef",
        None
    )]
    #[case("arn:aws:ecs:eu-west-1:1:cluster/web", "cluster", "web", Some("web"))]
    #[case("web", "", "web", None)]
    #[case("", "", "", None)]
    #[case("arn:aws", "", "", None)]
    fn reads_long_and_short_forms(
        #[case] text: &str,
        #[case] kind: &str,
        #[case] name: &str,
        #[case] cluster: Option<&str>,
    ) {
        let arn = Arn::new(text);
        assert_eq!(
            (arn.kind(), arn.name(), arn.cluster_name()),
            (kind, name, cluster)
        );
    }

    #[test]
    fn reads_family_and_revision() {
        let arn = Arn::new("arn:aws:ecs:eu-west-1:1:task-definition/web-api:41");
        assert_eq!((arn.family(), arn.revision()), ("web-api", Some(41)));
        assert_eq!(arn.kind(), "task-definition");
        let family = arn.to_family();
        assert_eq!(family, Arn::of_family("eu-west-1", "web-api"));
        assert_eq!(family.to_family(), family);
        assert_eq!(
            (
                family.kind(),
                family.name(),
                family.family(),
                family.region()
            ),
            ("family", "web-api", "web-api", "eu-west-1")
        );
        assert_eq!((family.revision(), family.cluster_name()), (None, None));
    }

    #[rstest]
    #[case("", "repository", "shop/web", "shop/web")]
    #[case(
        "@sha256:9f86d081884c7d65",
        "image",
        "sha256:9f86d081884c7d65",
        "9f86d081884c"
    )]
    #[case(":stable-2026", "tag", "stable-2026", "stable-2026")]
    fn images_and_tags_are_named_by_their_repository(
        #[case] part: &str,
        #[case] kind: &str,
        #[case] name: &str,
        #[case] short: &str,
    ) {
        let repository = Arn::new("arn:aws:ecr:eu-west-1:123456789012:repository/shop/web");
        let arn = Arn::new(&format!("{repository}{part}"));
        assert_eq!((arn.kind(), arn.name(), arn.short()), (kind, name, short));
        assert_eq!(arn.repository(), Some(repository.clone()));
        assert_eq!(arn.repository_name(), Some("shop/web"));
        assert_eq!(arn.cluster_name(), None);
        match kind {
            "image" => assert_eq!(repository.image(name), arn),
            "tag" => assert_eq!(repository.tag(name), arn),
            _ => assert_eq!(arn, repository),
        }
        assert_eq!(Arn::new("arn:aws:ecs:r:1:cluster/web").repository(), None);
    }

    #[test]
    fn addresses_are_not_of_aws() {
        assert!(Arn::new("arn:aws:ecs:r:1:task/c/0123456789").is_of_aws());
        assert!(Arn::new("web-api").is_of_aws());
        assert!(!Arn::new("unix:///var/run/docker.sock").is_of_aws());
    }

    #[test]
    fn shortens_on_a_character_boundary() {
        assert_eq!(Arn::new("ééééééééé").short(), "éééééééé");
        assert_eq!(
            Arn::new("arn:aws:ecs:r:1:task/c/0123456789").short(),
            "01234567"
        );
    }
}
