//! Tests of the layers and their origins, of the messages for what is wrong, and of the example.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rstest::rstest;
use tempfile::TempDir;

use super::*;

/// A user with a home folder of their own, a configuration file and variables.
struct User {
    home: TempDir,
    variables: BTreeMap<&'static str, &'static str>,
}

impl User {
    fn new(file: Option<&str>) -> Self {
        let home = TempDir::new().unwrap();
        let user = Self {
            home,
            variables: BTreeMap::new(),
        };
        if let Some(text) = file {
            fs::write(user.paths().config_file, text).unwrap();
        }
        user
    }

    fn with(mut self, variables: &[(&'static str, &'static str)]) -> Self {
        self.variables.extend(variables.iter().copied());
        self
    }

    fn paths(&self) -> Paths {
        let home = self.home.path();
        Paths::of_folders(home, &home.join("state"), &home.join("cache"))
    }

    fn load(&self, flags: &Flags) -> Result<Config, ConfigError> {
        let variable = |name: &str| self.variables.get(name).map(|text| (*text).to_owned());
        Config::load_from(self.paths(), flags, variable)
    }

    /// The place of a line of the configuration file.
    fn line(&self, line: usize) -> Origin {
        let path = self.paths().config_file;
        Origin::File { path, line }
    }
}

fn complaint(file: &str) -> String {
    let user = User::new(Some(file));
    let message = user.load(&Flags::default()).unwrap_err().to_string();
    let home = format!("{}/", user.home.path().display());
    message.replace(&home, "")
}

#[test]
fn without_anything_set_the_defaults_hold() {
    let user = User::new(None);
    let config = user.load(&Flags::default()).unwrap();
    assert_eq!(config, Config::defaults(user.paths()));
    assert_eq!(config.env.prod.len(), 1);
    assert_eq!(config.env.staging.len(), 1);
    assert_eq!(config.env.dev.len(), 1);
}

#[test]
fn each_layer_hides_the_one_before_and_says_so() {
    let file = "theme = \"nord\"\ncolor = 16\nascii = true\n\n[refresh]\nvisible_seconds = 7\n";
    let user = User::new(Some(file)).with(&[("ECSIGHT_COLOR", "256"), ("ECSIGHT_THEME", "mono")]);
    let flags = Flags {
        theme: Some("gruvbox-dark".to_owned()),
        ..Flags::default()
    };
    let config = user.load(&flags).unwrap();

    assert_eq!(*config.theme, "gruvbox-dark");
    assert_eq!(*config.theme.origin(), Origin::Flag("--theme"));
    assert_eq!(*config.color, ColorChoice::Indexed256);
    assert_eq!(*config.color.origin(), Origin::Variable("ECSIGHT_COLOR"));
    assert!(*config.ascii);
    assert_eq!(*config.ascii.origin(), user.line(3));
    assert_eq!(*config.refresh.visible_seconds, 7);
    assert_eq!(*config.refresh.visible_seconds.origin(), user.line(6));
    assert!(!*config.mouse);
    assert_eq!(*config.mouse.origin(), Origin::Default);
}

#[test]
fn every_flag_is_applied() {
    let flags = Flags {
        config: None,
        profile: Some("one".to_owned()),
        region: Some("eu-west-1".to_owned()),
        endpoint_url: Some("http://127.0.0.1:4580".to_owned()),
        readonly: true,
        theme: Some("nord".to_owned()),
        color: Some(ColorChoice::Never),
        ascii: true,
        mouse: true,
        no_cache: true,
    };
    let config = User::new(None).load(&flags).unwrap();
    for (path, text) in flags.given() {
        let key = table::find(path).unwrap();
        let slot = (key.slot)(&config);
        assert_eq!(*slot.origin(), Origin::Flag(key.flag.unwrap()), "{path}");
        assert!(slot.to_toml().unwrap().contains(&text), "{path}");
    }
    let with_flags = table::KEYS.iter().filter(|key| key.flag.is_some());
    assert_eq!(with_flags.count(), flags.given().count());
}

#[test]
fn every_variable_is_applied() {
    for key in table::KEYS {
        for name in key.variables {
            let defaults = Config::defaults(User::new(None).paths());
            let value = (key.slot)(&defaults).to_toml();
            let text = value.unwrap_or_else(|| key.sample.to_owned());
            let text = text.replace(['"', '[', ']'], "");
            // A list that is empty by default has no text: any pattern will do.
            let text = if text.is_empty() {
                "x*".to_owned()
            } else {
                text
            };
            let variable = |asked: &str| (asked == *name).then(|| text.clone());
            let paths = User::new(None).paths();
            let config = Config::load_from(paths, &Flags::default(), variable).unwrap();
            assert_eq!(*(key.slot)(&config).origin(), Origin::Variable(name));
        }
    }
}

