//! chainrule-nn
