//! Repositories: `DescribeRepositories`.

use aws_sdk_ecr::types::{self, ImageTagMutability};

use super::PAGE;
use crate::{
    aws::{
        ecs::words::{text, time},
        fetch::{Pages, Run},
    },
    model::{Arn, Entity, Fault, Repository},
};

const OPERATION: &str = "DescribeRepositories";

impl Run<'_> {
    pub(in crate::aws) async fn repositories(&self) -> Result<Vec<Arn>, Fault> {
        let mut pages = Pages::new(OPERATION);
        let mut all = Vec::new();
        loop {
            let token = pages.token();
            let answer = self
                .call(OPERATION, || {
                    self.clients
                        .ecr
                        .describe_repositories()
                        .max_results(PAGE)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            let page: Vec<Repository> = answer.repositories().iter().map(read).collect();
            let items: Vec<Arn> = page.iter().map(|one| one.arn.clone()).collect();
            let entities = page
                .into_iter()
                .map(|one| Entity::Repository(Box::new(one)));
            all.extend_from_slice(&items);
            self.emit(entities.collect(), items).await;
            if !pages.turn(answer.next_token)? {
                return Ok(all);
            }
        }
    }
}

fn read(repository: &types::Repository) -> Repository {
    let arn = Arn::new(repository.repository_arn().unwrap_or_default());
    let mutability = repository.image_tag_mutability();
    let scanning = repository.image_scanning_configuration();
    Repository {
        name: repository
            .repository_name()
            .unwrap_or_else(|| arn.name())
            .to_owned(),
        uri: text(repository.repository_uri()),
        created_at: time(repository.created_at()),
        mutability: text(mutability.map(ImageTagMutability::as_str)),
        exclusions: repository
            .image_tag_mutability_exclusion_filters()
            .iter()
            .map(|filter| filter.filter().to_owned())
            .collect(),
        scan_on_push: scanning.is_some_and(types::ImageScanningConfiguration::scan_on_push),
        arn,
    }
}
