//! Checkpoints: a run between two epochs in a file.

use ann_core::{Loss, Problem, Scalar, Targets};
use ann_train::{Memory, State, TrainConfig, Training};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::container::{Container, Digest, Tensor, hexadecimal, malformed};
use super::network::{read_network, write_network};
use super::settings::{self, Difference, Settings};
use super::tensors::Element;
use super::{Limits, Load, Save, catalogue, check_kind, json, parse};
use crate::{Error, Result};

/// A run between two epochs: its state, and by what the run is known to which it belongs. A run that is saved
/// and resumed has the bits of one that never stopped, for every optimizer and batching.
///
/// ```
/// use ann_model::ann_train::{Activation, Adam, Architecture, Init, Loss, Network, Problem};
/// use ann_model::ann_train::{TrainConfig, Training, ndarray::array, seeded};
/// use ann_model::file::{Checkpoint, Load, Save};
///
/// let architecture = Architecture::inputs(1).dense(5, Activation::Tanh).dense(1, Activation::Identity);
/// let (x, y) = (array![[0.0], [1.0], [2.0]], vec![0.0, 1.0, 4.0]);
/// let problem = Problem::new(&architecture, Loss::MeanSquaredError, &x, &y)?;
/// let network: Network = Network::init(&architecture, Init::default(), &mut seeded(1))?;
/// let config = TrainConfig { optimizer: Adam::default().into(), epochs: 100, ..TrainConfig::default() };
///
/// let mut training = Training::new(&problem, network, &config)?;
/// for _ in 0..40 {
///     training.epoch()?;
/// }
/// let bytes = Checkpoint::new(&training).write()?; // or save("run.ann")
///
/// // Later, in another process with the same rows and settings. A checkpoint is also a network.
/// assert_eq!(Network::<f64>::read(&bytes)?.parameters(), training.state().network.parameters());
/// let mut training = Checkpoint::read(&bytes)?.resume(&problem, &config)?;
/// while training.epoch()?.is_continue() {}
/// assert_eq!(training.state().epoch, 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoint<F = f64> {
    state: State<F>,
    loss: Loss,
    settings: Settings,
    /// [`TrainConfig::epochs`].
    epochs: usize,
    /// SHA-256 of features, targets and weights.
    data: Digest,
}

/// `ann.training`. Whole numbers are texts, because JSON numbers above 2⁵³ are not read exactly by every
/// program.
#[derive(Serialize, Deserialize)]
struct TrainingText {
    optimizer: String,
    epoch: String,
    updates: String,
    epochs: String,
    data: Digest,
    settings: Settings,
}

impl<F: Scalar> Checkpoint<F> {
    /// A checkpoint of the run as it is now.
    pub fn new(training: &Training<'_, '_, F>) -> Self {
        let (problem, config) = (training.problem(), training.config());
        Self {
            state: training.state().clone(),
            loss: problem.loss().clone(),
            settings: Settings::new(problem, config),
            epochs: config.epochs,
            data: digest_of(problem),
        }
    }

    /// The network, the optimizer's memory, and the number of epochs.
    pub fn state(&self) -> &State<F> {
        &self.state
    }

    /// Continues the run with the same data and settings. [`TrainConfig::epochs`] may be larger than before;
    /// then a schedule of the learning rate is stretched. The number of threads may be another, because it
    /// changes no bit.
    ///
    /// # Errors
    /// The features, targets or weights are not those of the run, or a setting differs; or as
    /// [`Training::resume`].
    pub fn resume<'p, 'data>(
        self,
        problem: &'p Problem<'data, F>,
        config: &TrainConfig,
    ) -> Result<Training<'p, 'data, F>> {
        self.check_settings(problem, config)?;
        let (found, expected) = (digest_of(problem), self.data);
        if found != expected {
            return Err(Error::OtherData { found, expected });
        }
        Ok(Training::resume(problem, self.state, config)?)
    }

    fn check_settings(&self, problem: &Problem<'_, F>, config: &TrainConfig) -> Result<()> {
        let different = |setting: &str, found: String, expected: String| {
            Err(Error::OtherSetting { setting: setting.to_owned(), found, expected })
        };
        if *problem.loss() != self.loss {
            return different("loss", problem.loss().to_string(), self.loss.to_string());
        }
        if config.epochs < self.epochs {
            return different("epochs", config.epochs.to_string(), self.epochs.to_string());
        }
        match Settings::new(problem, config).difference(&self.settings) {
            Some(Difference { setting, found, expected }) => different(&setting, found, expected),
            None => Ok(()),
        }
    }
}

