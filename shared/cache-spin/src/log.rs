//! The log: one JSON object a line on stderr. A line belongs to the request in whose scope it is
//! written, if there is one.
//!
//! Nothing is put together for a line that the level leaves out. Values that identify a person
//! belong into none.

use std::cell::{Cell, RefCell};
use std::fmt::{Display, Write as _};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;

use crate::clock::now_millis;

/// How much a line matters; a level holds those before it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody has to mend something.
    Error,
    /// Something is away or wrong for now, or is right again.
    Warn,
    /// What changes: writes, jobs, renewals that apply something.
    Info,
    /// What a read does that isn't a hit.
    Debug,
}

impl Level {
    /// Its name in a line and in a setting.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// The request that work is done for, as lines name it.
pub trait Scope {
    /// Its id.
    fn request_id(&self) -> &str;
    /// Its `traceparent` (W3C Trace Context), if it came with one.
    fn traceparent(&self) -> Option<String>;
}

/// Of lines at `info` and `debug` an instance writes so many a second. The next line says how many
/// it has left out (`leftOut`).
pub const A_SECOND: u32 = 50;

/// The lines of one second.
#[derive(Debug, Default)]
struct Sample {
    second: u64,
    written: u32,
    left_out: u64,
}

impl Sample {
    fn admits(&mut self, second: u64) -> bool {
        if self.second != second {
            (self.second, self.written) = (second, 0);
        }
        let admits = self.written < A_SECOND;
        self.written += u32::from(admits);
        self.left_out += u64::from(!admits);
        admits
    }
}

thread_local! {
    static WRITTEN: RefCell<Sample> = RefCell::new(Sample::default());
    static LEVEL: Cell<Level> = const { Cell::new(Level::Warn) };
    static SOURCE: Cell<&'static str> = const { Cell::new("") };
    static CURRENT: RefCell<Option<Rc<dyn Scope>>> = const { RefCell::new(None) };
}

/// Sets what is written from now on in this instance. Until then it is [`Level::Warn`].
pub fn set_level(level: Level) {
    LEVEL.set(level);
}

/// Sets the name of the component, for all lines.
pub fn set_source(name: &'static str) {
    SOURCE.set(name);
}

/// Runs `work` in the scope of a request. Requests of one instance take turns, so the scope is set
/// each time that the work goes on. It is pinned where it was made: a request's future is large.
pub async fn within<F: Future>(scope: Rc<dyn Scope>, mut work: Pin<&mut F>) -> F::Output {
    poll_fn(|context| {
        CURRENT.set(Some(Rc::clone(&scope)));
        let polled = work.as_mut().poll(context);
        CURRENT.set(None);
        polled
    })
    .await
}

/// A line of that level about a kind of event, to be filled and written. `None` if the level leaves
/// it out, or if this instance has written [`A_SECOND`] lines of what is frequent in this second.
pub fn at(level: Level, event: &'static str) -> Option<Line> {
    if level > LEVEL.get() {
        return None;
    }
    let now = now_millis();
    if level >= Level::Info && !WRITTEN.with_borrow_mut(|sample| sample.admits(now / 1000)) {
        return None;
    }
    let mut line = Line(String::with_capacity(200));
    let _ = write!(line.0, "{{\"at\":{now},\"level\":\"{}\",\"event\":\"{event}\"", level.as_str());
    let left_out = WRITTEN.with_borrow_mut(|sample| std::mem::take(&mut sample.left_out));
    if left_out > 0 {
        line = line.number("leftOut", left_out);
    }
    if !SOURCE.get().is_empty() {
        line = line.text("component", SOURCE.get());
    }
    Some(CURRENT.with_borrow(|scope| match scope {
        Some(scope) => line.about(&**scope),
        None => line,
    }))
}

/// Writes a line that has a message only.
pub fn say(level: Level, event: &'static str, message: impl Display) {
    if let Some(line) = at(level, event) {
        line.text("message", &message.to_string()).write();
    }
}

/// A line before it is written.
#[derive(Debug)]
#[must_use]
pub struct Line(String);

impl Line {
    /// Adds a text. The name is written as it stands.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, ",\"{name}\":");
        quote(&mut self.0, value);
        self
    }

    /// Adds a number.
    pub fn number(mut self, name: &str, value: u64) -> Self {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    /// Adds JSON that is right already.
    pub fn json(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    /// Adds texts, as an array.
    pub fn texts<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let _ = write!(self.0, ",\"{name}\":[");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            quote(&mut self.0, value);
        }
        self.0.push(']');
        self
    }

    /// Names the request.
    pub fn about(self, scope: &dyn Scope) -> Self {
        let line = self.text("requestId", scope.request_id());
        match scope.traceparent() {
            Some(traceparent) => line.text("traceparent", &traceparent),
            None => line,
        }
    }

    /// Writes it, in one piece.
    pub fn write(mut self) {
        self.0.push('}');
        eprintln!("{}", self.0);
    }
}

/// Adds a text as JSON has it.
fn quote(line: &mut String, value: &str) {
    line.push('"');
    for c in value.chars() {
        match c {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(line, "\\u{:04x}", u32::from(c));
            }
            c => line.push(c),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_json_whatever_is_in_it() {
        let mut line = String::new();
        quote(&mut line, "a \"b\" \\ c\nd\u{7}\u{e9}\u{2028}");
        assert_eq!(line, "\"a \\\"b\\\" \\\\ c\\nd\\u0007\u{e9}\u{2028}\"");
    }

    #[test]
    fn a_second_has_so_many_lines_and_the_next_one_as_many_again() {
        let mut sample = Sample::default();
        for second in [7, 8] {
            let admitted = (0..A_SECOND + 5).filter(|_| sample.admits(second)).count();
            assert_eq!(admitted, A_SECOND as usize);
        }
        assert_eq!(sample.left_out, 10);
    }

    #[test]
    fn a_level_holds_those_before_it() {
        assert!(Level::Error < Level::Warn && Level::Warn < Level::Info && Level::Info < Level::Debug);
    }
}
