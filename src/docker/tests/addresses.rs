//! Addresses, templates, and where the engine of this machine is.

use std::io::ErrorKind;

use rstest::rstest;

use crate::docker::address::{Address, HostRule, Settings, check_address};
use crate::docker::fault;
use crate::model::{Arn, FaultKind, Host, Tag};

fn ssh(user: Option<&str>, host: &str, port: Option<u16>) -> Address {
    Address::Ssh {
        user: user.map(str::to_owned),
        host: host.to_owned(),
        port,
    }
}

#[test]
fn addresses_are_read() {
    let cases = [
        (
            "unix:///var/run/docker.sock",
            Address::Unix("/var/run/docker.sock".to_owned()),
        ),
        (
            "npipe:////./pipe/docker_engine",
            Address::Pipe("//./pipe/docker_engine".to_owned()),
        ),
        (
            "tcp://10.0.0.7:4243",
            Address::Plain("10.0.0.7:4243".to_owned()),
        ),
        ("tcp://10.0.0.7", Address::Plain("10.0.0.7:2375".to_owned())),
        (
            "http://localhost:2375/",
            Address::Plain("localhost:2375".to_owned()),
        ),
        ("https://[::1]", Address::Tls("[::1]:2376".to_owned())),
        (
            "ssh://ec2-user@i-0abc",
            ssh(Some("ec2-user"), "i-0abc", None),
        ),
        (
            "ssh://host.example:2222",
            ssh(None, "host.example", Some(2222)),
        ),
        (
            "ssh://me@[fe80::1]:22",
            ssh(Some("me"), "fe80::1", Some(22)),
        ),
    ];
    for (text, address) in cases {
        assert_eq!(Address::parse(text), Ok(address), "{text}");
    }
}

#[rstest]
#[case("/var/run/docker.sock", "has no scheme")]
#[case("unix://docker.sock", "absolute path")]
#[case("ftp://host", "`ftp` is no scheme")]
#[case("tcp://", "is no name of a host")]
#[case("tcp://host:port", "`port` is no port")]
#[case("ssh://-oProxyCommand=touch /tmp/x", "is no name of a host")]
#[case("ssh://user@-host", "is no name of a host")]
#[case("ssh://-l@host", "is no name of a user")]
#[case("ssh://me:secret@host", "without a password")]
#[case("ssh://{instance}", "`{instance}` is no placeholder")]
#[case("ssh://{cluster", "`{cluster` is no placeholder")]
#[case("ssh://{attribute.}", "`{attribute.}` is no placeholder")]
fn what_is_no_address_is_refused_with_the_reason(#[case] text: &str, #[case] why: &str) {
    let message = check_address(text).unwrap_err();
    assert!(message.contains(why), "{message}");
}

#[test]
fn templates_are_addresses_too() {
    for template in [
        "ssh://ec2-user@{instance_id}",
        "tcp://{private_ip}:2376",
        "ssh://{attribute.user}@{attribute.host}.{cluster}.internal",
    ] {
        assert_eq!(check_address(template), Ok(()), "{template}");
    }
}

fn host() -> Host {
    let attribute = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    Host {
        instance: Arn::new("arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/9"),
        cluster: "Prod".to_owned(),
        ec2_id: "i-0abc".to_owned(),
        attributes: vec![
            attribute("private_ip", "10.1.2.3"),
            attribute("rack", "r7"),
            attribute("evil", "-oProxyCommand=reboot"),
            attribute("empty", ""),
        ],
    }
}

fn led_by(rules: &[(&str, &str, &str)]) -> Option<Result<String, String>> {
    let rules = rules.iter().map(|(cluster, instance, address)| HostRule {
        cluster: (*cluster).to_owned(),
        instance: (*instance).to_owned(),
        address: (*address).to_owned(),
        certificates: None,
    });
    let settings = Settings {
        local: None,
        rules: rules.collect(),
    };
    let found = settings.engine_of(&host())?;
    Some(
        found
            .map(|target| target.id.to_string())
            .map_err(|unreachable| unreachable.fault.message),
    )
}

