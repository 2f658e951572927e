//! The command line: `:svc`, `:task all`, `:theme nord`. Enter runs exactly what was typed; Tab takes the completion.

use std::sync::Arc;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{Ask, Cx, Input, Layer, Level, Reply, Section, text};
use crate::{
    keymap::{Code, Command, Key, Target},
    model::{Cluster, REGIONS, Repository, Subject},
    resource::{self, Place, Resource, Scope},
    theme::{Role, Theme},
};

/// Commands that are no views: name, further names, what follows.
const WORDS: &[(&str, &[&str])] = &[
    ("context", &["ctx"]),
    ("find", &[]),
    ("help", &["h"]),
    ("quit", &["q", "q!"]),
    ("refresh", &[]),
    ("theme", &[]),
    ("undo", &[]),
    ("halt", &[]),
    ("profile", &[]),
    ("region", &[]),
];

/// The command line at the foot of the screen.
pub struct CommandLine {
    input: Input,
    /// Earlier lines, the newest last.
    history: Vec<String>,
    /// The earlier line shown, counted from the newest; 0 for what is being typed.
    recalled: usize,
}

impl CommandLine {
    /// An empty line that remembers earlier ones.
    #[must_use]
    pub fn new(history: Vec<String>) -> Self {
        Self {
            input: Input::default(),
            history,
            recalled: 0,
        }
    }

    fn recall(&mut self, by: isize) {
        self.recalled = self
            .recalled
            .saturating_add_signed(by)
            .min(self.history.len());
        let text = match self.recalled {
            0 => "",
            back => self.history[self.history.len() - back].as_str(),
        };
        self.input.set(text);
    }

    /// What Tab would add to the text.
    fn ghost(&self, cx: &Cx) -> String {
        let typed = self.input.text();
        if typed.is_empty() || !self.input.at_end() {
            return String::new();
        }
        let candidates = match typed.split_once(' ') {
            None => first_words(),
            Some((word, _)) => second_words(word, cx),
        };
        let part = typed.split_once(' ').map_or(typed, |(_, part)| part);
        let found = candidates
            .iter()
            .find(|name| name.len() > part.len() && name.starts_with(part));
        found
            .map(|name| name[part.len()..].to_owned())
            .unwrap_or_default()
    }
}

fn first_words() -> Vec<String> {
    let views = resource::VIEWS.iter().map(|view| view.id().to_owned());
    let aliases = resource::VIEWS
        .iter()
        .flat_map(|view| view.aliases().iter().map(|alias| (*alias).to_owned()));
    let words = WORDS.iter().map(|(word, _)| (*word).to_owned());
    views.chain(words).chain(aliases).collect()
}

fn second_words(word: &str, cx: &Cx) -> Vec<String> {
    if word == "theme" {
        return Theme::names().into_iter().map(str::to_owned).collect();
    }
    if word == "region" {
        return REGIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    }
    if ["find", "profile", "context", "ctx"].contains(&word) {
        return Vec::new();
    }
    let mut words = vec!["all".to_owned()];
    words.extend(cx.store.clusters().map(|cluster| cluster.name.clone()));
    words
}

/// What a typed line asks for.
///
/// # Errors
/// Says what cannot be understood, and what is near.
pub fn parse_line(line: &str, cx: &Cx) -> Result<Vec<Ask>, String> {
    let line = line.trim();
    let (word, rest) = line
        .split_once(' ')
        .map_or((line, ""), |(word, rest)| (word, rest.trim()));
    if word.is_empty() {
        return Ok(Vec::new());
    }
    if let Some((name, _)) = WORDS
        .iter()
        .find(|(name, more)| *name == word || more.contains(&word))
    {
        return match *name {
            "context" | "profile" | "region" if rest.is_empty() => {
                Ok(vec![Ask::Contexts(Section::of(name))])
            }
            "context" | "profile" => Ok(vec![Ask::Profile(rest.to_owned())]),
            "region" => Ok(vec![Ask::Region(rest.to_owned())]),
            "find" => Ok(vec![Ask::Find(rest.to_owned())]),
            "help" => Ok(vec![Ask::Run(Target::Command(Command::Help))]),
            "quit" => Ok(vec![Ask::Quit]),
            "refresh" => Ok(vec![Ask::Run(Target::Command(Command::Refresh))]),
            "halt" => Ok(vec![Ask::Halt]),
            "undo" => Ok(vec![Ask::Jump(Place {
                view: "audit",
                scope: Scope { of: None, facet: 1 },
            })]),
            _ if rest.is_empty() => Err(format!("which theme? {}", Theme::names().join(", "))),
            _ => Ok(vec![Ask::Theme(rest.to_owned())]),
        };
    }
    let view = find_view(word)?;
    jump(view, rest, cx)
}

/// The view meant by a word: by name, by alias, or as the only one that begins so.
fn find_view(word: &str) -> Result<&'static dyn Resource, String> {
    if let Some(view) = resource::find(word) {
        return Ok(view);
    }
    let begins = |view: &&&dyn Resource| {
        view.id().starts_with(word) || view.aliases().iter().any(|alias| alias.starts_with(word))
    };
    let found: Vec<_> = resource::VIEWS.iter().filter(begins).collect();
    match found.as_slice() {
        [one] => Ok(**one),
        [] => {
            let near = first_words()
                .into_iter()
                .map(|name| {
                    // Of names as near, one that begins alike was more likely meant.
                    let begins_alike = name.chars().next() == word.chars().next();
                    (
                        strsim::damerau_levenshtein(word, &name),
                        !begins_alike,
                        name,
                    )
                })
                .min();
            match near {
                Some((distance, _, name)) if distance <= 2 && distance * 2 <= word.len() => {
                    Err(format!("there is no {word}; did you mean {name}?"))
                }
                _ => Err(format!("there is no {word}; ? lists everything")),
            }
        }
        several => {
            let names: Vec<_> = several.iter().map(|view| view.id()).collect();
            Err(format!(
                "{word} could be {}; type more of it",
                names.join(" or ")
            ))
        }
    }
}

