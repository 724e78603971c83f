//! Guesses what a file that is not a model might be, so that the message can help.

use std::fmt;

use super::header::MAGIC;

/// What a file that is not a container looks like, from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// A container whose bytes were changed as if they were text.
    MangledModel,
    /// Text: a table, most likely.
    Text,
    /// A PNG image.
    Png,
    /// A gzip stream.
    Gzip,
    /// A ZIP archive (also `.npz` and PyTorch files).
    Zip,
    /// An HDF5 file (also Keras models).
    Hdf5,
    /// A NumPy array.
    Numpy,
    /// A safetensors file.
    Safetensors,
    /// None of these.
    Unknown,
}

impl Foreign {
    /// Looks at the first bytes of a file that does not begin with the magic bytes.
    pub(super) fn recognise(prefix: &[u8]) -> Foreign {
        let begins = |signature: &[u8]| prefix.starts_with(signature);
        if begins(b"\x89PNG") {
            Foreign::Png
        } else if begins(b"\x1f\x8b") {
            Foreign::Gzip
        } else if begins(b"PK\x03\x04") {
            Foreign::Zip
        } else if begins(b"\x89HDF") {
            Foreign::Hdf5
        } else if begins(b"\x93NUMPY") {
            Foreign::Numpy
        } else if is_mangled(prefix) {
            Foreign::MangledModel
        } else if prefix.get(8) == Some(&b'{') && prefix.get(6..8) == Some(&[0, 0]) {
            Foreign::Safetensors
        } else if is_text(prefix) {
            Foreign::Text
        } else {
            Foreign::Unknown
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Foreign::MangledModel => {
                "it was one, but its bytes were changed as if they were text (line endings or encoding); \
                 copy the original again in binary mode"
            }
            Foreign::Text => "it is text; the model comes first and the table second, were they swapped?",
            Foreign::Png => "it is a PNG image",
            Foreign::Gzip => "it is compressed with gzip; if a model is inside, decompress it first",
            Foreign::Zip => "it is a ZIP archive; if a model is inside, unpack it first",
            Foreign::Hdf5 => "it is an HDF5 file",
            Foreign::Numpy => "it is a NumPy array",
            Foreign::Safetensors => "it looks like a safetensors file",
            Foreign::Unknown => "its first bytes are not those of one",
        })
    }
}

/// The letters of the magic bytes are there, but what stands around them was changed: the first byte replaced (seven-bit
/// transfer) or recoded into two or three, or the line ending after them converted.
fn is_mangled(prefix: &[u8]) -> bool {
    let letters = &MAGIC[1..4];
    (1..=3).any(|at| {
        let end = at + letters.len();
        prefix.get(at..end) == Some(letters)
            && matches!(prefix.get(end), Some(b'\r' | b'\n'))
            && !prefix[..at].iter().any(u8::is_ascii_graphic)
    })
}

fn is_text(prefix: &[u8]) -> bool {
    let start = &prefix[..prefix.len().min(512)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The cut may go through a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && text
            .chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_files_are_recognised() {
        let cases: [(&[u8], Foreign); 10] = [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Foreign::Png),
            (b"\x1f\x8b\x08\0", Foreign::Gzip),
            (b"PK\x03\x04\x14", Foreign::Zip),
            (b"\x89HDF\r\n\x1a\n", Foreign::Hdf5),
            (b"\x93NUMPY\x01\0", Foreign::Numpy),
            (b"\x40\0\0\0\0\0\0\0{\"w\":", Foreign::Safetensors),
            (b"radius,texture\n1.5,2\n", Foreign::Text),
            ("größe,Ä\n".as_bytes(), Foreign::Text),
            (b"\x7fELF\x02\x01\x01\0", Foreign::Unknown),
            (b"\0", Foreign::Unknown),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Foreign::recognise(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_model_copied_as_text_is_recognised() {
        let mangled: [&[u8]; 5] = [
            b"\x89CHN\n\x1a\n\x01\0",     // CR LF became LF
            b"\x89CHN\r\r\n\x1a\r\n",     // LF became CR LF
            b"\x09CHN\r\n\x1a\n",         // the top bit was cut off
            b"\xc2\x89CHN\r\n\x1a\n",     // read as Latin-1, written as UTF-8
            b"\xef\xbf\xbdCHN\r\n\x1a\n", // read as UTF-8, with a replacement character
        ];
        for bytes in mangled {
            assert_eq!(
                Foreign::recognise(bytes),
                Foreign::MangledModel,
                "{bytes:?}"
            );
        }
        assert_eq!(Foreign::recognise(b"aCHN\n1\n"), Foreign::Text);
    }

    #[test]
    fn text_cut_inside_a_character_is_still_text() {
        let long = "ä".repeat(400);
        assert_eq!(Foreign::recognise(long.as_bytes()), Foreign::Text);
        assert_eq!(
            Foreign::recognise(format!("x{long}").as_bytes()),
            Foreign::Text
        );
    }
}
