//! Finding one thing among all that the store knows, by any of its names, as it is typed. What is found how is in
//! `things`; nothing here asks AWS or draws.

mod draft;
mod index;
mod kind;
mod known;
mod paste;
mod search;
mod terms;
mod things;

pub use index::{Entry, Index, Spot};
pub use kind::Kind;
pub use known::known;
pub use paste::{Pasted, pasted};
pub use search::Search;
pub use terms::marks;
pub use things::{place_of, place_of_unknown};

#[cfg(test)]
mod tests;
