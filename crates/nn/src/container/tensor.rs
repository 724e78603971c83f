//! Tensor bundles: named matrices of `f32` or `f64`, kept by their bits.

use std::collections::BTreeSet;

use super::error::FormatError;
use super::header::{MAX_NAME_LEN, name_fault};

/// A named matrix to be written: borrowed from wherever the parameters live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorRef<'a> {
    /// The name, unique in its bundle: 1 to [`MAX_NAME_LEN`] bytes without control characters.
    pub name: &'a str,
    /// Rows: outputs, of a weight matrix. 1 or more.
    pub rows: usize,
    /// Columns: inputs, of a weight matrix. 1 or more.
    pub cols: usize,
    /// `rows · cols` values, column by column.
    pub values: ValuesRef<'a>,
}

/// The values of a [`TensorRef`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValuesRef<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl ValuesRef<'_> {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            ValuesRef::F32(values) => values.len(),
            ValuesRef::F64(values) => values.len(),
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn element(&self) -> Element {
        match self {
            ValuesRef::F32(_) => Element::F32,
            ValuesRef::F64(_) => Element::F64,
        }
    }
}

/// A named matrix that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The name, unique in its bundle.
    pub name: String,
    /// Rows, 1 or more.
    pub rows: usize,
    /// Columns, 1 or more.
    pub cols: usize,
    /// `rows · cols` values, column by column. Any bit pattern: whether they are finite is for the owner to say.
    pub values: Values,
}

impl Tensor {
    /// The same tensor, borrowed: to hash it, or to write it again.
    pub fn view(&self) -> TensorRef<'_> {
        let values = match &self.values {
            Values::F32(values) => ValuesRef::F32(values),
            Values::F64(values) => ValuesRef::F64(values),
        };
        TensorRef {
            name: &self.name,
            rows: self.rows,
            cols: self.cols,
            values,
        }
    }
}

/// The values of a [`Tensor`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

#[derive(Clone, Copy)]
enum Element {
    F32,
    F64,
}

impl Element {
    fn code(self) -> u32 {
        match self {
            Element::F32 => 1,
            Element::F64 => 2,
        }
    }

    fn size(self) -> u64 {
        match self {
            Element::F32 => 4,
            Element::F64 => 8,
        }
    }
}

