//! A client for an address, and what is asked of an engine at first. What its containers do is read elsewhere.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};

use super::address::{Address, Target};
use super::{fault, ssh};
use crate::model::Fault;

/// Seconds that the client itself waits for an answer to begin: streams may be silent for long, and everything else has
/// a limit of [`ANSWER`].
const STREAM_SECONDS: u64 = 7 * 24 * 3_600;

/// How long a whole answer may take; an `ssh` needs to log in first.
const ANSWER: Duration = Duration::from_secs(10);
const ANSWER_OF_SSH: Duration = Duration::from_secs(30);

/// A client of one engine, with the limits of its way.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) docker: Docker,
    address: String,
    answer: Duration,
}

/// What an engine says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    /// The version of the engine.
    pub(super) version: String,
    /// The API version agreed on.
    pub(super) api: String,
    /// Memory of the host, in bytes.
    pub(super) memory: Option<u64>,
    /// The engine's clock, in seconds since the epoch.
    pub(super) clock: Option<i64>,
}

impl Client {
    /// Connects to an engine and agrees on a version with it.
    pub(super) async fn connect(target: &Target) -> Result<(Self, About), Fault> {
        let address = target.id.as_str();
        let parsed = Address::parse(address).map_err(|why| fault::unfit(address, why))?;
        let is_ssh = matches!(parsed, Address::Ssh { .. });
        let certificates = target.certificates.clone();
        // With TLS, all certificates of the system are read from the disk.
        let made = tokio::task::spawn_blocking(move || client(&parsed, certificates.as_deref()));
        let Ok(made) = made.await else {
            return Err(fault::unfit(address, "it cannot be tried".to_owned()));
        };
        let docker = made.map_err(|error| fault::of(address, &error))?;
        let client = Self {
            docker,
            address: address.to_owned(),
            answer: if is_ssh { ANSWER_OF_SSH } else { ANSWER },
        };
        // The version of the client is behind an `Arc`: what is agreed on holds for all clones.
        let docker = client.docker.clone().negotiate_version();
        let docker = client.within(docker).await?;
        let version = client.within(docker.version()).await?;
        let info = client.within(docker.info()).await?;
        let about = About {
            version: version.version.unwrap_or_default(),
            api: docker.client_version().to_string(),
            memory: info.mem_total.and_then(|bytes| u64::try_from(bytes).ok()),
            clock: info.system_time.and_then(|text| {
                let time: jiff::Timestamp = text.parse().ok()?;
                Some(time.as_second())
            }),
        };
        Ok((client, about))
    }

    /// Waits for an answer as long as it may take.
    pub(super) async fn within<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(self.answer, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.fault(&error)),
            Err(_) => Err(fault::timeout(&self.address)),
        }
    }

    /// What an error of this client means.
    pub(super) fn fault(&self, error: &Error) -> Fault {
        fault::of(&self.address, error)
    }

    /// Says that the engine ended the connection.
    pub(super) fn gone(&self) -> Fault {
        fault::gone(&self.address)
    }
}

fn client(address: &Address, certificates: Option<&Path>) -> Result<Docker, Error> {
    let version = API_DEFAULT_VERSION;
    match address {
        Address::Unix(path) | Address::Pipe(path) => socket(path),
        Address::Plain(authority) if certificates.is_none() => {
            Docker::connect_with_http(&format!("http://{authority}"), STREAM_SECONDS, version)
        }
        Address::Plain(authority) | Address::Tls(authority) => {
            // A second attempt would only say that there is one already.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let address = format!("https://{authority}");
            let Some(folder) = certificates else {
                let docker = Docker::connect_with_host(&address)?;
                return Ok(docker.with_timeout(Duration::from_secs(STREAM_SECONDS)));
            };
            Docker::connect_with_ssl(
                &address,
                &folder.join("key.pem"),
                &folder.join("cert.pem"),
                &folder.join("ca.pem"),
                STREAM_SECONDS,
                version,
            )
        }
        Address::Ssh { user, host, port } => Docker::connect_with_custom_transport(
            ssh::transport(ssh::PROGRAM, user.as_deref(), host, *port),
            Some("http://docker"),
            STREAM_SECONDS,
            version,
        ),
    }
}

#[cfg(unix)]
fn socket(path: &str) -> Result<Docker, Error> {
    // The client looks whether the file is there, and says «not found» where it may not look.
    if let Err(error) = std::fs::metadata(path) {
        return Err(error.into());
    }
    Docker::connect_with_unix(path, STREAM_SECONDS, API_DEFAULT_VERSION)
}

#[cfg(windows)]
fn socket(path: &str) -> Result<Docker, Error> {
    Docker::connect_with_named_pipe(path, STREAM_SECONDS, API_DEFAULT_VERSION)
}

#[cfg(not(any(unix, windows)))]
fn socket(path: &str) -> Result<Docker, Error> {
    Err(Error::UnsupportedURISchemeError {
        uri: path.to_owned(),
    })
}
