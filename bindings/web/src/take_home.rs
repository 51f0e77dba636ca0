//! What a page gives to its user: the model as a file, as a graph of ONNX, and as a program.

use ann_export::OnnxOptions;

use crate::error::{Error, Result};
use crate::lab::Lab;

/// The formats, and the endings of their files.
const FORMATS: [(&str, &str); 3] = [("ann", "ann"), ("onnx", "onnx"), ("rust", "rs")];

impl Lab {
    /// A file in this format, and a name for it.
    pub fn export(&self, format: &str) -> Result<(String, Vec<u8>)> {
        let known = FORMATS.iter().find(|(name, _)| *name == format);
        let Some((_, ending)) = known else {
            return Err(Error::request(format!("there is no format {format:?}")));
        };
        let bytes = match format {
            "ann" => self.model()?.write()?,
            "onnx" => ann_export::onnx(&self.model()?, &OnnxOptions::default())?,
            _ => self.program()?.into_bytes(),
        };
        Ok((format!("{}.{ending}", self.source.file_name()), bytes))
    }
}
