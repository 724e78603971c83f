//! Checks of the bits: the same by definition, without each optional pass, on every instruction set, with many threads, and
//! for a sample alone.

use super::findings::Findings;
use super::registration::Samples;
use super::subject::{Experiment, Fixed, Values, bits, compile, define, run};
use super::{Subject, Trouble};
use crate::{CompileOptions, Dim, Graph, Isa, Plan, Scalar, Step, Team, Workspace};

/// Samples of the runs: an empty batch, one sample, more than a chunk of a sum over samples.
const BATCH_SIZES: [usize; 4] = [0, 1, 37, 300];

/// Runs of one case whose results must be equal: as its fixed arguments are given, and in one precision.
struct Runs<'a, 'g, T: Scalar> {
    subject: &'a Subject<'a>,
    step: Step<'g>,
    /// What is run, and the results by the portable plan with all passes.
    runs: Vec<(Values, Vec<Vec<u64>>)>,
    precision: std::marker::PhantomData<T>,
}

/// All comparisons of bits.
pub(super) fn same_bits(subject: &Subject<'_>, findings: &mut Findings) -> Result<(), Trouble> {
    let has_fixed = subject.case.arguments.iter().any(|(s, _)| !s.has_batch());
    for fixed in [Fixed::Inputs, Fixed::Parameters] {
        if fixed == Fixed::Inputs || has_fixed {
            in_precision::<f32>(subject, fixed, findings)?;
            in_precision::<f64>(subject, fixed, findings)?;
        }
    }
    Ok(())
}

fn in_precision<T: Scalar>(
    subject: &Subject<'_>,
    fixed: Fixed,
    findings: &mut Findings,
) -> Result<(), Trouble> {
    let g = Graph::new();
    let e = Experiment::new(&g, subject.registration, subject.case, fixed);
    let runs = Runs::<T>::new(subject, &e)?;
    runs.by_definition(findings)?;
    for pass in CompileOptions::optional_passes() {
        let without = CompileOptions::new(Isa::Portable).without(pass)?;
        runs.equal_with(&without, &format!("without the pass {pass:?}"), findings)?;
    }
    for isa in Isa::available() {
        runs.equal_with(&CompileOptions::new(isa), &format!("on {isa}"), findings)?;
    }
    runs.equal_with_threads(findings)?;
    if subject.case.samples == Samples::Independent {
        runs.each_sample_alone(&e, findings)?;
    }
    Ok(())
}

impl<'a, 'g, T: Scalar> Runs<'a, 'g, T> {
    fn new(subject: &'a Subject<'a>, e: &Experiment<'g>) -> Result<Self, Trouble> {
        let case = subject.case;
        let step = e.step(case);
        let plan = compile::<T>(step.graph, &step, &CompileOptions::new(Isa::Portable))?;
        let arguments = case.arguments.iter().map(|(shape, _)| *shape);
        let batched = arguments
            .chain([e.y.shape()])
            .any(|shape| shape.has_batch());
        let sizes: &[usize] = if batched { &BATCH_SIZES } else { &[0] };
        let mut workspace = plan.workspace(BATCH_SIZES[3], 1);
        let mut random = subject.random("bits");
        let mut runs = Vec::new();
        for &batch in sizes {
            for arguments in [
                case.inside(&mut random, batch),
                case.edges(&mut random, batch),
            ] {
                let result = e.y.shape().len_at(batch);
                let values = Values::around(arguments, case, result, batch, &mut random);
                let results = run(&plan, &mut workspace, &values, &Team::solo())?;
                runs.push((values, bits(&results)));
            }
        }
        Ok(Self {
            subject,
            step,
            runs,
            precision: std::marker::PhantomData,
        })
    }

    fn compile(&self, options: &CompileOptions) -> Result<(Plan<T>, Workspace<T>), Trouble> {
        let plan = compile::<T>(self.step.graph, &self.step, options)?;
        let workspace = plan.workspace(BATCH_SIZES[3], self.subject.team.limit());
        Ok((plan, workspace))
    }

