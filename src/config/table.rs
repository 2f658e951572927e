//! The table of settings. It feeds the reader of the file, the variables, the flags, the example and the report.

use super::Config;
use super::setting::{Check, Slot};

/// One row of the table.
pub(super) struct Key {
    /// The key, with its table: `refresh.visible_seconds`.
    pub(super) path: &'static str,
    /// The variables that set it; the first one that is not empty counts.
    pub(super) variables: &'static [&'static str],
    /// The flag that sets it.
    pub(super) flag: Option<&'static str>,
    /// What it does, for the example.
    pub(super) help: &'static str,
    /// A value for the example where the default is none.
    pub(super) sample: &'static str,
    pub(super) check: Check,
    pub(super) slot: fn(&Config) -> &dyn Slot,
    pub(super) slot_mut: fn(&mut Config) -> &mut dyn Slot,
}

impl Key {
    /// The table and the name within it; the table of a top-level key is empty.
    pub(super) fn split(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or(("", self.path))
    }
}

/// Writes rows down without the two accessors that the path of fields implies.
macro_rules! keys {
    ($($path:literal => $first:ident $(. $rest:ident)? {
        variables: $variables:expr, flag: $flag:expr, check: $check:expr, sample: $sample:literal, help: $help:literal,
    })+) => {
        &[$(Key {
            path: $path,
            variables: &$variables,
            flag: $flag,
            help: $help,
            sample: $sample,
            check: $check,
            slot: |config| &config.$first$(.$rest)?,
            slot_mut: |config| &mut config.$first$(.$rest)?,
        }),+]
    };
}

/// A share of AWS's own limit.
const SHARE: Check = Check::Range {
    low: f64::MIN_POSITIVE,
    high: 1.0,
    words: "above 0 and at most 1",
};

/// Seconds from one to an hour.
const SECONDS: Check = Check::Range {
    low: 1.0,
    high: 3600.0,
    words: "from 1 to 3600",
};

/// Minutes from none to a day.
const MINUTES: Check = Check::Range {
    low: 0.0,
    high: 1440.0,
    words: "from 0 to 1440",
};

