//! Private servers, tried with the programs of this machine.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use kit::{Service, Services};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A directory of the test's own, whose servers end with it.
struct TestServices(Services, PathBuf);

impl TestServices {
    fn new(name: &str) -> TestServices {
        let dir = std::env::temp_dir().join(format!("edge-orders-kit-{name}-{}", std::process::id()));
        TestServices(Services::of(&dir).expect("a directory"), dir)
    }
}

impl Drop for TestServices {
    fn drop(&mut self) {
        self.0.remove().expect("everything can be deleted");
        assert!(!self.1.exists());
    }
}

fn listens(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

fn sql(services: &Services, sql: &str) -> String {
    let (bin, url) = (services.setting("POSTGRES_BIN").unwrap(), services.setting("DATABASE_URL").unwrap());
    let output = Command::new(format!("{bin}/psql")).args(["-X", "-q", "-At", "-c", sql, &url]).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn redis_starts_once_and_stops_even_while_it_hangs() {
    let own = TestServices::new("redis");
    own.0.start(&[Service::Redis]).unwrap();
    let url = own.0.setting("REDIS_URL").unwrap();
    let address = url.strip_prefix("redis://").unwrap();
    assert!(listens(address));
    assert!(own.0.setting("DATABASE_URL").is_err(), "only Redis was asked for");
    own.0.start(&[Service::Redis]).unwrap();
    assert_eq!(own.0.setting("REDIS_URL").unwrap(), url, "the one that runs is kept");

    let state = std::fs::read_to_string(own.1.join("state.path")).unwrap();
    let pid = std::fs::read_to_string(format!("{}/redis/redis.pid", state.trim())).unwrap();
    kill(Pid::from_raw(pid.trim().parse().unwrap()), Signal::SIGSTOP).unwrap();
    own.0.stop().unwrap();
    assert!(!listens(address));
    own.0.stop().expect("there is nothing left to stop");
}

#[test]
fn postgres_keeps_its_data_and_its_address_over_a_restart() {
    let own = TestServices::new("postgres");
    own.0.start(&[Service::Postgres]).unwrap();
    let url = own.0.setting("DATABASE_URL").unwrap();
    assert_eq!(sql(&own.0, "CREATE TABLE kept (a int); SELECT count(*) FROM pg_stat_statements WHERE false"), "0");
    own.0.stop().unwrap();
    let address = url.split(['@', '/']).find(|part| part.starts_with("127.0.0.1")).unwrap();
    assert!(!listens(address));
    own.0.start(&[Service::Postgres]).unwrap();
    assert_eq!(own.0.setting("DATABASE_URL").unwrap(), url);
    assert_eq!(sql(&own.0, "SELECT count(*) FROM kept"), "0");
    assert!(own.0.postmaster_file().is_some_and(|file| file.exists()));
}
