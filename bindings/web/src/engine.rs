//! The engine: it holds a table, a model and a lab, and carries out requests.

use ann_model::Limits;
use ann_model::{Model, Networks};
use ann_table::{Cell, Kind, Reader, SchemaOptions, Table, Target};
use ann_train::ann_core::InstructionSet;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result, check_limit};
use crate::fields::Fields;
use crate::json::{Object, object};
use crate::lab::Lab;
use crate::limits;
use crate::picture::{Pictures, Shown};
use crate::settings::{NetworkSettings, TrainingSettings, choices};
use crate::source::{Division, Rows, Source, check_task, datasets, describe_table, kind_name};

/// The version of the contract.
pub const CONTRACT: u32 = 1;

/// What a request is answered with.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// JSON.
    pub json: String,
    /// Numbers, if there are any.
    pub numbers: Vec<f64>,
    /// A file, if there is one.
    pub file: Vec<u8>,
}

impl From<Object> for Answer {
    fn from(json: Object) -> Self {
        Self { json: json.finish(), ..Self::default() }
    }
}

/// At most one table, one model and one lab.
#[derive(Debug, Default)]
pub struct Engine {
    table: Option<OwnTable>,
    model: Option<Model>,
    lab: Option<Lab>,
}

/// A table of the user, and its text, which a model reads by its own kinds of columns.
#[derive(Debug)]
struct OwnTable {
    text: Vec<u8>,
    table: Table,
}

impl Engine {
    /// Carries out a request, a JSON text, with its attachment.
    ///
    /// # Errors
    /// The request, its files or its settings are wrong, or something is not there. The lab is as it was.
    pub fn call(&mut self, request: &[u8], attachment: Vec<u8>) -> Result<Answer> {
        let request: Value =
            serde_json::from_slice(request).map_err(|error| Error::request(format!("no JSON: {error}")))?;
        let mut fields = Fields::of("the request", request)?;
        let what = fields.text("do")?.ok_or_else(|| Error::request("the request has no \"do\""))?;
        match what.as_str() {
            "about" => finished(fields, about().into()),
            "table" => finished(fields, self.read_table(attachment)?.into()),
            "model" => finished(fields, self.read_model(&attachment)?.into()),
            "forget" => {
                (self.table, self.model) = (None, None);
                finished(fields, Object::default().into())
            }
            "open" => self.open(fields).map(Answer::from),
            "close" => {
                self.lab = None;
                finished(fields, Object::default().into())
            }
            _ => self.ask_lab(&what, fields, &attachment),
        }
    }

    fn read_table(&mut self, text: Vec<u8>) -> Result<Object> {
        check_limit("bytes of the table", text.len(), limits::FILE)?;
        let table = Table::read(&text[..])?;
        check_limit("rows", table.rows(), limits::ROWS)?;
        let described = describe_table(&table);
        self.table = Some(OwnTable { text, table });
        Ok(described)
    }

    fn read_model(&mut self, bytes: &[u8]) -> Result<Object> {
        check_limit("bytes of the model", bytes.len(), limits::FILE)?;
        let limits = Limits {
            file: limits::FILE,
            layers: limits::LAYERS + 1,
            columns: limits::INPUTS,
            ..Limits::default()
        };
        let model = Model::read_with(bytes, &limits)?;
        check_task(model.schema().target.task())?;
        let described = describe_model(&model);
        self.model = Some(model);
        Ok(described)
    }

