//! Files that were compressed, told by their first bytes, unpacked as they are read.

mod gzip;
mod zstd;

use crate::error::ErrorKind;
use gzip::Members;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;
use zstd::Frames;

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
        let used = Rc::new(Used::default());
        let input = Tracked {
            input: BufReader::with_capacity(1 << 14, input),
            used: used.clone(),
        };
        let unpacked: Box<dyn Read + 'a> = match self {
            Packing::Gzip => Box::new(Members::new(input)),
            Packing::Zstd => Box::new(Frames::new(input)),
        };
        Box::new(Limited {
            unpacked,
            packing: self.name(),
            used,
            count: 0,
        })
    }
}

/// An unpacking that went wrong, as the reason of an I/O error: what, where in the packed file, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Unpacking {
    #[error(
        "{used} bytes of {packing} unpack to more than {unpacked} bytes, which no table does; unpack the file to see what is in it"
    )]
    Grows {
        packing: &'static str,
        used: u64,
        unpacked: u64,
    },
    #[error(
        "the {packing} data breaks off after byte {used}: the file is cut off; get it again, whole"
    )]
    CutOff { packing: &'static str, used: u64 },
    #[error(
        "the {packing} data is damaged at or before byte {used}: {wrong}; get the file again ({packing} -t tests it)"
    )]
    Damaged {
        packing: &'static str,
        used: u64,
        wrong: Wrong,
    },
    #[error(
        "the {packing} data ends at byte {used}, and something else follows; remove that, or get the file again"
    )]
    Follows { packing: &'static str, used: u64 },
    #[error("the {packing} data needs {wrong}; unpack the file first, or pack it without that")]
    Needs { packing: &'static str, wrong: Wrong },
}

/// What is wrong with packed data, in words that fit into a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("a header can't be read")]
    Header,
    #[error("what comes out can't be what was packed")]
    Content,
    #[error("what comes out does not have the checksum that is written there")]
    Checksum,
    #[error("something else follows")]
    Follows,
    #[error("a dictionary that is not in the file")]
    Dictionary,
    #[error("a window of more than 100 MiB")]
    Window,
}

impl Wrong {
    fn error(self) -> io::Error {
        io::Error::other(self)
    }
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

/// How far the unpacking is in the packed bytes, whatever was read ahead.
#[derive(Default)]
struct Used {
    bytes: Cell<u64>,
    /// Whether more was wanted than there is.
    ended: Cell<bool>,
    /// What the file itself said, rather than what is in it.
    failed: Cell<Option<io::Error>>,
}

struct Tracked<R> {
    input: BufReader<R>,
    used: Rc<Used>,
}

impl<R: Read> BufRead for Tracked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.input.buffer().is_empty() {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.used.failed.set(Some(error));
                    return Err(kind.into());
                }
                Ok(_) => break,
            }
        }
        self.used.ended.set(self.input.buffer().is_empty());
        Ok(self.input.buffer())
    }

    fn consume(&mut self, bytes: usize) {
        self.used.bytes.set(self.used.bytes.get() + bytes as u64);
        self.input.consume(bytes);
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

/// Stops when there is far more than was packed.
struct Limited<'a> {
    unpacked: Box<dyn Read + 'a>,
    packing: &'static str,
    used: Rc<Used>,
    count: u64,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.unpacked.read(buffer) {
            Ok(read) => read,
            Err(error) => {
                let of_file = self.used.failed.take();
                return Err(of_file.unwrap_or_else(|| io::Error::other(self.reason(&error))));
            }
        };
        self.count += read as u64;
        let used = self.used.bytes.get();
        if self.count > FREE + MOST_TIMES * used {
            return Err(io::Error::other(Unpacking::Grows {
                packing: self.packing,
                used,
                unpacked: self.count,
            }));
        }
        Ok(read)
    }
}

