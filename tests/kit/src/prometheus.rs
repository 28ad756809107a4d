use std::collections::{BTreeMap, BTreeSet};

/// Prometheus' text format 0.0.4, read strictly: a breach of the format is an error, and so is one
/// of its conventions.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    samples: BTreeMap<String, BTreeMap<Labels, f64>>,
}

/// The labels of a sample.
type Labels = BTreeMap<String, String>;

/// A sample as it stands in its line: name, labels, value.
type Sample = (String, Labels, f64);

impl Metrics {
    /// Reads a whole text.
    ///
    /// # Errors
    /// The line and its mistake.
    pub fn parse(text: &str) -> Result<Metrics, String> {
        if !text.ends_with('\n') {
            return Err("the last line has no end".to_owned());
        }
        let mut metrics = Metrics::default();
        let (mut families, mut helped, mut current) = (BTreeSet::new(), String::new(), (String::new(), String::new()));
        for line in text.lines() {
            let fail = |why: &str| Err(format!("{why}: {line}"));
            if let Some(help) = line.strip_prefix("# HELP ") {
                let Some((name, _)) = help.split_once(' ') else { return fail("HELP without a text") };
                if !families.insert(name.to_owned()) {
                    return fail("a family twice");
                }
                helped = name.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let Some((name, kind)) = kind.split_once(' ') else { return fail("TYPE without a kind") };
                if name != helped || !matches!(kind, "counter" | "gauge" | "histogram") {
                    return fail("TYPE of another family, or of no kind");
                }
                if (kind == "counter") != name.ends_with("_total") {
                    return fail("_total is for counters");
                }
                current = (name.to_owned(), kind.to_owned());
            } else {
                let (name, labels, value) = sample(line).map_err(|why| format!("{why}: {line}"))?;
                let (family, kind) = (&current.0, &current.1);
                let belongs = match name.strip_prefix(family.as_str()) {
                    Some("") => kind != "histogram",
                    Some("_bucket") => kind == "histogram" && labels.contains_key("le"),
                    Some("_sum" | "_count") => kind == "histogram",
                    _ => false,
                };
                if !belongs {
                    return fail("a sample outside its family");
                }
                if kind != "gauge" && value < 0.0 {
                    return fail("less than nothing was counted");
                }
                if metrics.samples.entry(name).or_default().insert(labels, value).is_some() {
                    return fail("a series twice");
                }
            }
        }
        metrics.check_buckets()?;
        Ok(metrics)
    }

    /// The value of one series; `None` if it is absent.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.samples.get(name)?.get(&labels).copied()
    }

    /// The sum of all series of a name; `None` if there is none.
    pub fn sum(&self, name: &str) -> Option<f64> {
        self.samples.get(name).map(|series| series.values().sum())
    }

    /// Buckets grow with their bounds, and the last has all.
    fn check_buckets(&self) -> Result<(), String> {
        for (name, series) in &self.samples {
            let Some(family) = name.strip_suffix("_bucket") else { continue };
            let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
            for (labels, count) in series {
                let mut rest = labels.clone();
                let bound =
                    rest.remove("le").and_then(|bound| number(&bound).ok()).ok_or("a bound that is no number")?;
                histograms.entry(rest).or_default().push((bound, *count));
            }
            for (labels, mut buckets) in histograms {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                let grows = buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1);
                let total = self.samples.get(&format!("{family}_count")).and_then(|counts| counts.get(&labels));
                let all = buckets.last().is_some_and(|(bound, count)| *bound == f64::INFINITY && Some(count) == total);
                let summed = self.samples.get(&format!("{family}_sum")).is_some_and(|sums| sums.contains_key(&labels));
                if !(grows && all && summed) {
                    return Err(format!("{family} {labels:?} is no histogram: {buckets:?}"));
                }
            }
        }
        Ok(())
    }
}

fn sample(line: &str) -> Result<Sample, &'static str> {
    let end = line.find(['{', ' ']).ok_or("neither labels nor a value")?;
    let (name, mut rest) = line.split_at(end);
    if !is_name(name, true) {
        return Err("not a name");
    }
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").ok_or("a label without a value")?;
            if !is_name(label, false) {
                return Err("not a label's name");
            }
            let (value, after) = quoted(after)?;
            if labels.insert(label.to_owned(), value).is_some() {
                return Err("a label twice");
            }
            match after.split_at_checked(1) {
                Some((",", after)) => rest = after,
                Some(("}", after)) => {
                    rest = after;
                    break;
                }
                _ => return Err("labels without an end"),
            }
        }
    }
    let value = rest.strip_prefix(' ').ok_or("no blank before the value")?;
    Ok((name.to_owned(), labels, number(value)?))
}

/// A label's value up to its closing quote, and the rest behind that.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let (mut value, mut letters) = (String::new(), text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match letters.next() {
                Some((_, 'n')) => '\n',
                Some((_, letter @ ('\\' | '"'))) => letter,
                _ => return Err("an escape that is none"),
            }),
            letter => value.push(letter),
        }
    }
    Err("a value without an end")
}

fn number(text: &str) -> Result<f64, &'static str> {
    match text {
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        "NaN" => Ok(f64::NAN),
        text if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') => {
            text.parse().map_err(|_| "not a number")
        }
        _ => Err("not a number"),
    }
}

fn is_name(name: &str, colons: bool) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || (colons && c == ':');
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}
