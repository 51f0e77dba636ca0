//! Checkpoints of a fit: the states of its trainings in a file, from which an interrupted fit goes on.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use ann_core::{Architecture, Network};
use ann_model::file::{Container, FORMAT, Load, Numbers, Save, Tensor};
use ann_model::{Error as FileError, Limits};
use ann_train::{EpochRecord, Memory, OptimizerKind, State, ValidatedState, ValidatedTraining};
use serde_json::Value;

use crate::progress::{Stage, lock};
use crate::{Error, Result};

/// Where and how often [`Recipe::fit_checkpointed`](crate::Recipe::fit_checkpointed) saves the states of the
/// trainings that a fit consists of: those of the model's networks, and those for the score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    /// The file. It is replaced only when a new one is whole, so it can be read whenever the fit is
    /// interrupted. When the fit is done, it is still there.
    pub path: PathBuf,
    /// About how often the file is written. An interrupted fit loses what was trained since then. With
    /// several threads, each training writes so often. If the file cannot be written, for example because the
    /// disk is full, the fit goes on and tries again; see [`Progress`](crate::Progress) and
    /// [`Fit::checkpoint_error`](crate::Fit::checkpoint_error).
    pub every: Duration,
    /// Whether to go on from the file, which must be that of the same table, recipe and version. The number
    /// of threads may be another. If not, the fit begins anew, and a file that was there is replaced.
    pub resume: bool,
}

/// The states of all trainings that have begun, and the file in which they are saved.
pub(crate) struct Store {
    /// `None` if there is no file: the states are only for other processes.
    checkpoints: Option<Checkpoints>,
    /// Locked while the file is written, which may take long.
    kept: Mutex<Kept>,
    /// Why the file could not be written the last time. Each epoch asks for it.
    failure: Mutex<Option<Error>>,
}

struct Kept {
    file: FitFile,
    /// Time of the last attempt to write the file.
    saved: Instant,
}

impl Store {
    /// Reads the file of a fit that is resumed. A new one is empty.
    pub fn open(checkpoints: &Checkpoints) -> Result<Self> {
        let file = match checkpoints.resume {
            true => FitFile::load(&checkpoints.path)?,
            false => FitFile::default(),
        };
        Ok(Self::new(Some(checkpoints.clone()), file))
    }

    /// As [`open`](Self::open), for one of several processes. Each has its own file; the first one reads all
    /// that it finds.
    pub fn of_rank(checkpoints: Option<&Checkpoints>, rank: usize) -> Result<Self> {
        let Some(checkpoints) = checkpoints else { return Ok(Self::new(None, FitFile::default())) };
        let path_of = |rank: usize| {
            let mut path = checkpoints.path.clone().into_os_string();
            path.push(format!(".{rank}"));
            PathBuf::from(path)
        };
        let mut file = FitFile::default();
        if checkpoints.resume && rank == 0 {
            file = FitFile::load(path_of(0))?;
            for path in (1..).map(path_of).take_while(|path| path.exists()) {
                let other = FitFile::load(path)?;
                // An earlier job with more ranks may have left a file.
                if other.making() == file.making() {
                    file.merge(other);
                }
            }
        }
        Ok(Self::new(Some(Checkpoints { path: path_of(rank), ..checkpoints.clone() }), file))
    }

    fn new(checkpoints: Option<Checkpoints>, file: FitFile) -> Self {
        let kept = Mutex::new(Kept { file, saved: Instant::now() });
        Self { checkpoints, kept, failure: Mutex::default() }
    }

    /// All states, as the bytes of a file; empty if there are none.
    pub fn bytes(&self) -> Vec<u8> {
        let file = &self.lock().file;
        if file.0.texts.is_empty() && file.0.tensors.is_empty() { vec![] } else { file.0.write() }
    }

    /// Adds the states of another process.
    pub fn add(&self, bytes: &[u8]) -> Result<()> {
        if !bytes.is_empty() {
            // It does not come from a file, whose size somebody else has chosen.
            let limits = Limits { file: usize::MAX, header: usize::MAX, ..Limits::default() };
            self.lock().file.merge(FitFile(Container::read(bytes, &limits)?));
        }
        Ok(())
    }

    /// The number of epochs of the fit that is resumed. `None` if none is.
    pub fn epochs(&self) -> Option<usize> {
        let epochs = self.lock().file.making()?["settings"]["epochs"].as_u64();
        epochs.and_then(|epochs| usize::try_from(epochs).ok())
    }

    /// Compares how the fit is made with how the resumed one was, and writes the file for the first time: if
    /// that is impossible, it is better known before anything was trained.
    pub fn begin(&self, making: &Value) -> Result<()> {
        let before = self.lock().file.making();
        if let Some(difference) = before.and_then(|before| difference("the fit", &before, making)) {
            return Err(difference);
        }
        self.lock().file.describe(making);
        self.save();
        lock(&self.failure).take().map_or(Ok(()), Err)
    }

