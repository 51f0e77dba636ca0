//! The layout of a `.ann` file: a safetensors file whose header begins with a digest of the whole file.
//!
//! ```text
//! 0      8 bytes   N, little-endian: length of the header
//! 8      31 bytes  {"__metadata__":{"ann.sha256":"
//! 39     64 bytes  SHA-256 of the whole file with these 64 characters taken as '0', in hexadecimal
//! 103    …         the rest of the header, padded with blanks so that 8 + N is a multiple of 64
//! 8 + N  …         the numbers of all tensors, without holes
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use super::check_limit;
use super::model_set::BEGINNING as SET_BEGINNING;
use crate::{Error, Limits, Result};

/// What every header begins with.
const BEGINNING: &[u8] = br#"{"__metadata__":{"ann.sha256":""#;
/// Where the digest begins, and its number of characters.
const DIGEST_AT: usize = 8 + BEGINNING.len();
const DIGEST_LENGTH: usize = 64;
/// The numbers begin at a multiple of this.
const ALIGNMENT: usize = 64;
const MOST_DIMENSIONS: usize = 8;
/// The name of the metadata that hold the digest.
const DIGEST_NAME: &str = "ann.sha256";

/// SHA-256 of a file, in lower-case hexadecimal.
pub type Digest = String;

/// Texts and tensors: what is in a file, whatever it means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Names and texts, in the order in which they are written. Names begin with `ann.`.
    pub texts: Vec<(String, String)>,
    /// Arrays of numbers.
    pub tensors: BTreeMap<String, Tensor>,
}

/// An array of numbers, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The numbers.
    pub numbers: Numbers,
}

/// Numbers of one precision.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Tensor {
    /// A tensor of one dimension.
    pub fn vector(numbers: Vec<f64>) -> Self {
        Self { shape: vec![numbers.len()], numbers: Numbers::F64(numbers) }
    }
}

impl Numbers {
    fn name(&self) -> &'static str {
        match self {
            Self::F32(_) => "F32",
            Self::F64(_) => "F64",
        }
    }

    /// Number of bytes in a file.
    fn size(&self) -> usize {
        match self {
            Self::F32(numbers) => 4 * numbers.len(),
            Self::F64(numbers) => 8 * numbers.len(),
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::F32(numbers) => numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes())),
            Self::F64(numbers) => numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes())),
        }
    }

    fn from_bytes(bytes: &[u8], is_single: bool) -> Self {
        if is_single {
            let number = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes);
            return Self::F32(bytes.as_chunks().0.iter().map(number).collect());
        }
        let number = |bytes: &[u8; 8]| f64::from_le_bytes(*bytes);
        Self::F64(bytes.as_chunks().0.iter().map(number).collect())
    }
}

impl Container {
    /// The bytes of a file. The same contents have the same bytes.
    pub fn write(&self) -> Vec<u8> {
        let header = self.header();
        let length = (8 + header.len()).next_multiple_of(ALIGNMENT) - 8;
        let size: usize = self.tensors.values().map(|tensor| tensor.numbers.size()).sum();
        let mut bytes = Vec::with_capacity(8 + length + size);
        bytes.extend((length as u64).to_le_bytes());
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(8 + length, b' ');
        self.sorted().into_iter().for_each(|(_, tensor)| tensor.numbers.write(&mut bytes));
        let digest = digest_of(&bytes);
        bytes[DIGEST_AT..][..DIGEST_LENGTH].copy_from_slice(digest.as_bytes());
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The bytes are no such file, are damaged, or exceed the limits.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self> {
        check_limit("the file in bytes", bytes.len(), limits.file)?;
        let length = header_length(bytes, limits)?;
        let found = &bytes[DIGEST_AT..][..DIGEST_LENGTH];
        if found != digest_of(bytes).as_bytes() {
            return Err(Error::Damaged);
        }
        let (header, data) = bytes[8..].split_at(length);
        // A text, as all other JSON here, so that the reader of JSON is compiled once.
        let header = str::from_utf8(header).map_err(|error| malformed(error.to_string()))?;
        let Header { mut metadata, tensors } =
            serde_json::from_str(header).map_err(|error| malformed(error.to_string()))?;
        metadata.remove(DIGEST_NAME);
        let tensors = read_tensors(tensors, data)?;
        Ok(Self { texts: metadata.into_iter().collect(), tensors })
    }

    /// The text of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self, name: &str) -> Result<&str> {
        let found = self.texts.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.as_str()).ok_or_else(|| malformed(format!("there is no {name}")))
    }

    /// The tensors in the order of the file: the widest numbers first, then by name.
    fn sorted(&self) -> Vec<(&String, &Tensor)> {
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by_key(|(_, tensor)| matches!(tensor.numbers, Numbers::F32(_)));
        tensors
    }

    fn header(&self) -> String {
        let quoted = |text: &str| serde_json::to_string(text).expect("every text is JSON");
        let zeros = "0".repeat(DIGEST_LENGTH);
        let mut header = format!("{}{zeros}\"", str::from_utf8(BEGINNING).expect("ASCII"));
        for (name, text) in &self.texts {
            header += &format!(",{}:{}", quoted(name), quoted(text));
        }
        header.push('}');
        let mut begin = 0;
        for (name, tensor) in self.sorted() {
            let end = begin + tensor.numbers.size();
            let (name, kind, shape) = (quoted(name), tensor.numbers.name(), &tensor.shape);
            header +=
                &format!(r#",{name}:{{"dtype":"{kind}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#);
            begin = end;
        }
        header.push('}');
        header
    }
}

