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

/// The settings of runs with each optimizer: columns
/// `run,optimizer,loss,weights,batch,schedule,clipped,l2,learning_rate`.
pub const PYTORCH_OPTIMIZERS: &str = include_str!("../data/reference/pytorch/optimizers.csv");

/// The rows that all these runs are trained on: columns `x1,x2,x3,class,y1,y2,weight`.
pub const PYTORCH_OPTIMIZERS_DATA: &str = include_str!("../data/reference/pytorch/optimizers_data.csv");

/// The order in which mini-batches take the rows: columns `epoch,row0,row1,…`.
pub const PYTORCH_OPTIMIZERS_ORDER: &str = include_str!("../data/reference/pytorch/optimizers_order.csv");

/// The loss of each epoch: columns `run,epoch,loss`.
pub const PYTORCH_OPTIMIZERS_LOSS: &str = include_str!("../data/reference/pytorch/optimizers_loss.csv");

/// All parameters before some epochs: columns `run,epoch,index,value`.
pub const PYTORCH_OPTIMIZERS_PARAMETERS: &str =
    include_str!("../data/reference/pytorch/optimizers_parameters.csv");

/// The learning rate of each of 200 updates, for the first run with each schedule: columns `run,update,rate`.
pub const PYTORCH_OPTIMIZERS_RATES: &str = include_str!("../data/reference/pytorch/optimizers_rates.csv");

/// Every activation with every loss: columns `pair,activation,loss,outputs,targets,first_loss`.
pub const PYTORCH_PAIRS: &str = include_str!("../data/reference/pytorch/pairs.csv");

/// The rows of all pairs: columns `x1,x2,class,y1,y2,p1,p2,n1,n2`.
pub const PYTORCH_PAIRS_DATA: &str = include_str!("../data/reference/pytorch/pairs_data.csv");

/// The outputs at the initial parameters: columns `pair,row,output,value`.
pub const PYTORCH_PAIRS_OUTPUTS: &str = include_str!("../data/reference/pytorch/pairs_outputs.csv");

/// Initial parameters, the gradient there, and the parameters after five updates: columns
/// `pair,index,before,gradient,after`.
pub const PYTORCH_PAIRS_PARAMETERS: &str = include_str!("../data/reference/pytorch/pairs_parameters.csv");

/// J before each iteration of L-BFGS: columns `problem,iteration,objective`.
pub const PYTORCH_LBFGS_OBJECTIVE: &str = include_str!("../data/reference/pytorch/lbfgs_objective.csv");

/// All parameters before some iterations of L-BFGS: columns `problem,iteration,index,value`.
pub const PYTORCH_LBFGS_PARAMETERS: &str = include_str!("../data/reference/pytorch/lbfgs_parameters.csv");

/// The targets of the two least-squares problems, whose inputs are those of the optimizers: columns `y1,y2`.
pub const SCIPY_LEAST_SQUARES_DATA: &str = include_str!("../data/reference/pytorch/least_squares_data.csv");

/// The least squares that SciPy's Levenberg–Marquardt finds: columns `problem,objective`.
pub const SCIPY_LEAST_SQUARES: &str = include_str!("../data/reference/pytorch/least_squares.csv");

/// The parameters with which SciPy begins, and those with which it ends: columns
/// `problem,index,before,after`.
pub const SCIPY_LEAST_SQUARES_PARAMETERS: &str =
    include_str!("../data/reference/pytorch/least_squares_parameters.csv");
