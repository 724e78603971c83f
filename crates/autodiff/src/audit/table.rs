//! The table of operations, as Markdown.

use std::fmt::Write;

use super::registration::{Form, Kink};
use super::subject::{Experiment, Fixed, compile};
use super::{Audit, Measured, Registration, Registry};
use crate::{CompileError, CompileOptions, Count, Graph, Isa, Step};

impl Registry {
    /// The operations, as a page of Markdown: what each computes, its rule, its measured errors and its cost. The audit behind it has
    /// a fixed seed, and the numbers contract makes its figures the same on every machine.
    #[must_use]
    pub fn table(&self) -> String {
        let report = Audit::default().run(self.operations());
        let mut page = HEAD.to_owned();
        for (operation, measured) in self.operations().iter().zip(&report.measured) {
            page += &row(operation, measured);
        }
        page += RULES;
        for operation in self.operations() {
            page += &rules(operation);
        }
        let failed = report.failures.len();
        let _ = writeln!(
            page,
            "\n{} operations, {failed} failures.",
            report.operations
        );
        page
    }
}

const HEAD: &str = "# Operations

<!-- Generated: cargo run --release -q -p chainrule-autodiff --example audit -- --table > docs/operations.md -->

Every operation of the engine has been registered with samplers of its arguments and audited: `chainrule_autodiff::audit` says what that
means, and `cargo run --release -q -p chainrule-autodiff --example audit` does it again with fresh samples. A test regenerates
this page and compares.

- *Arguments*: the shapes in which it is audited, as rows × columns; B is the batch, and a sample is a column. An elementwise operation takes any one
  shape, and where the table says so an argument of size 1 along a dimension is repeated.
- *Cotangents*: what each argument receives of the result's cotangent ȳ; y is the result.
- *Error in f64*: of first and second derivatives against central differences, of linearity, and of forward against reverse mode. It is the
  error of the measurement as much as of the rule.
- *Error in f32*: of the value and of the derivatives, against f64 on the same numbers. All errors are `|a − b| / (1 + |b|)`, rounded
  up, over the inside of the sampled intervals; sums of a batch are over 37 samples.
- *FLOPs*: of the value, and of the value with its cotangents, in the first of the shapes, as compiled. A fused multiply-add is two; an
  elementary function is one.

| operation | arguments | value | cotangents | error in f64 | error in f32 | FLOPs |
|---|---|---|---|---|---|---|
";

const RULES: &str = "
## Kinks and ties

What each argument receives where an operation has no derivative, or several, when the cotangent is 1 (or what is said). Each line is tested in f32
and f64 on every instruction set.

A cotangent of exactly zero passes on zero through every derivative that may be infinite, so that a branch which was not taken can't
turn a gradient into NaN: this is where we differ from other libraries on purpose.

| operation | at | receives | other libraries |
|---|---|---|---|
";

fn row(operation: &Registration, measured: &Measured) -> String {
    let flops = flops(operation).map_or_else(
        |error| error.to_string(),
        |[value, all]| format!("{value}; {all}"),
    );
    format!(
        "| {} | {} | {} | {} | {} | {}; {} | {flops} |\n",
        operation.name,
        shapes(operation),
        operation.value.replace('|', "\\|"),
        operation.rule.replace('|', "\\|"),
        power_of_ten(measured.derivative),
        rounded_up(measured.single_value),
        rounded_up(measured.single_derivative),
    )
}

fn shapes(operation: &Registration) -> String {
    const SHOWN: usize = 3;
    let cases = &operation.cases;
    if operation.form == Form::Elementwise {
        let mixed = cases.iter().any(|case| {
            let mut shapes = case.arguments.iter().map(|(shape, _)| shape);
            let first = shapes.next();
            shapes.any(|shape| Some(shape) != first)
        });
        let repeated = if mixed { ", repeated" } else { "" };
        return format!("{}: elementwise{repeated}", cases[0]);
    }
    let mut shown: Vec<String> = cases.iter().take(SHOWN).map(ToString::to_string).collect();
    if cases.len() > SHOWN {
        shown.push(format!("{} more", cases.len() - SHOWN));
    }
    shown.join("; ")
}