#[test]
fn the_variables_of_aws_hide_the_file_but_are_left_to_the_sdk() {
    let user = User::new(Some("profile = \"dev\"\nregion = \"eu-west-1\""))
        .with(&[("AWS_PROFILE", "prod"), ("AWS_REGION", "")]);
    let config = user.load(&Flags::default()).unwrap();
    assert_eq!(config.profile.as_deref(), Some("prod"));
    assert_eq!(config.profile.for_sdk(), None);
    // An empty variable hides nothing.
    assert_eq!(config.region.for_sdk(), Some("eu-west-1"));
}

#[test]
fn keys_are_kept_with_their_lines() {
    let user = User::new(Some(
        "[keys]\nrefresh = \"R\"\n\"sort.by\" = [\"O\", \",\"]\nquit = []\n",
    ));
    let config = user.load(&Flags::default()).unwrap();
    assert_eq!(*config.keys["refresh"], ["R"]);
    assert_eq!(*config.keys["sort.by"], ["O", ","]);
    assert_eq!(*config.keys["sort.by"].origin(), user.line(3));
    assert!(config.keys["quit"].is_empty());
    let overrides = config.key_overrides();
    assert_eq!(overrides["sort.by"], ["O", ","]);
    assert_eq!(overrides.len(), 3);
}

#[test]
fn a_dotted_command_needs_no_quotes() {
    let user = User::new(Some("[keys]\nsort.left = \"H\"\nsort.right = \"L\""));
    let config = user.load(&Flags::default()).unwrap();
    assert_eq!(*config.keys["sort.left"], ["H"]);
    assert_eq!(*config.keys["sort.right"].origin(), user.line(3));
}

