//! Model files taken apart and put together with right checksums, as a forger would: without that, none but the first check is ever
//! reached. `docs/file-format.md` has the layout.

use sha2::{Digest, Sha256};

const FIXED: usize = 24;
const ENTRY: usize = 120;
const CHECKSUM: usize = 32;
/// Name, kind and reserved field of an entry: what is not computed from the payload.
const HEAD: usize = 72;

/// A file in its sections.
pub struct Sections {
    /// Magic and version.
    start: [u8; 12],
    /// The entry up to its offset, and the payload.
    sections: Vec<([u8; HEAD], Vec<u8>)>,
}

impl Sections {
    /// Takes a file apart whose lengths are right.
    pub fn of(file: &[u8]) -> Option<Sections> {
        let number = |at: usize, len: usize| -> Option<usize> {
            let mut bytes = [0; 8];
            bytes[..len].copy_from_slice(file.get(at..at + len)?);
            usize::try_from(u64::from_le_bytes(bytes)).ok()
        };
        let count = number(12, 4).filter(|&count| count <= 256)?;
        let mut sections = Vec::new();
        for entry in (0..count).map(|at| FIXED + at * ENTRY) {
            let (offset, len) = (number(entry + 72, 8)?, number(entry + 80, 8)?);
            let payload = file.get(offset..offset.checked_add(len)?)?;
            sections.push((
                file.get(entry..entry + HEAD)?.try_into().ok()?,
                payload.to_vec(),
            ));
        }
        let start = file.get(..12)?.try_into().ok()?;
        Some(Sections { start, sections })
    }

    /// Puts it together.
    pub fn sealed(&self) -> Vec<u8> {
        let mut offset = FIXED + self.sections.len() * ENTRY + CHECKSUM;
        let mut table = Vec::new();
        for (head, payload) in &self.sections {
            table.extend_from_slice(head);
            table.extend_from_slice(&(offset as u64).to_le_bytes());
            table.extend_from_slice(&(payload.len() as u64).to_le_bytes());
            table.extend_from_slice(&Sha256::digest(payload));
            offset += payload.len();
        }
        let mut file = self.start.to_vec();
        file.extend_from_slice(&(self.sections.len() as u32).to_le_bytes());
        file.extend_from_slice(&(offset as u64).to_le_bytes());
        file.extend_from_slice(&table);
        let checksum = Sha256::digest(&file);
        file.extend_from_slice(&checksum);
        self.sections
            .iter()
            .for_each(|(_, payload)| file.extend_from_slice(payload));
        file
    }
}

/// Changes one section of a file with `mutate(bytes, size, most)`, which changes bytes in place and gives their new number; seldom its entry,
/// or whatever byte of the file, without right checksums then. Gives the new size.
pub fn forge(
    file: &mut [u8],
    size: usize,
    most: usize,
    seed: u32,
    mutate: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let (kind, at) = (seed % 32, seed as usize / 32);
    let Some(mut sections) = Sections::of(&file[..size]).filter(|file| !file.sections.is_empty())
    else {
        return mutate(file, size, most);
    };
    let at = at % sections.sections.len();
    let room = most.saturating_sub(size);
    match kind {
        0 => return mutate(file, size, most),
        1 => {
            mutate(&mut sections.sections[at].0, HEAD, HEAD);
        }
        2 => drop(sections.sections.remove(at)),
        _ => {
            let payload = &mut sections.sections[at].1;
            let len = payload.len();
            if len + room == 0 {
                return size;
            }
            payload.resize(len + room, 0);
            let new = mutate(payload, len, len + room);
            payload.truncate(new);
        }
    }
    let sealed = sections.sealed();
    if sealed.len() > most {
        return size;
    }
    file[..sealed.len()].copy_from_slice(&sealed);
    sealed.len()
}