/// Of the value, and of the value with its cotangents.
fn flops(operation: &Registration) -> Result<[Count; 2], CompileError> {
    let g = Graph::new();
    let e = Experiment::new(&g, operation, &operation.cases[0], Fixed::Inputs);
    let value = Step::returns(e.y);
    let all = e
        .pulled
        .iter()
        .fold(value.clone(), |step, &pulled| step.output(pulled));
    let options = CompileOptions::new(Isa::Portable);
    Ok([
        compile::<f32>(&g, &value, &options)?.flops(),
        compile::<f32>(&g, &all, &options)?.flops(),
    ])
}

fn rules(operation: &Registration) -> String {
    let mut lines = String::new();
    for (index, kink) in operation.kinks.iter().enumerate() {
        let beside = if index == 0 { &operation.beside } else { "" };
        let cotangent = match kink.cotangent {
            1.0 => String::new(),
            other => format!(", with the cotangent {}", number(other)),
        };
        let _ = writeln!(
            lines,
            "| {} | {}{cotangent} | {} | {beside} |",
            operation.name,
            numbers(&kink.at),
            received(kink),
        );
    }
    lines
}

fn received(kink: &Kink) -> String {
    kink.receives
        .iter()
        .map(|&x| number(x))
        .collect::<Vec<_>>()
        .join("; ")
}

fn numbers(values: &[f64]) -> String {
    let all: Vec<String> = values.iter().map(|&x| number(x)).collect();
    match all.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", all.join(", ")),
    }
}

fn number(x: f64) -> String {
    let sign = if x.is_sign_negative() && !x.is_nan() {
        "−"
    } else {
        ""
    };
    if x.is_nan() {
        "NaN".to_owned()
    } else if x.is_infinite() {
        format!("{sign}∞")
    } else {
        format!("{sign}{}", x.abs())
    }
}

/// One digit, rounded up: what repeats when a figure moves a little.
fn rounded_up(error: f64) -> String {
    if error == 0.0 {
        return "0".to_owned();
    }
    let shown = format!("{error:.0e}");
    if shown.parse::<f64>().is_ok_and(|shown| shown >= error) {
        return shown;
    }
    let raised = shown.split_once('e').and_then(|(digit, exponent)| {
        let digit: u32 = digit.parse().ok()?;
        let exponent: i32 = exponent.parse().ok()?;
        Some(match digit {
            9 => format!("1e{}", exponent + 1),
            _ => format!("{}e{exponent}", digit + 1),
        })
    });
    raised.unwrap_or(shown)
}

fn power_of_ten(error: f64) -> String {
    if error == 0.0 {
        return "0".to_owned();
    }
    let above = (-16..0).map(|n| format!("1e{n}"));
    let found = above
        .into_iter()
        .find(|power| power.parse::<f64>().is_ok_and(|p| p >= error));
    found.unwrap_or_else(|| rounded_up(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_rounded_up() {
        let shown = [0.0, 1e-7, 1.01e-7, 9.6e-8, 2.5e-3, 9.0e-3].map(rounded_up);
        assert_eq!(shown, ["0", "1e-7", "2e-7", "1e-7", "3e-3", "9e-3"]);
        assert_eq!(
            [3e-13, 1e-12, 0.0].map(power_of_ten),
            ["1e-12", "1e-12", "0"]
        );
    }

    #[test]
    fn the_page_of_operations_is_what_the_audit_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
        let page = std::fs::read_to_string(path).unwrap();
        let table = Registry::builtin().table();
        for (line, (found, expected)) in page.lines().zip(table.lines()).enumerate() {
            assert_eq!(
                found,
                expected,
                "line {}: regenerate docs/operations.md by the command at its top",
                line + 1
            );
        }
        assert_eq!(page.lines().count(), table.lines().count());
        assert!(table.ends_with(", 0 failures.\n"));
    }
}
