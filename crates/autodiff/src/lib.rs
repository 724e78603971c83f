//! chainrule-autodiff
