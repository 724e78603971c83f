//! The protocol buffers of an event file, as much of them as is written here.
//!
//! The messages: `tensorboard/compat/proto/event.proto` and `summary.proto` in <https://github.com/tensorflow/tensorboard>. The wire format:
//! <https://protobuf.dev/programming-guides/encoding/>.

/// What an event says.
pub(super) enum What<'a> {
    /// The first event of a file.
    FileVersion,
    /// Values with the tags that they are shown under.
    Scalars(&'a [(String, f32)]),
    /// The run begins again at this step: what came later is void.
    Restart,
}

/// The bytes of an `Event`. The time is seconds since 1970.
pub(super) fn event(wall_time: f64, step: i64, what: &What<'_>) -> Vec<u8> {
    let mut message = Message::default();
    message.double(1, wall_time);
    message.integer(2, step as u64);
    match what {
        What::FileVersion => message.bytes(3, b"brain.Event:2"),
        What::Scalars(values) => {
            let mut summary = Message::default();
            for (tag, value) in *values {
                let mut entry = Message::default();
                entry.bytes(1, tag.as_bytes());
                entry.float(2, *value);
                summary.bytes(1, &entry.0);
            }
            message.bytes(5, &summary.0);
        }
        What::Restart => {
            let mut session = Message::default();
            // SessionLog.status = START
            session.integer(1, 1);
            message.bytes(7, &session.0);
        }
    }
    message.0
}

/// A message as it is written: fields one after the other, each with its number and the kind of what follows.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u64, wire_type: u64) {
        self.varint(field << 3 | wire_type);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn integer(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_wire_format() {
        // Time 1.0 in field 1, step 300 in field 2, a summary of 10 bytes in field 5.
        let values = [("ab".to_owned(), 1.5)];
        assert_eq!(
            event(1.0, 300, &What::Scalars(&values)),
            [
                0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0xac, 0x02, 0x2a, 11, 0x0a, 9, 0x0a, 2,
                b'a', b'b', 0x15, 0, 0, 0xc0, 0x3f
            ]
        );
        let restart = event(1.0, 0, &What::Restart);
        assert_eq!(restart[9..], [0x10, 0, 0x3a, 2, 0x08, 1]);
    }
}
