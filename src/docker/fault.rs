//! What goes wrong with engines, in words a person can act on.

use std::error::Error as _;
use std::io;

use bollard::errors::Error;

use super::address::{Address, Missing};
use crate::model::{Fault, FaultKind, Host, Subject};

/// Says that an engine took too long.
pub(super) fn timeout(address: &str) -> Fault {
    Fault {
        kind: FaultKind::Timeout,
        op: op(address),
        message: "it does not answer in time".to_owned(),
        hint: hint_of_way(
            address,
            "see whether the host is overloaded (`docker ps` on it)",
        ),
    }
}

/// Says that the connection to an engine ended, as when it is restarted.
pub(super) fn gone(address: &str) -> Fault {
    Fault {
        kind: FaultKind::Network,
        op: op(address),
        message: "the engine closed the connection".to_owned(),
        hint: "it may be restarting; it is tried again".to_owned(),
    }
}

/// Says that an address is not one.
pub(super) fn unfit(address: &str, why: String) -> Fault {
    Fault {
        kind: FaultKind::Unconfigured,
        op: op(address),
        message: why,
        hint: "correct DOCKER_HOST, or the address in [[engines.hosts]]".to_owned(),
    }
}

/// Says why a rule makes no address for a host.
pub(super) fn no_address(host: &Host, missing: &Missing) -> Fault {
    let (message, hint) = match missing {
        Missing::Attribute(name) => (
            format!(
                "the container instance {} has no attribute `{name}`, which its address in [[engines.hosts]] needs",
                host.ec2_id
            ),
            format!(
                "set it in /etc/ecs/ecs.config, ECS_INSTANCE_ATTRIBUTES={{\"{name}\": \"…\"}}, or with `aws ecs \
                 put-attributes --cluster {} --attributes name={name},value=…,targetId={}`",
                host.cluster, host.instance
            ),
        ),
        Missing::Placeholder(name) => (
            format!("`{name}` is no placeholder of an address"),
            "use {instance_id}, {cluster}, {private_ip} or {attribute.NAME} in [[engines.hosts]]"
                .to_owned(),
        ),
        Missing::Unfit { text, why } => (
            format!(
                "the address `{text}` of {} cannot be used: {why}",
                host.ec2_id
            ),
            "correct the address in [[engines.hosts]], or the attribute of the container instance"
                .to_owned(),
        ),
    };
    Fault {
        kind: FaultKind::Unconfigured,
        op: format!("Docker Engine of {}", host.ec2_id),
        message,
        hint,
    }
}

/// Says that no engine is known that could have a container.
pub(super) fn no_engine(container: &Subject) -> Fault {
    Fault {
        kind: FaultKind::Unconfigured,
        op: format!("logs of {}", container.name()),
        message: "no Docker Engine is known that could run it".to_owned(),
        hint: "run ecsight on the container instance, set DOCKER_HOST, or write [[engines.hosts]] into the \
               configuration (`ecsight config --example`)"
            .to_owned(),
    }
}

/// Says that the engines that answer do not have a container.
pub(super) fn no_container(container: &Subject, engines: &str) -> Fault {
    Fault {
        kind: FaultKind::NotFound,
        op: format!("logs of {}", container.name()),
        message: format!(
            "no container of task {} with this name is on {engines}",
            container.arn.short()
        ),
        hint: "the engine may have removed it, or it runs on another host".to_owned(),
    }
}

/// What an error of the client means at an address.
pub(super) fn of(address: &str, error: &Error) -> Fault {
    let fault = |kind, message: String, hint: String| Fault {
        kind,
        op: op(address),
        message,
        hint,
    };
    match error {
        Error::RequestTimeoutError => timeout(address),
        Error::SocketNotFoundError(path) => not_there(address, path),
        Error::DockerResponseServerError {
            status_code,
            message,
        } => of_status(address, *status_code, message),
        Error::CertPathError { path } | Error::CertParseError { path } => fault(
            FaultKind::Unconfigured,
            format!("the certificate file {} cannot be read", path.display()),
            "the folder of certificates needs ca.pem, cert.pem and key.pem".to_owned(),
        ),
        Error::JsonDataError { message, .. } => fault(
            FaultKind::Refused,
            format!("its answer cannot be read: {message}"),
            "see whether a Docker Engine listens at this address".to_owned(),
        ),
        Error::APIVersionParseError {} => fault(
            FaultKind::Refused,
            "it tells no API version".to_owned(),
            "see whether a Docker Engine listens at this address".to_owned(),
        ),
        _ => of_source(address, error),
    }
}

