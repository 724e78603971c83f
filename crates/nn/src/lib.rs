//! Dense sigmoid networks as plain data: layers, the loss, first weights, parameters and the model file.
//!
//! A [`Network`] is plain data that writes its forward pass into a graph of [`chainrule_autodiff`]; the graph gives the
//! gradients, and a compiled plan runs a whole step of gradient descent:
//!
//! ```
//! use chainrule_autodiff::{BATCH, Graph, Isa, Step, Team};
//! use chainrule_nn::{Activation::Sigmoid, Initializer, Network, Precision, binary_cross_entropy};
//!
//! let network = Network::inputs(2).dense(3, Sigmoid).dense(1, Sigmoid);
//! let g = Graph::new();
//! let layers = network.build(&g);
//! let (y, alpha) = (g.input("y", (1, BATCH)), g.scalar("α"));
//! let loss = binary_cross_entropy(layers.output(), y, None).named("J");
//! let gradients = g.gradients(loss, &layers.parameters);
//! let step = layers
//!     .parameters
//!     .iter()
//!     .zip(gradients)
//!     .fold(Step::returns(loss), |step, (&w, dw)| step.set(w, w - alpha * dw));
//!
//! let plan = g.compile::<f64>(step, Isa::detect())?;
//! let (mut state, mut workspace) = (plan.state(), plan.workspace(4, 1));
//! state.write_parameters(&network.initial_parameters(Initializer::default(), 7, Precision::F64).to_vec::<f64>())?;
//! let (x, y) = ([0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]);
//! let mut losses = Vec::new();
//! for _ in 0..200 {
//!     plan.run(&mut state, &[&x[..], &y[..], &[1.0]], &mut workspace, &Team::solo())?;
//!     losses.push(workspace.output(0)[0]);
//! }
//! assert!(losses[199] < 0.5 * losses[0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is where:
//!
//! | what | type | file |
//! |---|---|---|
//! | layers and the graph they build | [`Network`], [`Dense`], [`Layers`] | `network.rs` |
//! | activation functions | [`Activation`] | `activation.rs` |
//! | the loss | [`binary_cross_entropy`] | `loss.rs` |
//! | first weights | [`Initializer`] | `initializer.rs` |
//! | the flat vector and its named views | [`Parameters`] | `parameters.rs` |
//! | a network with its parameters, saved and loaded | [`Model`] | `model.rs` |
//! | random numbers | [`random`] | `random.rs` |
//! | files | [`container`] | `container/` |

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro)
)]

mod activation;
pub mod container;
mod initializer;
mod loss;
mod model;
mod network;
mod parameters;
pub mod random;

/// The engine, whose graphs and expressions this crate builds.
pub use chainrule_autodiff as autodiff;

pub use activation::{Activation, UnknownActivation};
pub use initializer::Initializer;
pub use loss::binary_cross_entropy;
pub use model::{Model, ModelError, NETWORK_SECTION, PARAMETERS_SECTION};
pub use network::{
    Dense, Layers, MAX_LAYERS, MAX_PARAMETERS, Network, NetworkError, ParameterShape,
};
pub use parameters::{Parameters, Precision, UnknownPrecision};
