//! C: one header of C99 without heap and without doubles.

use ann_model::{Model, Table};
use ann_table::Target;

use crate::integers::{Agreement, Integers};
use crate::names::{Taken, comment, is_identifier};
use crate::parts::{Member, check_single, members};
use crate::single::{FieldKind, fields};
use crate::text::join;
use crate::{Error, Result};

mod networks;
mod predict;
mod row;
mod test;

/// How a model is written as C.
#[derive(Clone, Copy, Debug)]
pub struct COptions<'a> {
    /// Begins every name in the header: letters, digits and _, the first a letter.
    pub name: &'a str,
    /// What the networks compute with. Default single precision.
    pub arithmetic: CArithmetic<'a>,
}

/// What the networks of a header compute with.
#[derive(Clone, Copy, Debug)]
pub enum CArithmetic<'a> {
    /// Numbers of single precision.
    F32,
    /// Integers of 16 bits, with sums of 64 bits: half of the memory, for processors without a floating-point
    /// unit. Numbers are still encoded in single precision.
    Int16 {
        /// Rows such as those that will be predicted, at best some thousand. They choose the ranges of the
        /// integers, and the predictions for them are compared.
        rows: &'a Table,
    },
}

impl Default for COptions<'_> {
    fn default() -> Self {
        Self { name: "model", arithmetic: CArithmetic::F32 }
    }
}

/// Writes a model as a header of C99, which needs `math.h` and `stdint.h` alone and allocates nothing. All
/// names in it begin with that of the options, here `iris`:
///
/// | | |
/// |---|---|
/// | `iris_row` | a row: a float for a number, NAN if it is missing; a constant such as `IRIS_CITY_BONN` for a word; seconds since 1970 for a date |
/// | `iris_predict(&row, p)` | overwrites p with probabilities, or with numbers; returns the class if there are classes |
/// | `iris_class(class)` | the name of a class |
/// | `iris_encode`, `iris_predict_encoded` | the two halves of `iris_predict` |
/// | `iris_self_test()` | if `IRIS_SELF_TEST` is defined: the number of made-up rows that are predicted otherwise than here; 0 is right |
///
/// A column whose numbers a float does not tell apart (years, points in time) is a `double` in the row. Names
/// of columns and words become identifiers; the comments have them as they are.
///
/// ```
/// # fn example(model: &ann_model::Model) -> ann_export::Result<()> {
/// use ann_export::{COptions, c};
///
/// let header: String = c(model, &COptions { name: "iris", ..COptions::default() })?;
/// # Ok(())
/// # }
/// ```
///
/// ```c
/// #include <stdio.h>
/// #include "iris.h"
///
/// int main(void)
/// {
///     iris_row row = {.petal_length = 5.1f, .petal_width = 1.8f};
///     float p[IRIS_OUTPUTS];
///     puts(iris_class(iris_predict(&row, p)));
///     return 0;
/// }
/// ```
///
/// # Errors
/// The name is no identifier. The model has a custom activation or loss, or a number or weight that is too
/// large for single precision. In integers more than 0.5 % of the rows are predicted otherwise (another
/// class, other labels, or a number that differs by more than a hundredth of its standard deviation), or
/// there are no rows.
pub fn c(model: &Model, options: &COptions<'_>) -> Result<String> {
    if !is_identifier(options.name) {
        return Err(Error::Name { name: options.name.to_owned() });
    }
    let digest = model.digest()?;
    let members = members(model);
    check_single(model.schema(), &members)?;
    let integers = match options.arithmetic {
        CArithmetic::F32 => None,
        CArithmetic::Int16 { rows } => Some(Integers::new(model, &members, rows)?),
    };
    Header { model, members, digest, names: Names::new(options.name), integers }.text()
}

/// What a header is written from.
struct Header<'a> {
    model: &'a Model,
    members: Vec<Member>,
    digest: String,
    names: Names,
    integers: Option<(Integers, Agreement)>,
}

