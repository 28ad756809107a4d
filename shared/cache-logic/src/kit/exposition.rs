//! Prometheus' text format, version 0.0.4.

use std::fmt::Write;

/// The kind of measure that a family of samples is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, or begins at 0 again.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by upper bounds: each count includes those of the lower bounds.
    Histogram,
}

/// A text in the making.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

impl Exposition {
    /// The value of `Content-Type`.
    pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

    /// Begins a family. All its samples must follow before the next family begins.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.text += "# HELP ";
        self.text += name;
        self.text.push(' ');
        for letter in help.chars() {
            match letter {
                '\\' => self.text += "\\\\",
                '\n' => self.text += "\\n",
                letter => self.text.push(letter),
            }
        }
        self.text += "\n# TYPE ";
        self.text += name;
        self.text.push(' ');
        self.text += kind;
        self.text.push('\n');
    }

    /// One sample. The names must be valid as they are; the values of labels may hold anything.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.text += name;
        for (place, (label, content)) in labels.iter().enumerate() {
            self.text.push(if place == 0 { '{' } else { ',' });
            self.text += label;
            self.text += "=\"";
            for letter in content.chars() {
                match letter {
                    '\\' => self.text += "\\\\",
                    '"' => self.text += "\\\"",
                    '\n' => self.text += "\\n",
                    letter => self.text.push(letter),
                }
            }
            self.text.push('"');
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        // A write into a string does not fail.
        let _ = match value {
            f64::INFINITY => writeln!(self.text, " +Inf"),
            f64::NEG_INFINITY => writeln!(self.text, " -Inf"),
            value => writeln!(self.text, " {value}"),
        };
    }

    /// A family with one sample that has no labels.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: f64) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// The whole text.
    pub fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_may_hold_anything_and_help_has_one_line() {
        let mut text = Exposition::default();
        text.family("a_total", Kind::Counter, "one\ntwo \\ three");
        text.sample("a_total", &[("x", "say \"a\\b\"\n"), ("y", "")], 3.0);
        text.sample("a_total", &[], 0.25);
        assert_eq!(
            text.into_text(),
            "# HELP a_total one\\ntwo \\\\ three\n# TYPE a_total counter\na_total{x=\"say \\\"a\\\\b\\\"\\n\",y=\"\"} 3\na_total 0.25\n"
        );
    }

    #[test]
    fn numbers_without_end_and_none_at_all_have_names() {
        let mut text = Exposition::default();
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            text.sample("a", &[], value);
        }
        assert_eq!(text.into_text(), "a +Inf\na -Inf\na NaN\n");
    }
}