impl<F: Element> Save for Checkpoint<F> {
    fn container(&self) -> Result<Container> {
        let State { network, memory, epoch } = &self.state;
        let mut container = write_network("checkpoint", network, Some(&self.loss), &[])?;
        let text = TrainingText {
            optimizer: settings::name_of(memory.optimizer).to_owned(),
            epoch: epoch.to_string(),
            updates: memory.updates.to_string(),
            epochs: self.epochs.to_string(),
            data: self.data.clone(),
            settings: self.settings.clone(),
        };
        container.texts.push(("ann.training".to_owned(), json(&text)));
        if !memory.scalars.is_empty() {
            container.tensors.insert("optimizer.scalars".to_owned(), Tensor::vector(memory.scalars.clone()));
        }
        for (number, vector) in (1..).zip(&memory.vectors) {
            let tensor = Tensor { shape: vec![vector.len()], numbers: F::into_numbers(vector.clone()) };
            container.tensors.insert(vector_name(number), tensor);
        }
        Ok(container)
    }
}

impl<F: Element> Load for Checkpoint<F> {
    fn from_container(container: &Container, limits: &Limits) -> Result<Self> {
        check_kind(container, &["checkpoint"])?;
        let (network, model) = read_network(container, limits)?;
        let loss = model.loss.ok_or_else(|| malformed("there is no loss".into()))?;
        let loss = catalogue::read_loss(&loss, container)?;
        let text: TrainingText = parse("ann.training", container.text("ann.training")?)?;
        let memory = read_memory(&text, container)?;
        let state = State { network, memory, epoch: number("epoch", &text.epoch)? };
        let epochs = number("epochs", &text.epochs)?;
        Ok(Self { state, loss, epochs, settings: text.settings, data: text.data })
    }
}

fn read_memory<F: Element>(text: &TrainingText, container: &Container) -> Result<Memory<F>> {
    let unknown = || malformed(format!("the optimizer {:?} is unknown", text.optimizer));
    let scalars = container.tensors.get("optimizer.scalars");
    let scalars = scalars.and_then(|tensor| f64::from_numbers(&tensor.numbers)).unwrap_or_default();
    let vectors = (1..).map_while(|number| container.tensors.get(&vector_name(number)));
    let vectors = vectors.map(|tensor| F::from_numbers(&tensor.numbers).map(<[F]>::to_vec));
    let other = || malformed("the optimizer's vectors have another precision than the network".into());
    Ok(Memory {
        optimizer: settings::optimizer(&text.optimizer).ok_or_else(unknown)?,
        updates: number("updates", &text.updates)?,
        scalars: scalars.to_vec(),
        vectors: vectors.collect::<Option<_>>().ok_or_else(other)?,
    })
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| malformed(format!("ann.training: {name} is {text:?}, expected a whole number")))
}

/// The name of a vector of the optimizer; they count from 1.
fn vector_name(number: usize) -> String {
    format!("optimizer.vectors.{number}")
}

/// Number of rows of features that are copied at a time.
const ROWS: usize = 1000;

/// SHA-256 of shape and numbers of the features, of the targets and of the weights.
fn digest_of<F: Scalar>(problem: &Problem<'_, F>) -> Digest {
    let mut hash = Sha256::new();
    // f64 holds both precisions exactly, and whole numbers up to 2⁵³.
    let mut add = |number: f64| hash.update(number.to_le_bytes());
    [problem.rows(), problem.architecture().input_width()].iter().for_each(|&length| add(length as f64));
    for first in (0..problem.rows()).step_by(ROWS) {
        let rows = first..problem.rows().min(first + ROWS);
        problem.features_of(rows).iter().for_each(|number| add(number.as_f64()));
    }
    match problem.targets() {
        Targets::Classes(classes) => classes.iter().for_each(|&class| add(class as f64)),
        Targets::Values(values) => values.iter().for_each(|number| add(number.as_f64())),
        // Targets of a kind that is newer than this.
        other => format!("{other:?}").bytes().for_each(|byte| add(byte.into())),
    }
    problem.weights().unwrap_or_default().iter().for_each(|weight| add(weight.as_f64()));
    hexadecimal(hash)
}
