//! The Rust program that trains the same network again, with the same bits: what was done in a lab, as code.

use std::fmt::Write;

use ann_table::{Kind, Reader, Target, Task};
use ann_train::{Activation, Batching, Init, Loss, Optimizer};

use crate::error::{Code, Error, Result};
use crate::lab::Lab;
use crate::settings::{NetworkSettings, TrainingSettings};
use crate::source::Source;

/// What was done with a network, from its beginning.
#[derive(Clone, Debug)]
pub struct Log {
    start: Start,
    actions: Vec<Action>,
    /// Whether the next training begins with an empty memory of the optimizer.
    is_fresh: bool,
    /// Whether there was more than a program should hold.
    is_full: bool,
}

#[derive(Clone, Debug)]
enum Start {
    Init(NetworkSettings),
    Model { network: usize },
}

#[derive(Clone, Debug)]
enum Action {
    Train { settings: TrainingSettings, epochs: usize, is_fresh: bool, has_ended: bool },
    Edit { index: usize, value: f64 },
    Replace(Vec<f64>),
}

/// Number of actions, and of numbers in them, that a program holds.
const ACTIONS: usize = 1000;
const NUMBERS: usize = 100_000;

impl Log {
    /// Of a network with initial weights.
    pub fn from_init(settings: NetworkSettings) -> Self {
        Self { start: Start::Init(settings), actions: Vec::new(), is_fresh: true, is_full: false }
    }

    /// Of a network of a model.
    pub fn from_model(network: usize) -> Self {
        Self { start: Start::Model { network }, actions: Vec::new(), is_fresh: true, is_full: false }
    }

    /// The optimizer, or its settings, have changed.
    pub fn separate(&mut self, is_fresh: bool) {
        self.is_fresh |= is_fresh;
    }

    /// `epochs` were asked for, and `ran` of them made. A run that has ended by itself stays a separate step
    /// of the program: how it goes on depends on where it began.
    pub fn trained(&mut self, settings: &TrainingSettings, epochs: usize, ran: usize, has_ended: bool) {
        let is_fresh = std::mem::take(&mut self.is_fresh);
        match self.actions.last_mut() {
            Some(Action::Train { settings: before, epochs, has_ended: false, .. })
                if !is_fresh && !has_ended && before == settings =>
            {
                *epochs += ran;
            }
            _ => {
                let settings = settings.clone();
                self.push(Action::Train { settings, epochs, is_fresh, has_ended });
            }
        }
    }

    /// A parameter was changed.
    pub fn edited(&mut self, index: usize, value: f64) {
        match self.actions.last_mut() {
            Some(Action::Edit { index: before, value: last }) if *before == index => *last = value,
            _ => self.push(Action::Edit { index, value }),
        }
    }

    /// All parameters were changed.
    pub fn replaced(&mut self, theta: &[f64]) {
        if let Some(Action::Replace(_)) = self.actions.last() {
            self.actions.pop();
        }
        self.push(Action::Replace(theta.to_vec()));
    }

    fn push(&mut self, action: Action) {
        let numbers = |action: &Action| if let Action::Replace(theta) = action { theta.len() } else { 0 };
        let all: usize = self.actions.iter().chain([&action]).map(numbers).sum();
        self.is_full |= self.actions.len() >= ACTIONS || all > NUMBERS;
        if !self.is_full {
            self.actions.push(action);
        }
    }
}

impl Lab {
    /// A program that makes this network again.
    ///
    /// # Errors
    /// So much was done that a program would be too long, or there are no rows.
    pub fn program(&self) -> Result<String> {
        self.rows()?;
        if self.log.is_full {
            let message = "too much was changed by hand for a program; download the model instead";
            return Err(Error::new(Code::Limit, message));
        }
        let mut text = String::new();
        self.write_program(&mut text).expect("a String takes every text");
        Ok(text)
    }

