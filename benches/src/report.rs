//! One Markdown table: what was seen, losses included.

use std::fmt;

use crate::measure::median;

/// Stands where nothing was measured.
const NONE: &str = "\u{2013}";

/// What a row's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
    /// The only one of which more is better.
    PerSecond,
}

/// One contestant in one comparison.
pub(crate) struct Row {
    what: String,
    with: String,
    unit: Unit,
    /// One each round.
    pub(crate) values: Vec<f64>,
    /// Seconds of processors, one each round where the system tells.
    pub(crate) processor: Vec<f64>,
    /// Bytes resident, the highest of all rounds.
    pub(crate) peak: Option<u64>,
    pub(crate) remark: String,
}

impl Row {
    pub(crate) fn new(what: &str, with: &str, unit: Unit) -> Self {
        Self {
            what: what.to_owned(),
            with: with.to_owned(),
            unit,
            values: Vec::new(),
            processor: Vec::new(),
            peak: None,
            remark: String::new(),
        }
    }

    fn shown(&self, value: f64) -> String {
        match self.unit {
            Unit::Seconds if value < 1.0 => format!("{value:.3}"),
            Unit::Seconds => format!("{value:.2}"),
            Unit::Milliseconds => format!("{value:.2}"),
            Unit::PerSecond => format!("{value:.0}"),
        }
    }

    fn unit(&self) -> &'static str {
        match self.unit {
            Unit::Seconds => " s",
            Unit::Milliseconds => " ms",
            Unit::PerSecond => "/s",
        }
    }

    /// Its speed as a multiple of `first`'s; above 1 it is the faster one.
    fn speed_beside(&self, first: &Row) -> f64 {
        let (theirs, ours) = (median(&self.values), median(&first.values));
        match self.unit {
            Unit::Seconds | Unit::Milliseconds => ours / theirs,
            Unit::PerSecond => theirs / ours,
        }
    }
}

/// All comparisons. In each the first row is ours, or what the others are measured by.
#[derive(Default)]
pub(crate) struct Report {
    comparisons: Vec<Vec<Row>>,
}

impl Report {
    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        self.comparisons.push(rows);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| measured | with | median | lowest to highest | rounds | speed, first row = 1 | processor time | \
             peak memory | remark |\n|---|---|---:|---:|---:|---:|---:|---:|---|"
        )?;
        for rows in &self.comparisons {
            for (at, row) in rows.iter().enumerate() {
                let lowest = row.values.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = row.values.iter().copied().fold(0.0, f64::max);
                let speed = match rows.first() {
                    Some(first) if at > 0 => format!("{:.2}", row.speed_beside(first)),
                    _ => "1".to_owned(),
                };
                let processor = match row.processor.as_slice() {
                    [] => NONE.to_owned(),
                    values => format!("{:.2} s", median(values)),
                };
                let peak = row.peak.map_or(NONE.to_owned(), |bytes| {
                    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
                });
                writeln!(
                    f,
                    "| {} | {} | {}{} | {} to {} | {} | {speed} | {processor} | {peak} | {} |",
                    if at == 0 { &row.what } else { "" },
                    row.with,
                    row.shown(median(&row.values)),
                    row.unit(),
                    row.shown(lowest),
                    row.shown(highest),
                    row.values.len(),
                    row.remark
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(unit: Unit) -> Vec<Row> {
        [("ours", 2.0), ("theirs", 8.0)]
            .map(|(name, value)| {
                let mut row = Row::new("it", name, unit);
                row.values = vec![value];
                row
            })
            .into()
    }

    #[test]
    fn speed_is_beside_the_first_row_whatever_the_unit() {
        for (unit, speed) in [(Unit::Seconds, "| 0.25 |"), (Unit::PerSecond, "| 4.00 |")] {
            let mut report = Report::default();
            report.add(rows(unit));
            let text = report.to_string();
            let theirs = text.lines().last().unwrap_or_default();
            assert!(theirs.contains(speed), "{text}");
        }
    }
}
