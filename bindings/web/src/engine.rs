//! The engine: it holds a table, a model and a lab, and carries out requests.

use ann_model::{Limits, Model, Networks};
use ann_table::{Cell, Kind, Reader, SchemaOptions, Table, Target};
use ann_train::Architecture;
use ann_train::ann_core::InstructionSet;
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result, check_limit};
use crate::fields::Fields;
use crate::json::{Object, object};
use crate::lab::Lab;
use crate::limits;
use crate::picture::{Pictures, Shown};
use crate::reading::Reading;
use crate::settings::{NetworkSettings, TrainingSettings, choices};
use crate::source::{Division, Rows, Source, check_schema, datasets, describe_table, kind_name};
use crate::value::Value;

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
    reader: Reader,
}

impl Engine {
    /// Carries out a request, a JSON text, with its attachment.
    ///
    /// # Errors
    /// The request, its files or its settings are wrong, or something is not there. The lab is as it was.
    pub fn call(&mut self, request: &[u8], attachment: Vec<u8>) -> Result<Answer> {
        let request = Value::read(request).map_err(|error| Error::request(format!("no JSON: {error}")))?;
        let mut fields = Fields::of("the request", request)?;
        let what = fields.text("do")?.ok_or_else(|| Error::request("the request has no \"do\""))?;
        match what.as_str() {
            "about" => finished(fields, about().into()),
            "table" => self.read_table(fields, attachment).map(Answer::from),
            "model" => {
                fields.finish()?;
                self.read_model(&attachment).map(Answer::from)
            }
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

    fn read_table(&mut self, fields: Fields, text: Vec<u8>) -> Result<Object> {
        let reading = Reading::of(fields)?;
        check_limit("bytes of the table", text.len(), limits::FILE)?;
        let (table, reader) = reading.read(&text)?;
        check_limit("rows", table.rows(), limits::ROWS)?;
        let described = describe_table(&table);
        self.table = Some(OwnTable { text, table, reader });
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
        check_schema(model.schema())?;
        check_layers(match model.networks() {
            Networks::F32(networks) => networks[0].architecture(),
            Networks::F64(networks) => networks[0].architecture(),
        })?;
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
                let as_it_is = Reader::default();
                let (table, reader) = match (&drawn, &self.table) {
                    (Some(drawn), _) => (drawn, &as_it_is),
                    (None, Some(own)) => (&own.table, &own.reader),
                    (None, None) => return Err(absent("table")),
                };
                let (target, options) = learning(&source, table, reader);
                let rows = Rows::learn((table, reader), &target, &options, is_scaled, division)?;
                Lab::new(source, (rows, division, is_scaled), &NetworkSettings::read(network)?, training)?
            }
        };
        let state = lab.state()?;
        self.lab = Some(lab);
        Ok(state)
    }

    fn ask_lab(&mut self, what: &str, fields: Fields, attachment: &[u8]) -> Result<Answer> {
        let ask = match what {
            "state" | "network" | "training" | "step" | "set" => change,
            "history" | "rows" | "predictions" | "theta" | "gradient" | "histogram" => numbers_of,
            "map" | "curve" => pictures,
            "predict" | "digest" | "findings" | "check" | "export" => judge,
            _ => return Err(Error::request(format!("there is no request {what:?}"))),
        };
        ask(self.lab.as_mut().ok_or_else(|| absent("open lab"))?, what, fields, attachment)
    }
}

/// Requests that change the lab. The answer is its state.
fn change(lab: &mut Lab, what: &str, mut fields: Fields, attachment: &[u8]) -> Result<Answer> {
    match what {
        "network" => {
            let settings = NetworkSettings::read(fields.object("network")?)?;
            fields.finish()?;
            lab.set_network(&settings)?;
        }
        "training" => {
            let settings = TrainingSettings::read(fields.object("training")?, &lab.usual_loss)?;
            fields.finish()?;
            lab.set_training(settings)?;
        }
        "step" => {
            let epochs = fields.size("epochs", 1)?;
            fields.finish()?;
            let ran = lab.step(epochs)?;
            return Ok(lab.progress().with("ran", &ran).into());
        }
        "set" => {
            let (index, value) = (fields.count("index")?, fields.number("value")?);
            fields.finish()?;
            match (index, value) {
                (None, None) => lab.set_parameters(read_numbers(attachment)?)?,
                (Some(index), Some(value)) => {
                    lab.set_parameter(usize::try_from(index).unwrap_or(usize::MAX), value)?;
                }
                _ => {
                    return Err(Error::request("\"set\" has either both of \"index\" and \"value\" or none"));
                }
            }
        }
        _ => fields.finish()?,
    }
    lab.state().map(Answer::from)
}

/// Requests that are answered with numbers.
fn numbers_of(lab: &mut Lab, what: &str, mut fields: Fields, _: &[u8]) -> Result<Answer> {
    match what {
        "history" => {
            let from = fields.size("from", 0)?;
            fields.finish()?;
            let columns = ["epoch", "loss", "penalty", "metric", "test_loss", "test_metric"];
            Ok(table_of(&columns, lab.history(from)))
        }
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
        "histogram" => {
            let of = fields.choice("of", &["weights", "biases", "gradient", "activations"])?;
            let layer = fields.count("layer")?.map(|layer| usize::try_from(layer).unwrap_or(usize::MAX));
            let bins = fields.size("bins", 20)?;
            fields.finish()?;
            let (range, numbers) = lab.histogram(of, layer, bins)?;
            Ok(Answer { numbers, ..object! { "range": range, "bins": bins }.into() })
        }
        _ => {
            fields.finish()?;
            let theta = lab.network().parameters();
            let numbers = if what == "gradient" { lab.gradient()? } else { theta.to_vec() };
            Ok(Answer { numbers, ..object! { "parameters": theta.len() }.into() })
        }
    }
}