    /// Saves all states that are known. Training goes on without the file, so that it cannot be written is no
    /// error here, but remembered until it can be.
    pub fn save(&self) {
        let Some(checkpoints) = &self.checkpoints else { return };
        let mut kept = self.lock();
        let failure = kept.file.save(&checkpoints.path).err().map(Into::into);
        kept.saved = Instant::now();
        *lock(&self.failure) = failure;
    }

    /// Of which kind the error of the last save is. Does not wait until the file is written.
    pub fn failure(&self) -> Option<io::ErrorKind> {
        lock(&self.failure).as_ref().map(|error| match error {
            Error::Model(error) => kind(error),
            _ => io::ErrorKind::Other,
        })
    }

    /// The error of the last save.
    pub fn into_failure(self) -> Option<Error> {
        self.failure.into_inner().expect("nothing panics while it is locked")
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }
}

fn kind(error: &FileError) -> io::ErrorKind {
    match error {
        FileError::InFile { error, .. } => kind(error),
        FileError::Write { error } => error.kind(),
        FileError::TooLarge { .. } => io::ErrorKind::FileTooLarge,
        _ => io::ErrorKind::Other,
    }
}

/// Keeps the states of one training.
pub(crate) struct Keeper<'s> {
    store: &'s Store,
    training: String,
    saved: Instant,
}

impl<'s> Keeper<'s> {
    pub fn new(store: &'s Store, stage: Stage, member: usize) -> Self {
        let saved = store.lock().saved;
        Self { store, training: format!("{stage}/{}", member + 1), saved }
    }

    /// The state of the training when it was kept last.
    pub fn kept(
        &self,
        architecture: &Architecture,
        optimizer: OptimizerKind,
    ) -> Result<Option<ValidatedState<f32>>> {
        self.store.lock().file.state(&self.training, architecture, optimizer)
    }

    /// After an epoch: keeps the state if it is time to write the file, or if it is the last one.
    pub fn keep(&mut self, training: &ValidatedTraining<'_, '_, f32>, is_last: bool) {
        let every = self.store.checkpoints.as_ref().map(|checkpoints| checkpoints.every);
        let is_time = every.is_some_and(|every| self.saved.elapsed() >= every);
        if is_time || is_last {
            self.store.lock().file.put(&self.training, training.state());
        }
        if is_time {
            self.store.save();
            self.saved = Instant::now();
        }
    }
}

/// The file of a fit: how it is made, and tensors of each training, whose names begin with that of the
/// training: `model/1/network`.
#[derive(Clone, Debug, Default)]
struct FitFile(Container);

/// The kind of the file, and the name of the text that says how the fit is made.
const KIND: &str = "fit";
const MAKING: &str = "ann.fit";
const README: &str = "The trainings of an unfinished fit of ann (https://docs.rs/ann-tabular), which can be resumed. It is no model.";

impl FitFile {
    fn making(&self) -> Option<Value> {
        serde_json::from_str(self.0.text(MAKING).ok()?).ok()
    }

    fn describe(&mut self, making: &Value) {
        let texts = [
            ("ann.format", FORMAT.to_string()),
            ("ann.kind", KIND.to_owned()),
            ("ann.requires", "[]".to_owned()),
            ("ann.readme", README.to_owned()),
            ("ann.provenance", serde_json::json!({ "program": making["program"] }).to_string()),
            (MAKING, making.to_string()),
        ];
        self.0.texts = texts.map(|(name, text)| (name.to_owned(), text)).to_vec();
    }

    /// Takes over the trainings that have more epochs in another file.
    fn merge(&mut self, other: Self) {
        let training = |name: &str| name.rsplit_once('/').map_or("", |(training, _)| training).to_owned();
        let trainings: BTreeSet<String> = other.0.tensors.keys().map(|name| training(name)).collect();
        let ahead: BTreeSet<String> =
            trainings.into_iter().filter(|training| other.epoch(training) > self.epoch(training)).collect();
        let Container { texts, tensors } = other.0;
        if self.0.texts.is_empty() {
            self.0.texts = texts;
        }
        self.0.tensors.extend(tensors.into_iter().filter(|(name, _)| ahead.contains(&training(name))));
    }

    /// Number of epochs of a training; `None` if it has not begun.
    fn epoch(&self, training: &str) -> Option<usize> {
        self.double(training, "counts")?.first().map(|epoch| *epoch as usize)
    }

    fn put(&mut self, training: &str, state: ValidatedState<f32>) {
        let ValidatedState { training: State { network, memory, epoch }, records, validation, best } = state;
        let mut put = |name: &str, tensor| self.0.tensors.insert(format!("{training}/{name}"), tensor);
        put("network", single(network.parameters().to_vec()));
        put("best", single(best));
        for (number, vector) in (1..).zip(memory.vectors) {
            put(&format!("memory.{number}"), single(vector));
        }
        put("records", table_of(&records));
        put("validation", table_of(&validation));
        // Whole numbers up to 2⁵³ are exact.
        put("counts", Tensor::vector(vec![epoch as f64, memory.updates as f64]));
    }