    fn write_program(&self, out: &mut String) -> std::fmt::Result {
        self.write_head(out)?;
        out.push_str(USES);
        self.write_table(out)?;
        self.write_schema(out)?;
        self.write_targets(out)?;
        self.write_start(out)?;
        let mut problem = None;
        for action in &self.log.actions {
            match action {
                Action::Train { settings, epochs, is_fresh, .. } => {
                    let loss = (&settings.loss, settings.l2);
                    if problem != Some(loss) {
                        let new = format!("Problem::new(&architecture, {}, &x, &y)?", loss_code(loss.0));
                        writeln!(out, "    let problem = {new}.with_l2({:?})?;", loss.1)?;
                        problem = Some(loss);
                    }
                    write_config(out, settings)?;
                    writeln!(out, "    state = train(state, &problem, {epochs}, config, {is_fresh})?;")?;
                }
                Action::Edit { index, value } => {
                    writeln!(out, "    state.network.parameters_mut()[{index}] = {value:?};")?;
                }
                Action::Replace(theta) => {
                    writeln!(out, "    state.network.parameters_mut().copy_from_slice(&{theta:?});")?;
                }
            }
        }
        out.push_str(REST);
        Ok(())
    }

    /// What the program does, and what it needs to be run.
    fn write_head(&self, out: &mut String) -> std::fmt::Result {
        let is_excepted = |action: &Action| match action {
            Action::Train { settings, .. } => {
                matches!(settings.config.optimizer, Optimizer::LevenbergMarquardt(_))
            }
            _ => false,
        };
        let (own, more) = match &self.source {
            Source::Dataset { .. } => ("", Some("ann-datasets")),
            Source::Table { .. } => (", your table as `again/data.csv`", None),
            Source::Model { .. } => {
                (", your model as `again/model.ann`, your table as `again/data.csv`", Some("ann-model"))
            }
        };
        writeln!(
            out,
            "//! Trains the network of the live page again{}.",
            match self.log.actions.iter().any(is_excepted) {
                true =>
                    ". Levenberg–Marquardt uses functions of the platform,\n//! so the last bits may be others than on the page",
                false => ", with the same bits",
            }
        )?;
        writeln!(out, "//!")?;
        writeln!(out, "//! `cargo new again`, this text as `again/src/main.rs`{own}.")?;
        writeln!(
            out,
            "//! Then a clone of the repository of ann beside it, `cargo run --release`, and in `again/Cargo.toml`:"
        )?;
        writeln!(out, "//! ```toml\n//! [dependencies]")?;
        let mut crates: Vec<&str> = ["ann-table", "ann-train"].into_iter().chain(more).collect();
        crates.sort_unstable();
        for name in crates {
            writeln!(out, "//! {name} = {{ path = \"../ann/crates/{name}\" }}")?;
        }
        writeln!(out, "//! ```")
    }

    /// The rows of which the target is known.
    fn write_table(&self, out: &mut String) -> std::fmt::Result {
        let target = self.schema.target.names()[0];
        match &self.source {
            Source::Dataset { name, rows, noise, seed } => {
                let rng = format!("{rows}, {noise:?}, &mut seeded({seed})");
                let drawn = match *name {
                    "iris" => "iris()".to_owned(),
                    "wave" => format!("generate::wave({rng})"),
                    "hills" => format!("generate::hills({rng})"),
                    "doughnut" => format!("generate::Pattern::Doughnut.draw({rng})"),
                    "squares" => format!("generate::Pattern::Squares.draw({rng})"),
                    _ => format!("generate::Pattern::Spirals.draw({rng})"),
                };
                return writeln!(out, "    let table = ann_datasets::{drawn}.to_table()?;");
            }
            Source::Table { .. } => {}
            Source::Model { .. } => writeln!(out, "    let model = ann_model::Model::load(\"model.ann\")?;")?,
        }
        self.write_reader(out)?;
        writeln!(out, "    let table = reader.open(\"data.csv\")?.without_missing(&[{target:?}])?;")
    }

    /// How the table is read.
    fn write_reader(&self, out: &mut String) -> std::fmt::Result {
        let as_it_is = Reader::default();
        let reader = self.rows.as_ref().map_or(&as_it_is, |rows| &rows.reader);
        let missing =
            reader.missing_in.iter().map(|(name, word)| format!("({name:?}.into(), {word:?}.into())"));
        let kinds = reader.kinds.iter().map(|(name, kind)| {
            let kind = match kind {
                Kind::Number => "Number",
                Kind::Category => "Category",
                Kind::Date => "Date",
            };
            format!("({name:?}.into(), Kind::{kind})")
        });
        let kinds = match &self.source {
            Source::Model { .. } => "model.schema().kinds()".to_owned(),
            _ => format!("vec![{}]", listed(kinds)),
        };
        writeln!(out, "    let reader = Reader {{")?;
        writeln!(out, "        missing_in: vec![{}],", listed(missing))?;
        writeln!(out, "        kinds: {kinds},")?;
        writeln!(out, "        ignore: vec![{}],", listed(reader.ignore.iter().map(|name| owned(name))))?;
        writeln!(out, "        ..Reader::default()\n    }};")
    }