/// How the names in the header begin.
struct Names {
    lower: String,
    upper: String,
}

impl Names {
    fn new(name: &str) -> Self {
        Self { lower: name.to_ascii_lowercase(), upper: name.to_ascii_uppercase() }
    }

    /// A text of this crate, whose names begin with `model_` and `MODEL_`.
    fn fill_in(&self, text: &str) -> String {
        text.replace("model_", &format!("{}_", self.lower)).replace("MODEL_", &format!("{}_", self.upper))
    }
}

/// What C and C++ do not take as the name of a field. Names with a capital or a first _ are missing, because
/// those of fields have neither.
const RESERVED: [&str; 4] = [
    // C99.
    "auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile
    while",
    // Later versions of C, and extensions of compilers.
    "alignas alignof asm bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual",
    // C++20, with names of operators.
    "and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl concept
    const_cast consteval constinit decltype delete dynamic_cast explicit export friend mutable namespace new
    noexcept not not_eq operator or or_eq private protected public reinterpret_cast requires static_cast
    template this throw try typeid typename using virtual wchar_t xor xor_eq",
    // Systems and processors, which gcc defines as 1 unless a strict standard is asked for, and a macro of
    // math.h.
    "i386 linux math_errhandling mips sparc sun unix",
];

impl Header<'_> {
    fn text(&self) -> Result<String> {
        let reserved = RESERVED.into_iter().flat_map(str::split_whitespace);
        let fields = fields(self.model.schema(), Taken::new(reserved));
        let has_dates = fields.iter().any(|field| matches!(field.kind, FieldKind::Date { .. }));
        let arithmetic =
            if self.integers.is_some() { include_str!("int16.h") } else { include_str!("float.h") };
        let dates = if has_dates { include_str!("date.h") } else { "" };
        let parts = [
            self.introduction(),
            row::row(&self.names, &fields),
            self.names.fill_in(include_str!("encoding.h")),
            self.names.fill_in(dates),
            row::encode(&self.names, &fields),
            self.names.fill_in(arithmetic),
            networks::networks(
                &self.names,
                &self.members,
                self.integers.as_ref().map(|(integers, _)| integers),
            )?,
            predict::predict(&self.names, self.model, self.integers.as_ref().map(|(integers, _)| integers)),
            test::self_test(self, &fields)?,
            "#endif\n".to_owned(),
        ];
        Ok(join(&parts))
    }

    fn introduction(&self) -> String {
        let Names { lower, upper } = &self.names;
        let schema = self.model.schema();
        let targets = schema.target.names().into_iter().map(comment).collect::<Vec<_>>().join(", ");
        let version = env!("CARGO_PKG_VERSION");
        let (digest, inputs, outputs) = (&self.digest, schema.inputs(), schema.target.outputs());
        let arithmetic = self.arithmetic();
        format!(
            "/* {lower}.h predicts: {targets}.

   ann-export {version} wrote it from the model with the SHA-256
   {digest}.
   {arithmetic} */
#ifndef {upper}_H
#define {upper}_H

#include <math.h>
#include <stdint.h>

#define {upper}_INPUTS {inputs}
#define {upper}_OUTPUTS {outputs}

/* How tables are stored. Define it before this line to store them elsewhere, on AVR for example as
   `const __flash`. */
#ifndef {upper}_CONST
#define {upper}_CONST const
#endif
"
        )
    }

    /// What the networks compute with, and how far that is from the model.
    fn arithmetic(&self) -> String {
        let Some((_, Agreement { rows, agreeing, difference })) = &self.integers else {
            return "Networks compute in single precision.".to_owned();
        };
        let unit = match self.model.schema().target {
            Target::Numbers(_) => " standard deviations",
            Target::Classes { .. } | Target::Labels(_) => "",
        };
        format!(
            "Networks compute with 16-bit integers. Of {rows} rows, {agreeing} are predicted as by the model;
   the largest difference is {difference:.1e}{unit}."
        )
    }
}
