//! The reasons that ECS gives for stopped tasks, and what they mean: after the ECS developer guide ("stopped tasks error
//! codes") and the ECS agent's error names. The word before the first colon of a reason is its class.

use crate::model::Health;

/// What is known of a reason: its class, and words of which one must stand beside it (none: the class is enough), all
/// in lower case.
pub(super) struct Known {
    class: &'static str,
    any: &'static [&'static str],
    /// How bad it is.
    pub health: Health,
    /// What it means.
    pub says: &'static str,
    /// What to look at, empty if there is nothing to do.
    pub next: &'static str,
}

const fn known(
    class: &'static str,
    any: &'static [&'static str],
    health: Health,
    says: &'static str,
    next: &'static str,
) -> Known {
    Known {
        class,
        any,
        health,
        says,
        next,
    }
}

impl Known {
    fn fits(&self, reason: &str) -> bool {
        reason.contains(self.class)
            && (self.any.is_empty() || self.any.iter().any(|word| reason.contains(word)))
    }
}

const KNOWN: &[Known] = &[
    known(
        "scaling activity initiated",
        &[],
        Health::Done,
        "stopped by its service: scaled in, or replaced by a deployment",
        "",
    ),
    known(
        "failed elb health checks",
        &[],
        Health::Sick,
        "load balancer's check failed: ECS replaced the task",
        "Compare the check's path, port and codes with the app, and the grace period with the time it takes to start.",
    ),
    known(
        "failed container health checks",
        &[],
        Health::Sick,
        "container health check failed: ECS replaced the task",
        "Does the check's command exist in the image, is the start period long enough?",
    ),
    known(
        "cannotpull",
        &["toomanyrequests", "pull rate limit"],
        Health::Sick,
        "the registry refuses further pulls for now",
        "Pull with credentials, or through a pull-through cache.",
    ),
    known(
        "cannotpull",
        &["no space left", "thin pool"],
        Health::Sick,
        "the image could not be pulled: the disk is full",
        "Free disk space on the host, or give the task more ephemeral storage.",
    ),
    known(
        "cannotpull",
        &["matching platform"],
        Health::Sick,
        "the image is not made for the task's platform",
        "Compare the architecture of the image with the runtime platform of the task definition.",
    ),
    known(
        "cannotpull",
        &["not found", "does not exist"],
        Health::Sick,
        "image not found: no such tag or digest",
        "Does the repository hold this tag? A deployment keeps to the digest it began with, even a deleted one.",
    ),
    known(
        "cannotpull",
        &["denied", "403", "no basic auth", "not authorized"],
        Health::Sick,
        "the registry does not let the image be pulled",
        "Check the execution role (on EC2 the instance's role) and the repository's policy.",
    ),
    known(
        "cannotpull",
        &["timeout", "dial tcp", "cancel", "nil pointer"],
        Health::Sick,
        "the registry cannot be reached",
        "Check the route out: public address or NAT, the endpoints of ECR and S3, security groups.",
    ),
    known(
        "cannotpull",
        &[],
        Health::Sick,
        "the image could not be pulled",
        "Check the image's name, the execution role and the route to the registry.",
    ),
    known(
        "resourceinitializationerror",
        &["logging driver"],
        Health::Sick,
        "the log could not be opened",
        "Does the log group exist, may the execution role write to it?",
    ),
    known(
        "resourceinitializationerror",
        &["efs utils", "efs volume"],
        Health::Sick,
        "the EFS volume could not be mounted",
        "Check port 2049 in the security groups, the mount targets of the zone, and the access point.",
    ),
    known(
        "resourceinitializationerror",
        &["env file"],
        Health::Sick,
        "the environment file could not be fetched",
        "Check the execution role and the route to S3.",
    ),
    known(
        "resourceinitializationerror",
        &[
            "dial tcp",
            "i/o timeout",
            "tls handshake",
            "deadline",
            "signal: killed",
        ],
        Health::Sick,
        "a secret or the registry could not be reached",
        "Check the route out: public address or NAT, the endpoints of Secrets Manager, SSM and ECR, security groups.",
    ),
    known(
        "resourceinitializationerror",
        &["accessdenied", "not authorized"],
        Health::Sick,
        "the execution role may not read what the task needs",
        "Check the role's permissions for the secret or parameter, and for the key that encrypts it.",
    ),
    known(
        "resourceinitializationerror",
        &["resourcenotfound", "invalid parameters"],
        Health::Sick,
        "secret or parameter not found",
        "Check the ARNs of the task definition's secrets.",
    ),
    known(
        "resourceinitializationerror",
        &[],
        Health::Sick,
        "what the task needs could not be made ready",
        "Check the route to Secrets Manager, SSM and ECR, and the execution role.",
    ),
    known(
        "fetching secret data",
        &[],
        Health::Sick,
        "a secret or parameter could not be read",
        "Check its ARN, the execution role, and the route to Secrets Manager and SSM.",
    ),
    known(
        "cannotstartcontainererror",
        &["exec format"],
        Health::Sick,
        "the image is not made for the task's platform",
        "Compare the architecture of the image with the runtime platform of the task definition.",
    ),
    known(
        "cannotstartcontainererror",
        &["already allocated", "already in use"],
        Health::Sick,
        "the engine could not start the container: its host port is taken",
        "Let ECS pick the host port (0), or place the tasks on different hosts.",
    ),
    known(
        "cannotstartcontainererror",
        &[],
        Health::Sick,
        "the engine could not start the container",
        "The reason says why: an entry point that is not there, a mount, too little memory.",
    ),
    known(
        "cannotcreatecontainererror",
        &[],
        Health::Sick,
        "the engine could not create the container",
        "The reason says why: disk, name, option, volume.",
    ),
    known(
        "timeouterror",
        &["transition"],
        Health::Sick,
        "the container engine did not answer in time",
        "See the load and the disk of the host.",
    ),
    known(
        "volumeerror",
        &[],
        Health::Sick,
        "a volume could not be made ready",
        "See the volume of the task definition, and its driver on the host.",
    ),
    known(
        "containernetworkingerror",
        &[],
        Health::Sick,
        "the network of the task could not be made ready",
        "See the ECS agent's log on the host.",
    ),
    known(
        "network interface provisioning",
        &[],
        Health::Sick,
        "its network interface did not come in time",
        "Check the free addresses of the subnets and the quota of network interfaces.",
    ),
    known(
        "create network interface",
        &[],
        Health::Sick,
        "no network interface could be made",
        "Check the free addresses of the subnet.",
    ),
    known(
        "unused device index",
        &[],
        Health::Sick,
        "the host has no slot left for a network interface",
        "Use larger instances, or switch on awsvpcTrunking.",
    ),
    known(
        "not compatible with the selected compute strategy",
        &[],
        Health::Sick,
        "the task definition does not fit the launch type",
        "Compare what the task definition requires with the launch type of the service.",
    ),
    known(
        "host ec2",
        &["terminated", "stopped"],
        Health::Warn,
        "its host was stopped or terminated",
        "See the activities of the Auto Scaling group, and spot interruptions.",
    ),
    known(
        "deregistration forced",
        &[],
        Health::Warn,
        "its container instance was deregistered by force",
        "",
    ),
    known(
        "draining state",
        &[],
        Health::Done,
        "moved away, because its container instance drains",
        "",
    ),
    known(
        "spot task was interrupted",
        &[],
        Health::Warn,
        "its spot capacity was taken back",
        "Put a base of tasks on capacity that is not spot.",
    ),
    known(
        "performing maintenance",
        &[],
        Health::Done,
        "moved away for maintenance of the infrastructure",
        "",
    ),
    known(
        "resource:",
        RESOURCES,
        Health::Sick,
        "no host had room for it",
        "Compare what the task asks for with what the container instances have free.",
    ),
    known(
        "empty capacity provider",
        &[],
        Health::Sick,
        "its capacity provider has no instances",
        "See the Auto Scaling group of the capacity provider.",
    ),
    known(
        "no active instances",
        &[],
        Health::Sick,
        "the cluster has no active container instances",
        "See the capacity providers of the cluster.",
    ),
];

