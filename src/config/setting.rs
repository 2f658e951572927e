//! One setting: its value, where it came from, and how it is read from TOML, from a variable or from a flag.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

use toml::de::DeValue;

use super::pattern::Pattern;
use crate::theme::{ColorChoice, suggestion};

/// Where an effective value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the built-in default.
    Default,
    /// In the configuration file, on a line counted from 1.
    File {
        /// The configuration file.
        path: PathBuf,
        /// The line of the key.
        line: usize,
    },
    /// In an environment variable.
    Variable(&'static str),
    /// On the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => write!(formatter, "variable {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// A value and where it was set. It reads as the value itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting<T> {
    value: T,
    origin: Origin,
}

impl<T> Setting<T> {
    /// A value that was set at `origin`.
    pub const fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// A built-in default.
    pub(super) const fn default(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// Where the value was set.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl<T> Deref for Setting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl Setting<Option<String>> {
    /// What to tell the AWS SDK: nothing where the value is of a variable that the SDK reads itself, so that its own
    /// rules hold (a service's `AWS_ENDPOINT_URL_ECS` goes before `AWS_ENDPOINT_URL`).
    #[must_use]
    pub fn for_sdk(&self) -> Option<&str> {
        match self.origin {
            Origin::Variable(name) if name.starts_with("AWS_") => None,
            _ => self.value.as_deref(),
        }
    }
}

/// What a value must satisfy beyond its type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    /// Nothing.
    Any,
    /// A number between two, both included; `words` says so in a message.
    Range {
        low: f64,
        high: f64,
        words: &'static str,
    },
    /// An `http` or `https` address.
    Url,
}

/// A type that settings have.
pub(super) trait Value: Sized {
    /// Reads a TOML value; the error says what is expected.
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String>;
    /// Reads a variable or a flag; the error says what is expected.
    fn from_text(text: &str) -> Result<Self, String>;
    /// The value as TOML; `None` when it is unset.
    fn to_toml(&self) -> Option<String>;
    /// What of `check` the value breaks.
    fn check(&self, _check: Check) -> Result<(), String> {
        Ok(())
    }
}

/// A [`Setting`] of any type, for the table of keys.
pub(super) trait Slot {
    fn set_toml(&mut self, value: &DeValue<'_>, check: Check, origin: Origin)
    -> Result<(), String>;
    fn set_text(&mut self, text: &str, check: Check, origin: Origin) -> Result<(), String>;
    fn to_toml(&self) -> Option<String>;
    fn origin(&self) -> &Origin;
}

impl<T: Value> Slot for Setting<T> {
    fn set_toml(
        &mut self,
        value: &DeValue<'_>,
        check: Check,
        origin: Origin,
    ) -> Result<(), String> {
        let value = T::from_toml(value)?;
        value.check(check)?;
        *self = Self::new(value, origin);
        Ok(())
    }

    fn set_text(&mut self, text: &str, check: Check, origin: Origin) -> Result<(), String> {
        let value = T::from_text(text)?;
        value.check(check)?;
        *self = Self::new(value, origin);
        Ok(())
    }

    fn to_toml(&self) -> Option<String> {
        self.value.to_toml()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Value for bool {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let expected = || "must be true or false, without quotes".to_owned();
        value.as_bool().ok_or_else(expected)
    }

    fn from_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(format!("must be true or false, not `{text}`")),
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for u32 {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let digits = value.as_integer();
        let number = digits.and_then(|it| Self::from_str_radix(it.as_str(), it.radix()).ok());
        number.ok_or_else(|| "must be a whole number, not negative".to_owned())
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("must be a whole number, not `{text}`"))
    }

    fn to_toml(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn check(&self, check: Check) -> Result<(), String> {
        in_range(f64::from(*self), check)
    }
}

impl Value for f64 {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let text = match value {
            DeValue::Integer(it) => it.as_str(),
            DeValue::Float(it) => it.as_str(),
            _ => return Err("must be a number".to_owned()),
        };
        Self::from_text(text)
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("must be a number, not `{text}`"))
    }

    fn to_toml(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }

    fn check(&self, check: Check) -> Result<(), String> {
        in_range(*self, check)
    }
}

fn in_range(number: f64, check: Check) -> Result<(), String> {
    match check {
        Check::Range { low, high, words } if !(low..=high).contains(&number) => {
            Err(format!("must be {words}, not {number}"))
        }
        _ => Ok(()),
    }
}