    fn open(&mut self, mut fields: Fields) -> Result<Object> {
        let source = Source::read(fields.object("data")?)?;
        let division = Division::read(fields.object("split")?)?;
        let usual_scaling = if matches!(source, Source::Table { .. }) { "table" } else { "none" };
        let scaling = fields.choice("scaling", &["", "none", "table"])?;
        let is_scaled = (if scaling.is_empty() { usual_scaling } else { scaling }) == "table";
        let (network, training) = (fields.object("network")?, fields.object("training")?);
        fields.finish()?;
        let training = |usual: &_| TrainingSettings::read(training, usual);
        let lab = match &source {
            Source::Model { network: index } => {
                let model = self.model.as_ref().ok_or_else(|| absent("model"))?;
                let rows = self.table.as_ref().map(|own| own.for_model(model, division)).transpose()?;
                Lab::of_model(*index, model, rows.map(|rows| (rows, division)), training)?
            }
            _ => {
                let drawn = source.table()?;
                let own = || self.table.as_ref().map(|own| &own.table).ok_or_else(|| absent("table"));
                let table = drawn.as_ref().map_or_else(own, Ok)?;
                let (target, options) = learning(&source, table);
                let rows = Rows::learn(table, &target, &options, is_scaled, division)?;
                Lab::new(source, (rows, division, is_scaled), &NetworkSettings::read(network)?, training)?
            }
        };
        let state = lab.state()?;
        self.lab = Some(lab);
        Ok(state)
    }

    fn ask_lab(&mut self, what: &str, mut fields: Fields, attachment: &[u8]) -> Result<Answer> {
        let known = [
            "state",
            "network",
            "training",
            "step",
            "history",
            "map",
            "curve",
            "rows",
            "predictions",
            "predict",
            "theta",
            "set",
            "gradient",
            "histogram",
            "digest",
            "findings",
            "check",
            "export",
        ];
        if !known.contains(&what) {
            return Err(Error::request(format!("there is no request {what:?}")));
        }
        let lab = self.lab.as_mut().ok_or_else(|| absent("open lab"))?;
        match what {
            "state" => finished(fields, lab.state()?.into()),
            "network" => {
                let settings = NetworkSettings::read(fields.object("network")?)?;
                fields.finish()?;
                lab.set_network(&settings)?;
                lab.state().map(Answer::from)
            }
            "training" => {
                let settings = TrainingSettings::read(fields.object("training")?, &lab.usual_loss)?;
                fields.finish()?;
                lab.set_training(settings)?;
                lab.state().map(Answer::from)
            }
            "step" => {
                let epochs = fields.size("epochs", 1)?;
                fields.finish()?;
                let ran = lab.step(epochs)?;
                Ok(lab.progress().with("ran", &ran).into())
            }
            "history" => {
                let numbers = lab.history(fields.size("from", 0)?);
                fields.finish()?;
                let columns = ["epoch", "loss", "penalty", "metric", "test_loss", "test_metric"];
                Ok(table_of(&columns, numbers))
            }
            "map" | "curve" => pictures(lab, what == "map", fields),
            "rows" => {
                let axes = read_axes(&mut fields)?;
                fields.finish()?;
                let numbers = lab.points([axes.first().copied(), axes.get(1).copied()])?;
                Ok(table_of(&["x", "y", "target", "test"], numbers))
            }
            "predictions" => {
                fields.finish()?;
                let columns = match &lab.schema.target {
                    Target::Classes { .. } => ["predicted", "probability", "hit"],
                    _ => ["predicted", "residual", "standardized"],
                };
                Ok(table_of(&columns, lab.predictions()?))
            }
            "predict" => {
                let Value::Object(cells) = fields.take("cells") else {
                    return Err(Error::request("\"cells\" is no object"));
                };
                finished(fields, predict(&lab.model()?, &cells)?.into())
            }
            "theta" => finished(fields, numbers(lab.network().parameters().to_vec())),
            "gradient" => finished(fields, numbers(lab.gradient()?)),
            "set" => {
                match (fields.size("index", usize::MAX)?, fields.number("value")?) {
                    (usize::MAX, None) => {
                        fields.finish()?;
                        lab.set_parameters(read_numbers(attachment)?)?;
                    }
                    (index, value) => {
                        fields.finish()?;
                        lab.set_parameter(index, value.unwrap_or(f64::NAN))?;
                    }
                }
                lab.state().map(Answer::from)
            }
            "histogram" => {
                let of = fields.choice("of", &["weights", "biases", "gradient", "activations"])?;
                let layer = fields.count("layer")?.map(|layer| usize::try_from(layer).unwrap_or(usize::MAX));
                let bins = fields.size("bins", 20)?;
                fields.finish()?;
                let (range, numbers) = lab.histogram(of, layer, bins)?;
                Ok(Answer {
                    json: object! { "range": range, "bins": bins }.finish(),
                    numbers,
                    ..Answer::default()
                })
            }
            "digest" => finished(fields, digests(lab.network().parameters()).into()),
            "findings" => finished(fields, lab.findings()?.into()),
            "check" => {
                let step = fields.number("step")?.unwrap_or(1e-4);
                fields.finish()?;
                let (json, numbers) = lab.check(step)?;
                Ok(Answer { json: json.finish(), numbers, ..Answer::default() })
            }
            _ => {
                let format = fields.text("format")?.unwrap_or_else(|| "ann".into());
                fields.finish()?;
                let (name, file) = lab.export(&format)?;
                Ok(Answer {
                    json: object! { "bytes": file.len(), "file": name }.finish(),
                    file,
                    ..Answer::default()
                })
            }
        }
    }
}

