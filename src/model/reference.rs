//! Image references as task definitions write them: `registry/repository:tag@digest`. Nothing here asks a registry.

use super::Arn;

/// What an image reference without tag and digest means.
const DEFAULT_TAG: &str = "latest";

/// An image reference, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ImageReference {
    /// The host of the registry with its port; `docker.io` if none is written.
    pub registry: String,
    /// The repository with all its segments, `shop/web`; `library/nginx` for `nginx`.
    pub repository: String,
    /// The tag, as far as one is written.
    pub tag: Option<String>,
    /// The digest, `sha256:…`, as far as one is written.
    pub digest: Option<String>,
}

impl ImageReference {
    /// Takes a reference apart; none if there is no repository in it. A first segment is a registry if it holds a dot or
    /// a colon or is `localhost`, as Docker has it (distribution reference, `splitDockerDomain`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned()).filter(|one| !one.is_empty())),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => {
                (Some(host), path)
            }
            _ => (None, rest),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => {
                (path, Some(tag.to_owned()).filter(|one| !one.is_empty()))
            }
            _ => (rest, None),
        };
        if path.is_empty() {
            return None;
        }
        let is_hub = registry.is_none_or(|host| matches!(host, "docker.io" | "index.docker.io"));
        let repository = if is_hub && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        let registry = if is_hub { "docker.io" } else { registry? };
        Some(Self {
            registry: registry.to_owned(),
            repository,
            tag,
            digest,
        })
    }

    /// Whether it names its image by digest, so that it never means another one.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.digest.is_some()
    }

    /// The tag that is pulled: the one written, or `latest`; none if it is pinned to a digest.
    #[must_use]
    pub fn pulled_tag(&self) -> Option<&str> {
        match self.digest {
            Some(_) => None,
            None => Some(self.tag.as_deref().unwrap_or(DEFAULT_TAG)),
        }
    }

    /// The repository of ECR that it names; none for any other registry.
    #[must_use]
    pub fn ecr_repository(&self) -> Option<Arn> {
        let (account, region) = ecr_host(&self.registry)?;
        let partition = partition(region);
        let name = &self.repository;
        Some(Arn::new(&format!(
            "arn:{partition}:ecr:{region}:{account}:repository/{name}"
        )))
    }
}

/// Account and region of a private registry's host (ECR user guide, "Private registry"): `123456789012.dkr.ecr.eu-west-1.
/// amazonaws.com`, with `ecr-fips` for FIPS, and `123456789012.dkr-ecr.eu-west-1.on.aws` for both kinds of addresses.
fn ecr_host(host: &str) -> Option<(&str, &str)> {
    let (account, rest) = host.split_once('.')?;
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let region_on = [
        ("dkr.ecr.", ".amazonaws."),
        ("dkr.ecr-fips.", ".amazonaws."),
        ("dkr.ecr.", "."),
        ("dkr.ecr-fips.", "."),
        ("dkr-ecr.", ".on."),
        ("dkr-ecr-fips.", ".on."),
    ];
    region_on.iter().find_map(|(service, domain)| {
        let rest = rest.strip_prefix(service)?;
        let (region, _) = rest.split_once(domain)?;
        (region.contains('-') && !region.contains([':', '.'])).then_some((account, region))
    })
}

/// The partition of a region, by how its name begins (the SDK's `partitions.json`).
fn partition(region: &str) -> &'static str {
    let known = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    known
        .iter()
        .find(|(begin, _)| region.starts_with(begin))
        .map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("nginx", "docker.io", "library/nginx", None, None)]
    #[case("nginx:1.27", "docker.io", "library/nginx", Some("1.27"), None)]
    #[case("grafana/grafana:11", "docker.io", "grafana/grafana", Some("11"), None)]
    #[case("docker.io/nginx", "docker.io", "library/nginx", None, None)]
    #[case("localhost/web", "localhost", "web", None, None)]
    #[case("localhost:5000/web:1", "localhost:5000", "web", Some("1"), None)]
    #[case("host:5000/a/b", "host:5000", "a/b", None, None)]
    #[case(
        "127.0.0.1:4566/app/web:v1",
        "127.0.0.1:4566",
        "app/web",
        Some("v1"),
        None
    )]
    #[case(
        "ghcr.io/shop/web@sha256:ab",
        "ghcr.io",
        "shop/web",
        None,
        Some("sha256:ab")
    )]
    #[case(
        "ghcr.io/shop/web:2@sha256:ab",
        "ghcr.io",
        "shop/web",
        Some("2"),
        Some("sha256:ab")
    )]
    #[case("web:", "docker.io", "library/web", None, None)]
    fn references_are_taken_apart(
        #[case] text: &str,
        #[case] registry: &str,
        #[case] repository: &str,
        #[case] tag: Option<&str>,
        #[case] digest: Option<&str>,
    ) {
        let expected = ImageReference {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        };
        assert_eq!(ImageReference::parse(text), Some(expected));
    }

    #[rstest]
    #[case("")]
    #[case("@sha256:ab")]
    #[case(":1")]
    #[case("host:5000/")]
    fn without_a_repository_there_is_no_reference(#[case] text: &str) {
        assert_eq!(ImageReference::parse(text), None);
    }

    #[rstest]
    #[case("web", Some("latest"))]
    #[case("web:2", Some("2"))]
    #[case("web@sha256:ab", None)]
    #[case("web:2@sha256:ab", None)]
    fn what_is_pinned_pulls_no_tag(#[case] text: &str, #[case] tag: Option<&str>) {
        let reference = ImageReference::parse(text).unwrap();
        assert_eq!(reference.pulled_tag(), tag);
        assert_eq!(reference.is_pinned(), tag.is_none());
    }

    #[rstest]
    #[case(
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1",
        Some("arn:aws:ecr:eu-west-1:123456789012:repository/shop/web")
    )]
    #[case(
        "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/web",
        Some("arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/web")
    )]
    #[case(
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/web@sha256:ab",
        Some("arn:aws-cn:ecr:cn-north-1:123456789012:repository/web")
    )]
    #[case(
        "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov/web",
        Some("arn:aws-iso-b:ecr:us-isob-east-1:123456789012:repository/web")
    )]
    #[case(
        "123456789012.dkr-ecr.eu-west-1.on.aws/web",
        Some("arn:aws:ecr:eu-west-1:123456789012:repository/web")
    )]
    #[case("public.ecr.aws/nginx/nginx:1", None)]
    #[case("12345.dkr.ecr.eu-west-1.amazonaws.com/web", None)]
    #[case("123456789012.dkr.ecr.amazonaws.com/web", None)]
    #[case("nginx", None)]
    fn hosts_of_ecr_name_a_repository(#[case] text: &str, #[case] arn: Option<&str>) {
        let reference = ImageReference::parse(text).unwrap();
        assert_eq!(reference.ecr_repository(), arn.map(Arn::new));
    }
}
