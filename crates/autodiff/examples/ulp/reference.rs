//! The functions to twice the precision of an `f64`, to measure the engine's against.
//!
//! Slow and simple on purpose, and it shares nothing with the code that it checks. A number is an unevaluated sum of two
//! `f64` (T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971), good for
//! about 31 digits, with a power of two beside it where an exponential leaves the range.

/// `(high + low) · 2^power`, with |low| ≤ half an ulp of `high`.
#[derive(Clone, Copy, Debug)]
pub struct Exact {
    high: f64,
    low: f64,
    power: i32,
}

impl From<f64> for Exact {
    fn from(value: f64) -> Exact {
        Exact {
            high: value,
            low: 0.0,
            power: 0,
        }
    }
}

impl Exact {
    /// The error of `computed`, in units of the last place of a number with `digits` bits and a smallest exponent `lowest` that is
    /// nearest to this one: (24, −149) for `f32`, (53, −1074) for `f64`. A NaN or an infinity in the wrong place is
    /// wrong by `f64::MAX`.
    pub fn ulps(self, computed: f64, digits: i32, lowest: i32) -> f64 {
        let exact = libm::scalbn(self.high, self.power);
        if self.high.is_nan() || computed.is_nan() {
            return if self.high.is_nan() && computed.is_nan() {
                0.0
            } else {
                f64::MAX
            };
        }
        // beyond the middle between the largest number and the next power of two, all rounds to infinity
        let largest_exponent = if digits == 24 { 128 } else { 1024 };
        let exponent = libm::ilogb(self.high).saturating_add(self.power);
        let infinite = exact.is_infinite()
            || exponent >= largest_exponent
            || (digits == 24 && (exact as f32).is_infinite());
        if infinite || computed.is_infinite() {
            return if infinite && computed == exact.signum() * f64::INFINITY {
                0.0
            } else {
                f64::MAX
            };
        }
        if self.high == 0.0 {
            return if computed == 0.0 { 0.0 } else { f64::MAX };
        }
        // of the difference, the part that is exact comes first
        let difference = (libm::scalbn(computed, -self.power) - self.high) - self.low;
        let place = (exponent - (digits - 1)).max(lowest);
        libm::scalbn(difference.abs(), self.power - place)
    }

    fn new(high: f64, low: f64) -> Exact {
        let sum = high + low;
        Exact {
            high: sum,
            low: low - (sum - high),
            power: 0,
        }
    }

    fn plus(self, other: Exact) -> Exact {
        let sum = self.high + other.high;
        let back = sum - self.high;
        let error = (self.high - (sum - back)) + (other.high - back);
        let first = Exact::new(sum, error + self.low);
        Exact::new(first.high, first.low + other.low)
    }

    fn minus(self, other: Exact) -> Exact {
        self.plus(Exact {
            high: -other.high,
            low: -other.low,
            power: 0,
        })
    }

    fn times(self, other: Exact) -> Exact {
        let product = self.high * other.high;
        let error = libm::fma(self.high, other.high, -product);
        Exact::new(
            product,
            error + (self.high * other.low + self.low * other.high),
        )
    }

    fn over(self, other: Exact) -> Exact {
        let first = self.high / other.high;
        let rest = self.minus(other.times(first.into()));
        let second = rest.high / other.high;
        let rest = rest.minus(other.times(second.into()));
        Exact::new(first, second).plus((rest.high / other.high).into())
    }
}

const ONE: Exact = Exact {
    high: 1.0,
    low: 0.0,
    power: 0,
};
/// ln 2 in three parts, to 10⁻³⁷.
const LN_2: [f64; 3] = [
    0.693_147_180_485_539_1,
    7.440_617_109_802_979e-11,
    2.094_174_429_270_072_5e-21,
];

/// The reference for a function by its name, at the `x` that its method in `Lanes` would get; nothing for an unknown name.
pub fn function(name: &str) -> Option<fn(f64) -> Exact> {
    Some(match name {
        "exp" => exp,
        "exp_m1" => exp_m1,
        "ln" => ln,
        "ln_1p" => ln_1p,
        "sigmoid" => sigmoid,
        "tanh" => tanh,
        "softplus" => softplus,
        _ => return None,
    })
}

/// eˣ.
pub fn exp(x: f64) -> Exact {
    if x.is_nan() || x > 720.0 {
        return Exact::from(x + f64::INFINITY);
    }
    if x < -760.0 {
        return Exact::from(0.0);
    }
    scaled_exp(x.into())
}

/// eˣ − 1.
pub fn exp_m1(x: f64) -> Exact {
    match x {
        _ if x.is_nan() || x.abs() < 1e-290 => Exact::from(x),
        _ if x > 700.0 => exp(x),
        _ if x < -700.0 => Exact::from(-1.0),
        _ => exp_m1_of(x.into()),
    }
}

/// ln x.
pub fn ln(x: f64) -> Exact {
    if x.is_nan() || x <= 0.0 || x.is_infinite() {
        return Exact::from(libm::log(x));
    }
    if (x - 1.0).abs() < 0.01 {
        return ln_1p_of((x - 1.0).into());
    }
    let (m, power) = libm::frexp(x);
    ln_of(m.into()).plus(Exact::from(f64::from(power)).times(ln_2()))
}

