//! chainrule-trainer
