//! Optimisers as text: `adam`, `adam:beta1=0.8,epsilon=0.0001`.

use std::fmt;
use std::str::FromStr;

use super::{Adam, AdamW, Lbfgs, Momentum, Nesterov, Optimizer, RmsProp, Sgd, hands_on};

/// One of the optimisers of this crate, for those that choose it while the program runs: from text, with each of its settings.
///
/// | name | settings and their default values |
/// |---|---|
/// | `sgd` | |
/// | `momentum`, `nesterov` | `momentum=0.9` |
/// | `rmsprop` | `decay=0.99`, `epsilon=0.00000001` |
/// | `adam` | `beta1=0.9`, `beta2=0.999`, `epsilon=0.00000001` |
/// | `adamw` | `weight-decay=0.01`, and those of `adam` |
/// | `lbfgs` | `history=10`, `evaluations=25`, `gradient-tolerance=0.0000001`, `change-tolerance=0.000000001` |
///
/// ```
/// use chainrule_trainer::{Adam, NamedOptimizer, Optimizer};
///
/// let chosen: NamedOptimizer = "adam:beta1=0.8".parse()?;
/// assert_eq!(chosen, NamedOptimizer::Adam(Adam { beta1: 0.8, ..Adam::default() }));
/// assert_eq!(chosen.to_string(), "adam:beta1=0.8,beta2=0.999,epsilon=0.00000001");
/// assert_eq!(chosen.describe().name, "adam");
/// # Ok::<(), chainrule_trainer::UnknownOptimizer>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum NamedOptimizer {
    /// Gradient descent.
    Sgd(Sgd),
    /// Gradient descent with a velocity.
    Momentum(Momentum),
    /// Gradient descent with a velocity that looks ahead.
    Nesterov(Nesterov),
    /// Gradients divided by the root of their mean squares.
    RmsProp(RmsProp),
    /// Adam.
    Adam(Adam),
    /// Adam with weight decay of its own.
    AdamW(AdamW),
    /// L-BFGS.
    Lbfgs(Lbfgs),
}

/// Text that is no optimiser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownOptimizer(String);

/// What a setting may be.
#[derive(Clone, Copy)]
enum Range {
    /// A part that is kept: from 0 to below 1.
    Part,
    /// 0 or more.
    Size,
}

/// A setting: its name, where it is written to, and what it may be.
enum Setting<'s> {
    Number(&'static str, &'s mut f64, Range),
    /// From 1 to a limit.
    Count(&'static str, &'s mut usize, usize),
}

impl NamedOptimizer {
    /// All of them, with their default settings.
    pub fn all() -> [NamedOptimizer; 7] {
        [
            NamedOptimizer::Sgd(Sgd),
            NamedOptimizer::Momentum(Momentum::default()),
            NamedOptimizer::Nesterov(Nesterov::default()),
            NamedOptimizer::RmsProp(RmsProp::default()),
            NamedOptimizer::Adam(Adam::default()),
            NamedOptimizer::AdamW(AdamW::default()),
            NamedOptimizer::Lbfgs(Lbfgs::default()),
        ]
    }

