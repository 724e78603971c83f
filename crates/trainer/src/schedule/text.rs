//! Schedules as text: `cosine`, `step:every=10,factor=0.5`.

use std::fmt;
use std::str::FromStr;

use super::{
    Cosine, Curve, ExponentialDecay, OneCycle, ReduceOnPlateau, Schedule, StepDecay, Warmup,
};

/// Text that is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownSchedule(String);

/// A setting: its name, and where it is written to.
enum Setting<'s> {
    Number(&'static str, &'s mut f64),
    Count(&'static str, &'s mut usize),
}

impl Curve {
    /// The curve of this name with its default settings.
    fn named(name: &str) -> Option<Curve> {
        Some(match name {
            "constant" => Curve::Constant,
            "step" => Curve::Step(StepDecay::default()),
            "exponential" => Curve::Exponential(ExponentialDecay::default()),
            "cosine" => Curve::Cosine(Cosine::default()),
            "plateau" => Curve::Plateau(ReduceOnPlateau::default()),
            "one-cycle" => Curve::OneCycle(OneCycle::default()),
            _ => return None,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Curve::Constant => "constant",
            Curve::Step(_) => "step",
            Curve::Exponential(_) => "exponential",
            Curve::Cosine(_) => "cosine",
            Curve::Plateau(_) => "plateau",
            Curve::OneCycle(_) => "one-cycle",
        }
    }

    fn settings(&mut self) -> Vec<Setting<'_>> {
        use Setting::{Count, Number};
        match self {
            Curve::Constant => Vec::new(),
            Curve::Step(StepDecay { every, factor }) => {
                vec![Count("every", every), Number("factor", factor)]
            }
            Curve::Exponential(ExponentialDecay { factor }) => vec![Number("factor", factor)],
            Curve::Cosine(Cosine { floor }) => vec![Number("floor", floor)],
            Curve::Plateau(ReduceOnPlateau {
                factor,
                patience,
                min_delta,
                floor,
            }) => vec![
                Number("factor", factor),
                Count("patience", patience),
                Number("min-delta", min_delta),
                Number("floor", floor),
            ],
            Curve::OneCycle(OneCycle { rise, start, end }) => vec![
                Number("rise", rise),
                Number("start", start),
                Number("end", end),
            ],
        }
    }
}

impl Setting<'_> {
    fn name(&self) -> &'static str {
        match self {
            Setting::Number(name, _) | Setting::Count(name, _) => name,
        }
    }

    /// Whether the text is a value for it.
    fn set(&mut self, text: &str) -> bool {
        match self {
            Setting::Number(_, value) => text.parse().map(|number| **value = number).is_ok(),
            Setting::Count(_, value) => text.parse().map(|count| **value = count).is_ok(),
        }
    }
}

impl FromStr for Curve {
    type Err = UnknownSchedule;

