//! Settings of network and training: from JSON, to JSON, and as Rust code.

use ann_model::file::{activation, activation_name};
use ann_train::{
    Activation, Adam, Batching, Init, Layer, Lbfgs, LevenbergMarquardt, Loss, Momentum, Optimizer, Rprop,
    TrainConfig,
};

use crate::error::{Code, Error, Result, check_limit};
use crate::fields::Fields;
use crate::json::{Object, object};
use crate::limits;
use crate::value::Value;

/// The activations of hidden layers, each with its usual parameter.
pub const ACTIVATIONS: [Activation; 11] = [
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.01 },
    Activation::Elu { alpha: 1.0 },
    Activation::Selu,
    Activation::Softplus,
    Activation::Silu,
    Activation::Mish,
    Activation::Gelu,
    Activation::Identity,
];

/// Names of optimizers.
pub const OPTIMIZERS: [&str; 6] = ["descent", "momentum", "adam", "rprop", "lbfgs", "levenberg_marquardt"];

/// Names of initial weights.
pub const INITS: [&str; 3] = ["xavier", "he", "zeros"];

/// Losses that can be chosen for classes and for numbers.
pub const LOSSES: [&[&str]; 2] = [
    &["softmax_cross_entropy", "smoothed_cross_entropy"],
    &["mean_squared_error", "absolute_error", "huber"],
];

/// The hidden layers and initial weights of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSettings {
    /// First to last.
    pub hidden: Vec<Layer>,
    /// Initial weights.
    pub init: Init,
    /// Their seed.
    pub seed: u64,
}

impl NetworkSettings {
    /// From a request.
    pub fn read(mut fields: Fields) -> Result<Self> {
        let hidden = fields.list("hidden")?;
        check_limit("hidden layers", hidden.len(), limits::LAYERS)?;
        let gain = fields.number("gain")?.unwrap_or(1.0);
        let settings = Self {
            hidden: hidden.into_iter().map(read_layer).collect::<Result<_>>()?,
            init: match fields.choice("init", &INITS)? {
                "he" => Init::HeNormal,
                "zeros" => Init::Zeros,
                _ => Init::XavierNormal { gain },
            },
            seed: fields.count("seed")?.unwrap_or_default(),
        };
        fields.finish()?;
        Ok(settings)
    }
}

fn read_layer(layer: Value) -> Result<Layer> {
    let mut fields = Fields::of("a layer", layer)?;
    let units = fields.size("units", 0)?;
    check_limit("units of a layer", units, limits::UNITS)?;
    let name = fields.text("activation")?.unwrap_or_else(|| "sigmoid".into());
    let parameter = fields.number("parameter")?;
    fields.finish()?;
    let usual = ACTIVATIONS.iter().filter_map(activation_name).find(|usual| usual.0 == name);
    let parameter = parameter.or(usual.and_then(|usual| usual.1));
    let unknown = || Error::request(format!("there is no activation {name:?}"));
    Ok(Layer::new(units, activation(&name, parameter).ok_or_else(unknown)?))
}

/// Name and parameter of an activation.
pub fn describe_activation(activation: &Activation) -> (String, Option<f64>) {
    let (name, parameter) = activation_name(activation).unwrap_or(("custom", None));
    (name.to_owned(), parameter)
}

/// How a network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSettings {
    /// Optimizer, learning rate and batches. The number of epochs is that of a step.
    pub config: TrainConfig,
    /// λ.
    pub l2: f64,
    /// What is minimised.
    pub loss: Loss,
}

impl TrainingSettings {
    /// From a request. Without a loss it is `usual`.
    pub fn read(mut fields: Fields, usual: &Loss) -> Result<Self> {
        let name = fields.choice("optimizer", &OPTIMIZERS)?;
        let optimizer = read_optimizer(name, fields.object("settings")?)?;
        let rate = fields.number("rate")?.unwrap_or(0.1);
        let (rows, seed) = (fields.size("batch", 0)?, fields.count("seed")?.unwrap_or_default());
        let batching = if rows == 0 { Batching::Full } else { Batching::shuffled(rows, seed) };
        let l2 = fields.number("l2")?.unwrap_or_default();
        let parameter = fields.number("parameter")?;
        let loss = match fields.text("loss")? {
            Some(name) => read_loss(&name, parameter, usual)?,
            None => usual.clone(),
        };
        fields.finish()?;
        let config =
            TrainConfig { optimizer, learning_rate: rate.into(), batching, ..TrainConfig::default() };
        Ok(Self { config, l2, loss })
    }
}