impl OwnTable {
    /// The rows for a model: words and numbers as it has learned them.
    fn for_model(&self, model: &Model, division: Division) -> Result<Rows> {
        let reader = Reader { kinds: model.schema().kinds(), ..Reader::default() };
        Rows::for_model(&reader.read(&self.text[..])?, model, division)
    }
}

/// What is learned from a table: the target and the options of a schema.
fn learning(source: &Source, table: &Table) -> (String, SchemaOptions) {
    let plain = SchemaOptions { bins: 0, ..SchemaOptions::default() };
    match source {
        Source::Table { target, task, ignore } => {
            (target.clone(), SchemaOptions { task: *task, ignore: ignore.clone(), ..plain })
        }
        // Of a data set the last column.
        _ => (table.columns().last().map_or(String::new(), |column| column.name().to_owned()), plain),
    }
}

fn about() -> Object {
    let about = object! {
        "contract": u64::from(CONTRACT),
        "version": env!("CARGO_PKG_VERSION"),
        "instructions": InstructionSet::used().to_string(),
        "datasets": datasets(),
        "limits": object! {
            "file": limits::FILE, "rows": limits::ROWS, "numbers": limits::NUMBERS, "inputs": limits::INPUTS,
            "classes": limits::CLASSES, "layers": limits::LAYERS, "units": limits::UNITS,
            "parameters": limits::PARAMETERS, "points": limits::POINTS, "pictures": limits::PICTURES,
            "epochs": limits::EPOCHS,
        },
    };
    about.and(&choices())
}

fn describe_model(model: &Model) -> Object {
    let schema = model.schema();
    let (precision, layers) = match model.networks() {
        Networks::F32(networks) => ("f32", networks[0].architecture().to_string()),
        Networks::F64(networks) => ("f64", networks[0].architecture().to_string()),
    };
    let classes = match &schema.target {
        Target::Classes { classes, .. } => classes.as_slice(),
        _ => &[],
    };
    let columns = schema.columns.iter();
    let columns =
        columns.map(|column| object! { "name": column.name, "kind": kind_name(column.encoding.kind()) });
    object! {
        "networks": model.networks().len(), "precision": precision, "layers": layers,
        "target": schema.target.names()[0],
        "task": if classes.is_empty() { "regression" } else { "classification" },
        "classes": classes, "columns": columns.collect::<Vec<_>>(),
        "loss": model.loss().to_string(), "trainable": true,
    }
}

