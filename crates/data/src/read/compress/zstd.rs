//! The frames of a zstd file.

use super::{Tracked, Wrong};
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use std::io::{self, BufRead, Read};

/// The frames of a zstd file, one after the other, with their checksums verified.
pub(super) struct Frames<R> {
    input: Tracked<R>,
    decoder: FrameDecoder,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    BetweenFrames,
    InFrame,
    Ended,
}

impl<R: Read> Frames<R> {
    pub fn new(input: Tracked<R>) -> Self {
        let mut decoder = FrameDecoder::new();
        // The decoder limits the window, all of which it keeps in memory, from the second frame on: the first one is this, empty.
        let _ = decoder.reset(&b"\x28\xb5\x2f\xfd\0\0\x01\0\0"[..]);
        Frames {
            input,
            decoder,
            state: State::BetweenFrames,
        }
    }

    fn start_frame(&mut self) -> io::Result<()> {
        if self.input.fill_buf()?.is_empty() {
            self.state = State::Ended;
            return Ok(());
        }
        let start = self.input.used.bytes.get();
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
            Err(error) => {
                let wrong = zstd_error(&error);
                if wrong == Wrong::Follows {
                    self.input.used.bytes.set(start);
                }
                return Err(wrong.error());
            }
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.state = State::BetweenFrames;
        let expected = self.decoder.get_checksum_from_data();
        if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
            return Err(Wrong::Checksum.error());
        }
        Ok(())
    }
}

impl<R: Read> Read for Frames<R> {
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
                            .map_err(|error| zstd_error(&error).error())?;
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

fn zstd_error(error: &FrameDecoderError) -> Wrong {
    match error {
        FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(_)) => {
            Wrong::Follows
        }
        FrameDecoderError::ReadFrameHeaderError(_)
        | FrameDecoderError::FrameHeaderError(_)
        | FrameDecoderError::FailedToInitialize(_) => Wrong::Header,
        FrameDecoderError::WindowSizeTooBig { .. } => Wrong::Window,
        FrameDecoderError::DictNotProvided { .. } => Wrong::Dictionary,
        _ => Wrong::Content,
    }
}