/// Resources that a host can lack, as placement failures name them.
const RESOURCES: &[&str] = &[
    "resource:cpu",
    "resource:memory",
    "resource:eni",
    "resource:gpu",
    "resource:ports",
    "resource:fargate",
];

/// The first entry that fits the reason.
pub(super) fn find(reason: &str) -> Option<&'static Known> {
    let reason = reason.to_lowercase();
    KNOWN.iter().find(|known| known.fits(&reason))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref shop/web:2: not found",
        "image not found: no such tag or digest"
    )]
    #[case(
        "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit.",
        "the registry refuses further pulls for now"
    )]
    #[case(
        "CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout",
        "the registry cannot be reached"
    )]
    #[case(
        "CannotPullImageManifestError: Error response from daemon: denied",
        "the registry does not let the image be pulled"
    )]
    #[case(
        "CannotPullECRContainerError: something new",
        "the image could not be pulled"
    )]
    #[case(
        "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue on resource: arn",
        "the execution role may not read what the task needs"
    )]
    #[case(
        "ResourceInitializationError: failed to initialize logging driver: failed to create Cloudwatch log stream",
        "the log could not be opened"
    )]
    #[case(
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes",
        "the EFS volume could not be mounted"
    )]
    #[case(
        "ResourceInitializationError: unable to pull secrets: dial tcp: i/o timeout",
        "a secret or the registry could not be reached"
    )]
    #[case(
        "CannotStartContainerError: Bind for 0.0.0.0:80 failed: port is already allocated",
        "the engine could not start the container: its host port is taken"
    )]
    #[case(
        "DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s",
        "the container engine did not answer in time"
    )]
    #[case("TaskFailedToStart: RESOURCE:MEMORY", "no host had room for it")]
    #[case(
        "Timeout waiting for network interface provisioning to complete.",
        "its network interface did not come in time"
    )]
    fn reasons_are_put_in_plain_words(#[case] reason: &str, #[case] says: &str) {
        assert_eq!(find(reason).unwrap().says, says);
    }

    #[rstest]
    #[case("")]
    #[case("Essential container in task exited")]
    #[case("Task stopped by user")]
    #[case("the operator's own words about a resource: cpu")]
    fn other_reasons_are_left_to_the_stop_code(#[case] reason: &str) {
        assert!(find(reason).is_none());
    }
}
