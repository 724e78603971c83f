//! Files that were compressed, told by their first bytes, unpacked as they are read.

use crate::error::ErrorKind;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Unpacked, a file may have this many bytes for each of its own, and [`FREE`] more. Tables that people compress have five to
/// thirty; one of a single repeated row may have two hundred.
const MOST_TIMES: u64 = 300;
const FREE: u64 = 64 << 20;

/// What a file was packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// By the first bytes.
    pub fn of(head: &[u8]) -> Option<Packing> {
        if head.starts_with(GZIP) {
            Some(Packing::Gzip)
        } else if head.starts_with(ZSTD) {
            Some(Packing::Zstd)
        } else {
            None
        }
    }

    /// The name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        }
    }

    /// Unpacks what `input` has.
    pub fn unpack<'a>(self, input: impl Read + 'a) -> Box<dyn Read + 'a> {
        let packed = Rc::new(Cell::new(0));
        let counting = Counting {
            input,
            count: packed.clone(),
        };
        // Small pieces, so that what was read ahead says little about how far the unpacking is.
        let counting = BufReader::with_capacity(1 << 14, counting);
        let unpacked: Box<dyn Read + 'a> = match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(counting)),
            Packing::Zstd => Box::new(Frames {
                input: counting,
                decoder: FrameDecoder::new(),
                state: State::BetweenFrames,
            }),
        };
        Box::new(Limited {
            unpacked,
            packing: self,
            packed,
            count: 0,
        })
    }
}

/// An unpacking that went wrong, as the reason of an I/O error.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Unpacking {
    /// It grows beyond all measure.
    #[error("{packed} bytes of {packing} unpack to more than {unpacked} bytes")]
    Grows {
        packing: &'static str,
        packed: u64,
        unpacked: u64,
    },
    /// It is damaged or cut off.
    #[error("the {packing} data can't be unpacked: {reason}")]
    Damaged {
        packing: &'static str,
        reason: String,
    },
}

/// The kind of error that an I/O error of reading is.
pub(super) fn read_error(error: io::Error) -> ErrorKind {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Unpacking>())
    {
        Some(reason) => ErrorKind::Unpack(reason.to_string()),
        None => ErrorKind::Io(error),
    }
}

struct Counting<R> {
    input: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Stops when there is far more than was packed.
struct Limited<'a> {
    unpacked: Box<dyn Read + 'a>,
    packing: Packing,
    packed: Rc<Cell<u64>>,
    count: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let packing = self.packing.name();
        let read = match self.unpacked.read(buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            // An error of the file itself has a code of the system.
            Err(error) if error.raw_os_error().is_some() => return Err(error),
            Err(error) => {
                let reason = match error.kind() {
                    io::ErrorKind::UnexpectedEof => "the file is cut off".to_owned(),
                    _ => error.to_string(),
                };
                return Err(io::Error::other(Unpacking::Damaged { packing, reason }));
            }
        };
        self.count += read as u64;
        if self.count > FREE + MOST_TIMES * self.packed.get() {
            return Err(io::Error::other(Unpacking::Grows {
                packing,
                packed: self.packed.get(),
                unpacked: self.count,
            }));
        }
        Ok(read)
    }
}

/// The frames of a zstd file, one after the other, with their checksums verified.
struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    BetweenFrames,
    InFrame,
    Ended,
}

impl<R: io::BufRead> Frames<R> {
    fn start_frame(&mut self) -> io::Result<()> {
        if self.input.fill_buf()?.is_empty() {
            self.state = State::Ended;
            return Ok(());
        }
        match self.decoder.reset(&mut self.input) {
            Ok(()) => self.state = State::InFrame,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let length = u64::from(length);
                let skipped = io::copy(&mut self.input.by_ref().take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(io::Error::other(error.to_string())),
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.state = State::BetweenFrames;
        let expected = self.decoder.get_checksum_from_data();
        if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
            return Err(io::Error::other("the checksum is wrong"));
        }
        Ok(())
    }
}

impl<R: io::BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy;
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.state {
                State::Ended => return Ok(0),
                State::BetweenFrames => self.start_frame()?,
                State::InFrame => {
                    while self.decoder.can_collect() < buffer.len() && !self.decoder.is_finished() {
                        let wanted = BlockDecodingStrategy::UptoBytes(
                            buffer.len() - self.decoder.can_collect(),
                        );
                        self.decoder
                            .decode_blocks(&mut self.input, wanted)
                            .map_err(|error| io::Error::other(error.to_string()))?;
                    }
                    let read = self.decoder.read(buffer)?;
                    if self.decoder.is_finished() && self.decoder.can_collect() == 0 {
                        self.end_frame()?;
                    }
                    if read > 0 {
                        return Ok(read);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        Packing::of(bytes)
            .unwrap()
            .unpack(bytes)
            .read_to_end(&mut unpacked)?;
        Ok(unpacked)
    }

    #[test]
    fn what_was_packed_comes_out() {
        let text: Vec<u8> = (0..200_000u32)
            .flat_map(|i| format!("{},{}\n", i, i % 977 * i % 1009).into_bytes())
            .collect();
        for pack in [gzip, zstd] {
            assert_eq!(unpack(&pack(&text)).unwrap(), text);
            assert_eq!(unpack(&pack(b"")).unwrap(), b"");
            // Two files behind each other are one.
            assert_eq!(
                unpack(&[pack(b"a,b\n"), pack(b"1,2\n")].concat()).unwrap(),
                b"a,b\n1,2\n"
            );
        }
        // A frame to skip: magic, length, content.
        let skippable = [b"\x50\x2a\x4d\x18\x03\0\0\0xyz".as_slice(), &zstd(b"a\n")].concat();
        assert_eq!(
            unpack(&[zstd(b"b\n"), skippable].concat()).unwrap(),
            b"b\na\n"
        );
    }

    #[test]
    fn what_is_damaged_or_cut_off_is_an_error() {
        let text: Vec<u8> = (0..5000u32)
            .flat_map(|i| i.wrapping_mul(2_654_435_761).to_string().into_bytes())
            .collect();
        for pack in [gzip, zstd] {
            let packed = pack(&text);
            for cut in [packed.len() - 1, packed.len() / 2, 20] {
                assert!(unpack(&packed[..cut]).is_err(), "{cut}");
            }
            let mut damaged = packed.clone();
            let middle = damaged.len() / 2;
            damaged[middle] ^= 0x10;
            let error = unpack(&damaged).unwrap_err();
            assert!(error.get_ref().unwrap().is::<Unpacking>(), "{error}");
        }
    }

    #[test]
    fn a_bomb_is_stopped() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'0'; 200 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 250_000);
        let mut unpacked = Packing::Gzip.unpack(&bomb[..]);
        let error = io::copy(&mut unpacked, &mut io::sink()).unwrap_err();
        assert!(
            matches!(read_error(error), ErrorKind::Unpack(reason) if reason.contains("unpack to more than"))
        );
    }
}
