//! Addresses of engines: what they may be, how rules lead to them, and where the engine of this machine is. Connecting
//! is done in `connect`.

use std::path::PathBuf;

use regex::Regex;

use super::fault;
use crate::model::{EngineId, Fault, Host};

/// The socket of the engine where `DOCKER_HOST` does not name another.
#[cfg(unix)]
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
/// The pipe of the engine where `DOCKER_HOST` does not name another.
#[cfg(windows)]
const DEFAULT_PIPE: &str = "//./pipe/docker_engine";

/// Where engines are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The address of the engine of this machine, as [`Settings::local_address`] finds it; none for not at all.
    pub local: Option<String>,
    /// The engines of container instances: the first rule that fits a host tells the address.
    pub rules: Vec<HostRule>,
}

/// A rule that leads from a container instance to its engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    /// A pattern on the name of the cluster; `*` is any text, `?` any one letter.
    pub cluster: String,
    /// A pattern on the EC2 instance id.
    pub instance: String,
    /// The address, with the placeholders `{instance_id}`, `{cluster}`, `{private_ip}` and `{attribute.NAME}`.
    pub address: String,
    /// The folder of `ca.pem`, `cert.pem` and `key.pem`: makes a `tcp` address one with TLS.
    pub certificates: Option<PathBuf>,
}

impl Settings {
    /// The address of the engine of this machine: `DOCKER_HOST`, as Docker's own client reads it, or else the default
    /// socket if it is there. With `DOCKER_TLS_VERIFY` a `tcp` address is one with TLS, whose certificates are in
    /// `DOCKER_CERT_PATH`, else in `~/.docker`.
    pub fn local_address(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let Some(address) = set("DOCKER_HOST") else {
            return default_address();
        };
        let secure = set("DOCKER_TLS_VERIFY").and_then(|_| address.strip_prefix("tcp://"));
        Some(secure.map_or_else(|| address.clone(), |rest| format!("https://{rest}")))
    }

    /// Where the engine of a host is, by the first rule that fits; none if no rule does.
    pub(super) fn engine_of(&self, host: &Host) -> Option<Result<Target, Unreachable>> {
        let rule = self.rules.iter().find(|rule| {
            fits(&rule.cluster, &host.cluster) && fits(&rule.instance, &host.ec2_id)
        })?;
        let filled = fill(&rule.address, |name| value_of(host, name));
        let result = filled.and_then(|text| match Address::parse(&text) {
            Ok(_) => Ok(Target {
                id: EngineId::new(&text),
                certificates: rule.certificates.clone(),
            }),
            Err(why) => Err(Missing::Unfit { text, why }),
        });
        Some(result.map_err(|missing| Unreachable {
            id: EngineId::new(&format!("{} ({})", rule.address, host.ec2_id)),
            fault: fault::no_address(host, &missing),
        }))
    }
}

/// An engine that can be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) id: EngineId,
    pub(super) certificates: Option<PathBuf>,
}

/// An engine whose address cannot be made, under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreachable {
    pub(super) id: EngineId,
    pub(super) fault: Fault,
}

/// Why an address could not be made of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The container instance lacks this attribute.
    Attribute(String),
    /// There is no such placeholder, or its braces do not match.
    Placeholder(String),
    /// What came of it is no address.
    Unfit { text: String, why: String },
}

/// An address that can be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket in the file system.
    Unix(String),
    /// A named pipe of Windows.
    Pipe(String),
    /// Plain HTTP: host and port.
    Plain(String),
    /// HTTP over TLS: host and port.
    Tls(String),
    /// An SSH server whose user may run `docker system dial-stdio`.
    Ssh {
        user: Option<String>,
        host: String,
        port: Option<u16>,
    },
}

impl Address {
    /// Reads an address; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!("`{text}` has no scheme: begin it with {SCHEMES}"));
        };
        let rest_of = |rest: &str| rest.trim_end_matches('/').to_owned();
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.to_owned())),
            "unix" => Err(format!(
                "`{text}` needs an absolute path: unix:///var/run/docker.sock"
            )),
            "npipe" if !rest.is_empty() => Ok(Self::Pipe(rest.to_owned())),
            "npipe" => Err(format!(
                "`{text}` names no pipe: npipe:////./pipe/docker_engine"
            )),
            "tcp" | "http" => Ok(Self::Plain(with_port(&rest_of(rest), 2375)?)),
            "https" => Ok(Self::Tls(with_port(&rest_of(rest), 2376)?)),
            "ssh" => ssh(&rest_of(rest)),
            _ => Err(format!(
                "`{scheme}` is no scheme of an engine: begin it with {SCHEMES}"
            )),
        }
    }
}

