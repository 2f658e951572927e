//! Everything that is drawn: layers that take keys and paint themselves. The only part that knows ratatui, but for
//! the theme, the drawing entry and the terminal guard. Layers never fetch; they ask.

mod chart;
mod command_line;
mod finder;
mod freshness;
mod help;
mod input;
mod layer;
mod logs;
mod menu;
mod page;
mod pattern;
mod picker;
mod plan;
mod raw;
mod screen;
mod switcher;
mod table;
mod text;
mod toast;
mod trend;

pub use chart::ChartLayer;
pub use command_line::{CommandLine, parse_line};
pub use finder::Finder;
pub use freshness::{Freshness, Retry};
pub use help::Help;
pub use input::Input;
pub use layer::{
    Ask, Context, Cx, EnvClass, FilterLine, Glyphs, Hint, Layer, Need, Proposal, Reply,
};
pub use logs::LogsLayer;
pub use menu::{Choice, Menu};
pub use page::PageLayer;
pub use pattern::Pattern;
pub use plan::PlanLayer;
pub(crate) use screen::Parts;
pub use screen::{Chrome, draw};
pub use switcher::{Section, Switcher};
use table::role_of;
pub use table::{TableLayer, fit};
pub use text::{clean, clean_lines, is_unsafe, shorten};
pub use toast::{Level, Toast};
