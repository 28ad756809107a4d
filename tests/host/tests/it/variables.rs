use crate::support::*;
use edge_host::variables::{Sources, parse_argument};
use std::collections::HashMap;
use std::process::{Command, Stdio};

const TABLE: &str = r#"
    plain = { default = "of the manifest" }
    token = { default = "s3cr3t-default", secret = true }
"#;
const COMPONENT: &str = r#"
    [component.guest.variables]
    seen = "<{{ plain }}>"
    both = "{{plain}} and {{ token }}"
"#;

fn sources(overrides: &[(&str, &str)], environment: &[(&str, &str)]) -> Sources {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Sources { overrides: map(overrides), environment: map(environment) }
}

async fn variable(name: &str, sources: Sources) -> String {
    let host = try_start(&manifest(TABLE, COMPONENT), |options| options.sources = sources).await;
    ask(&host.expect("the host starts"), "/variable", name).await
}

#[tokio::test]
async fn a_variable_has_its_default() {
    assert_eq!(variable("seen", sources(&[], &[])).await, r#"Ok("<of the manifest>")"#);
}

#[tokio::test]
async fn the_environment_overrides_the_default() {
    let environment = [("SPIN_VARIABLE_PLAIN", "of the environment")];
    assert_eq!(variable("seen", sources(&[], &environment)).await, r#"Ok("<of the environment>")"#);
}

#[tokio::test]
async fn the_command_line_overrides_the_environment() {
    let given = sources(&[("plain", "as told")], &[("SPIN_VARIABLE_PLAIN", "of the environment")]);
    assert_eq!(variable("both", given).await, r#"Ok("as told and s3cr3t-default")"#);
}

#[test]
fn the_command_line_takes_values_texts_of_files_and_tables() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (pem, toml, json) = (
        file("pem", "a\nb\n"),
        file("a.toml", "one = '''\n{\"a\"}'''\n"),
        file("b.json", "{\"one\":\"1\",\"two\":\"2\"}"),
    );
    let table = [
        ("one=a=b".to_owned(), sources(&[("one", "a=b")], &[])),
        (format!("one=@{pem}"), sources(&[("one", "a\nb\n")], &[])),
        (format!("@{toml}"), sources(&[("one", "{\"a\"}")], &[])),
        (format!("@{json}"), sources(&[("one", "1"), ("two", "2")], &[])),
    ];
    for (argument, expected) in table {
        assert_eq!(parse_argument(&argument).expect("it is as it should be"), expected.overrides, "{argument}");
    }
    for wrong in ["one".to_owned(), format!("@{pem}"), format!("@{toml}/nowhere.toml"), "one=@/nowhere".to_owned()] {
        assert!(parse_argument(&wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_component_sees_only_its_own_variables() {
    let answer = variable("plain", sources(&[], &[])).await;
    assert_eq!(answer, r#"Err(Error::Undefined("no variable for \"guest\".\"plain\""))"#);
}

#[tokio::test]
async fn a_name_that_cannot_be_a_variable_is_invalid() {
    let answer = variable("Seen", sources(&[], &[])).await;
    assert!(answer.starts_with("Err(Error::InvalidName("), "{answer}");
}

#[tokio::test]
async fn environment_variables_of_the_manifest_reach_the_component() {
    let host = start(&manifest("", r#"environment = { GREETING = "hello" }"#)).await;
    assert_eq!(ask(&host, "/environment", "GREETING").await, r#"Ok("hello")"#);
    assert_eq!(ask(&host, "/environment", "PATH").await, "Err(NotPresent)");
}

#[test]
fn a_file_env_beside_the_process_gives_variables() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join(".env"), "SPIN_VARIABLE_PLAIN=\"of the file\"\nPATH=/nowhere\n").expect("written");
    let sources = Sources::of_process(dir.path(), HashMap::new()).expect("a valid file");
    assert_eq!(sources.environment["SPIN_VARIABLE_PLAIN"], "of the file");
    assert_ne!(sources.environment["PATH"], "/nowhere", "the environment comes before the file");
}

#[tokio::test]
async fn a_required_variable_without_a_value_is_named_at_start() {
    let manifest = manifest("needed = { required = true }", "");
    let error = try_start(&manifest, |_| {}).await.err().expect("no start").to_string();
    assert!(error.contains("needed (SPIN_VARIABLE_NEEDED)"), "{error}");
    let given = sources(&[], &[("SPIN_VARIABLE_NEEDED", "")]);
    assert!(try_start(&manifest, |options| options.sources = given).await.is_ok());
}

#[tokio::test]
async fn mistakes_in_variables_are_errors_at_start() {
    let check = async |table: &str, component: &str, expected: &str| {
        let error = format!("{:#}", try_start(&manifest(table, component), |_| {}).await.err().expect("no start"));
        assert!(error.contains(expected), "{error}");
    };
    check("x = {}", "", "either be required or have a default").await;
    check("X = { default = '' }", "", "must start with a lower-case letter").await;
    check("", "[component.guest.variables]\na = '{{ b }}'", "unknown variable \"b\"").await;
    check("", "[component.guest.variables]\na = '{{ b'", "unmatched '{{'").await;
    check("", "allowed_outbound_hosts = ['redis://{{ nowhere }}']", "unknown variable \"nowhere\"").await;
    let undeclared = sources(&[("tpyo", "")], &[]);
    let error = try_start(&manifest("", ""), |options| options.sources = undeclared).await.err().expect("no start");
    assert!(error.to_string().contains("no variable \"tpyo\""), "{error}");
}

#[test]
fn a_secret_is_not_printed() {
    let run = |hosts: &str| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let component = format!("allowed_outbound_hosts = [{hosts:?}]\n{COMPONENT}");
        std::fs::write(dir.path().join("spin.toml"), manifest(TABLE, &component)).expect("written");
        let mut process = Command::new(env!("CARGO_BIN_EXE_edge-host"))
            .args(["up", "--listen=127.0.0.1:0", "--variable=token=s3cr3t-given", "--from"])
            .arg(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the host runs");
        // Until it serves, or has ended.
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(process.stdout.as_mut().expect("piped")), &mut line)
            .expect("text");
        process.kill().expect("ours to kill");
        let output = process.wait_with_output().expect("its output");
        format!("{line}{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let served = run("redis://h");
    assert!(served.contains("Serving http://127.0.0.1:"), "{served}");
    let refused = run("redis://{{ token }}/path");
    assert!(refused.contains("must not have a path"), "{refused}");
    assert!(!served.contains("s3cr3t") && !refused.contains("s3cr3t"), "{served}\n{refused}");
}
