//! Observers that write what they see.

mod json_lines;
mod tensorboard;

pub use json_lines::JsonLines;
pub use tensorboard::TensorBoard;
