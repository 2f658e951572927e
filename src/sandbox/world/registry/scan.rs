//! What a scan of an image finds.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::moment::Moment;

/// A vulnerability of a package.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its CVE number.
    pub name: &'static str,
    /// How bad it is.
    pub severity: &'static str,
    /// The package.
    pub package: &'static str,
    /// The package's version in the image.
    pub version: &'static str,
    /// What it is.
    pub description: &'static str,
}

const fn finding(
    name: &'static str,
    severity: &'static str,
    package: &'static str,
    version: &'static str,
    description: &'static str,
) -> Finding {
    Finding {
        name,
        severity,
        package,
        version,
        description,
    }
}

/// What can be found: CVE numbers and packages of the National Vulnerability Database.
const KNOWN: [Finding; 8] = [
    finding(
        "CVE-2024-3094",
        "CRITICAL",
        "xz-utils",
        "5.6.1-1",
        "Malicious code was discovered in the upstream tarballs of xz.",
    ),
    finding(
        "CVE-2023-38545",
        "CRITICAL",
        "curl",
        "7.88.1-10",
        "A heap-based buffer overflow in the SOCKS5 proxy handshake.",
    ),
    finding(
        "CVE-2023-4911",
        "HIGH",
        "glibc",
        "2.36-9",
        "A buffer overflow in the dynamic loader's processing of GLIBC_TUNABLES.",
    ),
    finding(
        "CVE-2023-44487",
        "HIGH",
        "nghttp2",
        "1.52.0-1",
        "HTTP/2 rapid reset allows a denial of service.",
    ),
    finding(
        "CVE-2022-37434",
        "HIGH",
        "zlib",
        "1:1.2.11",
        "A heap-based buffer over-read in inflate via a large gzip header extra field.",
    ),
    finding(
        "CVE-2023-5678",
        "MEDIUM",
        "openssl",
        "3.0.11-1",
        "Checking long X9.42 DH keys may be very slow.",
    ),
    finding(
        "CVE-2022-3715",
        "MEDIUM",
        "bash",
        "5.1-2",
        "A heap-based buffer overflow in valid_parameter_transform.",
    ),
    finding(
        "CVE-2011-3374",
        "LOW",
        "apt",
        "2.6.1",
        "apt-key does not validate gpg keys with the master keyring.",
    ),
];

/// A scan that was made.
#[derive(Clone, Debug)]
pub struct Scan {
    /// When it was done.
    pub completed: Moment,
    /// What it found.
    pub findings: Vec<&'static Finding>,
}

impl Scan {
    /// The scan of an image that was pushed at `at`: the same image has the same findings.
    pub fn of(digest: &str, at: Moment) -> Self {
        let bits: u32 = digest.bytes().fold(7, |hash: u32, byte| {
            hash.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        let findings = KNOWN.iter().enumerate();
        let findings = findings
            .filter(|(index, _)| bits >> index & 1 == 1)
            .map(|(_, finding)| finding)
            .collect();
        Self {
            completed: at + Duration::from_secs(40),
            findings,
        }
    }

    /// How many findings there are of each severity.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.severity).or_default() += 1;
        }
        counts
    }
}