/// Refuses what a reader would refuse. `section` is for the message.
pub(super) fn check(section: &str, tensors: &[TensorRef<'_>]) -> Result<(), FormatError> {
    let mut names = BTreeSet::new();
    for (index, tensor) in tensors.iter().enumerate() {
        check_name(section, index, tensor.name.as_bytes(), &mut names)?;
        let fits =
            tensor.rows > 0 && tensor.rows.checked_mul(tensor.cols) == Some(tensor.values.len());
        if !fits || tensor.values.is_empty() {
            return Err(FormatError::ShapeMismatch {
                section: section.to_owned(),
                tensor: tensor.name.to_owned(),
                rows: tensor.rows as u64,
                cols: tensor.cols as u64,
                values: format!("{} values", tensor.values.len()),
            });
        }
    }
    Ok(())
}

/// The length of the bundle in bytes.
pub(super) fn encoded_len(tensors: &[TensorRef<'_>]) -> u64 {
    let one = |tensor: &TensorRef<'_>| {
        RECORD_LEN
            + tensor.name.len() as u64
            + tensor.values.element().size() * tensor.values.len() as u64
    };
    COUNT_LEN + tensors.iter().map(one).sum::<u64>()
}

/// Gives the bytes of the bundle, piece by piece. The tensors passed [`check`].
pub(super) fn encode(tensors: &[TensorRef<'_>], mut sink: impl FnMut(&[u8])) {
    sink(&(tensors.len() as u32).to_le_bytes());
    for tensor in tensors {
        sink(&(tensor.name.len() as u32).to_le_bytes());
        sink(tensor.name.as_bytes());
        sink(&tensor.values.element().code().to_le_bytes());
        sink(&(tensor.rows as u64).to_le_bytes());
        sink(&(tensor.cols as u64).to_le_bytes());
        match tensor.values {
            ValuesRef::F32(values) => encode_values(values, f32::to_le_bytes, &mut sink),
            ValuesRef::F64(values) => encode_values(values, f64::to_le_bytes, &mut sink),
        }
    }
}

/// The tensors of a bundle. Nothing is allocated before the bytes for it were seen.
pub(super) fn decode(section: &str, bytes: &[u8]) -> Result<Vec<Tensor>, FormatError> {
    let mut reader = Reader {
        section,
        bytes,
        at: 0,
    };
    let count = reader.u32("the number of tensors")?;
    let mut names = BTreeSet::new();
    let mut tensors = Vec::new();
    for index in 0..count as usize {
        tensors.push(decode_tensor(&mut reader, index, &mut names)?);
    }
    match bytes.len() - reader.at {
        0 => Ok(tensors),
        left => Err(FormatError::BundleLeftOver {
            section: section.to_owned(),
            left: left as u64,
        }),
    }
}

/// The number of tensors.
const COUNT_LEN: u64 = 4;
/// A tensor without its name and values: name length, element type, rows, columns.
const RECORD_LEN: u64 = 4 + 4 + 8 + 8;

fn encode_values<T: Copy, const N: usize>(
    values: &[T],
    bits: impl Fn(T) -> [u8; N],
    sink: &mut impl FnMut(&[u8]),
) {
    let mut buffer = [0; 4096];
    for some in values.chunks(buffer.len() / N) {
        for (place, &value) in buffer.chunks_exact_mut(N).zip(some) {
            place.copy_from_slice(&bits(value));
        }
        sink(&buffer[..some.len() * N]);
    }
}

fn decode_tensor<'a>(
    reader: &mut Reader<'a>,
    index: usize,
    names: &mut BTreeSet<&'a str>,
) -> Result<Tensor, FormatError> {
    let nth = || format!("tensor {}", index + 1);
    let name_len = reader.u32(&nth())? as usize;
    if name_len > MAX_NAME_LEN {
        return Err(bad_name(reader.section, index, "it is too long"));
    }
    let name = check_name(
        reader.section,
        index,
        reader.take(name_len as u64, &nth())?,
        names,
    )?
    .to_owned();
    let what = format!("tensor {name:?}");
    let code = reader.u32(&what)?;
    let element = [Element::F32, Element::F64]
        .into_iter()
        .find(|element| element.code() == code);
    let Some(element) = element else {
        return Err(FormatError::UnknownElementType {
            section: reader.section.to_owned(),
            tensor: name,
            found: code,
        });
    };
    let (rows, cols) = (reader.u64(&what)?, reader.u64(&what)?);

    // The product may not fit 64 bits, and must not exceed what is there.
    let left = reader.left();
    let len = rows
        .checked_mul(cols)
        .and_then(|count| count.checked_mul(element.size()));
    let Some(len) = len.filter(|&len| 0 < len && len <= left) else {
        let values = format!("{left} bytes are left for its values");
        return Err(FormatError::ShapeMismatch {
            section: reader.section.to_owned(),
            tensor: name,
            rows,
            cols,
            values,
        });
    };
    let bytes = reader.take(len, &what)?;
    let values = match element {
        Element::F32 => Values::F32(decode_values(bytes, f32::from_le_bytes)),
        Element::F64 => Values::F64(decode_values(bytes, f64::from_le_bytes)),
    };
    // Neither is above the length of the bundle, which is in memory.
    Ok(Tensor {
        name,
        rows: rows as usize,
        cols: cols as usize,
        values,
    })
}

fn decode_values<T, const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (values, _) = bytes.as_chunks::<N>();
    values.iter().map(|&bits| value(bits)).collect()
}

/// A name that is well formed and not among those before it.
fn check_name<'a>(
    section: &str,
    index: usize,
    name: &'a [u8],
    earlier: &mut BTreeSet<&'a str>,
) -> Result<&'a str, FormatError> {
    let name = name_fault(name).map_err(|reason| bad_name(section, index, reason))?;
    if earlier.insert(name) {
        return Ok(name);
    }
    Err(FormatError::DuplicateName {
        what: format!("tensor of section {section:?},"),
        name: name.to_owned(),
    })
}

fn bad_name(section: &str, index: usize, reason: &'static str) -> FormatError {
    FormatError::BadName {
        what: format!("tensor {} of section {section:?}", index + 1),
        reason,
    }
}

/// Reads forward, never beyond the end.
struct Reader<'a> {
    section: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn left(&self) -> u64 {
        (self.bytes.len() - self.at) as u64
    }

    fn take(&mut self, len: u64, what: &str) -> Result<&'a [u8], FormatError> {
        if len > self.left() {
            return Err(FormatError::BundleTruncated {
                section: self.section.to_owned(),
                what: what.to_owned(),
                at: self.at as u64,
            });
        }
        let start = self.at;
        self.at += len as usize;
        Ok(&self.bytes[start..self.at])
    }

    fn u32(&mut self, what: &str) -> Result<u32, FormatError> {
        let mut number = [0; 4];
        number.copy_from_slice(self.take(4, what)?);
        Ok(u32::from_le_bytes(number))
    }

    fn u64(&mut self, what: &str) -> Result<u64, FormatError> {
        let mut number = [0; 8];
        number.copy_from_slice(self.take(8, what)?);
        Ok(u64::from_le_bytes(number))
    }
}