#[test]
fn the_first_rule_that_fits_tells_the_address() {
    let address = |rules: &[_]| led_by(rules).unwrap().unwrap();
    assert_eq!(
        address(&[("*", "*", "tcp://{private_ip}:2375")]),
        "tcp://10.1.2.3:2375"
    );
    assert_eq!(
        address(&[
            ("dev*", "*", "ssh://a"),
            (
                "p?od",
                "i-0*",
                "ssh://{instance_id}.{attribute.rack}.{cluster}"
            ),
            ("*", "*", "ssh://b")
        ]),
        "ssh://i-0abc.r7.Prod"
    );
    assert_eq!(led_by(&[("prod", "mi-*", "ssh://a")]), None);
    assert_eq!(
        led_by(&[("pro.", "*", "ssh://a")]),
        None,
        "a pattern is no regular expression"
    );
}

#[test]
fn a_missing_or_unfit_attribute_is_never_guessed_around() {
    let message = |address| led_by(&[("*", "*", address)]).unwrap().unwrap_err();
    assert!(message("ssh://{attribute.none}").contains("no attribute `none`"));
    assert!(message("ssh://{attribute.empty}").contains("no attribute `empty`"));
    assert!(message("ssh://{attribute.evil}").contains("is no name of a host"));
}

#[test]
fn the_engine_of_this_machine_is_that_of_the_docker_client() {
    let local = |set: &[(&str, &str)]| {
        let set: Vec<_> = set
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::local_address(move |name| {
            set.iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        })
    };
    assert_eq!(
        local(&[("DOCKER_HOST", "ssh://me@host")]).unwrap(),
        "ssh://me@host"
    );
    assert_eq!(
        local(&[("DOCKER_HOST", "tcp://host:2376")]).unwrap(),
        "tcp://host:2376"
    );
    let secure = [
        ("DOCKER_HOST", "tcp://host:2376"),
        ("DOCKER_TLS_VERIFY", "1"),
    ];
    assert_eq!(local(&secure).unwrap(), "https://host:2376");
    let unix = [
        ("DOCKER_HOST", "unix:///x.sock"),
        ("DOCKER_TLS_VERIFY", "1"),
    ];
    assert_eq!(local(&unix).unwrap(), "unix:///x.sock");
    let default = std::path::Path::new("/var/run/docker.sock").exists();
    assert_eq!(local(&[("DOCKER_HOST", "")]).is_some(), default);
}

#[test]
fn each_failure_has_a_next_step() {
    let fault = |address: &str, kind| fault::of_io(address, kind, "words");
    let denied = fault("unix:///x.sock", Some(ErrorKind::PermissionDenied));
    assert_eq!(
        denied.kind,
        FaultKind::Denied {
            action: String::new()
        }
    );
    assert!(
        denied.message.contains("/x.sock") && denied.hint.contains("group docker"),
        "{denied}"
    );
    let refused = fault("tcp://h:1", Some(ErrorKind::ConnectionRefused));
    assert!(refused.hint.contains("security group"), "{refused}");
    let late = fault("tcp://h:1", Some(ErrorKind::TimedOut));
    assert_eq!(late.kind, FaultKind::Timeout);
    let ssh = fault("ssh://me@h:2222", Some(ErrorKind::Other));
    assert_eq!(ssh.message, "words");
    assert!(
        ssh.hint
            .contains("`ssh -o BatchMode=yes -p 2222 me@h docker system dial-stdio`"),
        "{ssh}"
    );
    let tls = fault("https://h:1", Some(ErrorKind::InvalidData));
    assert!(tls.hint.contains("cert.pem"), "{tls}");
    let no_ssh = fault("ssh://h", Some(ErrorKind::NotFound));
    assert!(no_ssh.message.contains("`ssh`"), "{no_ssh}");
    let ended = fault("unix:///x.sock", Some(ErrorKind::UnexpectedEof));
    assert!(ended.message.contains("closed the connection"), "{ended}");
}