    /// The name in text.
    pub fn name(&self) -> &'static str {
        match self {
            NamedOptimizer::Sgd(_) => "sgd",
            NamedOptimizer::Momentum(_) => "momentum",
            NamedOptimizer::Nesterov(_) => "nesterov",
            NamedOptimizer::RmsProp(_) => "rmsprop",
            NamedOptimizer::Adam(_) => "adam",
            NamedOptimizer::AdamW(_) => "adamw",
            NamedOptimizer::Lbfgs(_) => "lbfgs",
        }
    }

    /// Changes a setting, given as text.
    ///
    /// # Errors
    /// If there is no such setting, or it can't have this value.
    ///
    /// ```
    /// use chainrule_trainer::{Lbfgs, NamedOptimizer};
    ///
    /// let mut chosen = NamedOptimizer::Lbfgs(Lbfgs::default());
    /// chosen.set("history", "20")?;
    /// assert!(chosen.set("history", "0").is_err() && chosen.set("beta1", "0.9").is_err());
    /// # Ok::<(), chainrule_trainer::UnknownOptimizer>(())
    /// ```
    pub fn set(&mut self, setting: &str, value: &str) -> Result<(), UnknownOptimizer> {
        let name = self.name();
        let mut settings = self.settings();
        let known: Vec<&str> = settings.iter().map(Setting::name).collect();
        let Some(found) = settings.iter_mut().find(|s| s.name() == setting) else {
            return Err(UnknownOptimizer(match &known[..] {
                [] => format!("{name} has no settings"),
                known => format!(
                    "{name} has no setting {setting:?}; expected {}",
                    known.join(", ")
                ),
            }));
        };
        found.set(value).map_err(|expected| {
            UnknownOptimizer(format!(
                "{setting} of {name} is {value:?}; expected {expected}"
            ))
        })
    }

    fn settings(&mut self) -> Vec<Setting<'_>> {
        use Range::{Part, Size};
        use Setting::{Count, Number};
        match self {
            NamedOptimizer::Sgd(Sgd) => Vec::new(),
            NamedOptimizer::Momentum(Momentum { momentum })
            | NamedOptimizer::Nesterov(Nesterov { momentum }) => {
                vec![Number("momentum", momentum, Part)]
            }
            NamedOptimizer::RmsProp(RmsProp { decay, epsilon }) => {
                vec![
                    Number("decay", decay, Part),
                    Number("epsilon", epsilon, Size),
                ]
            }
            NamedOptimizer::Adam(adam) => of_adam(adam).into(),
            NamedOptimizer::AdamW(AdamW { weight_decay, adam }) => {
                let decay = Number("weight-decay", weight_decay, Size);
                std::iter::once(decay).chain(of_adam(adam)).collect()
            }
            NamedOptimizer::Lbfgs(Lbfgs {
                history,
                evaluations,
                gradient_tolerance,
                change_tolerance,
            }) => vec![
                Count("history", history, Lbfgs::MOST_HISTORY),
                Count("evaluations", evaluations, usize::MAX),
                Number("gradient-tolerance", gradient_tolerance, Size),
                Number("change-tolerance", change_tolerance, Size),
            ],
        }
    }

    fn as_optimizer(&self) -> &dyn Optimizer {
        match self {
            NamedOptimizer::Sgd(optimizer) => optimizer,
            NamedOptimizer::Momentum(optimizer) => optimizer,
            NamedOptimizer::Nesterov(optimizer) => optimizer,
            NamedOptimizer::RmsProp(optimizer) => optimizer,
            NamedOptimizer::Adam(optimizer) => optimizer,
            NamedOptimizer::AdamW(optimizer) => optimizer,
            NamedOptimizer::Lbfgs(optimizer) => optimizer,
        }
    }
}

fn of_adam(adam: &mut Adam) -> [Setting<'_>; 3] {
    let Adam {
        beta1,
        beta2,
        epsilon,
    } = adam;
    [
        Setting::Number("beta1", beta1, Range::Part),
        Setting::Number("beta2", beta2, Range::Part),
        Setting::Number("epsilon", epsilon, Range::Size),
    ]
}

impl Setting<'_> {
    fn name(&self) -> &'static str {
        match self {
            Setting::Number(name, ..) | Setting::Count(name, ..) => name,
        }
    }

    /// Sets it, or says what was expected.
    fn set(&mut self, text: &str) -> Result<(), String> {
        match self {
            Setting::Number(_, value, range) => {
                let (is_in, expected): (fn(f64) -> bool, _) = match range {
                    Range::Part => (|x| (0.0..1.0).contains(&x), "a number from 0 to below 1"),
                    Range::Size => (|x| x.is_finite() && x >= 0.0, "0 or a positive number"),
                };
                let number = text.parse().ok().filter(|&number| is_in(number));
                **value = number.ok_or(expected)?;
            }
            Setting::Count(_, value, most) => {
                let count = text.parse().ok();
                let count = count.filter(|count| (1..=*most).contains(count));
                **value = count.ok_or_else(|| match *most {
                    usize::MAX => "a whole number, 1 or more".to_owned(),
                    most => format!("a whole number from 1 to {most}"),
                })?;
            }
        }
        Ok(())
    }
}

impl FromStr for NamedOptimizer {
    type Err = UnknownOptimizer;

