//! Terminal cluster explorer for Amazon ECS.
pub mod sandbox;
