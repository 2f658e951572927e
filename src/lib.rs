//! ecsight: the terminal cluster explorer for Amazon ECS.
//!
//! Modules may use only what stands before them in this order (a test reads the `use` lines and holds them to it):
//! `model`, then `store` and `schedule`, then `aws` and `docker`, then `resource`, then `action` and `finder`, then
//! `keymap`, then `theme`, `ui`, `app`, `report`, `config`, `runtime`, `cli`. `sandbox` stands apart and uses nothing of the rest.

pub mod action;
pub mod app;
pub mod aws;
pub mod cli;
pub mod config;
pub mod docker;
pub mod finder;
pub mod keymap;
pub mod model;
pub mod report;
pub mod resource;
pub mod runtime;
pub mod sandbox;
pub mod schedule;
pub mod store;
pub mod theme;
pub mod ui;
