//! The faults: typical mistakes in a handwritten backpropagation.

use std::fmt::{self, Display};

/// Writes each fault once: the variant, its place in [`Fault::ALL`], and what it prints.
macro_rules! faults {
    ($($fault:ident = $what:literal,)*) => {
        /// One mistake in the gradient. Prints as a line of words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $(#[doc = $what] $fault,)*
        }

        impl Fault {
            /// Every fault, in the order of the computation.
            pub const ALL: &'static [Self] = &[$(Self::$fault,)*];

            /// What is wrong, in a line of words.
            pub fn what(self) -> &'static str {
                match self {
                    $(Self::$fault => $what,)*
                }
            }
        }
    };
}

faults! {
    // δ⁽ᴸ⁾ = p − y, or (2/m) (ŷ − y)
    TargetForgotten = "p instead of p − y",
    ResidualReversed = "y − p instead of p − y",
    SoftmaxForgotten = "softmax left out: z − y instead of p − y",
    SoftmaxDiagonalOnly = "the diagonal of softmax's Jacobian only",
    ClassShifted = "class index shifted by one",
    TwoForgotten = "squared error without its factor 2",
    OutputsNotAveraged = "squared error of m outputs without 1/m",
    OutputDerivative = "σ′ of the hidden layers on the linear output too",

    // δ⁽ᴸ⁾ of the other losses
    SmoothingForgotten = "smoothing forgotten",
    SmoothingOverOthers = "smoothing spread over K − 1 classes instead of K",
    LabelsNotAveraged = "binary cross-entropy of m labels without 1/m",
    LabelSigmoidForgotten = "binary cross-entropy without σ: z − y instead of σ − y",
    SignForgotten = "absolute error without its sign: ŷ − y",
    HuberNotClipped = "Huber's δ forgotten: ŷ − y everywhere",
    HuberClippedAtOne = "Huber's error clipped at 1 instead of δ",
    PinballReversed = "pinball with τ and 1 − τ exchanged",
    LevelsTransposed = "quantile outputs in the order level, then column",
    RateForgotten = "Poisson without the exponential: z − y",
    CountForgotten = "Poisson without its count",

    // σ′(z⁽ᵏ⁾)
    DerivativeForgotten = "σ′ left out",
    DerivativeOfA = "σ′(a) instead of σ′(z)",
    DerivativeFromZ = "z put where σ′ is written with a: z (1 − z)",
    DerivativeOfLayerAbove = "σ′ at the z of the layer above",
    SigmoidDerivative = "sigmoid′ = a instead of a (1 − a)",
    TanhDerivative = "tanh′ = 1 − a instead of 1 − a²",
    ReluOnAtZero = "ReLU′(0) = 1",
    ReluAlwaysOn = "ReLU′ = 1 everywhere",
    LeakForgotten = "leaky ReLU without its slope below 0",
    LeakEverywhere = "leaky ReLU with its slope above 0 too",
    EluWithoutAlpha = "ELU′ = a below 0, without + α",
    SeluUnscaled = "SELU′ = 1 above 0, without λ",
    SoftplusReversed = "softplus′ = 1 / (1 + eᶻ) instead of 1 / (1 + e⁻ᶻ)",
    SiluGateOnly = "SiLU′ = σ(z), without its second term",
    MishNotSquared = "Mish′ with 1 − t instead of 1 − t²",
    GeluOfTanh = "GELU′ of the approximation by tanh",

    // δ⁽ᵏ⁻¹⁾ = (W⁽ᵏ⁾ᵀ δ⁽ᵏ⁾) ∘ σ′(z⁽ᵏ⁻¹⁾)
    WeightsTransposed = "W δ instead of Wᵀ δ",
    SignFlipped = "−Wᵀ δ instead of Wᵀ δ",
    FirstUnitOnly = "Wᵀ δ from the first unit of the layer above only",
    DeltaStopped = "δ stops at the last hidden layer",
    DeltaNotCleared = "hidden δ added to that of the sample before",

    // ∂ℓ/∂W⁽ᵏ⁾ = δ⁽ᵏ⁾ (a⁽ᵏ⁻¹⁾)ᵀ and ∂ℓ/∂b⁽ᵏ⁾ = δ⁽ᵏ⁾
    OneLayerOff = "δ⁽ᵏ⁾ a⁽ᵏ⁾ instead of δ⁽ᵏ⁾ a⁽ᵏ⁻¹⁾",
    PreActivations = "δ⁽ᵏ⁾ z⁽ᵏ⁻¹⁾ instead of δ⁽ᵏ⁾ a⁽ᵏ⁻¹⁾",
    GradientTransposed = "∂J/∂W written in transposed",
    BiasForgotten = "∂J/∂b = 0",
    FirstBiasForgotten = "∂J/∂b = 0 in the first layer",
    OutputBiasOfFirstSample = "the output's ∂J/∂b from the first sample only",

    // (1/N) Σₙ
    LastSampleForgotten = "last sample forgotten",
    FirstSampleTwice = "first sample counted twice",
    LastSampleOnly = "= instead of +=: the last sample only",
    NotCleared = "sums not cleared before the next call",
    InF32 = "backward in f32",
    MeanForgotten = "1/N forgotten",
    MeanTwice = "1/N applied twice",
    WeightsForgotten = "weights of rows forgotten",
    WeightsNotInTheMean = "weights left out of the denominator: 1/N",
    WeightsTwice = "weights of rows applied twice",
    WeightsShifted = "each row with the weight of the next",
    AbsentRowCounted = "a row of weight 0 counts as one of weight 1",

    // + 2λW
    PenaltyForgotten = "penalty forgotten",
    PenaltyHalved = "λW instead of 2λW",
    PenaltyOnBiases = "penalty on biases too",
    PenaltyOnLastLayerOnly = "penalty on the last layer only",
    PenaltyAveraged = "penalty divided by N",

    // single entries
    EntryOffBy1e4 = "one entry off by a factor 1 + 1e-4",
    EntryOffBy1e6 = "one entry off by a factor 1 + 1e-6",
    EntriesSwapped = "one entry swapped with its neighbour",
    SmallFlushed = "entries below 1e-5 flushed to 0",
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.what())
    }
}
