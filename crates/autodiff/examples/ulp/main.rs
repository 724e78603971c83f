//! Measures the error of an elementary function, in units in the last place.
//!
//! ```text
//! cargo run --release -q -p chainrule-autodiff --example ulp -- sigmoid f32
//! ```
//!
//! For `f32` it tries every one of the 2³² bit patterns against an `f64` function of the `libm` crate; for `f64` a dense sample against twice the
//! precision. It prints one JSON object: `function`, `type`, `max_ulp`, `at` (the argument with the largest error), `inputs`, `isa`
//! (`CHAINRULE_ISA` chooses it) and, for a function that never decreases, whether its values never do: `monotone`.
//! `bce` is the cross-entropy of a logit with the labels 0, ¼ and 1 in turn, the largest error counting; `powf` is measured on a sample of
//! bases, each with an exponent that puts the result anywhere in the range.

mod reference;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use chainrule_autodiff::elementary::{self, Function};
use chainrule_autodiff::{Isa, Scalar};
use reference::Exact;

const USAGE: &str = "usage: ulp exp|exp_m1|ln|ln_1p|sigmoid|tanh|softplus|bce|powf f32|f64";
/// The number of arguments for `f64`.
const SAMPLES: u64 = 1 << 23;
/// Arguments that are worked on together.
const CHUNK: u64 = 1 << 12;
const LABELS: [f64; 3] = [0.0, 0.25, 1.0];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, element] = arguments.as_slice() else {
        return misuse(USAGE);
    };
    let isa = match Isa::from_env() {
        Ok(isa) => isa,
        Err(error) => return misuse(&error.to_string()),
    };
    let Some(subject) = Subject::named(name) else {
        return misuse(USAGE);
    };
    let measured = match element.as_str() {
        "f32" => measure::<f32>(subject, isa, subject.inputs_f32()),
        "f64" => measure::<f64>(subject, isa, SAMPLES),
        _ => return misuse(USAGE),
    };
    let monotone = if subject.is_increasing() {
        format!(",\"monotone\":{}", measured.monotone)
    } else {
        String::new()
    };
    println!(
        "{{\"function\":\"{name}\",\"type\":\"{element}\",\"max_ulp\":{:.4},\"at\":{:e},\"inputs\":{},\"isa\":\"{isa}\"{monotone}}}",
        measured.max_ulp, measured.at, measured.inputs
    );
    ExitCode::SUCCESS
}

fn misuse(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}

/// Spreads small differences over all bits (the multiplier is 2⁶⁴ over the golden ratio).
fn scramble(k: u64) -> u64 {
    let product = k.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

/// What is measured.
#[derive(Clone, Copy)]
enum Subject {
    One(Function, fn(f64) -> f64, fn(f64) -> Exact),
    CrossEntropy,
    Power,
}

impl Subject {
    fn named(name: &str) -> Option<Subject> {
        match name {
            "bce" => return Some(Subject::CrossEntropy),
            "powf" => return Some(Subject::Power),
            _ => {}
        }
        let function: Function = name.parse().ok()?;
        let wide: fn(f64) -> f64 = match function {
            Function::Exp => libm::exp,
            Function::ExpM1 => libm::expm1,
            Function::Ln => libm::log,
            Function::Ln1p => libm::log1p,
            Function::Sigmoid => |x| 1.0 / (1.0 + libm::exp(-x)),
            Function::Tanh => libm::tanh,
            Function::Softplus => |x| x.max(0.0) + libm::log1p(libm::exp(-x.abs())),
        };
        Some(Subject::One(function, wide, reference::function(name)?))
    }

    fn inputs_f32(self) -> u64 {
        if let Subject::Power = self {
            1 << 24
        } else {
            1 << 32
        }
    }

    fn is_increasing(self) -> bool {
        matches!(self, Subject::One(..))
    }

    fn apply<T: Scalar>(self, isa: Isa, label: f64, values: &mut [T]) {
        let done = match self {
            Subject::One(function, ..) => function.apply(isa, values),
            Subject::CrossEntropy => {
                elementary::apply_bce_logits(isa, values, &vec![T::from_f64(label); values.len()])
            }
            Subject::Power => {
                let exponents: Vec<T> = values.iter().map(|base| exponent(*base)).collect();
                elementary::apply_powf(isa, values, &exponents)
            }
        };
        done.expect("the set was found on this machine");
    }
}

/// An exponent for this base: arbitrary, but always the same, and such that the power is in or just beyond the range.
fn exponent<T: Scalar>(base: T) -> T {
    let unit = (scramble(base.to_bits_u64()) >> 11) as f64 / (1u64 << 53) as f64;
    let logarithm = libm::log(base.to_f64().abs());
    let largest = if T::BYTES == 4 { 106.0 } else { 750.0 };
    T::from_f64(largest * (2.0 * unit - 1.0) / logarithm)
}

#[derive(Clone, Copy)]
struct Measured {
    max_ulp: f64,
    at: f64,
    inputs: u64,
    monotone: bool,
}

impl Measured {
    fn and(self, other: Measured) -> Measured {
        let worse = if other.max_ulp > self.max_ulp {
            other
        } else {
            self
        };
        Measured {
            inputs: self.inputs + other.inputs,
            monotone: self.monotone && other.monotone,
            ..worse
        }
    }
}

/// Shares `inputs` arguments, evenly spaced in the order of the numbers, among the processors.
fn measure<T: Format>(subject: Subject, isa: Isa, inputs: u64) -> Measured {
    let next = AtomicU64::new(0);
    let work = || {
        let mut all = Measured {
            max_ulp: 0.0,
            at: 0.0,
            inputs: 0,
            monotone: true,
        };
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk * CHUNK >= inputs {
                return all;
            }
            all = all.and(measure_chunk::<T>(subject, isa, chunk * CHUNK, inputs));
        }
    };
    let threads = thread::available_parallelism().map_or(1, |n| n.get());
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = all
            .into_iter()
            .map(|one| one.join().expect("no thread panics"));
        joined
            .reduce(Measured::and)
            .expect("there is one thread at least")
    })
}