/// The length of the header, checked against the length of the file.
fn header_length(bytes: &[u8], limits: &Limits) -> Result<usize> {
    if bytes.starts_with(SET_BEGINNING) {
        return Err(Error::ManyModels);
    }
    let (start, rest) = bytes.split_at_checked(8).ok_or(Error::NoModel)?;
    let length = u64::from_le_bytes(start.try_into().expect("8 bytes"));
    if !rest.starts_with(BEGINNING) {
        return Err(Error::NoModel);
    }
    match usize::try_from(length) {
        Ok(length) if length <= rest.len() && length > BEGINNING.len() + DIGEST_LENGTH => {
            check_limit("the header in bytes", length, limits.header)?;
            Ok(length)
        }
        _ => Err(Error::Damaged),
    }
}

/// The digest of a file, with the digest in it taken as zeros.
fn digest_of(bytes: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(&bytes[..DIGEST_AT]);
    hash.update([b'0'; DIGEST_LENGTH]);
    hash.update(&bytes[DIGEST_AT + DIGEST_LENGTH..]);
    hexadecimal(hash)
}

pub(super) fn hexadecimal(hash: Sha256) -> Digest {
    hexadecimal_of(&hash.finalize())
}

pub(super) fn hexadecimal_of(digest: &[u8]) -> Digest {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest that is written in a file, which has been read.
pub(crate) fn written_digest(bytes: &[u8]) -> Digest {
    String::from_utf8_lossy(&bytes[DIGEST_AT..][..DIGEST_LENGTH]).into_owned()
}

/// Metadata, and the entry of each tensor.
struct Header {
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, TensorEntry>,
}

#[derive(Deserialize)]
struct TensorEntry {
    dtype: String,
    #[serde(deserialize_with = "shape")]
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// By hand, because `#[serde(flatten)]` would first read everything into values that take sixteen times the
/// memory of the header.
impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the header of a safetensors file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header { metadata: BTreeMap::new(), tensors: BTreeMap::new() };
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                header.metadata = map.next_value()?;
            } else {
                header.tensors.insert(name, map.next_value()?);
            }
        }
        Ok(header)
    }
}

/// At most eight lengths.
fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<usize>, D::Error> {
    deserializer.deserialize_seq(ShapeVisitor)
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Vec<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shape of at most eight dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lengths: A) -> Result<Vec<usize>, A::Error> {
        let mut shape = Vec::new();
        while let Some(length) = lengths.next_element()? {
            shape.push(length);
            if shape.len() > MOST_DIMENSIONS {
                return Err(A::Error::invalid_length(shape.len(), &self));
            }
        }
        Ok(shape)
    }
}

/// Reads tensors that follow each other without holes. Tensors of other kinds of numbers are left out: a
/// later program may have written them.
fn read_tensors(entries: BTreeMap<String, TensorEntry>, data: &[u8]) -> Result<BTreeMap<String, Tensor>> {
    let mut entries: Vec<_> = entries.into_iter().collect();
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut tensors = BTreeMap::new();
    let mut end_before = 0;
    for (name, TensorEntry { dtype, shape, data_offsets: [begin, end] }) in entries {
        if begin != end_before || end < begin || end > data.len() {
            return Err(malformed(format!("the tensor {name:?} is not where the one before ends")));
        }
        end_before = end;
        let width = match dtype.as_str() {
            "F32" => 4,
            "F64" => 8,
            _ => continue,
        };
        let count = shape.iter().try_fold(width, |product: usize, &length| product.checked_mul(length));
        if count != Some(end - begin) {
            return Err(malformed(format!(
                "the tensor {name:?} has another length than its shape {shape:?}"
            )));
        }
        let numbers = Numbers::from_bytes(&data[begin..end], width == 4);
        tensors.insert(name, Tensor { shape, numbers });
    }
    if end_before == data.len() {
        Ok(tensors)
    } else {
        Err(malformed("numbers follow the last tensor".into()))
    }
}

pub(crate) fn malformed(reason: String) -> Error {
    Error::Malformed { reason }
}
