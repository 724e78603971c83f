//! chainrule-metrics
