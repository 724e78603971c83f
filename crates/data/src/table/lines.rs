//! On which line each row starts.

/// The line of each row, in the little space that one row per line needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lines {
    /// `(row, line)` wherever a row does not start on the line after the one before it.
    jumps: Vec<(usize, u64)>,
}

impl Lines {
    pub fn push(&mut self, row: usize, line: u64) {
        match self.jumps.last() {
            Some(&(from, at)) if at + (row - from) as u64 == line => {}
            _ => self.jumps.push((row, line)),
        }
    }

    /// Adds the lines of rows that follow, after so many rows and lines.
    pub fn absorb(&mut self, other: &Lines, rows: usize, lines: u64) {
        for &(row, line) in &other.jumps {
            self.push(rows + row, lines + line);
        }
    }

    pub fn line(&self, row: usize) -> u64 {
        match self.jumps.partition_point(|&(from, _)| from <= row) {
            0 => 0,
            at => self.jumps[at - 1].1 + (row - self.jumps[at - 1].0) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_again() {
        let lines = [2, 3, 6, 7, 8, 20];
        let mut kept = Lines::default();
        lines
            .iter()
            .enumerate()
            .for_each(|(row, &line)| kept.push(row, line));
        assert_eq!(kept.jumps.len(), 3);
        lines
            .iter()
            .enumerate()
            .for_each(|(row, &line)| assert_eq!(kept.line(row), line));
    }
}
