//! Rate limits over the Redis of state: one script for all windows of an attempt. Redis is one
//! primary, so all keys are in its reach. If windows were asked one by one, fewer attempts would
//! pass than may when many come at once.

use cache_logic::limit::{LimitDecision, Window, WindowCount};

use crate::clock::token;
use crate::redis::{Argument, Script, Value, hex, millis, text};
use crate::state::State;

static LIMIT: Script = Script::new(include_str!("lua/limit.lua"));
static REFUSE: Script = Script::new(include_str!("lua/limit_refuse.lua"));

/// Windows that are asked together, each with its key.
#[derive(Debug, Clone)]
pub struct Windows(Vec<(String, Window)>);

impl Windows {
    /// These windows; keys are without the prefix of all keys.
    pub fn of(windows: Vec<(String, Window)>) -> Self {
        Self(windows)
    }

    /// Counts an attempt of this name; the empty name only asks whether there is room. `None` if
    /// Redis is away: then the caller goes without a limit, or counts elsewhere.
    pub async fn count(&self, state: &State, name: &str) -> Option<LimitDecision> {
        let keys = self.keys(state);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (answer, _) = state.redis().script(&LIMIT, &keys, self.arguments(name)).await.ok()?;
        self.decision(&answer)
    }

    /// An admitted attempt was refused for good: sent again it is another attempt, and counts. If
    /// Redis is away, it stays the same one.
    pub async fn refuse(&self, state: &State, name: &str) {
        let keys = self.keys(state);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let _ = state.redis().script(&REFUSE, &keys, self.arguments(name)).await;
    }

    fn keys(&self, state: &State) -> Vec<String> {
        self.0.iter().map(|(key, _)| state.prefixed(key)).collect()
    }

    fn arguments(&self, name: &str) -> Vec<Argument> {
        let mut arguments = vec![text(name), hex(token())];
        for (_, window) in &self.0 {
            arguments.extend([Argument::Int64(window.quota.into()), millis(window.length)]);
        }
        arguments
    }

    /// The meaning of limit.lua's answer; `None` if it is none.
    fn decision(&self, answer: &[Value]) -> Option<LimitDecision> {
        let counts: Option<Vec<WindowCount>> = answer.chunks(3).map(count_of).collect();
        let counts = counts.filter(|counts| counts.len() == self.0.len())?;
        Some(LimitDecision::new(self.0.iter().map(|(_, window)| *window).zip(counts).collect()))
    }
}

fn count_of(answer: &[Value]) -> Option<WindowCount> {
    match answer {
        [Value::Int64(room), Value::Int64(used), Value::Int64(frees)] => Some(WindowCount {
            admitted: *room == 1,
            used: u32::try_from(*used).unwrap_or(u32::MAX),
            frees_in_ms: u64::try_from(*frees).unwrap_or_default(),
        }),
        _ => None,
    }
}
