//! The commands that a connection to Redis may not send, found by trying.

use super::{Redis, Script, Value, explain, refusal, text};

/// The uses that a Redis is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    /// Entries, generations and certificates.
    pub cache: bool,
    /// Limits, claims and statistics.
    pub state: bool,
    /// Counters of requests.
    pub counters: bool,
}

impl Redis {
    /// Tries each command that these uses need, on keys of its own below `prefix`. Gives what is
    /// refused, for people to read; `None` if nothing is.
    ///
    /// # Errors
    /// Why Redis gave no answer, for people to read.
    pub async fn refused(&self, prefix: &str, uses: Uses) -> Result<Option<String>, &'static str> {
        let script = Script::new(include_str!("../lua/rights.lua"));
        let keys = ["text", "set", "hash"].map(|kind| format!("{prefix}cache:rights:{kind}"));
        let wanted = |wanted| text(if wanted { "1" } else { "" });
        let arguments = vec![wanted(uses.cache), wanted(uses.state), wanted(uses.counters)];
        let answer = self.script(&script, &keys.each_ref().map(String::as_str), arguments).await;
        let (refused, _) = answer.map_err(|fault| explain(&fault))?;
        let texts = refused.iter().filter_map(|one| match one {
            Value::Binary(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        });
        Ok(told(texts))
    }
}

/// Every reason, with the commands that are refused for it.
fn told<'a>(refused: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (command, why) in refused.filter_map(|one| one.split_once(' ')) {
        let meaning = refusal::meaning(why);
        match reasons.iter_mut().find(|(known, _)| *known == meaning) {
            Some((_, commands)) => commands.push(command),
            None => reasons.push((meaning, vec![command])),
        }
    }
    let told: Vec<String> =
        reasons.into_iter().map(|(meaning, commands)| format!("{meaning}: {}", commands.join(", "))).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn refused_commands_are_told_by_their_reason() {
        let refused = ["SET MISCONF Redis is configured", "GET NOPERM no", "DEL MISCONF Redis is configured"];
        assert_eq!(
            told(refused.into_iter()).as_deref(),
            Some(
                "it can't save its data to disk and takes no changes (MISCONF): SET, DEL; \
                 its user lacks a right (NOPERM): GET"
            )
        );
        assert_eq!(told([].into_iter()), None);
    }
}