/// Requests about what the network has learned, and for files to keep.
fn judge(lab: &mut Lab, what: &str, mut fields: Fields, _: &[u8]) -> Result<Answer> {
    match what {
        "predict" => {
            let Value::Object(cells) = fields.take("cells") else {
                return Err(Error::request("\"cells\" is no object"));
            };
            fields.finish()?;
            predict(lab, &cells).map(Answer::from)
        }
        "digest" => finished(fields, digests(lab.network().parameters()).into()),
        "findings" => finished(fields, lab.findings()?.into()),
        "check" => {
            let step = fields.number("step")?.unwrap_or(1e-4);
            fields.finish()?;
            let (json, numbers) = lab.check(step)?;
            Ok(Answer { numbers, ..json.into() })
        }
        _ => {
            let format = fields.text("format")?.unwrap_or_else(|| "ann".into());
            fields.finish()?;
            let (name, file) = lab.export(&format)?;
            let about = object! { "bytes": file.len(), "file": name };
            Ok(Answer { file, ..about.into() })
        }
    }
}

impl OwnTable {
    /// The rows for a model: words and numbers as it has learned them.
    fn for_model(&self, model: &Model, division: Division) -> Result<Rows> {
        let reader = Reader { kinds: model.schema().kinds(), ..self.reader.clone() };
        Rows::for_model(&reader.read(&self.text[..])?, self.reader.clone(), model, division)
    }
}

/// What is learned from a table: the target and the options of a schema.
fn learning(source: &Source, table: &Table, reader: &Reader) -> (String, SchemaOptions) {
    let plain = SchemaOptions { bins: 0, ..SchemaOptions::default() };
    match source {
        Source::Table { target, task, ignore } => {
            // A column whose kind is given is used even if it looks useless.
            let keep = reader.kinds.iter().map(|(name, _)| name.clone()).collect();
            (target.clone(), SchemaOptions { task: *task, ignore: ignore.clone(), keep, ..plain })
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
            "bins": limits::BINS, "epochs": limits::EPOCHS,
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

/// A model is limited as the settings of a network are.
fn check_layers(architecture: &Architecture) -> Result<()> {
    let (_, hidden) = architecture.layers().split_last().expect("a network has an output layer");
    check_limit(
        "units of a layer",
        hidden.iter().map(|layer| layer.width).max().unwrap_or(0),
        limits::UNITS,
    )?;
    check_limit("parameters", architecture.layout()?.len(), limits::PARAMETERS)
}

fn pictures(lab: &mut Lab, what: &str, mut fields: Fields, _: &[u8]) -> Result<Answer> {
    let is_map = what == "map";
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
        let range = if range == Value::Null { None } else { Some(read_range(&range)?) };
        lab.curve(axis, points, range, shown)?
    };
    let Pictures { points, ranges, hidden, outputs, numbers } = pictures;
    let json = object! { "points": points, "ranges": ranges, "hidden": hidden, "outputs": outputs };
    Ok(Answer { numbers, ..json.into() })
}

/// What the network says of one row.
fn predict(lab: &Lab, cells: &[(String, Value)]) -> Result<Object> {
    let columns = &lab.schema.columns;
    let is_known = |name: &String| columns.iter().any(|column| column.name == *name);
    if let Some((name, _)) = cells.iter().find(|(name, _)| !is_known(name)) {
        return Err(Error::request(format!("the model has no column {name:?}")));
    }
    let cell = |column: &ann_table::ColumnSchema| {
        let given = cells.iter().find(|(name, _)| *name == column.name);
        match given.map(|(_, cell)| cell) {
            None | Some(Value::Null) => Ok(Cell::Missing),
            Some(Value::Text(word)) => Ok(Cell::Word(word)),
            // A column of words such as zip codes is not one of numbers.
            Some(Value::Number(number)) if column.encoding.kind() != Kind::Category => {
                Ok(Cell::Number(*number))
            }
            Some(other) => Err(Error::request(format!("the cell of {:?} is {other}", column.name))),
        }
    };
    let row = columns.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let classes = match &lab.schema.target {
        Target::Classes { classes, .. } => classes.as_slice(),
        _ => &[],
    };
    Ok(object! { "values": lab.model()?.predictor()?.predict(&row)?, "classes": classes })
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

/// Numbers row by row.
fn table_of(columns: &[&str], numbers: Vec<f64>) -> Answer {
    let rows = numbers.len() / columns.len();
    Answer { numbers, ..object! { "columns": columns, "rows": rows }.into() }
}

fn read_axes(fields: &mut Fields) -> Result<Vec<usize>> {
    let axis = |axis: Value| match axis {
        Value::Number(axis) if axis.fract() == 0.0 && (0.0..=1e9).contains(&axis) => Ok(axis as usize),
        _ => Err(Error::request(format!("an axis is {axis}, expected the position of a column"))),
    };
    fields.list("axes")?.into_iter().map(axis).collect()
}

fn read_range(range: &Value) -> Result<[f64; 2]> {
    let ends = match range {
        Value::List(ends) => match ends[..] {
            [Value::Number(low), Value::Number(high)] => Some([low, high]),
            _ => None,
        },
        _ => None,
    };
    ends.ok_or_else(|| Error::request(format!("a range is {range}, expected [low, high]")))
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
