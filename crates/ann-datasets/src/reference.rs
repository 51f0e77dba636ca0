//! Runs of other programs, recorded once, as the text of their CSV files.
//!
//! Columns, settings and the script that made them: `data/reference/pytorch/README.md`.

/// PyTorch's loss on Iris, epoch by epoch: columns `run,l2,epoch,loss`.
pub const PYTORCH_IRIS_LOSS: &str = include_str!("../data/reference/pytorch/iris_loss.csv");

/// The parameters all those runs start from, in the order W¹, b¹, W², …: columns `layer,kind,row,column,value`.
pub const PYTORCH_IRIS_INITIAL_PARAMETERS: &str =
    include_str!("../data/reference/pytorch/iris_initial_parameters.csv");

/// The parameters after the last update of the matched runs: columns `l2,layer,kind,row,column,value`.
pub const PYTORCH_IRIS_FINAL_PARAMETERS: &str =
    include_str!("../data/reference/pytorch/iris_final_parameters.csv");

/// The accuracy after the last update: columns `run,l2,accuracy`.
pub const PYTORCH_IRIS_ACCURACY: &str = include_str!("../data/reference/pytorch/iris_accuracy.csv");