/// Every setting but the keys, in the order of the example: the top level first, then table by table.
pub(super) const KEYS: &[Key] = keys! {
    "profile" => profile {
        variables: ["AWS_PROFILE"], flag: Some("--profile"), check: Check::Any, sample: "\"production\"",
        help: "The profile of the AWS configuration. Without it the AWS SDK decides.",
    }
    "region" => region {
        variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], flag: Some("--region"), check: Check::Any, sample: "\"eu-west-1\"",
        help: "The AWS region. Without it the AWS SDK decides.",
    }
    "endpoint_url" => endpoint_url {
        variables: ["AWS_ENDPOINT_URL_ECS", "AWS_ENDPOINT_URL"], flag: Some("--endpoint-url"), check: Check::Url, sample: "\"http://127.0.0.1:4580\"",
        help: "An endpoint to call instead of AWS, for all services.",
    }
    "readonly" => readonly {
        variables: ["ECSIGHT_READONLY"], flag: Some("--readonly"), check: Check::Any, sample: "",
        help: "Refuse every change, everywhere.",
    }
    "readonly_accounts" => readonly_accounts {
        variables: ["ECSIGHT_READONLY_ACCOUNTS"], flag: None, check: Check::Any, sample: "",
        help: "Refuse every change in these: patterns on the account id or the profile, such as [\"prod*\", \"1234*\"].",
    }
    "protected" => protected {
        variables: ["ECSIGHT_PROTECTED"], flag: None, check: Check::Any, sample: "",
        help: "Ask for the name of the target before any change in these: patterns on the account id, the profile or\nthe cluster.",
    }
    "theme" => theme {
        variables: ["ECSIGHT_THEME"], flag: Some("--theme"), check: Check::Any, sample: "",
        help: "A built-in theme (ansi, mono, catppuccin-mocha, gruvbox-dark, nord, tokyo-night) or a file of the themes\nfolder, without its .toml.",
    }
    "color" => color {
        variables: ["ECSIGHT_COLOR"], flag: Some("--color"), check: Check::Any, sample: "",
        help: "How many colours: \"auto\" (by the environment), \"never\", \"16\", \"256\" or \"truecolor\".",
    }
    "ascii" => ascii {
        variables: ["ECSIGHT_ASCII"], flag: Some("--ascii"), check: Check::Any, sample: "",
        help: "Draw with ASCII characters only.",
    }
    "mouse" => mouse {
        variables: ["ECSIGHT_MOUSE"], flag: Some("--mouse"), check: Check::Any, sample: "",
        help: "Take the mouse's clicks and wheel. The terminal's own selection then needs Shift.",
    }
    "crawl" => crawl {
        variables: ["ECSIGHT_CRAWL"], flag: None, check: Check::Any, sample: "",
        help: "Ask for the whole account in the background, after what is on the screen, so that everything can be found.\nWhat does not change is asked for ever more rarely, down to once in ten minutes.",
    }
    "cache" => cache {
        variables: ["ECSIGHT_CACHE"], flag: Some("--no-cache"), check: Check::Any, sample: "",
        help: "Keep clusters, services, instances and tasks in the cache folder, and show them at once at the next start.\nWhat an endpoint on this machine simulates is kept only where this is set.",
    }
    "refresh.visible_seconds" => refresh.visible_seconds {
        variables: ["ECSIGHT_REFRESH_VISIBLE_SECONDS"], flag: None, check: SECONDS, sample: "",
        help: "How often what is on the screen is fetched.",
    }
    "refresh.rollout_seconds" => refresh.rollout_seconds {
        variables: ["ECSIGHT_REFRESH_ROLLOUT_SECONDS"], flag: None, check: SECONDS, sample: "",
        help: "The same while a deployment on the screen is rolling out.",
    }
    "refresh.unfocused_seconds" => refresh.unfocused_seconds {
        variables: ["ECSIGHT_REFRESH_UNFOCUSED_SECONDS"], flag: None, check: SECONDS, sample: "",
        help: "The same while another window has the keyboard.",
    }
    "refresh.pause_after_minutes" => refresh.pause_after_minutes {
        variables: ["ECSIGHT_REFRESH_PAUSE_AFTER_MINUTES"], flag: None, check: MINUTES, sample: "",
        help: "Minutes without a key after which nothing is fetched until the next one; 0 never pauses.",
    }
    "budget.burst" => budget.burst {
        variables: ["ECSIGHT_BUDGET_BURST"], flag: None, check: SHARE, sample: "",
        help: "The share of AWS's bursts of calls to use, above 0 and at most 1. The rest is left to others.",
    }
    "budget.refill" => budget.refill {
        variables: ["ECSIGHT_BUDGET_REFILL"], flag: None, check: SHARE, sample: "",
        help: "The share of AWS's steady rate of calls to use, above 0 and at most 1.",
    }
    "env.prod" => env.prod {
        variables: ["ECSIGHT_ENV_PROD"], flag: None, check: Check::Any, sample: "",
        help: "What is shown as production: patterns on the profile, the account id, or both as ACCOUNT-PROFILE.",
    }
    "env.staging" => env.staging {
        variables: ["ECSIGHT_ENV_STAGING"], flag: None, check: Check::Any, sample: "",
        help: "What is shown as staging.",
    }
    "env.dev" => env.dev {
        variables: ["ECSIGHT_ENV_DEV"], flag: None, check: Check::Any, sample: "",
        help: "What is shown as development.",
    }
    "engines.local" => engines.local {
        variables: ["ECSIGHT_ENGINES_LOCAL"], flag: None, check: Check::Any, sample: "",
        help: "Use this machine's Docker Engine, for stats and logs: that of DOCKER_HOST, or the default socket.",
    }
};

/// The row of a key.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// Whether `name` is a table of the file.
pub(super) fn is_table(name: &str) -> bool {
    !name.is_empty() && KEYS.iter().any(|key| key.split().0 == name)
}
