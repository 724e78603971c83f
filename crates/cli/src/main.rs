//! chainrule
fn main() {}