    /// `None` if the training has not begun.
    fn state(
        &self,
        training: &str,
        architecture: &Architecture,
        optimizer: OptimizerKind,
    ) -> Result<Option<ValidatedState<f32>>> {
        let Some(&[epoch, updates]) = self.double(training, "counts") else { return Ok(None) };
        let incomplete =
            || FileError::Malformed { reason: format!("the state of {training:?} is incomplete") };
        let vector = |name: &str| self.single(training, name).map(<[f32]>::to_vec).ok_or_else(incomplete);
        let records = |name: &str| self.double(training, name).map(records_of).ok_or_else(incomplete);
        let memory = Memory {
            optimizer,
            updates: updates as u64,
            scalars: vec![],
            vectors: (1..).map_while(|number| vector(&format!("memory.{number}")).ok()).collect(),
        };
        let network = Network::from_parameters(architecture, vector("network")?)?;
        Ok(Some(ValidatedState {
            training: State { network, memory, epoch: epoch as usize },
            records: records("records")?,
            validation: records("validation")?,
            best: vector("best")?,
        }))
    }

    fn single(&self, training: &str, name: &str) -> Option<&[f32]> {
        match &self.0.tensors.get(&format!("{training}/{name}"))?.numbers {
            Numbers::F32(numbers) => Some(numbers),
            Numbers::F64(_) => None,
        }
    }

    fn double(&self, training: &str, name: &str) -> Option<&[f64]> {
        match &self.0.tensors.get(&format!("{training}/{name}"))?.numbers {
            Numbers::F64(numbers) => Some(numbers),
            Numbers::F32(_) => None,
        }
    }
}

impl Save for FitFile {
    fn container(&self) -> ann_model::Result<Container> {
        Ok(self.0.clone())
    }

    fn write(&self) -> ann_model::Result<Vec<u8>> {
        let (bytes, most) = (self.0.write(), Limits::default().file);
        match bytes.len() {
            found if found > most => {
                Err(FileError::TooLarge { what: "the checkpoint in bytes", found, most })
            }
            _ => Ok(bytes),
        }
    }
}

impl Load for FitFile {
    fn from_container(container: &Container, _: &Limits) -> ann_model::Result<Self> {
        let found = container.text("ann.kind")?.to_owned();
        if found != KIND {
            return Err(FileError::OtherContents { found, expected: "checkpoint of a fit" });
        }
        let file = Self(container.clone());
        match file.making() {
            Some(_) => Ok(file),
            None => Err(FileError::Malformed { reason: format!("there is no {MAKING}") }),
        }
    }
}

fn single(numbers: Vec<f32>) -> Tensor {
    Tensor { shape: vec![numbers.len()], numbers: Numbers::F32(numbers) }
}

/// A row for each record, which are counted from 0: loss, penalty, and accuracy or NaN.
fn table_of(records: &[EpochRecord]) -> Tensor {
    let row = |record: &EpochRecord| [record.loss, record.penalty, record.accuracy.unwrap_or(f64::NAN)];
    let numbers = records.iter().flat_map(row).collect();
    Tensor { shape: vec![records.len(), 3], numbers: Numbers::F64(numbers) }
}

fn records_of(numbers: &[f64]) -> Vec<EpochRecord> {
    let record = |(epoch, &[loss, penalty, accuracy]): (usize, &[f64; 3])| {
        let accuracy = Some(accuracy).filter(|accuracy| !accuracy.is_nan());
        EpochRecord { epoch, loss, penalty, accuracy }
    };
    numbers.as_chunks().0.iter().enumerate().map(record).collect()
}

/// The error that names the first entry in which two descriptions differ. `name` is that of the entry.
pub(crate) fn difference(name: &str, expected: &Value, found: &Value) -> Option<Error> {
    let (Value::Object(before), Value::Object(now)) = (expected, found) else {
        let error = || Error::OtherFit {
            what: name.to_owned(),
            found: found.to_string(),
            expected: expected.to_string(),
        };
        return (expected != found).then(error);
    };
    // The order of a map depends on a feature of serde_json, which other crates may switch on.
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    keys.into_iter().find_map(|key| difference(key, &expected[key], &found[key]))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// While the file is written, the states are locked.
    #[test]
    fn an_epoch_does_not_wait_until_the_file_is_written() {
        let checkpoints = Checkpoints { path: "unused".into(), every: Duration::ZERO, resume: false };
        let store = Store::open(&checkpoints).unwrap();
        let (sender, answer) = mpsc::channel();
        let writing = store.lock();
        thread::scope(|scope| {
            scope.spawn(|| sender.send(store.failure()));
            let answer = answer.recv_timeout(Duration::from_secs(20));
            drop(writing);
            assert_eq!(answer, Ok(None));
        });
    }
}
