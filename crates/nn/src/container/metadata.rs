//! Metadata through serde: the only two calls of bincode in the project.
//!
//! bincode is unmaintained; `docs/decisions/0001-bincode.md` says why it is here, and how it would be replaced.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::FormatError;

/// The most bytes that a metadata section may have. A schema of ten thousand columns needs a tenth of it; what is larger
/// belongs in tensors.
pub const MAX_METADATA_LEN: usize = 4 << 20;

/// The bytes of a value.
pub(super) fn encode<T: Serialize + ?Sized>(
    section: &str,
    value: &T,
) -> Result<Vec<u8>, FormatError> {
    let bytes =
        bincode::serde::encode_to_vec(value, config()).map_err(|error| FormatError::Encode {
            section: section.to_owned(),
            reason: Box::new(error),
        })?;
    check_len(section, bytes.len())?;
    Ok(bytes)
}

/// The value of some bytes, all of which it must use.
pub(super) fn decode<T: DeserializeOwned>(section: &str, bytes: &[u8]) -> Result<T, FormatError> {
    check_len(section, bytes.len())?;
    let (value, used) = bincode::serde::decode_from_slice(bytes, config()).map_err(|error| {
        FormatError::Metadata {
            section: section.to_owned(),
            reason: Box::new(error),
        }
    })?;
    if used != bytes.len() {
        return Err(FormatError::MetadataLeftOver {
            section: section.to_owned(),
            left: (bytes.len() - used) as u64,
        });
    }
    Ok(value)
}

/// bincode counts an integer by its size in memory (16 bytes at most), even if one byte encodes it. With a limit this much
/// higher than [`MAX_METADATA_LEN`] everything that was written can be read.
const DECODER_LIMIT: usize = 16 * MAX_METADATA_LEN;

/// Little-endian, integers of variable length. The limit bounds what a forged length inside can make the decoder allocate
/// (untouched: the bytes that are really there are counted before they are copied).
fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<DECODER_LIMIT>()
}

fn check_len(section: &str, len: usize) -> Result<(), FormatError> {
    if len <= MAX_METADATA_LEN {
        return Ok(());
    }
    Err(FormatError::MetadataTooLarge {
        section: section.to_owned(),
        len: len as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_to_read_is_not_written() {
        let fits = "x".repeat(MAX_METADATA_LEN - 5);
        let bytes = encode("notes", &fits).unwrap();
        assert_eq!(bytes.len(), MAX_METADATA_LEN);
        assert_eq!(decode::<String>("notes", &bytes).unwrap(), fits);

        // One byte each, counted as sixteen.
        let small = vec![1_u128; MAX_METADATA_LEN - 5];
        let bytes = encode("counts", &small).unwrap();
        assert_eq!(decode::<Vec<u128>>("counts", &bytes).unwrap(), small);
        // Eight bytes of length counted for one.
        let empty = vec![String::new(); 100_000];
        let bytes = encode("names", &empty).unwrap();
        assert_eq!(decode::<Vec<String>>("names", &bytes).unwrap(), empty);

        let over = format!("{fits}x");
        assert!(matches!(
            encode("notes", &over),
            Err(FormatError::MetadataTooLarge { .. })
        ));
    }

    #[test]
    fn bytes_left_over_are_an_error() {
        let mut bytes = encode("notes", &7_u32).unwrap();
        bytes.push(0);
        assert!(matches!(
            decode::<u32>("notes", &bytes),
            Err(FormatError::MetadataLeftOver { left: 1, .. })
        ));
    }

    #[test]
    fn a_forged_length_is_refused() {
        // A string that says it has 2^64 - 1 bytes: 253 announces a 64-bit integer.
        let bytes = [253, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(
            decode::<String>("notes", &bytes),
            Err(FormatError::Metadata { .. })
        ));
        assert!(matches!(
            decode::<Vec<u64>>("notes", &bytes),
            Err(FormatError::Metadata { .. })
        ));
    }

    #[test]
    fn floats_keep_their_bits() {
        let values = [
            -0.0,
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::from_bits(0x7ff8_0000_dead_beef),
        ];
        let back: [f64; 5] = decode("scale", &encode("scale", &values).unwrap()).unwrap();
        assert_eq!(back.map(f64::to_bits), values.map(f64::to_bits));
    }

    #[test]
    fn the_bytes_are_the_documented_ones() {
        // A struct is its fields in order; a string its length and bytes; 300 is the marker 251 and two bytes.
        let bytes = encode("network", &("ab", 300_u32, true, Some(1.0_f64))).unwrap();
        assert_eq!(
            bytes,
            [
                2, b'a', b'b', 251, 44, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f
            ]
        );
    }
}
