//! Which key does what, where: defaults, overrides, conflicts, and the words that hints and help are made of.

mod command;
mod key;

use std::collections::BTreeMap;

pub use command::{Area, Command, Entry, entries};
pub use key::{Code, Key};

use crate::{action, resource};

/// What a key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A command of the program.
    Command(Command),
    /// A link of a view, by its index in the view's links.
    Link(&'static str, usize),
    /// A deed, by its id.
    Deed(&'static str),
}

/// A command or link with the keys it has now.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name that overrides use.
    pub id: &'static str,
    /// Where it works.
    pub area: Area,
    /// The views on whose rows it works, for links and deeds; empty if it works on all.
    pub views: Vec<&'static str>,
    /// Its keys, the first is the one that hints show.
    pub keys: Vec<Key>,
    /// What it does.
    pub target: Target,
    /// A word for the line of hints; empty if it is too common to be hinted.
    pub label: &'static str,
    /// A sentence for the help page.
    pub about: &'static str,
}

/// All bindings.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The defaults with the user's overrides, and a warning for each override that could not be taken: an
    /// unknown command, an unreadable key, or a key that another command has where this one works.
    #[must_use]
    pub fn new(overrides: &BTreeMap<String, Vec<String>>) -> (Self, Vec<String>) {
        let mut keymap = Self {
            bindings: defaults(),
        };
        let mut warnings = Vec::new();
        for (id, keys) in overrides {
            match keymap.bindings.iter().position(|binding| binding.id == id) {
                Some(index) => keymap.bindings[index].keys = parse_keys(id, keys, &mut warnings),
                None => warnings.push(unknown(id, &keymap.bindings)),
            }
        }
        keymap.drop_clashes(overrides, &mut warnings);
        (keymap, warnings)
    }

    /// Takes a key away from an overridden binding where another one has it too.
    fn drop_clashes(
        &mut self,
        overrides: &BTreeMap<String, Vec<String>>,
        warnings: &mut Vec<String>,
    ) {
        for index in 0..self.bindings.len() {
            let binding = self.bindings[index].clone();
            if !overrides.contains_key(binding.id) {
                continue;
            }
            for key in binding.keys {
                let other = self.bindings.iter().enumerate().find(|(at, other)| {
                    *at != index
                        && other.keys.contains(&key)
                        && overlap(&self.bindings[index], other)
                });
                if let Some((_, other)) = other {
                    warnings.push(format!(
                        "keys.{}: {key} is taken by {}; free it there first with {} = []",
                        binding.id, other.id, other.id
                    ));
                    self.bindings[index].keys.retain(|kept| *kept != key);
                }
            }
        }
    }

    /// What a key does in an area, on a view's rows if there is one.
    #[must_use]
    pub fn resolve(&self, key: Key, area: Area, view: Option<&str>) -> Option<Target> {
        self.bindings
            .iter()
            .filter(|binding| binding.works_in(area, view) && binding.keys.contains(&key))
            .map(|binding| binding.target)
            .next()
    }

    /// The binding of a target.
    #[must_use]
    pub fn binding(&self, target: Target) -> Option<&Binding> {
        self.bindings
            .iter()
            .find(|binding| binding.target == target)
    }

    /// The key to show for a command; none if it is unbound.
    #[must_use]
    pub fn key_of(&self, command: Command) -> Option<Key> {
        self.binding(Target::Command(command))?
            .keys
            .first()
            .copied()
    }

    /// All bindings, in the order of the help page.
    #[must_use]
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }
}

impl Binding {
    /// Where it works, in a word or two: its views, or else its area.
    #[must_use]
    pub fn place(&self) -> String {
        if self.views.is_empty() {
            self.area.name().to_owned()
        } else {
            self.views.join(", ")
        }
    }

    /// Whether it works in this area, on this view's rows.
    #[must_use]
    pub fn works_in(&self, area: Area, view: Option<&str>) -> bool {
        let here = self.area.includes(area);
        here && (self.views.is_empty() || view.is_some_and(|view| self.views.contains(&view)))
    }
}

fn overlap(one: &Binding, two: &Binding) -> bool {
    let areas = one.area.includes(two.area) || two.area.includes(one.area);
    let views = one.views.is_empty()
        || two.views.is_empty()
        || one.views.iter().any(|view| two.views.contains(view));
    areas && views
}

