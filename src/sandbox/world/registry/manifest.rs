//! Manifests: reading what matters of one, and writing those of the sandbox's own builds.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Media types of Docker and of the Open Container Initiative
/// (<https://github.com/opencontainers/image-spec/blob/main/media-types.md>).
mod media {
    pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
}

/// The digest of bytes: `sha256:` and 64 hexadecimal digits.
pub fn digest_of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let digits = hash.iter().map(|byte| format!("{byte:02x}"));
    digits.fold("sha256:".to_owned(), |text, digits| text + &digits)
}

/// What a manifest says of a blob or of another manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What matters of a manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its media type.
    pub media_type: String,
    /// The configuration of the image.
    pub config: Option<Descriptor>,
    /// The layers of the image.
    pub layers: Vec<Descriptor>,
    /// The images of an index.
    pub children: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

impl Manifest {
    /// Reads a manifest; one that does not name its own media type needs to be given it.
    pub fn read(text: &str, media_type: Option<&str>) -> Option<Self> {
        let document: Document = serde_json::from_str(text).ok()?;
        let media_type = media_type.map(str::to_owned).or(document.media_type)?;
        Some(Self {
            media_type,
            config: document.config,
            layers: document.layers,
            children: document.manifests,
        })
    }
}

/// What the builds of a repository push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// An image in Docker's format.
    Docker,
    /// An image in the OCI format.
    Oci,
    /// An OCI index of images for two architectures, with the attestations of `BuildKit`.
    Index,
    /// Docker's manifest list of images for two architectures.
    List,
    /// A small OCI image, of which many can be made.
    Small,
}

impl Build {
    /// The manifest that a build with this label pushes, and those that it is an index of.
    pub fn manifests(self, label: &str) -> (String, Vec<String>) {
        match self {
            Self::Docker | Self::Oci | Self::Small => (self.image(label, "amd64"), Vec::new()),
            Self::Index => {
                let images = ["amd64", "arm64"].map(|name| (name, Self::Oci.image(label, name)));
                let attestations = images.clone().map(|(name, image)| {
                    let subject = digest_of(image.as_bytes());
                    (attestation(label, name), subject)
                });
                let mut entries: Vec<Value> = images
                    .iter()
                    .map(|(name, image)| entry(media::MANIFEST, image, name))
                    .collect();
                entries.extend(attestations.iter().map(|(text, subject)| {
                    json!({
                        "mediaType": media::MANIFEST,
                        "digest": digest_of(text.as_bytes()),
                        "size": text.len(),
                        "annotations": {
                            "vnd.docker.reference.digest": subject,
                            "vnd.docker.reference.type": "attestation-manifest",
                        },
                        "platform": {"architecture": "unknown", "os": "unknown"},
                    })
                }));
                let parts = images.map(|(_, text)| text).into_iter();
                let parts = parts.chain(attestations.map(|(text, _)| text)).collect();
                (index(media::INDEX, &entries), parts)
            }
            Self::List => {
                let images = ["amd64", "arm64"].map(|name| (name, Self::Docker.image(label, name)));
                let entries: Vec<Value> = images
                    .iter()
                    .map(|(name, image)| entry(media::DOCKER_MANIFEST, image, name))
                    .collect();
                let parts = images.map(|(_, text)| text).into_iter().collect();
                (index(media::DOCKER_LIST, &entries), parts)
            }
        }
    }

    fn image(self, label: &str, architecture: &str) -> String {
        let (manifest, config, layer) = if self == Self::Docker {
            (
                media::DOCKER_MANIFEST,
                media::DOCKER_CONFIG,
                media::DOCKER_LAYER,
            )
        } else {
            (media::MANIFEST, media::CONFIG, media::LAYER)
        };
        // Builds of a repository share the layers of their base image.
        let base = label.split(':').next().unwrap_or_default();
        let (shared, own) = if self == Self::Small { (1, 1) } else { (3, 2) };
        let mut layers = Vec::new();
        for index in 0..shared {
            let seed = format!("base {index} of {base} for {architecture}");
            layers.push(blob(layer, &seed, 900_000, 40_000_000));
        }
        for index in 0..own {
            let seed = format!("layer {index} of {label} for {architecture}");
            layers.push(blob(layer, &seed, 20_000, 9_000_000));
        }
        let seed = format!("configuration of {label} for {architecture}");
        pretty(&json!({
            "schemaVersion": 2,
            "mediaType": manifest,
            "config": blob(config, &seed, 3_000, 9_000),
            "layers": layers,
        }))
    }
}

/// What `BuildKit` attests about an image.
fn attestation(label: &str, architecture: &str) -> String {
    let seed = format!("attestation of {label} for {architecture}");
    pretty(&json!({
        "schemaVersion": 2,
        "mediaType": media::MANIFEST,
        "config": blob(media::CONFIG, &format!("{seed}, configuration"), 150, 250),
        "layers": [blob("application/vnd.in-toto+json", &seed, 1_000, 30_000)],
    }))
}

fn entry(media_type: &str, manifest: &str, architecture: &str) -> Value {
    json!({
        "mediaType": media_type,
        "digest": digest_of(manifest.as_bytes()),
        "size": manifest.len(),
        "platform": {"architecture": architecture, "os": "linux"},
    })
}

fn index(media_type: &str, entries: &[Value]) -> String {
    pretty(&json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}))
}

/// A blob of which only the digest and the size are known: both follow from the seed.
fn blob(media_type: &str, seed: &str, least: u64, most: u64) -> Value {
    let hash = Sha256::digest(seed.as_bytes());
    let number = hash
        .iter()
        .take(7)
        .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    json!({
        "mediaType": media_type,
        "digest": digest_of(seed.as_bytes()),
        "size": least + number % (most - least),
    })
}

/// As build tools write it: whoever reads and writes it again in another form changes its digest.
fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::digest_of;

    #[test]
    fn digests_are_those_of_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            digest_of(b"abc"),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