    /// The training rows, and the schema that is learned from them.
    fn write_schema(&self, out: &mut String) -> std::fmt::Result {
        let target = self.schema.target.names()[0];
        let is_model = matches!(self.source, Source::Model { .. });
        if is_model {
            writeln!(out, "    let whole = model.schema().clone();")?;
        } else {
            self.write_options(out)?;
            writeln!(out, "    let whole = Schema::learn(&table, &[{target:?}], &options)?;")?;
        }
        self.write_split(out)?;
        if is_model {
            return writeln!(out, "    let schema = whole;");
        }
        let unscaled = if self.is_scaled { "" } else { ".unscaled()" };
        writeln!(out, "    let options = SchemaOptions {{ task: Some(whole.target.task()), ..options }};")?;
        writeln!(out, "    let schema = Schema::learn(&table, &[{target:?}], &options)?{unscaled};")
    }

    /// Task and columns.
    fn write_options(&self, out: &mut String) -> std::fmt::Result {
        let (task, ignore) = match &self.source {
            Source::Table { task, ignore, .. } => (*task, ignore.as_slice()),
            _ => (None, &[][..]),
        };
        let task = match task {
            None => "None",
            Some(Task::Classification) => "Some(Task::Classification)",
            Some(_) => "Some(Task::Regression)",
        };
        let kinds = self.rows.iter().flat_map(|rows| &rows.reader.kinds);
        writeln!(out, "    let options = SchemaOptions {{")?;
        writeln!(out, "        task: {task},")?;
        writeln!(out, "        ignore: vec![{}],", listed(ignore.iter().map(|name| owned(name))))?;
        writeln!(out, "        keep: vec![{}],", listed(kinds.map(|(name, _)| owned(name))))?;
        writeln!(out, "        bins: 0,\n        ..SchemaOptions::default()\n    }};")
    }

    /// The rows to train on, if some are for the test.
    fn write_split(&self, out: &mut String) -> std::fmt::Result {
        let (share, seed) = (self.division.share, self.division.seed);
        if share == 0.0 {
            return Ok(());
        }
        let is_classes = self.schema.target.task() == Task::Classification;
        if is_classes {
            let classes = "let TargetValues::Classes(classes) = whole.targets(&table)?";
            writeln!(out, "    {classes} else {{ panic!() }};")?;
        }
        let labels = if is_classes { "&classes" } else { "&vec![(); table.rows()]" };
        writeln!(out, "    let split = hold_out({labels}, {share:?}, {seed})?;")?;
        writeln!(out, "    let table = table.select(&split.train);")
    }

    /// `x` and `y`.
    fn write_targets(&self, out: &mut String) -> std::fmt::Result {
        let width = self.network().architecture().input_width();
        let features = if width == self.schema.inputs() { "features" } else { "plain_features" };
        writeln!(out, "    let x = schema.{features}::<f64>(&table)?;")?;
        let Target::Numbers(_) = self.schema.target else {
            let classes = "let TargetValues::Classes(y) = schema.targets(&table)?";
            return writeln!(out, "    {classes} else {{ panic!() }};");
        };
        writeln!(out, "    let TargetValues::Numbers(y) = schema.targets(&table)? else {{ panic!() }};")?;
        if matches!(self.usual_loss, Loss::Poisson | Loss::BinaryCrossEntropy) {
            return Ok(());
        }
        writeln!(out, "    let Target::Numbers(columns) = &schema.target else {{ panic!() }};")?;
        writeln!(out, "    let y = y.mapv(|y| columns[0].standardized(y));")
    }