impl Limited<'_> {
    fn reason(&self, error: &io::Error) -> Unpacking {
        let (packing, used) = (self.packing, self.used.bytes.get());
        let wrong = error.get_ref().and_then(|inner| inner.downcast_ref());
        match wrong.copied().unwrap_or(Wrong::Content) {
            Wrong::Follows => Unpacking::Follows { packing, used },
            wrong @ (Wrong::Dictionary | Wrong::Window) => Unpacking::Needs { packing, wrong },
            _ if self.used.ended.get() => Unpacking::CutOff { packing, used },
            wrong => Unpacking::Damaged {
                packing,
                used,
                wrong,
            },
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
        assert_eq!(
            unpack(&[gzip(b"a,b\n"), vec![0; 1000]].concat()).unwrap(),
            b"a,b\n"
        );
        // A frame to skip: magic, length, content.
        let skippable = [b"\x50\x2a\x4d\x18\x03\0\0\0xyz".as_slice(), &zstd(b"a\n")].concat();
        assert_eq!(
            unpack(&[zstd(b"b\n"), skippable].concat()).unwrap(),
            b"b\na\n"
        );
    }

    fn error(bytes: &[u8]) -> String {
        let error = unpack(bytes).unwrap_err();
        match read_error(error) {
            ErrorKind::Unpack(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_damaged_or_cut_off_is_said_in_words_of_our_own() {
        let text: Vec<u8> = (0..5000u32)
            .flat_map(|i| i.wrapping_mul(2_654_435_761).to_string().into_bytes())
            .collect();
        for (pack, name) in [(gzip as fn(&[u8]) -> Vec<u8>, "gzip"), (zstd, "zstd")] {
            let packed = pack(&text);
            let whole = packed.len();
            for cut in [whole - 1, whole / 2, 20, 5] {
                assert_eq!(
                    error(&packed[..cut]),
                    format!(
                        "the {name} data breaks off after byte {cut}: the file is cut off; get it again, whole"
                    )
                );
            }
            // Wherever it is damaged, it is said to be, at some byte of the file.
            for at in (4..whole).step_by(whole / 97) {
                let mut damaged = packed.clone();
                damaged[at] ^= 0x14;
                let Err(wrong) = unpack(&damaged) else {
                    // A gzip header has a time and a system, which nothing checks.
                    assert!(name == "gzip" && at < 10, "{at}");
                    continue;
                };
                let Some(reason) = wrong.get_ref().unwrap().downcast_ref::<Unpacking>() else {
                    panic!("{at}: {wrong}")
                };
                let used = match reason {
                    Unpacking::Damaged { used, .. }
                    | Unpacking::CutOff { used, .. }
                    | Unpacking::Follows { used, .. } => *used,
                    Unpacking::Needs { .. } if at < 20 => continue,
                    other => panic!("{at}: {other}"),
                };
                assert!(used as usize <= whole, "{at}: {reason}");
            }
            let follows = [packed.clone(), b"and more".to_vec()].concat();
            assert_eq!(
                error(&follows),
                format!(
                    "the {name} data ends at byte {whole}, and something else follows; remove that, or get the file again"
                )
            );
        }
        let mut packed = gzip(&text);
        let checksum = packed.len() - 8;
        packed[checksum] ^= 1;
        assert_eq!(
            error(&packed),
            format!(
                "the gzip data is damaged at or before byte {}: what comes out does not have the checksum that is written there; get the file again (gzip -t tests it)",
                packed.len()
            )
        );
        packed[3] = 0xff;
        assert!(error(&packed).contains("a header can't be read"));
        // A frame with a dictionary, and one with a window of 2^41 bytes: descriptor, window, dictionary.
        assert_eq!(
            error(b"\x28\xb5\x2f\xfd\x01\x00\x07\x01\x00\x00"),
            "the zstd data needs a dictionary that is not in the file; unpack the file first, or pack it without that"
        );
        assert!(
            error(b"\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00")
                .contains("a window of more than 100 MiB")
        );
    }

    #[test]
    fn what_the_file_itself_says_is_passed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::PermissionDenied.into())
            }
        }
        for (pack, packing) in [
            (gzip as fn(&[u8]) -> Vec<u8>, Packing::Gzip),
            (zstd, Packing::Zstd),
        ] {
            let packed = pack(b"1,2\n");
            let mut input = packing.unpack(packed[..packed.len() - 2].chain(Broken));
            let error = io::copy(&mut input, &mut io::sink()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
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