    /// Reads a name, and after a colon settings parted by commas; those that are left out have their default values.
    fn from_str(text: &str) -> Result<NamedOptimizer, UnknownOptimizer> {
        let (name, given) = text.split_once(':').unwrap_or((text, ""));
        let all = NamedOptimizer::all();
        let named = all.iter().find(|optimizer| optimizer.name() == name);
        let mut optimizer = *named.ok_or_else(|| {
            let names = all.map(|optimizer| optimizer.name());
            let [others @ .., last] = &names;
            UnknownOptimizer(format!(
                "expected {} or {last}, with settings as in adam:beta1=0.8,beta2=0.99",
                others.join(", ")
            ))
        })?;
        let mut seen = Vec::new();
        for part in given.split(',').filter(|part| !part.is_empty()) {
            let (setting, value) = part.split_once('=').unwrap_or((part, ""));
            let (setting, value) = (setting.trim(), value.trim());
            optimizer.set(setting, value)?;
            if seen.contains(&setting) {
                return Err(UnknownOptimizer(format!(
                    "{setting} of {name} is given twice"
                )));
            }
            seen.push(setting);
        }
        Ok(optimizer)
    }
}

impl fmt::Display for NamedOptimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let mut optimizer = *self;
        for (at, setting) in optimizer.settings().iter().enumerate() {
            f.write_str(if at == 0 { ":" } else { "," })?;
            match setting {
                Setting::Number(name, value, _) => write!(f, "{name}={value}")?,
                Setting::Count(name, value, _) => write!(f, "{name}={value}")?,
            }
        }
        Ok(())
    }
}

impl Optimizer for NamedOptimizer {
    hands_on!(all: self => self.as_optimizer());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_described_can_be_set_and_is_printed() {
        for optimizer in NamedOptimizer::all() {
            let described = optimizer.describe();
            assert_eq!(described.name, optimizer.name());
            for (name, default) in &described.settings {
                let setting = name.replace('_', "-");
                let other = if *default >= 1.0 { 7.0 } else { default / 2.0 };
                let text = format!("{}:{setting}={other}", optimizer.name());
                let read: NamedOptimizer = text.parse().expect(&text);
                for (at, value) in &read.describe().settings {
                    let kept = described.settings.iter().find(|(name, _)| name == at);
                    let expected = if at == name { other } else { kept.unwrap().1 };
                    assert_eq!(*value, expected, "{at} of {text}");
                }
                assert_eq!(read.to_string().parse(), Ok(read));
                assert!(read.to_string().contains(&format!("{setting}={other}")));
            }
            assert_eq!(optimizer.name().parse(), Ok(optimizer));
            assert_eq!(optimizer.to_string().parse(), Ok(optimizer));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let said = |text: &str| text.parse::<NamedOptimizer>().unwrap_err().to_string();
        assert_eq!(
            said("adan"),
            "expected sgd, momentum, nesterov, rmsprop, adam, adamw or lbfgs, with settings as in adam:beta1=0.8,beta2=0.99"
        );
        assert_eq!(said("sgd:momentum=0.9"), "sgd has no settings");
        assert_eq!(
            said("adam:beta=0.9"),
            "adam has no setting \"beta\"; expected beta1, beta2, epsilon"
        );
        assert_eq!(
            said("adam:beta1=1"),
            "beta1 of adam is \"1\"; expected a number from 0 to below 1"
        );
        assert_eq!(
            said("lbfgs:history=0"),
            "history of lbfgs is \"0\"; expected a whole number from 1 to 1000"
        );
        assert_eq!(
            said("adam:beta1=0.8,beta1=0.9"),
            "beta1 of adam is given twice"
        );
        for wrong in [
            "",
            "adam:epsilon=-1",
            "adam:epsilon=inf",
            "adam:beta1=nan",
            "adam:beta1",
            "rmsprop:decay=-0.1",
            "momentum:momentum=1",
            "adamw:weight_decay=0.1",
            "lbfgs:history=1001",
            "lbfgs:history=1.5",
            "lbfgs:evaluations=0",
            "lbfgs:gradient-tolerance=-1",
            "lbfgs:change-tolerance=x",
        ] {
            assert!(wrong.parse::<NamedOptimizer>().is_err(), "{wrong}");
        }
    }
}
