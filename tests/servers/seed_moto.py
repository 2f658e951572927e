"""Fills a fresh moto with what MiniStack does not know: clusters on container instances.

fleet: three container instances, one of them draining; `shop` and `search`, services whose tasks were placed by hand
       (moto's services start none), and a standalone task.
edge:  a Fargate service without tasks.

usage: seed_moto.py MOTO
"""

import json
import sys
import urllib.request

import boto3
from moto.ec2.utils import generate_instance_identity_document


def main(endpoint):
    options = dict(
        endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    keep_tasks_running(endpoint)
    ecs = boto3.client("ecs", **options)
    ec2 = boto3.resource("ec2", **options)

    ecs.create_cluster(clusterName="fleet", tags=[{"key": "environment", "value": "prod"}])
    ecs.create_cluster(clusterName="edge")
    instances = [register_instance(ecs, instance) for instance in run_instances(ec2)]

    for version in ("1.4.0", "1.5.0"):
        ecs.register_task_definition(**definition("shop", f"registry.internal/shop:{version}"))
    ecs.register_task_definition(**definition("search", "registry.internal/search:9"))
    ecs.create_service(
        cluster="fleet", serviceName="shop", taskDefinition="shop:2", desiredCount=3, launchType="EC2"
    )
    ecs.create_service(
        cluster="fleet", serviceName="search", taskDefinition="search:1", desiredCount=1, launchType="EC2"
    )
    for service, revision, places in (("shop", "shop:2", instances), ("search", "search:1", instances[:1])):
        for instance in places:
            place(ecs, instance, revision, group=f"service:{service}", startedBy=f"ecs-svc/{service}")
    place(ecs, instances[1], "shop:1", group="family:shop", startedBy="release-check")
    ecs.update_container_instances_state(cluster="fleet", containerInstances=[instances[2]], status="DRAINING")

    subnet = next(iter(ec2.subnets.all()))
    groups = ec2.security_groups.filter(Filters=[{"Name": "vpc-id", "Values": [subnet.vpc_id]}])
    inside = {"subnets": [subnet.id], "securityGroups": [next(iter(groups)).id]}
    ecs.create_service(
        cluster="edge",
        serviceName="gateway",
        taskDefinition="shop:2",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": inside},
    )
    print("servers: moto has its clusters, container instances, services and tasks", file=sys.stderr)


def keep_tasks_running(endpoint):
    """Left alone, moto moves a task one state nearer to STOPPED each time it is described."""
    transition = {"model_name": "ecs::task", "transition": {"progression": "time", "seconds": 10**9}}
    request = urllib.request.Request(
        f"{endpoint}/moto-api/state-manager/set-transition",
        data=json.dumps(transition).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).read()


def run_instances(ec2):
    image = next(iter(ec2.images.all())).id
    return ec2.create_instances(ImageId=image, InstanceType="m5.large", MinCount=3, MaxCount=3)


def register_instance(ecs, instance):
    document = json.dumps(generate_instance_identity_document(instance))
    registered = ecs.register_container_instance(
        cluster="fleet", instanceIdentityDocument=document, instanceIdentityDocumentSignature="-"
    )
    return registered["containerInstance"]["containerInstanceArn"]


def definition(family, image):
    container = {
        "name": family,
        "image": image,
        "cpu": 256,
        "memory": 512,
        "essential": True,
        "portMappings": [{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}],
    }
    return {"family": family, "networkMode": "bridge", "containerDefinitions": [container]}


def place(ecs, instance, revision, **more):
    started = ecs.start_task(cluster="fleet", containerInstances=[instance], taskDefinition=revision, **more)
    if started.get("failures"):
        raise SystemExit(f"moto refuses to start {revision} on {instance}: {started['failures']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
