//! Draws a training step of a network of two layers: as it is written, after the passes, and after the passes with what a plan fuses and
//! what each value and gradient was in a run.
//!
//! ```text
//! cargo run --release -q -p chainrule-autodiff --example draw -- FOLDER
//! ```
//!
//! Writes `written`, `rewritten` and `run`, each as SVG and as Graphviz DOT.

use std::error::Error;
use std::path::PathBuf;

use chainrule_autodiff::{BATCH, Drawing, Graph, Isa, Passes, Step};

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: draw FOLDER");
        std::process::exit(2);
    };
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, drawing: &Drawing<'_>| -> std::io::Result<()> {
        let path = folder.join(name);
        std::fs::write(path.with_extension("svg"), drawing.to_svg())?;
        std::fs::write(path.with_extension("dot"), drawing.to_dot())?;
        println!("{0}.svg, {0}.dot", path.display());
        Ok(())
    };

    let g = Graph::new();
    let (x, y, alpha) = (
        g.input("x", (2, BATCH)),
        g.input("y", (1, BATCH)),
        g.scalar("α"),
    );
    let (w1, b1) = (g.param("W1", (3, 2)), g.param("b1", 3));
    let (w2, b2) = (g.param("W2", (1, 3)), g.param("b2", 1));
    let hidden = (w1.matmul(x) + b1).sigmoid();
    let loss = (w2.matmul(hidden) + b2)
        .sigmoid()
        .binary_cross_entropy(y)
        .mean();
    let parameters = [w1, b1, w2, b2];
    let gradients = g.grad(loss, parameters);
    let updates = parameters.into_iter().zip(gradients);
    let step = updates.fold(Step::returns(loss), |step, (p, d)| {
        step.set(p, p - alpha * d)
    });

    write("written", &step.rewritten(Passes::None)?.drawing())?;
    let rewritten = step.rewritten(Passes::All)?;
    write("rewritten", &rewritten.drawing())?;
    let plan = g.compile::<f32>(step, Isa::detect())?;
    let run: [(&str, &[f64]); 7] = [
        ("x", &[0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]),
        ("y", &[0.0, 1.0, 1.0, 0.0]),
        ("α", &[0.5]),
        ("W1", &[0.5, -0.4, 0.3, 0.2, 0.6, -0.7]),
        ("b1", &[0.0, 0.1, -0.1]),
        ("W2", &[0.4, -0.3, 0.8]),
        ("b2", &[0.0]),
    ];
    write(
        "run",
        &rewritten.drawing().fused_by(&plan).with_values(&run)?,
    )?;
    Ok(())
}