fn pictures(lab: &Lab, is_map: bool, mut fields: Fields) -> Result<Answer> {
    let points = fields.size("points", if is_map { 50 } else { 200 })?;
    let shown = match fields.choice("what", &["all", "hidden", "outputs"])? {
        "hidden" => Shown::Hidden,
        "outputs" => Shown::Outputs,
        _ => Shown::All,
    };
    let pictures = if is_map {
        let axes = read_axes(&mut fields)?;
        let [x, y] = axes[..] else { return Err(Error::request("\"axes\" of a map are two columns")) };
        let ranges = fields.list("ranges")?;
        fields.finish()?;
        let ranges = match &ranges[..] {
            [] => None,
            [x, y] => Some([read_range(x)?, read_range(y)?]),
            _ => return Err(Error::request("\"ranges\" of a map are two ranges")),
        };
        lab.map([x, y], points, ranges, shown)?
    } else {
        let axis = fields.size("axis", 0)?;
        let range = fields.take("range");
        fields.finish()?;
        let range = if range.is_null() { None } else { Some(read_range(&range)?) };
        lab.curve(axis, points, range, shown)?
    };
    let Pictures { points, ranges, hidden, outputs, numbers } = pictures;
    let json = object! { "points": points, "ranges": ranges, "hidden": hidden, "outputs": outputs };
    Ok(Answer { json: json.finish(), numbers, ..Answer::default() })
}

/// What a model says of one row.
fn predict(model: &Model, cells: &Map<String, Value>) -> Result<Object> {
    let schema = model.schema();
    if let Some(name) = cells.keys().find(|name| !schema.columns.iter().any(|column| column.name == **name)) {
        return Err(Error::request(format!("the model has no column {name:?}")));
    }
    let cell = |column: &ann_table::ColumnSchema| match cells.get(&column.name) {
        None | Some(Value::Null) => Ok(Cell::Missing),
        Some(Value::String(word)) => Ok(Cell::Word(word)),
        // A column of words such as zip codes is not one of numbers.
        Some(Value::Number(number)) if column.encoding.kind() != Kind::Category => {
            Ok(number.as_f64().map_or(Cell::Missing, Cell::Number))
        }
        Some(other) => Err(Error::request(format!("the cell of {:?} is {other}", column.name))),
    };
    let row = schema.columns.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let classes = match &schema.target {
        Target::Classes { classes, .. } => classes.as_slice(),
        _ => &[],
    };
    Ok(object! { "values": model.predictor()?.predict(&row)?, "classes": classes })
}

/// SHA-256 of θ as `cargo xtask bits` prints it, and 64 bits of FNV-1a, which a short program can compute.
fn digests(theta: &[f64]) -> Object {
    let bytes: Vec<u8> = theta.iter().flat_map(|parameter| parameter.to_le_bytes()).collect();
    let sha: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let fnv = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    object! { "theta": sha, "bits": format!("{fnv:016x}") }
}

fn finished(fields: Fields, answer: Answer) -> Result<Answer> {
    fields.finish()?;
    Ok(answer)
}

fn numbers(numbers: Vec<f64>) -> Answer {
    Answer { json: object! { "parameters": numbers.len() }.finish(), numbers, ..Answer::default() }
}

/// Numbers row by row.
fn table_of(columns: &[&str], numbers: Vec<f64>) -> Answer {
    let rows = numbers.len() / columns.len();
    Answer { json: object! { "columns": columns, "rows": rows }.finish(), numbers, ..Answer::default() }
}

fn read_axes(fields: &mut Fields) -> Result<Vec<usize>> {
    let axis = |axis: Value| match axis.as_u64().and_then(|axis| usize::try_from(axis).ok()) {
        Some(axis) => Ok(axis),
        None => Err(Error::request(format!("an axis is {axis}, expected the position of a column"))),
    };
    fields.list("axes")?.into_iter().map(axis).collect()
}

fn read_range(range: &Value) -> Result<[f64; 2]> {
    match (range[0].as_f64(), range[1].as_f64()) {
        (Some(low), Some(high)) => Ok([low, high]),
        _ => Err(Error::request(format!("a range is {range}, expected [low, high]"))),
    }
}

fn read_numbers(bytes: &[u8]) -> Result<Vec<f64>> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Error::request(format!("{} bytes are no whole number of f64", bytes.len())));
    }
    Ok(numbers.iter().map(|number| f64::from_le_bytes(*number)).collect())
}

fn absent(what: &str) -> Error {
    Error::new(Code::Absent, format!("there is no {what}"))
}