#[rstest]
#[case::unknown(
    "\nthmee = \"nord\"",
    "config.toml:2: unknown key `thmee` (did you mean `theme`?)"
)]
#[case::unknown_inner(
    "[refresh]\nvisible_second = 3",
    "config.toml:2: unknown key `refresh.visible_second` (did you mean `visible_seconds`?)"
)]
#[case::unknown_table(
    "[refesh]\nvisible_seconds = 3",
    "config.toml:1: unknown key `refesh` (did you mean `refresh`?)"
)]
#[case::wrong_table(
    "[budget]\nvisible_seconds = 3",
    "config.toml:2: unknown key `budget.visible_seconds`; `visible_seconds` belongs in [refresh]"
)]
#[case::not_at_top(
    "[budget]\ntheme = \"nord\"",
    "config.toml:2: unknown key `budget.theme`; `theme` belongs at the top"
)]
#[case::in_no_table(
    "burst = 1",
    "config.toml:1: unknown key `burst`; `burst` belongs in [budget]"
)]
#[case::number(
    "[refresh]\nvisible_seconds = 0",
    "config.toml:2: `refresh.visible_seconds` must be from 1 to 3600, not 0"
)]
#[case::negative(
    "[refresh]\nvisible_seconds = -1",
    "config.toml:2: `refresh.visible_seconds` must be a whole number, not negative"
)]
#[case::share(
    "[budget]\nrefill = 0",
    "config.toml:2: `budget.refill` must be above 0 and at most 1, not 0"
)]
#[case::share_nan(
    "[budget]\nburst = nan",
    "config.toml:2: `budget.burst` must be above 0 and at most 1, not NaN"
)]
#[case::switch(
    "mouse = \"on\"",
    "config.toml:1: `mouse` must be true or false, without quotes"
)]
#[case::color(
    "color = \"alway\"",
    "config.toml:1: `color` must be one of auto, never, 16, 256, truecolor, always, not `alway` (did you mean `always`?)"
)]
#[case::url(
    "endpoint_url = \"localhost\"",
    "config.toml:1: `endpoint_url` must be an address such as http://127.0.0.1:4580, not `localhost`"
)]
#[case::patterns(
    "readonly_accounts = \"prod*\"",
    "config.toml:1: `readonly_accounts` must be a list of patterns"
)]
#[case::table("refresh = 5", "config.toml:1: `refresh` must be a table")]
#[case::theme(
    "\n\ntheme = \"nrod\"",
    "config.toml:3: there is no theme `nrod` (did you mean `nord`?)"
)]
#[case::key(
    "[keys]\nquit = 3",
    "config.toml:2: `keys.quit` must be a key in quotes or a list of them"
)]
#[case::syntax("mouse = true\nascii = \n", "config.toml:2: ")]
#[case::twice("mouse = true\nmouse = true\n", "config.toml:2: duplicate key")]
fn a_mistake_in_the_file_is_named_with_its_line(#[case] file: &str, #[case] expected: &str) {
    let message = complaint(file);
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn a_mistake_in_a_variable_or_flag_is_named_with_it() {
    let user = User::new(None).with(&[("ECSIGHT_MOUSE", "maybe")]);
    let error = user.load(&Flags::default()).unwrap_err();
    let expected = "variable ECSIGHT_MOUSE: `mouse` must be true or false, not `maybe`";
    assert_eq!(error.to_string(), expected);

    let flags = Flags {
        theme: Some("solarized".to_owned()),
        ..Flags::default()
    };
    let message = User::new(None).load(&flags).unwrap_err().to_string();
    let expected = "flag --theme: there is no theme `solarized`";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn a_theme_may_be_the_users_own() {
    let user = User::new(Some("theme = \"mine\""));
    fs::create_dir(user.paths().themes).unwrap();
    let path = user.paths().themes.join("mine.toml");
    fs::write(&path, "inherits = \"nord\"").unwrap();
    assert_eq!(*user.load(&Flags::default()).unwrap().theme, "mine");

    fs::write(&path, "\n[roles]\nmrak = \"red\"").unwrap();
    let message = user.load(&Flags::default()).unwrap_err().to_string();
    assert!(
        message.contains("mine.toml:3: unknown role `mrak`"),
        "{message}"
    );
}

#[test]
fn a_named_file_is_read_instead_and_must_exist() {
    let user = User::new(Some("mouse = true"));
    let other = user.home.path().join("other.toml");
    fs::write(&other, "ascii = true").unwrap();
    let flags = |path: &Path| Flags {
        config: Some(path.to_owned()),
        ..Flags::default()
    };
    let config = user.load(&flags(&other)).unwrap();
    assert!(*config.ascii && !*config.mouse);
    assert_eq!(config.paths.config_file, other);

    let missing = user.home.path().join("missing.toml");
    let message = user.load(&flags(&missing)).unwrap_err().to_string();
    assert!(message.contains("missing.toml cannot be read"), "{message}");

    let user = user.with(&[(CONFIG_VARIABLE, "no-such-folder/config.toml")]);
    let message = user.load(&Flags::default()).unwrap_err().to_string();
    assert!(
        message.contains("no-such-folder/config.toml cannot be read"),
        "{message}"
    );
    // The flag goes before the variable.
    assert!(user.load(&flags(&other)).is_ok());
}

#[test]
fn accounts_are_known_by_id_profile_or_both() {
    let user = User::new(Some(
        "readonly_accounts = [\"1111*\", \"*-audit\"]\n[env]\nprod = [\"9999*-admin\"]\ndev = [\"*\"]",
    ));
    let config = user.load(&Flags::default()).unwrap();
    assert!(config.is_readonly(Some("111122223333"), None));
    assert!(config.is_readonly(None, Some("eu-audit")));
    assert!(!config.is_readonly(Some("222233334444"), Some("eu")));
    let environment = |account, profile| config.environment(Some(account), Some(profile));
    assert_eq!(
        environment("999900001111", "admin"),
        Some(Environment::Prod)
    );
    assert_eq!(environment("999900001111", "guest"), Some(Environment::Dev));
    assert_eq!(config.environment(None, None), None);
}

#[test]
fn never_pausing_is_zero_minutes() {
    let pause = |text| {
        let user = User::new(Some(text));
        user.load(&Flags::default()).unwrap().refresh.pause_after()
    };
    assert_eq!(pause("[refresh]\npause_after_minutes = 0"), None);
    assert_eq!(pause(""), Some(Duration::from_mins(15)));
}

#[test]
fn the_example_changes_nothing() {
    let user = User::new(Some(&Config::example()));
    let config = user.load(&Flags::default()).unwrap();
    assert_eq!(config, Config::defaults(user.paths()));
}

#[test]
fn the_example_names_every_built_in_theme() {
    let help = table::find("theme").unwrap().help;
    for name in Theme::names() {
        assert!(help.contains(name), "{name}");
    }
}

#[test]
fn the_example_with_its_keys_set_shows_the_defaults() {
    let set: String = Config::example()
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|_| line.contains(" = ") || line.contains("[["))
                .unwrap_or(line)
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let user = User::new(Some(&set));
    let config = user.load(&Flags::default()).unwrap();
    let defaults = Config::defaults(user.paths());
    for key in table::KEYS {
        let slot = (key.slot)(&config);
        let is_set = matches!(slot.origin(), Origin::File { .. });
        assert!(is_set, "{} is not in the example", key.path);
        if let Some(default) = (key.slot)(&defaults).to_toml() {
            assert_eq!(slot.to_toml(), Some(default), "{}", key.path);
        }
    }
    let hosts: Vec<_> = config
        .engines
        .hosts
        .iter()
        .map(|host| host.address.as_str())
        .collect();
    assert_eq!(hosts, ["ssh://ec2-user@{instance_id}"]);
    assert_eq!(*config.keys["refresh"], ["ctrl-r", "R"]);
    assert_eq!(*config.keys["sort.left"], ["<"]);
}

#[test]
fn the_report_names_every_path_and_setting() {
    let user =
        User::new(Some("mouse = true\n[keys]\nquit = []")).with(&[("ECSIGHT_THEME", "mono")]);
    let report = user.load(&Flags::default()).unwrap().report();
    let row = |first: &str| {
        let line = report.lines().find(|line| line.starts_with(first)).unwrap();
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let file = user.paths().config_file.display().to_string();
    assert_eq!(row("config file"), ["config file", &file, "exists"]);
    assert_eq!(row("log file")[2], "absent");
    assert_eq!(row("mouse"), ["mouse", "true", &format!("{file}:1")]);
    assert_eq!(
        row("theme "),
        ["theme", "\"mono\"", "variable ECSIGHT_THEME"]
    );
    assert_eq!(row("region"), ["region", "(unset)", "default"]);
    assert_eq!(row("keys.quit"), ["keys.quit", "[]", &format!("{file}:3")]);
    for key in table::KEYS {
        assert_eq!(row(&format!("{}  ", key.path))[0], key.path);
    }
}

#[test]
fn engines_of_hosts_are_read_in_their_order() {
    let file = "[engines]\nlocal = false\n\n[[engines.hosts]]\ncluster = \"prod*\"\naddress = \"tcp://{private_ip}:2376\"\n\
                certificates = \"~/.docker\"\n\n[[engines.hosts]]\naddress = \"ssh://ec2-user@{attribute.name}:2222\"\n";
    let user = User::new(Some(file));
    let config = user.load(&Flags::default()).unwrap();
    assert!(!*config.engines.local);
    let [first, second] = &config.engines.hosts[..] else {
        panic!("two hosts");
    };
    assert_eq!(*first.origin(), user.line(4));
    assert_eq!(
        (first.cluster.as_str(), first.instance.as_str()),
        ("prod*", "*")
    );
    let folder = first.certificates.as_deref().unwrap();
    assert!(
        folder.is_absolute() && folder.ends_with(".docker"),
        "{folder:?}"
    );
    assert_eq!(second.address, "ssh://ec2-user@{attribute.name}:2222");
    assert_eq!(second.certificates, None);
    let report = config.report();
    let line = report.lines().find(|line| line.contains("ssh://")).unwrap();
    assert!(line.starts_with("engines.hosts  "), "{line}");
    assert!(line.ends_with("config.toml:9"), "{line}");
}

#[rstest]
#[case(
    "address = \"shh://x\"",
    "config.toml:2: `engines.hosts` `address` must begin with unix://, tcp://, http://, https://, ssh://, npipe://, not `shh://x` (did you mean `ssh`?)"
)]
#[case(
    "address = \"ssh://{instance}\"",
    "config.toml:2: `engines.hosts` `address` has an unknown placeholder `{instance}` (did you mean `instance_id`?); there are {instance_id}, {cluster}, {private_ip} and {attribute.NAME}"
)]
#[case(
    "address = \"ssh://{cluster\"",
    "config.toml:2: `engines.hosts` `address` has a `{` without its `}`: `ssh://{cluster`"
)]
#[case(
    "address = \"unix://docker.sock\"",
    "config.toml:2: `engines.hosts` `address` says no place after `unix://`; a unix:// address is an absolute path"
)]
#[case(
    "cluster = \"*\"",
    "config.toml:1: `engines.hosts` needs an address, such as \"ssh://ec2-user@{instance_id}\""
)]
#[case(
    "adress = \"ssh://x\"",
    "config.toml:2: unknown key `adress` in [[engines.hosts]] (did you mean `address`?); there are cluster, instance, address, certificates"
)]
#[case(
    "address = 5",
    "config.toml:2: `engines.hosts` `address` must be text in quotes, and not empty"
)]
#[case(
    "address = \"ssh://x\"\ncertificates = \"/c\"",
    "config.toml:1: `engines.hosts` has certificates, which only an address with tcp:// or https:// takes"
)]
fn what_is_wrong_with_a_host_is_named_with_its_line(#[case] file: &str, #[case] expected: &str) {
    assert_eq!(complaint(&format!("[[engines.hosts]]\n{file}\n")), expected);
}

#[test]
fn hosts_are_a_list_of_tables() {
    let expected = "config.toml:2: `engines.hosts` must be a list of tables: `[[engines.hosts]]` on a line of its own";
    assert_eq!(complaint("[engines]\nhosts = \"ssh://x\"\n"), expected);
    assert_eq!(complaint("[engines]\nhosts = [\"ssh://x\"]\n"), expected);
}
