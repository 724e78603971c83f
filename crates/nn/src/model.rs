//! A network with its parameters, and its two sections of a model file.

use std::path::Path;

use crate::container::{Container, ContainerWriter, FileError, FormatError, write_atomically};
use crate::{Network, NetworkError, Parameters};

/// The section that holds the [`Network`].
pub const NETWORK_SECTION: &str = "network";
/// The section that holds the [`Parameters`].
pub const PARAMETERS_SECTION: &str = "parameters";

/// A network and its parameters.
///
/// ```
/// use chainrule_nn::{Initializer, Model, Network, Precision};
///
/// let network = Network::classifier(2, &[3]);
/// let parameters = network.initial_parameters(Initializer::default(), 7, Precision::F32);
/// let model = Model::new(network, parameters)?;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("first.chainrule");
/// model.save(&path)?;
/// assert_eq!(Model::load(&path)?, model);
///
/// // A plan of the forward pass predicts. A sample is a column: here are three.
/// use chainrule_nn::autodiff::{Graph, Isa, Step, Team};
/// let g = Graph::new();
/// let plan = g.compile::<f32>(Step::returns(model.network().build(&g).output()), Isa::detect())?;
/// let (mut state, mut memory) = (plan.state(), plan.workspace(3, 1));
/// state.write_parameters(&model.parameters().to_vec())?;
/// plan.eval(&state, &[&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]], &mut memory, &Team::solo())?;
/// assert!(memory.output(0).iter().all(|p| (0.0..1.0).contains(p)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    network: Network,
    parameters: Parameters,
}

/// Why a model can't be made, saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The network is none.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The bytes are not those of a good model file.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The file can't be read or written, or is not a good container.
    #[error(transparent)]
    File(#[from] FileError),
    /// The tensors are not those of the network.
    #[error(
        "the network has the parameters {expected}, and the tensors are {found}: the model is damaged or forged"
    )]
    Tensors {
        /// Names, in order.
        expected: String,
        /// Names, in order.
        found: String,
    },
    /// A tensor has another shape than the network says.
    #[error(
        "{tensor} is {} × {}, and the network has it as {} × {}: the model is damaged or forged",
        found.0, found.1, expected.0, expected.1
    )]
    Shape {
        /// The tensor.
        tensor: String,
        /// Rows and columns in the network.
        expected: (usize, usize),
        /// Rows and columns found.
        found: (usize, usize),
    },
    /// Some tensors are f32 and others f64.
    #[error("some parameters are f32 and others f64: the model is damaged or forged")]
    MixedPrecision,
    /// A parameter is infinite or NaN.
    #[error(
        "{tensor}[{row}, {col}] is {value}: a model with parameters that are no numbers is neither saved nor read"
    )]
    NotFinite {
        /// The tensor.
        tensor: String,
        /// Its row, from 1.
        row: usize,
        /// Its column, from 1.
        col: usize,
        /// The value.
        value: f64,
    },
}

impl Model {
    /// Puts a network and its parameters together.
    ///
    /// # Errors
    /// [`ModelError::Tensors`] or [`ModelError::Shape`] if the parameters are of another network, and
    /// [`ModelError::NotFinite`] if one is infinite or NaN.
    pub fn new(network: Network, parameters: Parameters) -> Result<Model, ModelError> {
        network.check()?;
        parameters.check_fits(&network)?;
        parameters.check_finite()?;
        Ok(Model {
            network,
            parameters,
        })
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The `model_hash`: [`Parameters::hash`].
    ///
    /// # Errors
    /// [`FormatError`] if no file can hold the parameters.
    pub fn hash(&self) -> Result<String, FormatError> {
        self.parameters.hash()
    }

    /// Adds the two sections `network` and `parameters`.
    ///
    /// # Errors
    /// [`FormatError`] if a section of the name is there already or the file would be too large.
    pub fn write_sections(&self, writer: ContainerWriter) -> Result<ContainerWriter, FormatError> {
        writer
            .metadata(NETWORK_SECTION, &self.network)?
            .tensors(PARAMETERS_SECTION, &self.parameters.views())
    }

    /// Reads the two sections `network` and `parameters`; others are not looked at.
    ///
    /// # Errors
    /// [`ModelError`] if a section is missing or the two don't fit each other.
    pub fn read_sections(container: &Container) -> Result<Model, ModelError> {
        let network: Network = container.metadata(NETWORK_SECTION)?;
        let tensors = container.tensors(PARAMETERS_SECTION)?;
        let parameters = Parameters::from_tensors(&network, &tensors)?;
        Ok(Model {
            network,
            parameters,
        })
    }

    /// The bytes of a file with these two sections alone.
    ///
    /// # Errors
    /// [`FormatError`] if the file would be too large.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        Ok(self.write_sections(ContainerWriter::new())?.to_bytes())
    }

    /// Writes a file with these two sections alone: the old file or the whole new one, never half.
    ///
    /// # Errors
    /// [`ModelError`] if the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        Ok(write_atomically(path, &self.to_bytes()?)?)
    }

    /// Reads the network and its parameters from a model file, whatever other sections it has.
    ///
    /// # Errors
    /// [`ModelError`] if the file can't be read or is not a good model.
    pub fn load(path: impl AsRef<Path>) -> Result<Model, ModelError> {
        Model::read_sections(&Container::open(path)?)
    }
}