fn defaults() -> Vec<Binding> {
    let mut bindings: Vec<Binding> = entries()
        .iter()
        .map(|entry| Binding {
            id: entry.id,
            area: entry.area,
            views: Vec::new(),
            keys: entry
                .keys
                .iter()
                .filter_map(|key| key.parse().ok())
                .collect(),
            target: Target::Command(entry.command),
            label: entry.label,
            about: entry.about,
        })
        .collect();
    for view in resource::VIEWS {
        for (index, link) in view.links().iter().enumerate() {
            bindings.push(Binding {
                id: link.id,
                area: Area::Table,
                views: vec![view.id()],
                keys: link.key.parse().ok().into_iter().collect(),
                target: Target::Link(view.id(), index),
                label: link.label,
                about: link.about,
            });
        }
    }
    bindings.extend(action::DEEDS.iter().map(|deed| Binding {
        id: deed.id,
        area: Area::Table,
        views: deed.views.to_vec(),
        keys: deed.key.parse().ok().into_iter().collect(),
        target: Target::Deed(deed.id),
        label: deed.label,
        about: deed.about,
    }));
    bindings
}

fn parse_keys(id: &str, keys: &[String], warnings: &mut Vec<String>) -> Vec<Key> {
    let mut parsed = Vec::new();
    for text in keys {
        match text.parse() {
            Ok(key) => parsed.push(key),
            Err(why) => warnings.push(format!("keys.{id}: {why}")),
        }
    }
    parsed
}

fn unknown(id: &str, bindings: &[Binding]) -> String {
    let near = bindings
        .iter()
        .map(|binding| (strsim::damerau_levenshtein(id, binding.id), binding.id))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    match near {
        Some((_, near)) => format!("keys.{id}: no such command; did you mean {near}?"),
        None => format!("keys.{id}: no such command; `ecsight keys` lists them all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        pairs
            .iter()
            .map(|(id, keys)| ((*id).to_owned(), owned(keys)))
            .collect()
    }

    #[test]
    fn defaults_have_no_clash_and_no_unreadable_key() {
        let bindings = defaults();
        for (index, one) in bindings.iter().enumerate() {
            assert!(!one.keys.is_empty(), "{} has no key", one.id);
            for two in &bindings[index + 1..] {
                assert_ne!(one.id, two.id);
                for key in &one.keys {
                    let clash = two.keys.contains(key) && overlap(one, two);
                    assert!(!clash, "{key} is both {} and {}", one.id, two.id);
                }
            }
        }
        for entry in entries() {
            for key in entry.keys {
                assert!(key.parse::<Key>().is_ok(), "{key}");
            }
        }
    }

    #[test]
    fn an_override_replaces_the_default_keys() {
        let (keymap, warnings) = Keymap::new(&overrides(&[("refresh", &["f5"])]));
        assert!(warnings.is_empty(), "{warnings:?}");
        let f5 = Key::plain(Code::F(5));
        let refresh = Some(Target::Command(Command::Refresh));
        assert_eq!(keymap.resolve(f5, Area::Table, None), refresh);
        let old = Key::ctrl('r');
        assert_eq!(keymap.resolve(old, Area::Table, None), None);
    }

    #[test]
    fn a_clash_disables_that_key_alone_and_says_so() {
        let (keymap, warnings) = Keymap::new(&overrides(&[("refresh", &["d", "f5"])]));
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("taken by describe"), "{warnings:?}");
        let describe = Some(Target::Command(Command::Describe));
        assert_eq!(keymap.resolve(Key::char('d'), Area::Table, None), describe);
        let refresh = Some(Target::Command(Command::Refresh));
        assert_eq!(
            keymap.resolve(Key::plain(Code::F(5)), Area::Table, None),
            refresh
        );
    }

    #[test]
    fn two_overrides_may_swap_their_keys() {
        let swapped = overrides(&[("describe", &["y"]), ("raw", &["d"])]);
        let (keymap, warnings) = Keymap::new(&swapped);
        assert!(warnings.is_empty(), "{warnings:?}");
        let raw = Some(Target::Command(Command::Raw));
        assert_eq!(keymap.resolve(Key::char('d'), Area::Table, None), raw);
    }

    #[test]
    fn unknown_commands_get_a_suggestion() {
        let (_, warnings) = Keymap::new(&overrides(&[("refrsh", &["f5"])]));
        assert!(
            warnings[0].contains("did you mean refresh?"),
            "{warnings:?}"
        );
    }

    #[test]
    fn an_empty_list_unbinds() {
        let (keymap, warnings) = Keymap::new(&overrides(&[("quit", &[])]));
        assert!(warnings.is_empty());
        assert_eq!(keymap.key_of(Command::Quit), None);
    }
}
