//! The HTTP client that everything shares, the credential providers included: one TLS stack, one pool per service.

use std::{ffi::OsString, path::Path};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::SharedHttpClient, runtime_components::RuntimeComponents,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::model::{Fault, FaultKind};

/// An HTTP client on rustls that trusts what the system trusts and what `AWS_CA_BUNDLE` names, and that uses the
/// proxies of the environment, except for an endpoint on loopback, which no proxy could reach.
///
/// # Errors
/// [`FaultKind::Unconfigured`] if `AWS_CA_BUNDLE` cannot be read or holds no certificate.
pub(super) fn transport(endpoint_url: Option<&str>) -> Result<SharedHttpClient, Fault> {
    let context = trust(std::env::var_os("AWS_CA_BUNDLE"))?;
    let proxies = if endpoint_url.is_some_and(is_loopback) {
        ProxyConfig::disabled()
    } else {
        ProxyConfig::from_env()
    };
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .proxy_config(proxies.clone())
                .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
                .tls_context(context.clone());
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector.build()
        }),
    )
}

fn trust(bundle: Option<OsString>) -> Result<TlsContext, Fault> {
    let mut store = TrustStore::default();
    if let Some(path) = bundle.filter(|path| !path.is_empty()) {
        for certificate in certificates(Path::new(&path))? {
            store = store.with_pem_certificate(certificate);
        }
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| unusable(&error.to_string()))
}

/// The certificates of a bundle, each as PEM of its own. Those that cannot serve as a root are left out here, because
/// the HTTP client takes only sound ones and panics on others.
fn certificates(path: &Path) -> Result<Vec<String>, Fault> {
    let shown = path.display();
    let bundle = std::fs::read(path)
        .map_err(|error| unusable(&format!("AWS_CA_BUNDLE names {shown}: {error}")))?;
    let sound: Vec<_> = CertificateDer::pem_slice_iter(&bundle)
        .filter_map(Result::ok)
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .map(|certificate| pem(&certificate))
        .collect();
    if sound.is_empty() {
        return Err(unusable(&format!(
            "AWS_CA_BUNDLE names {shown}, which holds no usable PEM certificate"
        )));
    }
    Ok(sound)
}

fn pem(certificate: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

fn unusable(message: &str) -> Fault {
    Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: message.to_owned(),
        hint: "point AWS_CA_BUNDLE at a file of PEM certificates, or unset it".to_owned(),
    }
}

/// Whether a URL leads to this machine, by its host.
#[must_use]
pub fn is_loopback(url: &str) -> bool {
    let host = host_of(url);
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// The host of a URL without its port; square brackets stay around an IPv6 address.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.find(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or(authority),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:4566", true)]
    #[case("http://localhost:4566/path", true)]
    #[case("http://[::1]:4566", true)]
    #[case("https://ecs.eu-west-1.amazonaws.com", false)]
    #[case("http://127-0-0-1.example", false)]
    fn knows_loopback(#[case] url: &str, #[case] loopback: bool) {
        assert_eq!(is_loopback(url), loopback);
    }

    #[test]
    fn a_bundle_without_sound_certificates_is_refused_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bundle.pem");
        let missing = trust(Some(path.clone().into_os_string())).unwrap_err();
        let mut faults = vec![missing];
        for text in ["not a certificate".to_owned(), pem(b"nor is this")] {
            std::fs::write(&path, text).unwrap();
            faults.push(trust(Some(path.clone().into_os_string())).unwrap_err());
        }
        for fault in faults {
            assert_eq!(fault.kind, FaultKind::Unconfigured);
            assert!(fault.message.contains("bundle.pem"), "{}", fault.message);
        }
    }
}