fn read_optimizer(name: &str, mut settings: Fields) -> Result<Optimizer> {
    let mut number = |name: &str, usual: f64| Ok::<_, Error>(settings.number(name)?.unwrap_or(usual));
    let optimizer = match name {
        "momentum" => {
            let usual = Momentum::default();
            let momentum = number("momentum", usual.momentum)?;
            Momentum { momentum, nesterov: settings.flag("nesterov", usual.nesterov)? }.into()
        }
        "adam" => {
            let usual = Adam::default();
            let (beta1, beta2) = (number("beta1", usual.beta1)?, number("beta2", usual.beta2)?);
            let (epsilon, decay) = (number("epsilon", usual.epsilon)?, number("decay", usual.decay.rate)?);
            Adam { beta1, beta2, epsilon, decay: decay.into() }.into()
        }
        "rprop" => {
            let usual = Rprop::default();
            let (shrink, grow) = (number("shrink", usual.shrink)?, number("grow", usual.grow)?);
            let smallest = number("smallest", usual.smallest)?;
            Rprop { shrink, grow, smallest, largest: number("largest", usual.largest)? }.into()
        }
        "lbfgs" => Lbfgs { history: settings.size("history", Lbfgs::default().history)? }.into(),
        "levenberg_marquardt" => {
            LevenbergMarquardt { damping: number("damping", LevenbergMarquardt::default().damping)? }.into()
        }
        _ => Optimizer::Descent,
    };
    settings.finish()?;
    Ok(optimizer)
}

fn read_loss(name: &str, parameter: Option<f64>, usual: &Loss) -> Result<Loss> {
    let loss = match name {
        "softmax_cross_entropy" => Loss::SoftmaxCrossEntropy,
        "smoothed_cross_entropy" => Loss::SmoothedCrossEntropy { smoothing: parameter.unwrap_or(0.1) },
        "mean_squared_error" => Loss::MeanSquaredError,
        "absolute_error" => Loss::AbsoluteError,
        "huber" => Loss::Huber { delta: parameter.unwrap_or(1.0) },
        _ => return Err(Error::request(format!("there is no loss {name:?}"))),
    };
    // Rates of counts and probabilities are other targets.
    let same_targets = |loss: &Loss| !matches!(loss, Loss::Poisson | Loss::BinaryCrossEntropy);
    if loss.targets() == usual.targets() && same_targets(usual) {
        return Ok(loss);
    }
    Err(Error::new(
        Code::Refused,
        format!("the loss {loss} does not suit a target that is learned by {usual}"),
    ))
}

/// What the page may offer.
pub fn choices() -> Object {
    let activations = ACTIVATIONS.iter().map(|activation| {
        let (name, parameter) = describe_activation(activation);
        object! { "name": name, "parameter": parameter }
    });
    let optimizers = OPTIMIZERS.iter().map(|name| {
        let searches = matches!(*name, "lbfgs" | "levenberg_marquardt");
        object! { "name": name, "batches": !searches, "rate": !searches, "settings": usual_settings(name) }
    });
    object! {
        "activations": activations.collect::<Vec<_>>(),
        "inits": INITS,
        "optimizers": optimizers.collect::<Vec<_>>(),
        "losses": object! { "classification": LOSSES[0], "regression": LOSSES[1] },
    }
}

fn usual_settings(optimizer: &str) -> Object {
    match optimizer {
        "momentum" => object! { "momentum": Momentum::default().momentum, "nesterov": false },
        "adam" => {
            let usual = Adam::default();
            object! { "beta1": usual.beta1, "beta2": usual.beta2, "epsilon": usual.epsilon, "decay": 0.0 }
        }
        "rprop" => {
            let usual = Rprop::default();
            let (smallest, largest) = (usual.smallest, usual.largest);
            object! { "shrink": usual.shrink, "grow": usual.grow, "smallest": smallest, "largest": largest }
        }
        "lbfgs" => object! { "history": Lbfgs::default().history },
        "levenberg_marquardt" => object! { "damping": LevenbergMarquardt::default().damping },
        _ => Object::default(),
    }
}