    fn by_definition(&self, findings: &mut Findings) -> Result<(), Trouble> {
        for (values, expected) in &self.runs {
            let defined = bits(&define::<T>(&self.step, values)?);
            findings.holds("the plan against the definition", || {
                differs::<T>(expected, &defined, values)
            });
        }
        Ok(())
    }

    fn equal_with(
        &self,
        options: &CompileOptions,
        check: &str,
        findings: &mut Findings,
    ) -> Result<(), Trouble> {
        let (plan, mut workspace) = self.compile(options)?;
        for (values, expected) in &self.runs {
            let found = bits(&run(&plan, &mut workspace, values, &Team::solo())?);
            findings.holds(check, || differs::<T>(&found, expected, values));
        }
        Ok(())
    }

    fn equal_with_threads(&self, findings: &mut Findings) -> Result<(), Trouble> {
        let (plan, mut workspace) = self.compile(&CompileOptions::new(Isa::detect()))?;
        for (values, expected) in &self.runs {
            let found = bits(&run(&plan, &mut workspace, values, self.subject.team)?);
            let check = format!("with {} threads", self.subject.team.limit());
            findings.holds(&check, || differs::<T>(&found, expected, values));
        }
        Ok(())
    }

    /// Columns of the results that are batches, each computed from its sample alone.
    fn each_sample_alone(
        &self,
        e: &Experiment<'_>,
        findings: &mut Findings,
    ) -> Result<(), Trouble> {
        let case = self.subject.case;
        let (plan, mut workspace) = self.compile(&CompileOptions::new(Isa::detect()))?;
        let batched: Vec<(usize, usize)> = plan
            .outputs()
            .enumerate()
            .filter(|(_, shape)| shape.cols == Dim::Batch)
            .map(|(index, shape)| (index, shape.rows.at(1)))
            .collect();
        let of_columns = |name: &str| {
            let shape = match name.split_at(1) {
                ("u", _) => Some(e.y.shape()),
                (_, index) => index.parse::<usize>().ok().map(|i| case.arguments[i].0),
            };
            shape.is_some_and(|shape| shape.cols == Dim::Batch)
        };
        for (values, expected) in self.runs.iter().filter(|(v, _)| v.batch == 37) {
            for sample in 0..values.batch {
                let alone = values.sample(sample, &of_columns);
                let found = bits(&run(&plan, &mut workspace, &alone, &Team::solo())?);
                findings.holds("a sample alone against the batch", || {
                    batched.iter().find_map(|&(index, rows)| {
                        let column = &expected[index][sample * rows..(sample + 1) * rows];
                        (found[index] != column).then(|| {
                            let (found, column) =
                                (numbers::<T>(&found[index]), numbers::<T>(column));
                            format!(
                                "sample {sample} of {}: {found:?} alone, {column:?} in the batch",
                                T::NAME
                            )
                        })
                    })
                });
            }
        }
        Ok(())
    }
}

/// Says where results differ.
fn differs<T: Scalar>(
    found: &[Vec<u64>],
    expected: &[Vec<u64>],
    values: &Values,
) -> Option<String> {
    if found.len() != expected.len() {
        return Some(format!(
            "{} results, {} expected",
            found.len(),
            expected.len()
        ));
    }
    let (index, (found, expected)) = found
        .iter()
        .zip(expected)
        .enumerate()
        .find(|(_, (found, expected))| found != expected)?;
    let at = found.iter().zip(expected).position(|(a, b)| a != b);
    let at = at.unwrap_or(found.len().min(expected.len()));
    let number = |bits: &[u64]| bits.get(at).map(|&b| T::from_bits_u64(b));
    Some(format!(
        "result {index} of {}, element {at}: {:?} instead of {:?} ({} samples)",
        T::NAME,
        number(found),
        number(expected),
        values.batch
    ))
}

fn numbers<T: Scalar>(bits: &[u64]) -> Vec<T> {
    bits.iter().map(|&b| T::from_bits_u64(b)).collect()
}
