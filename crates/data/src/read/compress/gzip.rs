//! The members of a gzip file.

use super::{GZIP, Wrong};
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, Read};

/// The members of a gzip file, one after the other. Zeros may follow the last one, as on a tape.
pub(super) struct Members<R>(Place<R>);

impl<R: BufRead> Members<R> {
    pub fn new(input: R) -> Self {
        Members(Place::Between(input))
    }
}

enum Place<R> {
    Between(R),
    Within(Box<GzDecoder<R>>),
    Ended,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            self.0 = match std::mem::replace(&mut self.0, Place::Ended) {
                Place::Ended => return Ok(0),
                Place::Between(mut input) => match input.fill_buf()? {
                    [] => Place::Ended,
                    [0, rest @ ..] => {
                        let zeros = 1 + rest.iter().take_while(|&&byte| byte == 0).count();
                        input.consume(zeros);
                        Place::Between(input)
                    }
                    [first, ..] if *first != GZIP[0] => return Err(Wrong::Follows.error()),
                    _ => Place::Within(Box::new(GzDecoder::new(input))),
                },
                Place::Within(mut member) => {
                    let has_header = member.header().is_some();
                    match member.read(buffer) {
                        Ok(0) => Place::Between(member.into_inner()),
                        Ok(read) => {
                            self.0 = Place::Within(member);
                            return Ok(read);
                        }
                        Err(error) => return Err(gzip_error(&error, has_header)),
                    }
                }
            };
        }
    }
}

/// The decoder tells what is wrong in words only, which a test watches.
fn gzip_error(error: &io::Error, has_header: bool) -> io::Error {
    let wrong = match has_header {
        false => Wrong::Header,
        true if error.to_string().contains("checksum") => Wrong::Checksum,
        true => Wrong::Content,
    };
    wrong.error()
}
