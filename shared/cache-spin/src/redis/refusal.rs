//! Errors that Redis answers, by their code, and what each means to an operator.

/// An error that Redis answers.
struct Refusal {
    /// Texts that it is known by: Redis' own code, and the names of the library that Spin uses.
    known_by: &'static [&'static str],
    /// Its meaning, for people to read. Names no address.
    meaning: &'static str,
}

/// The first that fits counts.
const REFUSALS: [Refusal; 16] = [
    Refusal { known_by: &["NOAUTH"], meaning: "it wants a user and a password (NOAUTH); see redis_credentials" },
    Refusal {
        known_by: &["WRONGPASS", "AuthenticationFailed", "authentication failed"],
        meaning: "it refuses the user or the password (WRONGPASS); see redis_credentials",
    },
    // Within a script, a Redis before 7.2 leaves the code out.
    Refusal { known_by: &["NOPERM", "can't run this command"], meaning: "its user lacks a right (NOPERM)" },
    Refusal { known_by: &["MISCONF"], meaning: "it can't save its data to disk and takes no changes (MISCONF)" },
    Refusal { known_by: &["READONLY", "ReadOnly"], meaning: "it is a replica and takes no changes (READONLY)" },
    Refusal { known_by: &["NOREPLICAS"], meaning: "it has too few replicas and takes no changes (NOREPLICAS)" },
    Refusal { known_by: &["OOM"], meaning: "its memory is full and it evicts nothing (OOM)" },
    Refusal { known_by: &["LOADING", "BusyLoading"], meaning: "it is loading its data (LOADING)" },
    Refusal { known_by: &["BUSY"], meaning: "a script keeps it busy (BUSY)" },
    Refusal { known_by: &["MASTERDOWN", "MasterDown"], meaning: "it is a replica without its primary (MASTERDOWN)" },
    Refusal {
        known_by: &["CLUSTERDOWN", "ClusterDown", "MOVED", "Moved", "CROSSSLOT", "CrossSlot", "Redis Cluster"],
        meaning: "it is a Redis Cluster; one primary is needed",
    },
    Refusal { known_by: &["WRONGTYPE"], meaning: "a key holds another kind of value than ours (WRONGTYPE)" },
    Refusal { known_by: &["max number of clients"], meaning: "it has too many clients" },
    Refusal { known_by: &["DENIED"], meaning: "it runs in protected mode and takes nobody in from outside (DENIED)" },
    Refusal { known_by: &["unknown command", "Unknown Redis command"], meaning: "it lacks a command that is needed" },
    Refusal { known_by: &["EXECABORT", "ExecAbort", "NOSCRIPT", "NoScript"], meaning: "it aborts scripts" },
];

/// The meaning of an error that Redis answered, if it is one of those known here.
pub(super) fn known_meaning(why: &str) -> Option<&'static str> {
    let known = REFUSALS.iter().find(|refusal| refusal.known_by.iter().any(|text| why.contains(text)));
    known.map(|refusal| refusal.meaning)
}

/// The meaning of any error that Redis answered, for people to read.
pub(super) fn meaning(why: &str) -> &'static str {
    known_meaning(why).unwrap_or("it gives unexpected answers, or its address isn't allowed")
}

/// Whether a text is an error that the server answered. Spin hands on nothing but the text; any
/// other means that the connection is gone.
pub(super) fn is_answer(why: &str) -> bool {
    let code = why.split([':', ' ']).next().unwrap_or_default();
    why.contains("signalled by the server")
        || why.contains("authentication failed")
        // `CODE: text`, as the library writes what it doesn't know.
        || code.len() >= 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
        || REFUSALS.iter().any(|refusal| refusal.known_by.iter().any(|text| why.contains(text)))
}

/// Whether it lets this user do nothing at all, so that asking again at once is in vain.
pub(super) fn is_shut_out(why: &str) -> bool {
    ["NOAUTH", "WRONGPASS", "AuthenticationFailed", "authentication failed"].iter().any(|text| why.contains(text))
}

/// Whether it is a replica that answers, so another server than the one that is meant.
pub(super) fn is_of_a_replica(why: &str) -> bool {
    ["READONLY", "ReadOnly", "MASTERDOWN", "MasterDown"].iter().any(|text| why.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_that_redis_answers_is_one_and_is_named() {
        let table = [
            ("NOAUTH: Authentication required.", "NOAUTH"),
            ("WRONGPASS: invalid username-password pair or user is disabled.", "WRONGPASS"),
            ("Password authentication failed- AuthenticationFailed", "WRONGPASS"),
            ("NOPERM: User app has no permissions to run the 'get' command", "NOPERM"),
            (
                "An error was signalled by the server - ResponseError: The user executing the script can't run this \
                 command or subcommand",
                "NOPERM",
            ),
            ("MISCONF: Redis is configured to save RDB snapshots", "MISCONF"),
            (
                "An error was signalled by the server - ReadOnly: You can't write against a read only replica.",
                "READONLY",
            ),
            ("NOREPLICAS: Not enough good replicas to write.", "NOREPLICAS"),
            ("OOM: command not allowed when used memory > 'maxmemory'.", "OOM"),
            ("An error was signalled by the server - BusyLoadingError: Redis is loading", "LOADING"),
            ("BUSY: Redis is busy running a script.", "BUSY"),
            ("An error was signalled by the server - MasterDown: Link with MASTER is down", "MASTERDOWN"),
            ("An error was signalled by the server - Moved: 3999 127.0.0.1:6381", "Cluster"),
            ("WRONGTYPE: Operation against a key holding the wrong kind of value", "WRONGTYPE"),
            ("An error was signalled by the server - ResponseError: max number of clients reached", "clients"),
            ("DENIED: Redis is running in protected mode", "DENIED"),
            ("An error was signalled by the server - ResponseError: unknown command 'EVALSHA'", "command"),
            ("SOMENEW: code of a later Redis", "unexpected"),
        ];
        for (why, named) in table {
            assert!(is_answer(why), "{why}");
            assert!(meaning(why).contains(named), "{why}: {}", meaning(why));
            assert_eq!(is_of_a_replica(why), ["READONLY", "MASTERDOWN"].contains(&named), "{why}");
        }
        for gone in ["Connection refused (os error 111)", "broken pipe", "timed out", "IO: end of file"] {
            assert!(!is_answer(gone), "{gone}");
        }
    }
}
