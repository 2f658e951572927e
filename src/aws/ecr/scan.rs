//! What scans for vulnerabilities found: the summary beside an image, and `DescribeImageScanFindings`.

use std::collections::HashMap;

use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsError;
use aws_sdk_ecr::types::{FindingSeverity, ImageDetail, ImageScanStatus, ScanStatus};

use super::{identifier, place};
use crate::{
    aws::{
        ecs::words::{some, text, time},
        fetch::Run,
    },
    model::{Arn, Entity, Fault, Scan},
};

const OPERATION: &str = "DescribeImageScanFindings";

impl Run<'_> {
    /// The counts of the last scan of an image. Basic scanning no longer writes them beside the image (ECR user guide,
    /// "Basic scanning").
    pub(in crate::aws) async fn findings(&self, image: &Arn) -> Result<Vec<Arn>, Fault> {
        let (registry, name) = place(image);
        let scan = self
            .call(OPERATION, || {
                // The counts stand on every page: the findings themselves are not wanted.
                let request = self
                    .clients
                    .ecr
                    .describe_image_scan_findings()
                    .set_registry_id(registry.clone())
                    .repository_name(&name)
                    .image_id(identifier(image))
                    .max_results(1);
                async {
                    match request.send().await {
                        Err(error)
                            if error.as_service_error().is_some_and(
                                DescribeImageScanFindingsError::is_scan_not_found_exception,
                            ) =>
                        {
                            Ok(None)
                        }
                        other => other.map(Some),
                    }
                }
            })
            .await?
            .map(|answer| {
                let findings = answer.image_scan_findings();
                Scan {
                    counts: findings
                        .and_then(|one| one.finding_severity_counts())
                        .map(counts),
                    completed_at: time(findings.and_then(|one| one.image_scan_completed_at())),
                    ..status(answer.image_scan_status())
                }
            });
        self.emit(vec![Entity::Findings(image.clone(), scan)], Vec::new())
            .await;
        Ok(vec![image.clone()])
    }
}

/// What an image says of its own scan.
pub(super) fn of_image(detail: &ImageDetail) -> Option<Scan> {
    let summary = detail.image_scan_findings_summary();
    if summary.is_none() && detail.image_scan_status().is_none() {
        return None;
    }
    Some(Scan {
        counts: summary
            .and_then(|one| one.finding_severity_counts())
            .map(counts),
        completed_at: time(summary.and_then(|one| one.image_scan_completed_at())),
        ..status(detail.image_scan_status())
    })
}

fn status(status: Option<&ImageScanStatus>) -> Scan {
    Scan {
        status: text(status.and_then(|one| one.status()).map(ScanStatus::as_str)),
        reason: some(status.and_then(|one| one.description())),
        ..Scan::default()
    }
}

/// The counts with the gravest first; severities of later days come last.
fn counts(counts: &HashMap<FindingSeverity, i32>) -> Vec<(String, i32)> {
    let mut counts: Vec<(String, i32)> = counts
        .iter()
        .map(|(severity, count)| (severity.as_str().to_owned(), *count))
        .filter(|(_, count)| *count > 0)
        .collect();
    let place = |name: &str| Scan::SEVERITIES.iter().position(|one| *one == name);
    counts.sort_by_key(|(name, _)| (place(name).unwrap_or(usize::MAX), name.clone()));
    counts
}
