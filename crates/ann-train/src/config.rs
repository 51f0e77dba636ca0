//! How a network is trained: plain settings.

use ann_core::Scalar;

use crate::optimizer::check;
use crate::{Accumulation, Error, LearningRate, Optimizer, Result, StepFactors};

/// Number of rows that one update uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batching {
    /// All rows: one update in each epoch. The default.
    #[default]
    Full,
    /// Mini-batches. Each epoch uses each row once, in an order that is a function of seed and epoch.
    Shuffled {
        /// Number of rows in a batch, at least 1. More than there are rows: one batch of all rows, in the
        /// order of the epoch.
        rows: usize,
        /// Seed of the order.
        seed: u64,
        /// Whether the last batch of an epoch is left out if it is smaller than the others. The rows that are
        /// left out differ from epoch to epoch.
        drop_last: bool,
    },
    /// As [`Shuffled`](Self::Shuffled), in an order that visits rows near each other soon after each other:
    /// for rows that are read from a disk. The rows are divided into blocks of neighbours, and the blocks are
    /// shuffled in each epoch; then the rows of the first `window` blocks of this order are shuffled
    /// together, those of the next ones, and so on. If the blocks of a window have room in memory, an epoch
    /// reads each block once. A row of weight 0 is in no block.
    Windowed {
        /// Number of rows in a batch, as in [`Shuffled`](Self::Shuffled).
        rows: usize,
        /// Seed of the order.
        seed: u64,
        /// As in [`Shuffled`](Self::Shuffled).
        drop_last: bool,
        /// Number of neighbouring rows in a block, at least 1; the last block may be smaller.
        block: usize,
        /// Number of blocks whose rows are shuffled together, at least 1. If there are not more blocks, a
        /// window has all rows.
        window: usize,
    },
}

impl Batching {
    /// Mini-batches of `rows` rows. The last batch of an epoch may be smaller.
    pub fn shuffled(rows: usize, seed: u64) -> Self {
        Self::Shuffled { rows, seed, drop_last: false }
    }

    /// The largest number of rows in a batch, of `all` rows.
    pub(crate) fn rows(&self, all: usize) -> usize {
        match *self {
            Self::Full => all,
            Self::Shuffled { rows, .. } | Self::Windowed { rows, .. } => rows.min(all),
        }
    }

    /// Number of updates that an epoch of `all` rows makes.
    pub(crate) fn updates(&self, all: usize) -> usize {
        match *self {
            Self::Full => 1,
            Self::Shuffled { rows, drop_last, .. } | Self::Windowed { rows, drop_last, .. } => {
                if drop_last {
                    (all / rows).max(1)
                } else {
                    all.div_ceil(rows)
                }
            }
        }
    }

    fn validate(&self) -> Result<()> {
        match *self {
            Self::Shuffled { rows: 0, .. } | Self::Windowed { rows: 0, .. } => Err(Error::EmptyBatches),
            Self::Windowed { block, window, .. } => {
                let at_least_one = |name, value: usize| check(name, value as f64, value > 0, "at least 1");
                at_least_one("block", block)?;
                at_least_one("window", window)
            }
            Self::Full | Self::Shuffled { .. } => Ok(()),
        }
    }
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainConfig {
    /// The rule by which a gradient changes the parameters. Default [`Optimizer::Descent`].
    pub optimizer: Optimizer,
    /// η, the learning rate, and how it changes. A number converts: `0.1.into()`. Default 0.1. No effect with
    /// L-BFGS and Levenberg–Marquardt.
    pub learning_rate: LearningRate,
    /// Factors on the learning rate for each kind of parameter. Default: 1 for all, and nothing else with
    /// L-BFGS and Levenberg–Marquardt. With Rprop they only affect the first step.
    pub steps: StepFactors,
    /// The largest Euclidean norm of a gradient, above 0: a longer gradient is scaled to this length. It
    /// includes the penalty and the factors of the inputs. Default ∞: never, and nothing else with L-BFGS and
    /// Levenberg–Marquardt. No effect with Rprop.
    pub clip_norm: f64,
    /// The number of epochs after which training ends; with 0 the network is only evaluated. Epochs before a
    /// [`resume`](crate::Training::resume) count. Default 1000.
    pub epochs: usize,
    /// Stop as soon as the mean data loss (without penalty) is below this. Default −∞: never. Some losses may
    /// be negative, for instance [`Loss::Poisson`](crate::Loss::Poisson).
    pub stop_below: f64,
    /// Number of rows that one update uses. Default [`Batching::Full`].
    pub batching: Batching,
    /// How the gradients of the rows are summed. Default [`Accumulation::Batched`].
    pub accumulation: Accumulation,
    /// The largest number of threads, 1 to 1024. Default 1. Any number gives the same bits. If mini-batches
    /// are large enough to be shared, the threads look for work during the whole epoch and keep their cores
    /// busy. So when several networks are trained at the same time, one thread for each is faster. No effect
    /// with [`Accumulation::PerSample`], nor in a thread of a rayon pool, which spreads work over its threads
    /// itself.
    pub threads: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            optimizer: Optimizer::default(),
            learning_rate: LearningRate::default(),
            steps: StepFactors::default(),
            clip_norm: f64::INFINITY,
            epochs: 1000,
            stop_below: f64::NEG_INFINITY,
            batching: Batching::default(),
            accumulation: Accumulation::default(),
            threads: 1,
        }
    }
}

impl TrainConfig {
    pub(crate) fn validate<F: Scalar>(&self) -> Result<()> {
        self.learning_rate.validate::<F>()?;
        self.optimizer.validate()?;
        self.steps.validate()?;
        check("clip_norm", self.clip_norm, self.clip_norm > 0.0, "a number above 0")?;
        check("stop_below", self.stop_below, !self.stop_below.is_nan(), "a number")?;
        self.batching.validate()?;
        if self.optimizer.searches() { self.ensure_plain_steps() } else { Ok(()) }
    }

    /// An error if a setting is changed that has no meaning for an optimizer which determines the length of
    /// its steps itself.
    fn ensure_plain_steps(&self) -> Result<()> {
        let wrong = |setting, expected| {
            Err(Error::Incompatible { optimizer: self.optimizer.to_string(), setting, expected })
        };
        if self.batching != Batching::Full {
            return wrong("batching", "`Batching::Full`, all rows at once");
        }
        if self.steps != StepFactors::default() {
            return wrong("steps", "the defaults, because it finds the length of each step itself");
        }
        if self.clip_norm != f64::INFINITY {
            return wrong("clip_norm", "∞, because it finds the length of each step itself");
        }
        Ok(())
    }
}
