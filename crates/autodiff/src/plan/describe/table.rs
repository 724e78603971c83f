//! Rows of text in even columns.

use super::MOST_LINES;

/// Rows of four columns, the last one flush right, under headings.
pub(super) struct Table {
    titles: [&'static str; 4],
    rows: Vec<Row>,
}

enum Row {
    Heading(String),
    Cells([String; 4]),
}

impl Table {
    pub(super) fn new(titles: [&'static str; 4]) -> Self {
        Self {
            titles,
            rows: Vec::new(),
        }
    }

    pub(super) fn heading(&mut self, text: String) {
        self.rows.push(Row::Heading(text));
    }

    pub(super) fn row(&mut self, cells: [String; 4]) {
        self.rows.push(Row::Cells(cells));
    }

    pub(super) fn write(&self, out: &mut String) {
        let total = self.rows.len();
        let shown = |index: usize| {
            total <= MOST_LINES || index < MOST_LINES / 2 || index >= total - MOST_LINES / 2
        };
        let mut widths = self.titles.map(str::len);
        let rows = self.rows.iter().enumerate().filter(|(i, _)| shown(*i));
        for (_, row) in rows {
            if let Row::Cells(cells) = row {
                for (width, cell) in widths.iter_mut().zip(cells) {
                    *width = (*width).max(cell.chars().count());
                }
            }
        }
        let all: usize = widths.iter().sum::<usize>() + 9;
        let mut titled = false;
        for (index, row) in self.rows.iter().enumerate() {
            if !shown(index) {
                if index == MOST_LINES / 2 {
                    out.push_str(&format!("… {} more lines …\n", total - MOST_LINES));
                }
                continue;
            }
            let line = match row {
                Row::Heading(text) if titled => text.clone(),
                Row::Heading(text) => {
                    titled = true;
                    let title = self.titles[3];
                    let space = all
                        .saturating_sub(title.len())
                        .max(text.chars().count() + 2);
                    format!("{text:<space$}{title}")
                }
                Row::Cells([a, b, c, d]) => {
                    let [w0, w1, w2, w3] = widths;
                    format!("{a:<w0$}   {b:<w1$}   {c:<w2$}   {d:>w3$}")
                }
            };
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}
