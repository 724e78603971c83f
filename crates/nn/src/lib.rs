//! chainrule-nn

pub mod container;
