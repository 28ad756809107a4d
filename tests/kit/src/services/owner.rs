use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use nix::unistd::{Uid, User};

/// Another user, under which the servers run. Postgres refuses to run as root, and Redis doesn't
/// need to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    /// The owner of servers that root starts; `None` for every other user.
    pub(super) fn find() -> Result<Option<Self>> {
        if !Uid::effective().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Some(Self { user: user.uid.as_raw(), group: user.gid.as_raw() }));
            }
        }
        anyhow::bail!("root starts no servers, and there is neither a user postgres nor nobody")
    }
}

/// A command that the owner runs, from a directory that every user may see.
pub(super) fn command(owner: Option<&Owner>, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null());
    if let Some(owner) = owner {
        command.uid(owner.user).gid(owner.group);
    }
    command
}

/// Makes a file or a directory the owner's.
pub(super) fn give(owner: Option<&Owner>, path: &Path) -> Result<()> {
    match owner {
        Some(owner) => chown(path, Some(owner.user), Some(owner.group))
            .with_context(|| format!("{} can't be given away", path.display())),
        None => Ok(()),
    }
}

/// Whether the owner reaches a directory and may write there.
pub(super) fn can_write(owner: Option<&Owner>, dir: &Path) -> bool {
    let asked = command(owner, Path::new("/bin/sh")).args(["-c", "test -w \"$0\""]).arg(dir).status();
    asked.is_ok_and(|status| status.success())
}