    /// The network at the beginning.
    fn write_start(&self, out: &mut String) -> std::fmt::Result {
        match &self.log.start {
            Start::Init(settings) => {
                writeln!(out, "    let architecture = Architecture::inputs(schema.inputs())")?;
                for layer in &settings.hidden {
                    writeln!(out, "        .dense({}, {})", layer.width, activation_code(&layer.activation))?;
                }
                let outputs = self.schema.target.outputs();
                writeln!(out, "        .dense({outputs}, Activation::Identity);")?;
                let init = match settings.init {
                    Init::HeNormal => "Init::HeNormal".to_owned(),
                    Init::XavierNormal { gain } => format!("Init::XavierNormal {{ gain: {gain:?} }}"),
                    _ => "Init::Zeros".to_owned(),
                };
                let seed = settings.seed;
                writeln!(
                    out,
                    "    let network = Network::init(&architecture, {init}, &mut seeded({seed}))?;"
                )?;
            }
            Start::Model { network } => {
                writeln!(out, "    let network = match model.networks() {{")?;
                writeln!(out, "        ann_model::Networks::F64(networks) => networks[{network}].clone(),")?;
                writeln!(out, "        ann_model::Networks::F32(networks) => {{")?;
                writeln!(out, "            let network = &networks[{network}];")?;
                writeln!(
                    out,
                    "            let theta = network.parameters().iter().map(|&p| f64::from(p)).collect();"
                )?;
                writeln!(out, "            Network::from_parameters(network.architecture(), theta)?")?;
                writeln!(out, "        }}\n    }};")?;
                writeln!(out, "    let architecture = network.architecture().clone();")?;
            }
        }
        writeln!(out, "    let mut state = State {{ network, memory: Memory::default(), epoch: 0 }};\n")
    }
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn owned(text: &str) -> String {
    format!("{text:?}.into()")
}

fn write_config(out: &mut String, settings: &TrainingSettings) -> std::fmt::Result {
    let config = &settings.config;
    let optimizer = match config.optimizer {
        Optimizer::Momentum(momentum) => format!("{momentum:?}.into()"),
        Optimizer::Adam(adam) => format!(
            "Adam {{ beta1: {:?}, beta2: {:?}, epsilon: {:?}, decay: {:?}.into() }}.into()",
            adam.beta1, adam.beta2, adam.epsilon, adam.decay.rate
        ),
        Optimizer::Rprop(rprop) => format!("{rprop:?}.into()"),
        Optimizer::Lbfgs(lbfgs) => format!("{lbfgs:?}.into()"),
        Optimizer::LevenbergMarquardt(settings) => format!("{settings:?}.into()"),
        _ => "Optimizer::Descent".to_owned(),
    };
    let batching = match config.batching {
        Batching::Full => "Batching::Full".to_owned(),
        Batching::Shuffled { rows, seed, .. } => format!("Batching::shuffled({rows}, {seed})"),
        // The page does not offer it.
        windowed @ Batching::Windowed { .. } => format!("Batching::{windowed:?}"),
    };
    writeln!(out, "    let config = TrainConfig {{")?;
    writeln!(out, "        optimizer: {optimizer},")?;
    writeln!(out, "        learning_rate: {:?}.into(),", config.learning_rate.peak)?;
    writeln!(out, "        batching: {batching},")?;
    writeln!(out, "        ..TrainConfig::default()\n    }};")
}

/// As in Rust: variants without fields and with fields are printed as they are written.
fn activation_code(activation: &Activation) -> String {
    format!("Activation::{activation:?}")
}

fn loss_code(loss: &Loss) -> String {
    format!("Loss::{loss:?}")
}

const USES: &str = "
#![allow(unused_imports)]

use std::error::Error;

use ann_table::{Kind, Reader, Schema, SchemaOptions, Target, TargetValues, Task};
use ann_train::splits::hold_out;
use ann_train::{
    Activation, Adam, Architecture, Batching, Init, Lbfgs, LevenbergMarquardt, Loss, Memory, Momentum,
    Network, Optimizer, Problem, Rprop, State, TrainConfig, Training, seeded,
};

fn main() -> Result<(), Box<dyn Error>> {
";

const REST: &str = r#"
    println!("{:016x}", bits(state.network.parameters()));
    Ok(())
}

/// Makes this number of epochs, or fewer if the run ends by itself.
fn train(
    mut state: State,
    problem: &Problem<'_>,
    epochs: usize,
    config: TrainConfig,
    is_fresh: bool,
) -> Result<State, ann_train::Error> {
    if is_fresh {
        // Another optimizer begins with an empty memory.
        state.memory = Training::new(problem, state.network.clone(), &config)?.state().memory.clone();
    }
    let config = TrainConfig { epochs: state.epoch + epochs, ..config };
    let mut training = Training::resume(problem, state, &config)?;
    while training.epoch().is_ok_and(|epoch| epoch.is_continue()) {}
    Ok(training.state().clone())
}

/// FNV-1a of all bits, as the page shows it.
fn bits(theta: &[f64]) -> u64 {
    let bytes = theta.iter().flat_map(|parameter| parameter.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
"#;