/// ln (1 + x).
pub fn ln_1p(x: f64) -> Exact {
    if x.is_nan() || x <= -1.0 || x.is_infinite() || x.abs() < 1e-290 {
        return Exact::from(libm::log1p(x));
    }
    if x > 1e40 { ln(x) } else { ln_1p_of(x.into()) }
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid(x: f64) -> Exact {
    match x {
        _ if x.is_nan() => Exact::from(x),
        _ if x < -600.0 => exp(x),
        _ => ONE.over(ONE.plus(flat_exp(-x.min(600.0)))),
    }
}

/// tanh x.
pub fn tanh(x: f64) -> Exact {
    if x.is_nan() || x.abs() < 1e-150 {
        return Exact::from(x);
    }
    let e = exp_m1(2.0 * x.abs().min(100.0));
    let t = e.over(e.plus(2.0.into()));
    let sign = 1f64.copysign(x);
    Exact {
        high: sign * t.high,
        low: sign * t.low,
        power: 0,
    }
}

/// ln (1 + eˣ).
pub fn softplus(x: f64) -> Exact {
    match x {
        _ if x.is_nan() || x > 600.0 => Exact::from(x),
        _ if x < -600.0 => exp(x),
        _ => Exact::from(x.max(0.0)).plus(ln_1p_of(flat_exp(-x.abs()))),
    }
}

/// The binary cross-entropy of the logit z and the label y in [0, 1].
pub fn bce_logits(z: f64, y: f64) -> Exact {
    match y {
        0.0 if z.is_finite() => return softplus(z),
        1.0 if z.is_finite() => return softplus(-z),
        _ if z.is_nan() || z.abs() > 600.0 => return Exact::from(z.max(0.0) - y * z),
        _ => {}
    }
    let product = Exact::from(z).times(Exact::from(-y));
    Exact::from(z.max(0.0))
        .plus(product)
        .plus(ln_1p_of(flat_exp(-z.abs())))
}

/// x to the power y.
pub fn powf(x: f64, y: f64) -> Exact {
    if !(x > 0.0 && x.is_finite() && y.is_finite()) {
        return Exact::from(libm::pow(x, y));
    }
    let exponent = ln(x).times(y.into());
    match exponent.high {
        e if e > 720.0 => Exact::from(f64::INFINITY),
        e if e < -760.0 => Exact::from(0.0),
        _ => scaled_exp(exponent),
    }
}

fn ln_2() -> Exact {
    Exact::new(LN_2[0], LN_2[1]).plus(LN_2[2].into())
}

/// eˣ for |x| < 700, where it needs no power of two beside it.
fn flat_exp(x: f64) -> Exact {
    let e = scaled_exp(x.into());
    Exact {
        high: libm::scalbn(e.high, e.power),
        low: libm::scalbn(e.low, e.power),
        power: 0,
    }
}

fn scaled_exp(x: Exact) -> Exact {
    let n = libm::rint(x.high / LN_2[0]);
    let r = LN_2
        .iter()
        .fold(x, |r, part| r.minus(Exact::from(n).times((*part).into())));
    let e = ONE.plus(exp_m1_series(r));
    Exact {
        power: n as i32,
        ..e
    }
}

fn exp_m1_of(x: Exact) -> Exact {
    if x.high.abs() < 0.5 {
        return exp_m1_series(x);
    }
    flat_exp(x.high).minus(ONE)
}

/// The Taylor series, for |x| < ½ to 2⁻¹¹⁰.
fn exp_m1_series(x: Exact) -> Exact {
    let (mut sum, mut term) = (x, x);
    for k in 2..30 {
        term = term.times(x).over(f64::from(k).into());
        sum = sum.plus(term);
    }
    sum
}

/// ln x for x in [½, 4]: one step of Halley's method from the `f64` result leaves an error of its third power.
fn ln_of(x: Exact) -> Exact {
    let y = libm::log(x.high);
    let e = scaled_exp(y.into());
    let scale = libm::scalbn(1.0, e.power);
    let e = Exact {
        high: e.high * scale,
        low: e.low * scale,
        power: 0,
    };
    let step = x.minus(e).over(x.plus(e));
    Exact::from(y).plus(step.plus(step))
}

/// ln (1 + x) for −1 < x < 2¹⁰²³.
fn ln_1p_of(x: Exact) -> Exact {
    if x.high.abs() > 0.01 {
        let sum = ONE.plus(x);
        let (_, power) = libm::frexp(sum.high);
        let scale = libm::scalbn(1.0, -power);
        let m = Exact {
            high: sum.high * scale,
            low: sum.low * scale,
            power: 0,
        };
        return ln_of(m).plus(Exact::from(f64::from(power)).times(ln_2()));
    }
    // 2 artanh(x / (2 + x))
    let s = x.over(x.plus(2.0.into()));
    let square = s.times(s);
    let (mut sum, mut power) = (s, s);
    for k in 1..14 {
        power = power.times(square);
        sum = sum.plus(power.over(f64::from(2 * k + 1).into()));
    }
    sum.plus(sum)
}