/// The schemes of addresses, for messages.
const SCHEMES: &str = "unix://, tcp://, http://, https://, ssh:// or npipe://";

/// Checks the template of an address, as rules have them, without a host at hand.
///
/// # Errors
/// What is wrong with it, and what may be written.
pub fn check_address(template: &str) -> Result<(), String> {
    let filled = fill(template, |_| Ok("x".to_owned()));
    match filled {
        Ok(text) => Address::parse(&text).map(|_| ()),
        Err(Missing::Placeholder(name)) => Err(format!(
            "`{name}` is no placeholder; there are {{instance_id}}, {{cluster}}, {{private_ip}} and {{attribute.NAME}}"
        )),
        Err(Missing::Attribute(name)) => Err(format!("the attribute `{name}` is missing")),
        Err(Missing::Unfit { why, .. }) => Err(why),
    }
}

/// Whether all of `text` fits a pattern of `*` and `?`, whatever the case.
fn fits(pattern: &str, text: &str) -> bool {
    let pattern = regex::escape(pattern)
        .replace(r"\*", ".*")
        .replace(r"\?", ".");
    Regex::new(&format!("(?is)^{pattern}$")).is_ok_and(|pattern| pattern.is_match(text))
}

/// Puts values in the place of `{placeholders}`.
fn fill(
    template: &str,
    value: impl Fn(&str) -> Result<String, Missing>,
) -> Result<String, Missing> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| Missing::Placeholder(format!("{{{after}")))?;
        let attribute = name
            .strip_prefix("attribute.")
            .is_some_and(|name| !name.is_empty());
        if !attribute && !["instance_id", "cluster", "private_ip"].contains(&name) {
            return Err(Missing::Placeholder(format!("{{{name}}}")));
        }
        text += before;
        text += &value(name)?;
        rest = after;
    }
    Ok(text + rest)
}

/// What a placeholder stands for on a host. The ECS API does not tell addresses, so that `private_ip` is an attribute
/// like any other.
fn value_of(host: &Host, name: &str) -> Result<String, Missing> {
    let attribute = match name {
        "instance_id" => return Ok(host.ec2_id.clone()),
        "cluster" => return Ok(host.cluster.clone()),
        name => name.strip_prefix("attribute.").unwrap_or(name),
    };
    let found = host.attributes.iter().find(|tag| tag.key == attribute);
    found
        .map(|tag| tag.value.clone())
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Missing::Attribute(attribute.to_owned()))
}

fn with_port(authority: &str, port: u16) -> Result<String, String> {
    let (host, given) = split_port(authority)?;
    check_host(host)?;
    Ok(format!("{host}:{}", given.unwrap_or(port)))
}

fn ssh(authority: &str) -> Result<Address, String> {
    let (user, rest) = match authority.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, authority),
    };
    let (host, port) = split_port(rest)?;
    check_host(host)?;
    let word = |letter: char| letter.is_alphanumeric() || "._-+\\@".contains(letter);
    if let Some(user) = user
        && (user.is_empty() || user.starts_with('-') || !user.chars().all(word))
    {
        return Err(format!(
            "`{user}` is no name of a user: ssh://user@host:port, without a password"
        ));
    }
    Ok(Address::Ssh {
        user: user.map(str::to_owned),
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
    })
}

/// Splits `host:port` and `[::1]:port`.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let end_of_host = authority.rfind(']').unwrap_or(0);
    match authority[end_of_host..].rfind(':') {
        Some(at) => {
            let (host, port) = authority.split_at(end_of_host + at);
            let number = port[1..].parse();
            let number = number.map_err(|_| format!("`{}` is no port", &port[1..]))?;
            Ok((host, Some(number)))
        }
        None => Ok((authority, None)),
    }
}

/// What a host may be called. It comes from outside and is handed to `ssh`, where a dash would begin an option.
fn check_host(host: &str) -> Result<(), String> {
    let word = |letter: char| letter.is_alphanumeric() || "._-:[]%".contains(letter);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(word) {
        return Err(format!("`{host}` is no name of a host"));
    }
    Ok(())
}

#[cfg(unix)]
fn default_address() -> Option<String> {
    std::path::Path::new(DEFAULT_SOCKET)
        .exists()
        .then(|| format!("unix://{DEFAULT_SOCKET}"))
}

#[cfg(windows)]
fn default_address() -> Option<String> {
    Some(format!("npipe://{DEFAULT_PIPE}"))
}

#[cfg(not(any(unix, windows)))]
fn default_address() -> Option<String> {
    None
}