    /// Reads a name, and settings that are not to have their default values.
    fn from_str(text: &str) -> Result<Curve, UnknownSchedule> {
        let (name, given) = text.split_once(':').unwrap_or((text, ""));
        let mut curve = Curve::named(name).ok_or_else(|| {
            UnknownSchedule(
                "expected constant, step, exponential, cosine, plateau or one-cycle, with settings as in step:every=10,factor=0.5"
                    .to_owned(),
            )
        })?;
        for part in given.split(',').filter(|part| !part.is_empty()) {
            let (setting, value) = part.split_once('=').unwrap_or((part, ""));
            let mut settings = curve.settings();
            let known: Vec<&str> = settings.iter().map(Setting::name).collect();
            let Some(found) = settings.iter_mut().find(|s| s.name() == setting) else {
                return Err(UnknownSchedule(match &known[..] {
                    [] => format!("{name} has no settings"),
                    known => format!(
                        "{name} has no setting {setting:?}; expected {}",
                        known.join(", ")
                    ),
                }));
            };
            if !found.set(value) {
                let kind = match found {
                    Setting::Number(..) => "a number",
                    Setting::Count(..) => "a whole number",
                };
                return Err(UnknownSchedule(format!(
                    "{setting} of {name} is {value:?}; expected {kind}, as in {setting}={}",
                    if kind == "a number" { "0.5" } else { "10" }
                )));
            }
        }
        Ok(curve)
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let mut curve = *self;
        for (at, setting) in curve.settings().iter().enumerate() {
            f.write_str(if at == 0 { ":" } else { "," })?;
            match setting {
                Setting::Number(name, value) => write!(f, "{name}={value}")?,
                Setting::Count(name, value) => write!(f, "{name}={value}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Warmup {
    type Err = UnknownSchedule;

    /// Reads `3epochs` or `500steps`; `0` is none.
    fn from_str(text: &str) -> Result<Warmup, UnknownSchedule> {
        let wrong = || {
            UnknownSchedule(
                "expected a number of epochs or steps, such as 3epochs or 500steps".to_owned(),
            )
        };
        let (number, unit) = text.split_at(
            text.find(|c: char| !c.is_ascii_digit())
                .unwrap_or(text.len()),
        );
        let count: usize = number.parse().map_err(|_| wrong())?;
        match (count, unit.trim()) {
            (0, "" | "epoch" | "epochs" | "step" | "steps") => Ok(Warmup::None),
            (_, "epoch" | "epochs") => Ok(Warmup::Epochs(count)),
            (_, "step" | "steps") => Ok(Warmup::Steps(count)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Warmup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warmup::None => f.write_str("0"),
            Warmup::Epochs(1) => f.write_str("1epoch"),
            Warmup::Epochs(epochs) => write!(f, "{epochs}epochs"),
            Warmup::Steps(1) => f.write_str("1step"),
            Warmup::Steps(steps) => write!(f, "{steps}steps"),
        }
    }
}

const AFTER: &str = " after a warm-up of ";

impl FromStr for Schedule {
    type Err = UnknownSchedule;

    /// Reads what is printed; of the curve, settings may be left out.
    fn from_str(text: &str) -> Result<Schedule, UnknownSchedule> {
        let (curve, warmup) = match text.split_once(AFTER) {
            None => (text, Warmup::None),
            Some((curve, warmup)) => (curve, warmup.parse()?),
        };
        let curve = curve.parse()?;
        Ok(Schedule { warmup, curve })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.curve.fmt(f)?;
        match self.warmup {
            Warmup::None => Ok(()),
            warmup => write!(f, "{AFTER}{warmup}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for text in [
            "constant",
            "step:every=10,factor=0.5",
            "exponential:factor=0.95",
            "cosine:floor=0",
            "plateau:factor=0.5,patience=5,min-delta=0.0001,floor=0",
            "one-cycle:rise=0.3,start=0.04,end=0.000004",
            "cosine:floor=0.1 after a warm-up of 3epochs",
            "constant after a warm-up of 1step",
        ] {
            let schedule: Schedule = text.parse().expect(text);
            assert_eq!(schedule.to_string(), text);
        }
        let step: Curve = "step:factor=0.1".parse().unwrap();
        let factor = 0.1;
        assert_eq!(
            step,
            Curve::Step(StepDecay {
                factor,
                ..StepDecay::default()
            })
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str| text.parse::<Schedule>().unwrap_err().to_string();
        assert!(said("cosin").starts_with("expected constant, step,"));
        assert_eq!(said("constant:factor=1"), "constant has no settings");
        assert_eq!(
            said("plateau:wait=3"),
            "plateau has no setting \"wait\"; expected factor, patience, min-delta, floor"
        );
        assert_eq!(
            said("step:every=1.5"),
            "every of step is \"1.5\"; expected a whole number, as in every=10"
        );
        assert_eq!(
            said("cosine:floor"),
            "floor of cosine is \"\"; expected a number, as in floor=0.5"
        );
        for wrong in [
            "3",
            "epochs",
            "-1steps",
            "1.5epochs",
            "3 weeks",
            "99999999999999999999steps",
        ] {
            assert!(wrong.parse::<Warmup>().is_err(), "{wrong}");
        }
        assert_eq!("0".parse(), Ok(Warmup::None));
    }
}
