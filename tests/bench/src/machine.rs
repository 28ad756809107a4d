//! The machine that the figures were measured on.

use std::process::Command;

use serde_json::{Value, json};

/// Processor, memory, system, versions.
pub fn describe(runtime: &str) -> Value {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
    };
    let first_line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).lines().next().unwrap_or_default().to_owned()
    };
    let (cpu, memory) = (file("/proc/cpuinfo"), file("/proc/meminfo"));
    json!({
        "processor": if cpu.is_empty() { first_line("sysctl", &["-n", "machdep.cpu.brand_string"]) } else { field(&cpu, "model name") },
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": field(&memory, "MemTotal"),
        "system": first_line("uname", &["-srm"]),
        "loadBefore": file("/proc/loadavg").split(' ').next().unwrap_or_default(),
        "runtime": runtime,
        "redis": first_line(&std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".into()), &["--version"]),
        "postgres": first_line("psql", &["--version"]),
        "rust": first_line("rustc", &["--version"]),
    })
}
