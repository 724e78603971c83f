//! What a training warns of, with the option that may help.

use chainrule_trainer::{Remedy, Warning};
use serde::Serialize;

/// For people: what was measured, and what to try.
pub fn text(warning: &Warning) -> String {
    format!("{warning}; try {}", option(&warning.remedy))
}

/// For scripts.
#[derive(Serialize)]
pub struct Json {
    code: &'static str,
    epoch: usize,
    layer: Option<usize>,
    value: f64,
    message: String,
    #[serde(rename = "try")]
    remedy: String,
}

impl From<&Warning> for Json {
    fn from(warning: &Warning) -> Json {
        Json {
            code: warning.code(),
            epoch: warning.epoch,
            layer: warning.layer(),
            value: warning.value(),
            message: warning.to_string(),
            remedy: option(&warning.remedy),
        }
    }
}

/// The remedy as options of the command line.
pub fn option(remedy: &Remedy) -> String {
    match remedy {
        Remedy::LearningRate(rate) => format!("--learning-rate {rate}"),
        Remedy::Scaling => "--preprocess standard".to_owned(),
        Remedy::HiddenLayers(1) => "one hidden layer, such as --hidden 16".to_owned(),
        Remedy::HiddenLayers(layers) => {
            let sizes = vec!["16"; *layers].join(",");
            format!("{layers} hidden layers, such as --hidden {sizes}")
        }
        Remedy::ClassWeights => {
            "--threshold balanced-accuracy, or --class-weight balanced".to_owned()
        }
        Remedy::Epochs(epochs) => format!("--epochs {epochs}, or a higher --learning-rate"),
        other => other.to_string(),
    }
}
