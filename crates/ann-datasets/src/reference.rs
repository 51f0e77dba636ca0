//! Runs of PyTorch, recorded once, as the text of CSV files.
//!
//! Columns, settings and the script that made them: `data/reference/pytorch/README.md`.

/// PyTorch's loss on Iris, epoch by epoch: columns `run,l2,epoch,loss`.
pub const PYTORCH_IRIS_LOSS: &str = include_str!("../data/reference/pytorch/iris_loss.csv");

/// The parameters from which all these runs start, in the order W¹, b¹, W², …:
/// columns `layer,kind,row,column,value`.
pub const PYTORCH_IRIS_INITIAL_PARAMETERS: &str =
    include_str!("../data/reference/pytorch/iris_initial_parameters.csv");

/// The parameters after the last update of the matched runs: columns `l2,layer,kind,row,column,value`.
pub const PYTORCH_IRIS_FINAL_PARAMETERS: &str =
    include_str!("../data/reference/pytorch/iris_final_parameters.csv");

/// The accuracy after the last update: columns `run,l2,accuracy`.
pub const PYTORCH_IRIS_ACCURACY: &str = include_str!("../data/reference/pytorch/iris_accuracy.csv");

/// The settings of thirty small runs, one in each row: columns
/// `case,activation,loss,outputs,gain,hidden,l2,learning_rate,epochs,every`.
pub const PYTORCH_CASES: &str = include_str!("../data/reference/pytorch/cases.csv");

/// The rows that all cases are trained on: columns `x1,x2,class,y1,y2,y3`.
pub const PYTORCH_CASES_DATA: &str = include_str!("../data/reference/pytorch/cases_data.csv");

/// The outputs at the initial parameters: columns `case,row,output,value`.
pub const PYTORCH_CASES_OUTPUTS: &str = include_str!("../data/reference/pytorch/cases_outputs.csv");

/// The gradient of the mean loss, without penalty, at the initial parameters: columns `case,index,value`.
pub const PYTORCH_CASES_GRADIENT: &str = include_str!("../data/reference/pytorch/cases_gradient.csv");

/// The loss of each epoch: columns `case,epoch,loss`.
pub const PYTORCH_CASES_LOSS: &str = include_str!("../data/reference/pytorch/cases_loss.csv");

/// All parameters before an epoch, and after the `every` updates that follow: columns
/// `case,epoch,index,before,after`.
pub const PYTORCH_CASES_PARAMETERS: &str = include_str!("../data/reference/pytorch/cases_parameters.csv");
