//! Each operation is checked by one call: its audit, over all that the engine promises of an operation.

use chainrule_autodiff::BATCH;
use chainrule_autodiff::audit::{AuditError, Case, Registration, Samples, Values};
use chainrule_external_op::{FocalLoss, Gate, LogSumExp, Pick, Place, Swish, squared_error};

type Checked = Result<(), AuditError>;

#[test]
fn swish() -> Checked {
    Registration::elementwise("swish", |x| x[0].map(Swish), [Values::real()]).check()?;
    Ok(())
}

#[test]
fn gate() -> Checked {
    let values = [Values::real(), Values::real()];
    Registration::elementwise("gate", |x| x[0].zip_map(x[1], Gate), values).check()?;
    Ok(())
}

#[test]
fn focal_loss() -> Checked {
    let values = || [Values::real(), Values::between(0.0, 1.0)];
    for gamma in [0.0, 0.5, 2.0] {
        let loss = Registration::elementwise(
            "focal_loss",
            move |x| x[0].zip_map(x[1], FocalLoss { gamma }),
            values(),
        );
        // Finite at any logit, and 0 where the label is met.
        loss.kink(&[-800.0, 1.0], &[-1.0, 1600.0]).check()?;
    }
    Ok(())
}

#[test]
fn log_sum_exp() -> Checked {
    let over = |rows, cols| Case::new([((rows, cols).into(), Values::real())]);
    Registration::new(
        "log_sum_exp",
        |x| x[0].apply(LogSumExp),
        over(3, BATCH).samples(Samples::Independent),
    )
    .case(over(19, BATCH).samples(Samples::Independent))
    .case(over(4, 5.into()))
    .check()?;
    Ok(())
}

#[test]
fn pick_and_place() -> Checked {
    let rows = || {
        Values::between(0.0, 2.99)
            .with_edges(&[-1.0, 3.0, f64::NAN])
            .not_differentiated()
    };
    let case = |values: usize| {
        Case::new([
            ((values, BATCH).into(), Values::real()),
            ((1, BATCH).into(), rows()),
        ])
        .samples(Samples::Independent)
    };
    Registration::new("pick", |x| x[0].apply_with(Pick, &[x[1]]), case(3))
        .undefined_in("pick", 1)
        .check()?;
    let place = Registration::new(
        "place",
        |x| x[0].apply_with(Place { rows: 3 }, &[x[1]]),
        case(1),
    );
    place.undefined_in("place", 1).check()?;
    Ok(())
}

#[test]
fn the_squared_error() -> Checked {
    let batch = || ((2, BATCH).into(), Values::real());
    Registration::new(
        "squared error",
        |x| squared_error(x[0], x[1]),
        Case::new([batch(), batch()]),
    )
    .check()?;
    Ok(())
}
