//! Images: `DescribeImages`, of a whole repository or of one.

use aws_sdk_ecr::types::{self, DescribeImagesFilter, ImageStatusFilter};

use super::{PAGE, identifier, place, repository_of, scan};
use crate::{
    aws::{
        ecs::words::{some, text, time},
        fault,
        fetch::{Pages, Run},
    },
    model::{Arn, Entity, Fault, FaultKind, Image},
};

pub(super) const OPERATION: &str = "DescribeImages";

impl Run<'_> {
    /// All images of a repository, those put into the archive too.
    pub(in crate::aws) async fn images(&self, repository: &Arn) -> Result<Vec<Arn>, Fault> {
        let (registry, name) = place(repository);
        let filter = DescribeImagesFilter::builder()
            .image_status(ImageStatusFilter::Any)
            .build();
        let mut pages = Pages::new(OPERATION);
        let mut all = Vec::new();
        loop {
            let token = pages.token();
            let answer = self
                .call(OPERATION, || {
                    self.clients
                        .ecr
                        .describe_images()
                        .set_registry_id(registry.clone())
                        .repository_name(&name)
                        .filter(filter.clone())
                        .max_results(PAGE)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            let details = answer.image_details().iter();
            let page: Vec<Image> = details.map(|one| read(repository, one)).collect();
            let items: Vec<Arn> = page.iter().map(|one| one.arn.clone()).collect();
            let entities = page.into_iter().map(|one| Entity::Image(Box::new(one)));
            all.extend_from_slice(&items);
            self.emit(entities.collect(), items).await;
            if !pages.turn(answer.next_token)? {
                return Ok(all);
            }
        }
    }

    /// One image, by its digest.
    pub(in crate::aws) async fn image(&self, image: &Arn) -> Result<Vec<Arn>, Fault> {
        let repository = repository_of(image, OPERATION)?;
        let (registry, name) = place(image);
        let answer = self
            .call(OPERATION, || {
                self.clients
                    .ecr
                    .describe_images()
                    .set_registry_id(registry.clone())
                    .repository_name(&name)
                    .image_ids(identifier(image))
                    .send()
            })
            .await?;
        let Some(detail) = answer.image_details().first() else {
            return Err(Fault {
                kind: FaultKind::NotFound,
                op: OPERATION.to_owned(),
                message: format!("there is no image {} in {name}", image.short()),
                hint: String::new(),
            });
        };
        let read = read(&repository, detail);
        if read.arn != *image {
            let message = format!("asked for {}, told of {}", image.short(), read.arn.short());
            return Err(fault::nonsense(OPERATION, message));
        }
        let items = vec![read.arn.clone()];
        self.emit(vec![Entity::Image(Box::new(read))], items.clone())
            .await;
        Ok(items)
    }
}

pub(super) fn read(repository: &Arn, detail: &types::ImageDetail) -> Image {
    let digest = text(detail.image_digest());
    Image {
        arn: repository.image(&digest),
        repository: repository.clone(),
        digest,
        tags: detail.image_tags().to_vec(),
        pushed_at: time(detail.image_pushed_at()),
        size: detail.image_size_in_bytes(),
        media_type: text(detail.image_manifest_media_type()),
        artifact_type: some(detail.artifact_media_type()),
        status: detail
            .image_status()
            .map_or("ACTIVE", types::ImageStatus::as_str)
            .to_owned(),
        pulled_at: time(detail.last_recorded_pull_time()),
        scan: scan::of_image(detail),
    }
}