fn of_status(address: &str, status: u16, message: &str) -> Fault {
    let message = one_line(message);
    let (kind, hint) = match status {
        401 | 403 => (
            FaultKind::Denied {
                action: String::new(),
            },
            "the engine, or a proxy before it, refuses this; ask who runs it for read access"
                .to_owned(),
        ),
        404 => (FaultKind::NotFound, String::new()),
        // What Go's server says to plain HTTP.
        400 if message.contains("HTTP request to an HTTPS server") => (
            FaultKind::Unconfigured,
            "it listens with TLS: give `certificates` in [[engines.hosts]], or set DOCKER_TLS_VERIFY=1 for DOCKER_HOST".to_owned(),
        ),
        _ => (FaultKind::Refused, String::new()),
    };
    let message = if message.is_empty() {
        format!("it answers with HTTP {status}")
    } else {
        message
    };
    Fault {
        kind,
        op: op(address),
        message,
        hint,
    }
}

/// The fault of the input and output below an error, or of the error's own words.
fn of_source(address: &str, error: &Error) -> Fault {
    let mut words = error.to_string();
    let mut source = error.source();
    let mut kind = None;
    while let Some(inner) = source {
        words = inner.to_string();
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            kind = Some(io.kind());
            if let Some(inner) = io.get_ref() {
                words = inner.to_string();
            }
        }
        source = inner.source();
    }
    if let Error::IOError { err } = error {
        kind = Some(err.kind());
    }
    of_io(address, kind, &one_line(&words))
}

/// The fault of a failed connection.
pub(super) fn of_io(address: &str, kind: Option<io::ErrorKind>, words: &str) -> Fault {
    let fault = |kind, message: &str, hint: String| Fault {
        kind,
        op: op(address),
        message: message.to_owned(),
        hint,
    };
    let parsed = Address::parse(address);
    match (kind, &parsed) {
        (Some(io::ErrorKind::PermissionDenied), Ok(Address::Unix(path))) => fault(
            FaultKind::Denied {
                action: String::new(),
            },
            &format!("permission denied on {path}"),
            "add the user to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run ecsight \
             as a user who may use the socket"
                .to_owned(),
        ),
        (Some(io::ErrorKind::NotFound), Ok(Address::Unix(path))) => not_there(address, path),
        (Some(io::ErrorKind::NotFound), Ok(Address::Ssh { .. })) => fault(
            FaultKind::Unconfigured,
            "the program `ssh` is not there",
            "install an OpenSSH client".to_owned(),
        ),
        (Some(io::ErrorKind::ConnectionRefused), _) => fault(
            FaultKind::Network,
            "nothing listens there",
            hint_of_way(address, "start the engine (`sudo systemctl start docker`)"),
        ),
        (Some(io::ErrorKind::TimedOut), _) => timeout(address),
        (_, Ok(Address::Ssh { .. })) => fault(
            FaultKind::Network,
            words,
            hint_of_way(address, ""),
        ),
        (_, Ok(Address::Tls(_))) => fault(
            FaultKind::Network,
            words,
            "see whether ca.pem, cert.pem and key.pem are those of this engine, and whether it listens with TLS"
                .to_owned(),
        ),
        (
            Some(
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted,
            ),
            _,
        ) => gone(address),
        (_, Ok(Address::Plain(_))) if words.contains("lookup address") => fault(
            FaultKind::Network,
            words,
            "this machine does not know the name of the host: see the address, DNS and the VPN".to_owned(),
        ),
        _ => fault(FaultKind::Network, words, hint_of_way(address, "")),
    }
}

fn not_there(address: &str, path: &str) -> Fault {
    Fault {
        kind: FaultKind::NotFound,
        op: op(address),
        message: format!("there is no socket {path}"),
        hint: "start the engine (`sudo systemctl start docker`), or set DOCKER_HOST to where it listens".to_owned(),
    }
}

/// What to try next by the way that leads to an engine, or `other`.
fn hint_of_way(address: &str, other: &str) -> String {
    match Address::parse(address) {
        Ok(Address::Ssh { user, host, port }) => {
            let port = port.map(|port| format!("-p {port} ")).unwrap_or_default();
            let user = user.map(|user| format!("{user}@")).unwrap_or_default();
            format!(
                "try `ssh -o BatchMode=yes {port}{user}{host} docker system dial-stdio`: it must need no password, \
                 know the host's key, and reach the engine"
            )
        }
        Ok(Address::Plain(_) | Address::Tls(_)) => {
            "see whether the engine listens on this port, and whether a security group lets it through".to_owned()
        }
        _ => other.to_owned(),
    }
}

fn op(address: &str) -> String {
    format!("Docker Engine {address}")
}

/// Words of many lines in one.
pub(super) fn one_line(words: &str) -> String {
    let lines: Vec<_> = words
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("; ")
}
