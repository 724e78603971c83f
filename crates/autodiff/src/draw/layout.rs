//! Where boxes and lines lie: layers from what is given to what is computed, boxes of a layer side by side.

use std::collections::BTreeSet;

/// Between boxes, and between layers.
const GAP: (f64, f64) = (24.0, 36.0);
/// How wide the passage of a line through a layer is.
const PASSAGE: f64 = 12.0;
/// How often the boxes of each layer are put in the order of what they are connected to.
const SWEEPS: usize = 8;

/// A box, or the passage of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: Vec<Place>,
    /// The points of each line: from the foot of a box to the head of another, through the layers between.
    pub(super) lines: Vec<Vec<(f64, f64)>>,
}

/// Lays out boxes of these sizes. Edges lead from earlier boxes to later ones, in an order that `edges` allows.
pub(super) fn layout(sizes: &[(f64, f64)], edges: &BTreeSet<(usize, usize)>) -> Layout {
    let layers = layers(sizes.len(), edges);
    let mut items: Vec<(f64, f64)> = sizes.to_vec();
    let mut layer_of = layers;
    // Each edge as a chain of neighbours.
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for &(from, to) in edges {
        let mut chain = vec![from];
        for layer in layer_of[from] + 1..layer_of[to] {
            chain.push(items.len());
            items.push((PASSAGE, 0.0));
            layer_of.push(layer);
        }
        chain.push(to);
        chains.push(chain);
    }
    let mut neighbours = vec![(Vec::new(), Vec::new()); items.len()];
    for chain in &chains {
        for pair in chain.windows(2) {
            neighbours[pair[0]].1.push(pair[1]);
            neighbours[pair[1]].0.push(pair[0]);
        }
    }
    let count = layer_of.iter().map(|l| l + 1).max().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (item, &layer) in layer_of.iter().enumerate() {
        rows[layer].push(item);
    }
    let mut centre = vec![0.0; items.len()];
    for row in &rows {
        spread(row, &items, &mut centre);
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let order: Vec<usize> = if down {
            (0..count).collect()
        } else {
            (0..count).rev().collect()
        };
        for layer in order {
            let pull = |item: usize| {
                let (above, below) = &neighbours[item];
                let near = if down { above } else { below };
                match near.len() {
                    0 => centre[item],
                    n => near.iter().map(|&other| centre[other]).sum::<f64>() / n as f64,
                }
            };
            let mut keyed: Vec<(f64, usize)> =
                rows[layer].iter().map(|&item| (pull(item), item)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            rows[layer] = keyed.into_iter().map(|(_, item)| item).collect();
            spread(&rows[layer], &items, &mut centre);
        }
    }
    place(&rows, &items, &centre, &chains, sizes.len())
}

/// Each box below all that it reads; one that reads nothing right above the first that reads it.
fn layers(count: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<usize> {
    let mut below = vec![Vec::new(); count];
    let mut waits = vec![0; count];
    for &(from, to) in edges {
        below[from].push(to);
        waits[to] += 1;
    }
    let mut layer = vec![0; count];
    let mut ready: Vec<usize> = (0..count).filter(|&b| waits[b] == 0).collect();
    let sources = ready.clone();
    while let Some(next) = ready.pop() {
        for &reader in &below[next] {
            layer[reader] = layer[reader].max(layer[next] + 1);
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.push(reader);
            }
        }
    }
    for source in sources {
        if let Some(first) = below[source].iter().map(|&reader| layer[reader]).min() {
            layer[source] = first - 1;
        }
    }
    layer
}

/// The boxes of a layer side by side, around 0.
fn spread(row: &[usize], items: &[(f64, f64)], centre: &mut [f64]) {
    let total: f64 = row.iter().map(|&item| items[item].0 + GAP.0).sum();
    let mut x = -0.5 * total;
    for &item in row {
        let width = items[item].0 + GAP.0;
        centre[item] = x + 0.5 * width;
        x += width;
    }
}

fn place(
    rows: &[Vec<usize>],
    items: &[(f64, f64)],
    centre: &[f64],
    chains: &[Vec<usize>],
    boxes: usize,
) -> Layout {
    let edge = |side: f64| {
        let all = items.iter().zip(centre);
        let ends = all.map(|(&(width, _), &centre)| side * centre + 0.5 * width);
        ends.fold(0.0, f64::max) + GAP.0
    };
    let (left, right) = (edge(-1.0), edge(1.0));
    let mut places = vec![
        Place {
            x: 0.0,
            y: 0.0,
            width: 0.0,
            height: 0.0
        };
        items.len()
    ];
    let mut y = GAP.1;
    for row in rows {
        let height = row.iter().map(|&item| items[item].1).fold(0.0, f64::max);
        for &item in row {
            let (width, own) = items[item];
            // A passage goes through the whole of its layer.
            let own = if item < boxes { own } else { height };
            places[item] = Place {
                x: centre[item] - 0.5 * width + left,
                y: y + 0.5 * (height - own),
                width,
                height: own,
            };
        }
        y += height + GAP.1;
    }
    let middle = |item: usize| places[item].x + 0.5 * places[item].width;
    let lines = chains.iter().map(|chain| {
        let mut points = Vec::new();
        for (at, &item) in chain.iter().enumerate() {
            let place = places[item];
            if at > 0 {
                points.push((middle(item), place.y));
            }
            if at + 1 < chain.len() {
                points.push((middle(item), place.y + place.height));
            }
        }
        points
    });
    let lines = lines.collect();
    places.truncate(boxes);
    Layout {
        width: left + right,
        height: y,
        boxes: places,
        lines,
    }
}
