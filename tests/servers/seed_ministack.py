"""Fills a fresh MiniStack with two clusters whose tasks are real containers.

prod:    `web`, healthy, three tasks of two containers, third revision; `api`, behind a load balancer, two tasks.
staging: `importer`, a single container that fails again and again, slowly; `report`, a standalone task that runs, and
         another one that was stopped by a person.

usage: seed_ministack.py MINISTACK
"""

import sys
import time

import boto3


def main(endpoint):
    def client(service):
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    ecs = client("ecs")
    registry = endpoint.removeprefix("http://")
    vpc, subnets, security_group = network(client("ec2"))
    placement = {
        "awsvpcConfiguration": {"subnets": subnets, "securityGroups": [security_group], "assignPublicIp": "DISABLED"}
    }
    target_group = load_balancer(client("elbv2"), vpc, subnets)
    secret = client("secretsmanager").create_secret(Name="prod/web/session-key", SecretString="not a secret")["ARN"]

    ecs.create_cluster(
        clusterName="prod",
        settings=[{"name": "containerInsights", "value": "enabled"}],
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        tags=[{"key": "environment", "value": "prod"}],
    )
    ecs.create_cluster(clusterName="staging", tags=[{"key": "environment", "value": "staging"}])

    for tag in ("v1", "v2", "v1"):
        ecs.register_task_definition(**web(registry, tag, secret))
    ecs.register_task_definition(**api(registry))
    ecs.register_task_definition(**importer(registry))
    ecs.register_task_definition(**report(registry))

    rolling = {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    # One call after the other: MiniStack fails now and then when services are created side by side.
    ecs.create_service(
        cluster="prod",
        serviceName="web",
        taskDefinition="web:3",
        desiredCount=3,
        launchType="FARGATE",
        networkConfiguration=placement,
        deploymentConfiguration=rolling,
        enableExecuteCommand=True,
        tags=[{"key": "team", "value": "storefront"}],
    )
    ecs.create_service(
        cluster="prod",
        serviceName="api",
        taskDefinition="api:1",
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration=placement,
        deploymentConfiguration=rolling,
        loadBalancers=[{"targetGroupArn": target_group, "containerName": "api", "containerPort": 8080}],
        healthCheckGracePeriodSeconds=30,
    )
    ecs.create_service(
        cluster="staging",
        serviceName="importer",
        taskDefinition="importer:1",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=placement,
    )
    for _ in range(2):
        ran = ecs.run_task(
            cluster="staging",
            taskDefinition="report:1",
            launchType="FARGATE",
            networkConfiguration=placement,
            startedBy="nightly",
        )
        if ran.get("failures"):
            raise SystemExit(f"MiniStack refuses to run the task report: {ran['failures']}")
        stopped = ran["tasks"][0]["taskArn"]
    settle(ecs, "prod", {"web": 3, "api": 2})
    ecs.stop_task(cluster="staging", task=stopped, reason="stopped to make room for the migration")
    print("servers: MiniStack has its clusters, services and tasks", file=sys.stderr)


def network(ec2):
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]][:2]
    return vpc, subnets, ec2.describe_security_groups(Filters=inside)["SecurityGroups"][0]["GroupId"]


def load_balancer(elb, vpc, subnets):
    group = elb.create_target_group(
        Name="prod-api", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", HealthCheckPath="/"
    )["TargetGroups"][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name="prod", Subnets=subnets, Type="application")["LoadBalancers"][0]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return group


def logs(group):
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": group,
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "ecs",
            "awslogs-create-group": "true",
        },
    }


def fargate(family, *containers, cpu="256", memory="512"):
    return {
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu,
        "memory": memory,
        "containerDefinitions": list(containers),
    }


def web(registry, tag, secret):
    app = {
        "name": "app",
        "image": f"{registry}/app/web:{tag}",
        "cpu": 128,
        "memory": 256,
        "memoryReservation": 128,
        "essential": True,
        "portMappings": [{"containerPort": 8080, "protocol": "tcp", "name": "http", "appProtocol": "http"}],
        "environment": [
            {"name": "VERSION", "value": tag},
            {"name": "DATABASE_URL", "value": "postgres://web:hunter2@db.internal/shop"},
        ],
        "secrets": [{"name": "SESSION_KEY", "valueFrom": secret}],
        "healthCheck": {
            "command": ["CMD-SHELL", "wget -q -O- http://127.0.0.1:8080/ || exit 1"],
            "interval": 10,
            "timeout": 2,
            "retries": 3,
            "startPeriod": 5,
        },
        "dependsOn": [{"containerName": "sidecar", "condition": "START"}],
        "logConfiguration": logs("/ecs/web"),
    }
    sidecar = {
        "name": "sidecar",
        "image": f"{registry}/app/sidecar:stable",
        "cpu": 32,
        "memory": 64,
        "essential": False,
        "environment": [{"name": "PAUSE", "value": "1"}],
        "logConfiguration": logs("/ecs/web"),
    }
    return fargate("web", app, sidecar)


def api(registry):
    container = {
        "name": "api",
        "image": f"{registry}/app/api:2026.11.1",
        "cpu": 256,
        "memory": 512,
        "essential": True,
        "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
        "logConfiguration": logs("/ecs/api"),
    }
    return fargate("api", container)


def importer(registry):
    # A stopped task stays in MiniStack for ever and its replacement comes at once, so the failure takes its time.
    container = {
        "name": "importer",
        "image": f"{registry}/batch/crash:latest",
        "memory": 64,
        "essential": True,
        "environment": [{"name": "AFTER", "value": "15"}, {"name": "CODE", "value": "42"}],
        "logConfiguration": logs("/ecs/importer"),
    }
    return fargate("importer", container)


def report(registry):
    container = {
        "name": "report",
        "image": f"{registry}/app/sidecar:stable",
        "memory": 64,
        "essential": True,
        "environment": [{"name": "PAUSE", "value": "2"}],
        "logConfiguration": logs("/ecs/report"),
    }
    return fargate("report", container)


def settle(ecs, cluster, wanted, seconds=90):
    """Waits until every service runs as many tasks as it should."""
    end = time.monotonic() + seconds
    while True:
        services = ecs.describe_services(cluster=cluster, services=list(wanted))["services"]
        running = {service["serviceName"]: service["runningCount"] for service in services}
        if running == wanted:
            return
        if time.monotonic() > end:
            raise SystemExit(f"after {seconds} seconds {cluster} runs {running} tasks instead of {wanted}")
        time.sleep(0.3)


if __name__ == "__main__":
    main(*sys.argv[1:])