fn measure_chunk<T: Format>(subject: Subject, isa: Isa, first: u64, inputs: u64) -> Measured {
    // one argument of the chunk before, for the comparison across the border
    let border = u64::from(first > 0);
    let numbers = first - border..first + CHUNK;
    let arguments: Vec<T> = numbers.map(|k| T::argument(k, inputs)).collect();
    let exact: Vec<_> = arguments.iter().map(|x| T::exact(subject, *x)).collect();
    let labels = if let Subject::CrossEntropy = subject {
        &LABELS[..]
    } else {
        &LABELS[..1]
    };
    let mut all = Measured {
        max_ulp: 0.0,
        at: 0.0,
        inputs: CHUNK,
        monotone: true,
    };
    for (i, label) in labels.iter().enumerate() {
        let mut values = arguments.clone();
        subject.apply(isa, *label, &mut values);
        for ((x, y), exact) in arguments.iter().zip(&values).zip(&exact) {
            let ulps = T::ulps(exact[i], *y);
            if ulps > all.max_ulp {
                (all.max_ulp, all.at) = (ulps, x.to_f64());
            }
        }
        let mut pairs = arguments.windows(2).zip(values.windows(2));
        all.monotone &= !pairs.any(|(x, y)| x[0] <= x[1] && y[0] > y[1]);
    }
    all
}

/// A type, with the arguments to try and how its errors are measured.
trait Format: Scalar {
    /// The argument number `k` of `inputs`, in ascending order.
    fn argument(k: u64, inputs: u64) -> Self;

    /// The exact results, one for each label, which are the same for a function of one argument.
    fn exact(subject: Subject, x: Self) -> [Exact; LABELS.len()];

    /// The error of `computed` in units in the last place.
    fn ulps(exact: Exact, computed: Self) -> f64;
}

impl Format for f32 {
    fn argument(k: u64, inputs: u64) -> f32 {
        // from the negative NaNs and −∞ up to +∞ and the positive NaNs
        let stride = (1 << 32) / inputs;
        let k = (k * stride + scramble(k) % stride) as u32;
        f32::from_bits(if k >> 31 == 0 { !k } else { k ^ (1 << 31) })
    }

    fn exact(subject: Subject, x: f32) -> [Exact; LABELS.len()] {
        let x = f64::from(x);
        match subject {
            Subject::One(_, wide, _) => [wide(x).into(); LABELS.len()],
            Subject::CrossEntropy => {
                let tail = libm::log1p(libm::exp(-x.abs()));
                LABELS.map(|label| Exact::from((x.max(0.0) - label * x) + tail))
            }
            Subject::Power => {
                let y = exponent(x as f32);
                [reference::powf(x, y.into()); LABELS.len()]
            }
        }
    }

    fn ulps(exact: Exact, computed: f32) -> f64 {
        exact.ulps(computed.into(), 24, -149)
    }
}

impl Format for f64 {
    fn argument(k: u64, inputs: u64) -> f64 {
        // Three of four arguments are between −750 and 750, denser towards zero, the others over all bit patterns; the
        // spacing is uneven so that all last bits occur.
        let scrambled = scramble(k);
        let moderate = 3 * inputs / 4;
        if k < moderate {
            let jitter = (scrambled >> 11) as f64 / (1u64 << 53) as f64;
            let t = 2.0 * (k as f64 + jitter) / moderate as f64 - 1.0;
            750.0 * t * t * t
        } else {
            let k = ((k - moderate) << 43) | (scrambled >> 21);
            f64::from_bits(if k >> 63 == 0 { !k } else { k ^ (1 << 63) })
        }
    }

    fn exact(subject: Subject, x: f64) -> [Exact; LABELS.len()] {
        match subject {
            Subject::One(_, _, exact) => [exact(x); LABELS.len()],
            Subject::CrossEntropy => LABELS.map(|label| reference::bce_logits(x, label)),
            Subject::Power => [reference::powf(x, exponent(x)); LABELS.len()],
        }
    }

    fn ulps(exact: Exact, computed: f64) -> f64 {
        exact.ulps(computed, 53, -1074)
    }
}