/// A view over what is around, or over what the rest of the line names; further words filter.
fn jump(view: &'static dyn Resource, rest: &str, cx: &Cx) -> Result<Vec<Ask>, String> {
    let (first, more) = rest
        .split_once(' ')
        .map_or((rest, ""), |(first, more)| (first, more.trim()));
    let (region, after) = more.split_once(' ').unwrap_or((more, ""));
    let is_region = cx.store.regions().iter().any(|it| it.as_str() == region);
    let named = cluster_named(first, is_region.then_some(region), cx)
        .filter(|_| view.under().contains(&"cluster"));
    let (scope, filter) = if let Some(cluster) = named {
        let rest = if is_region { after.trim() } else { more };
        (Scope::of(Subject::whole(&cluster.arn)), rest)
    } else if let Some(repository) = repository_named(first, view, cx) {
        (Scope::of(Subject::whole(&repository.arn)), more)
    } else if first == "all" && view.whole() {
        (Scope::account(), more)
    } else if first == "all" {
        return Err(belongs(view));
    } else {
        (scope_around(view, cx)?, rest)
    };
    let mut asks = vec![Ask::Jump(Place {
        view: view.id(),
        scope,
    })];
    if !filter.is_empty() {
        asks.push(Ask::Filter(filter.to_owned()));
    }
    Ok(asks)
}

/// Says of what a view lists the parts.
fn belongs(view: &'static dyn Resource) -> String {
    let kinds = view.under().join(" or a ");
    format!(
        "{} belong to a {kinds}: put the cursor on one first",
        view.id()
    )
}

/// The repository of this name, for views that list what is in one.
fn repository_named<'a>(
    name: &str,
    view: &'static dyn Resource,
    cx: &Cx<'a>,
) -> Option<&'a Arc<Repository>> {
    let mut repositories = cx.store.repositories();
    repositories.find(|known| known.name == name && view.under().contains(&"repository"))
}

/// The cluster of this name in a region; without one, of several that in the region of what is looked at.
fn cluster_named<'a>(name: &str, region: Option<&str>, cx: &Cx<'a>) -> Option<&'a Arc<Cluster>> {
    let near = cx.around.first().or(cx.under_cursor);
    let near = region.or_else(|| near.map(|subject| subject.arn.region()));
    let mut named = cx.store.clusters().filter(|known| known.name == name);
    let is_near = |known: &&Arc<Cluster>| Some(known.arn.region()) == near;
    named.find(is_near).or_else(|| cx.store.cluster_named(name))
}

/// What a view would look at from here: the nearest thing around that it can list parts of, else the row under the
/// cursor, else the whole account.
fn scope_around(view: &'static dyn Resource, cx: &Cx) -> Result<Scope, String> {
    let fits = |subject: &&Subject| view.under().contains(&subject.arn.kind());
    let found = cx
        .around
        .iter()
        .find(fits)
        .or_else(|| cx.under_cursor.filter(fits));
    match found {
        Some(subject) => Ok(Scope::of(Subject::whole(&subject.arn))),
        None if view.whole() => Ok(Scope::account()),
        None => Err(belongs(view)),
    }
}

impl Layer for CommandLine {
    fn is_overlay(&self) -> bool {
        true
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn on_text(&mut self, key: Key, cx: &Cx) -> Reply {
        match (key.code, key.ctrl) {
            (Code::Esc, _) | (Code::Char('c'), true) => return Reply::Ask(Ask::Close),
            (Code::Backspace, _) if self.input.text().is_empty() => return Reply::Ask(Ask::Close),
            (Code::Enter, _) => {
                let line = self.input.text().to_owned();
                let asks = match parse_line(&line, cx) {
                    Ok(asks) => asks,
                    Err(why) => vec![Ask::Say(Level::Warn, why)],
                };
                let mut all = vec![Ask::Close, Ask::Remember(line)];
                all.extend(asks);
                return Reply::Ask(Ask::All(all));
            }
            (Code::Tab, _) => {
                let ghost = self.ghost(cx);
                self.input.insert(&ghost);
            }
            (Code::Right, _) if self.input.at_end() => {
                let ghost = self.ghost(cx);
                self.input.insert(&ghost);
            }
            (Code::Up, _) => self.recall(1),
            (Code::Down, _) => self.recall(-1),
            _ => {
                self.input.on_key(key);
            }
        }
        Reply::Taken
    }

    fn on_paste(&mut self, text: &str, _cx: &Cx) {
        self.input.insert(text);
    }

    fn at_foot(&self) -> bool {
        true
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer, cx: &Cx) {
        let style = cx.theme.style(Role::PromptCommand);
        let typed = format!(":{}", self.input.text());
        let used = text::put(
            buffer,
            (area.x, area.y),
            &typed,
            area.width,
            style,
            cx.glyphs.ellipsis(),
        );
        let ghost = cx.theme.style(Role::PromptGhost);
        let room = area.width.saturating_sub(used);
        text::put(
            buffer,
            (area.x + used, area.y),
            &self.ghost(cx),
            room,
            ghost,
            "",
        );
        let at = u16::try_from(self.input.cursor_cells() + 1).unwrap_or(u16::MAX);
        text::cursor(buffer, (area.x.saturating_add(at), area.y), cx);
    }

    fn text(&self, _cx: &Cx) -> String {
        self.input.text().to_owned()
    }
}