impl Value for String {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let text = value.as_str().ok_or("must be text in quotes")?;
        Self::from_text(text)
    }

    fn from_text(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("must not be empty".to_owned());
        }
        Ok(text.to_owned())
    }

    fn to_toml(&self) -> Option<String> {
        Some(quoted(self))
    }
}

impl Value for Option<String> {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        String::from_toml(value).map(Some)
    }

    fn from_text(text: &str) -> Result<Self, String> {
        String::from_text(text).map(Some)
    }

    fn to_toml(&self) -> Option<String> {
        self.as_deref().map(quoted)
    }

    fn check(&self, check: Check) -> Result<(), String> {
        let address = |text: &String| {
            let rest = text
                .strip_prefix("http://")
                .or_else(|| text.strip_prefix("https://"));
            rest.is_some_and(|rest| !rest.is_empty())
        };
        match (check, self) {
            (Check::Url, Some(text)) if !address(text) => Err(format!(
                "must be an address such as http://127.0.0.1:4580, not `{text}`"
            )),
            _ => Ok(()),
        }
    }
}

impl Value for ColorChoice {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value {
            // The depths 16 and 256 may be written as the numbers they are.
            DeValue::Integer(it) => Self::from_text(it.as_str()),
            _ => Self::from_text(value.as_str().ok_or("must be text in quotes")?),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            let words = Self::WORDS.join(", ");
            let hint = suggestion(text, Self::WORDS);
            format!("must be one of {words}, not `{text}`{hint}")
        })
    }

    fn to_toml(&self) -> Option<String> {
        Some(quoted(self.word()))
    }
}

impl Value for Vec<Pattern> {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let expected = "must be a list of patterns, such as [\"prod*\"]";
        let list = value.as_array().ok_or(expected)?;
        list.iter()
            .map(|item| Pattern::new(item.get_ref().as_str().ok_or(expected)?))
            .collect()
    }

    /// Patterns with commas between them.
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(|item| Pattern::new(item.trim()))
            .collect()
    }

    fn to_toml(&self) -> Option<String> {
        Some(list(self.iter().map(Pattern::as_str)))
    }
}

/// Names of keys; one may stand without the list's brackets.
impl Value for Vec<String> {
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        let expected = "must be a key in quotes or a list of them, such as [\"ctrl-r\", \"R\"]";
        match value {
            DeValue::String(key) => Ok(vec![String::from_text(key)?]),
            DeValue::Array(list) => list
                .iter()
                .map(|item| String::from_text(item.get_ref().as_str().ok_or(expected)?))
                .collect(),
            _ => Err(expected.to_owned()),
        }
    }

    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(str::trim)
            .map(String::from_text)
            .collect()
    }

    fn to_toml(&self) -> Option<String> {
        Some(list(self.iter().map(String::as_str)))
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.map(quoted).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_the_sdk_reads_itself_is_not_told_to_it() {
        let endpoint = |origin| Setting::new(Some("http://127.0.0.1:1".to_owned()), origin);
        assert_eq!(
            endpoint(Origin::Variable("AWS_ENDPOINT_URL")).for_sdk(),
            None
        );
        let flag = endpoint(Origin::Flag("--endpoint-url"));
        assert_eq!(flag.for_sdk(), Some("http://127.0.0.1:1"));
    }

    #[test]
    fn text_becomes_values() {
        assert_eq!(bool::from_text("On"), Ok(true));
        assert!(bool::from_text("maybe").is_err());
        assert_eq!(f64::from_text("0.5"), Ok(0.5));
        let patterns = Vec::<Pattern>::from_text("prod*, 1234").unwrap();
        assert_eq!(patterns.to_toml().unwrap(), r#"["prod*", "1234"]"#);
        assert!(Vec::<Pattern>::from_text("prod*,,").is_err());
    }

    #[test]
    fn nothing_that_is_no_number_is_in_range() {
        let check = Check::Range {
            low: f64::MIN_POSITIVE,
            high: 1.0,
            words: "above 0 and at most 1",
        };
        for bad in [0.0, -1.0, 1.1, f64::NAN, f64::INFINITY] {
            assert!(bad.check(check).is_err(), "{bad}");
        }
        assert_eq!(1.0.check(check), Ok(()));
    }

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        let check = |text: &str| Some(text.to_owned()).check(Check::Url);
        assert!(check("http://127.0.0.1:4580").is_ok());
        assert!(check("127.0.0.1:4580").is_err());
        assert!(check("https://").is_err());
    }
}
