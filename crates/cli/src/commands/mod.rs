//! The commands. Each is a file (`train` is a folder) with its `Arguments` and a `run` that does what they say.

pub mod completions;
pub mod doctor;
pub mod evaluate;
pub mod inspect;
pub mod man;
pub mod predict;
pub mod split;
pub mod train;
pub mod verify;
