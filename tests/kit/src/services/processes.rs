//! Processes of this machine, by /proc if there is one, because a bare Debian has no ps. Elsewhere
//! ps is a part of the system.

use std::path::Path;
use std::process::Command;

/// The title of a process: its arguments with blanks between. `None` if it has ended.
pub(super) fn title(pid: i32) -> Option<String> {
    let title = if has_proc() {
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&arguments).replace('\0', " ")
    } else {
        ps(&["-p", &pid.to_string(), "-o", "args="])
    };
    // A dead process that its parent hasn't collected yet has lost its title.
    (!title.trim().is_empty()).then_some(title)
}

/// The children of a process.
pub fn children(parent: i32) -> Vec<i32> {
    let pairs = if has_proc() {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(|pid| Some((pid, parent_of(pid)?))).collect()
    } else {
        let listed = ps(&["-A", "-o", "pid=,ppid="]);
        listed.lines().filter_map(pair).collect::<Vec<(i32, i32)>>()
    };
    pairs.into_iter().filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// The second number behind the name, which stands in parentheses and may hold any (proc(5)).
fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn pair(line: &str) -> Option<(i32, i32)> {
    let (pid, parent) = line.trim().split_once(char::is_whitespace)?;
    Some((pid.parse().ok()?, parent.trim().parse().ok()?))
}

fn ps(arguments: &[&str]) -> String {
    let output = Command::new("ps").args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_listed_with_its_title_until_it_has_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep runs");
        let (me, pid) = (std::process::id() as i32, child.id() as i32);
        assert!(children(me).contains(&pid));
        // The child has this title once it has become sleep.
        while title(pid).is_none_or(|title| !title.contains("sleep 60")) {
            std::thread::yield_now();
        }
        child.kill().expect("it runs");
        child.wait().expect("it was ours");
        assert!(!children(me).contains(&pid));
        assert_eq!(title(pid), None);
    }
}
