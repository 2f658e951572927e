//! The engines of container instances as the file has them: `[[engines.hosts]]`, each of them checked. How an address is
//! connected to is not known here.

use std::path::{Path, PathBuf};

use directories::BaseDirs;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::pattern::Pattern;
use super::setting::Setting;
use crate::theme::suggestion;

/// The key of the list.
pub(super) const HOSTS: &str = "engines.hosts";

/// The keys of one of them.
const KEYS: [&str; 4] = ["cluster", "instance", "address", "certificates"];

/// The placeholders of an address, but for `attribute.NAME`.
const PLACEHOLDERS: [&str; 3] = ["instance_id", "cluster", "private_ip"];

/// The schemes of an address.
const SCHEMES: [&str; 6] = ["unix", "tcp", "http", "https", "ssh", "npipe"];

/// What the example says of it.
pub(super) const EXAMPLE: &str = "
## The engines of container instances: the first that fits the cluster's name and the EC2 instance id is taken.
## The address begins with ssh://, tcp://, http://, https:// or unix:// and may hold {instance_id}, {cluster},
## {attribute.NAME} (an attribute of the container instance) and {private_ip} (its attribute private_ip).
# [[engines.hosts]]
# cluster = \"*\"
# instance = \"*\"
# address = \"ssh://ec2-user@{instance_id}\"
## With tcp://, certificates = \"~/.docker\" makes it TLS, with the ca.pem, cert.pem and key.pem of that folder.
";

/// Which Docker Engines are used.
#[derive(Debug, Clone, PartialEq)]
pub struct Engines {
    /// Whether to use the engine of this machine: `DOCKER_HOST`, or the default socket.
    pub local: Setting<bool>,
    /// The engines of container instances, the first that fits; each with where it was set.
    pub hosts: Vec<Setting<EngineHost>>,
}

/// The engines of some container instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineHost {
    /// A pattern on the name of the cluster.
    pub cluster: String,
    /// A pattern on the EC2 instance id.
    pub instance: String,
    /// The address, with placeholders: `ssh://ec2-user@{instance_id}`.
    pub address: String,
    /// The folder of `ca.pem`, `cert.pem` and `key.pem`, for `tcp` with TLS.
    pub certificates: Option<PathBuf>,
}

impl EngineHost {
    /// Reads one table of the list; the error has the place in the text.
    pub(super) fn from_toml(table: &DeTable<'_>, start: usize) -> Result<Self, (usize, String)> {
        let mut host = Self {
            cluster: "*".to_owned(),
            instance: "*".to_owned(),
            address: String::new(),
            certificates: None,
        };
        let mut has_address = false;
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            let at = value.span().start;
            let wrong = |message| (at, format!("`{HOSTS}` {message}"));
            match key {
                "cluster" => host.cluster = pattern(key, value).map_err(wrong)?,
                "instance" => host.instance = pattern(key, value).map_err(wrong)?,
                "address" => {
                    host.address = text(key, value).map_err(wrong)?;
                    check(&host.address).map_err(wrong)?;
                    has_address = true;
                }
                "certificates" => {
                    let folder = text(key, value).map_err(wrong)?;
                    host.certificates = Some(in_home(&folder));
                }
                _ => {
                    let hint = suggestion(key, KEYS);
                    let message = format!(
                        "unknown key `{key}` in [[{HOSTS}]]{hint}; there are {}",
                        KEYS.join(", ")
                    );
                    return Err((name.span().start, message));
                }
            }
        }
        if !has_address {
            let message =
                format!("`{HOSTS}` needs an address, such as \"ssh://ec2-user@{{instance_id}}\"");
            return Err((start, message));
        }
        let takes_certificates = ["tcp://", "https://"]
            .iter()
            .any(|scheme| host.address.starts_with(scheme));
        if host.certificates.is_some() && !takes_certificates {
            let message = format!(
                "`{HOSTS}` has certificates, which only an address with tcp:// or https:// takes"
            );
            return Err((start, message));
        }
        Ok(host)
    }

    /// The table as one line of TOML.
    pub(super) fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = format!(
            "{{ cluster = {}, instance = {}, address = {}",
            quoted(&self.cluster),
            quoted(&self.instance),
            quoted(&self.address)
        );
        if let Some(folder) = &self.certificates {
            text += &format!(", certificates = {}", quoted(&folder.display().to_string()));
        }
        text + " }"
    }
}

fn text(key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    let text = value.get_ref().as_str();
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| format!("`{key}` must be text in quotes, and not empty"))
}

fn pattern(key: &str, value: &Spanned<DeValue<'_>>) -> Result<String, String> {
    let text = text(key, value)?;
    Pattern::new(&text)?;
    Ok(text)
}

/// What is wrong with the template of an address: its scheme, or a placeholder.
fn check(template: &str) -> Result<(), String> {
    let scheme = template.split_once("://").map(|(scheme, _)| scheme);
    let Some((scheme, rest)) = template
        .split_once("://")
        .filter(|(scheme, _)| SCHEMES.contains(scheme))
    else {
        let hint = scheme
            .map(|scheme| suggestion(scheme, SCHEMES))
            .unwrap_or_default();
        let known: Vec<_> = SCHEMES
            .iter()
            .map(|scheme| format!("{scheme}://"))
            .collect();
        return Err(format!(
            "`address` must begin with {}, not `{template}`{hint}",
            known.join(", ")
        ));
    };
    if rest.is_empty() || (scheme == "unix" && !rest.starts_with('/')) {
        return Err(format!(
            "`address` says no place after `{scheme}://`; a unix:// address is an absolute path"
        ));
    }
    let mut rest = rest;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!(
                "`address` has a `{{` without its `}}`: `{template}`"
            ));
        };
        let is_attribute = name
            .strip_prefix("attribute.")
            .is_some_and(|name| !name.is_empty());
        if !is_attribute && !PLACEHOLDERS.contains(&name) {
            let hint = suggestion(name, PLACEHOLDERS);
            return Err(format!(
                "`address` has an unknown placeholder `{{{name}}}`{hint}; there are {{instance_id}}, {{cluster}}, \
                 {{private_ip}} and {{attribute.NAME}}"
            ));
        }
        rest = after;
    }
    Ok(())
}

/// A folder as written, with `~` for the user's home.
fn in_home(folder: &str) -> PathBuf {
    let below = folder.strip_prefix("~/").or((folder == "~").then_some(""));
    match (below, BaseDirs::new()) {
        (Some(below), Some(user)) => user.home_dir().join(below),
        _ => Path::new(folder).to_owned(),
    }
}
