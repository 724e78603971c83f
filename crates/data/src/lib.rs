//! chainrule-data
