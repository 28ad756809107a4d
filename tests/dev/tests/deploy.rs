//! The manifests of `deploy/`: they fit their definitions, and name only what there is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kit::Description;
use serde_yaml_ng::Value;

fn folder() -> PathBuf {
    dev::root().join("deploy")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn documents(path: &Path) -> Vec<Value> {
    let text = text(path);
    let parts = text.split("---\n").filter(|part| part.lines().any(|line| !line.starts_with('#')));
    parts.map(|part| serde_yaml_ng::from_str(part).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).collect()
}

/// Every document of `deploy/spinkube`, with its file.
fn manifests() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder().join("spinkube")).expect("deploy/spinkube") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|end| end == "yaml") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            found.extend(documents(&path).into_iter().map(|document| (name.clone(), document)));
        }
    }
    assert!(found.len() > 10, "only {} manifests", found.len());
    found
}

fn of_kind(kind: &str) -> Vec<(String, Value)> {
    manifests().into_iter().filter(|(_, manifest)| manifest["kind"] == kind).collect()
}

fn compose() -> Value {
    documents(&folder().join("compose.yaml")).remove(0)
}

fn settings() -> BTreeSet<&'static str> {
    dev::settings::all().map(|setting| setting.name).collect()
}

/// Says of each object which fields it may have: without that, a misspelt field would fit.
fn close(schema: &mut serde_json::Value) {
    let Some(object) = schema.as_object_mut() else { return };
    let open = object.contains_key("additionalProperties")
        || object.get("x-kubernetes-preserve-unknown-fields").is_some_and(|open| open == true);
    if object.get("properties").is_some() && !open {
        object.insert("additionalProperties".into(), false.into());
    }
    for (key, part) in object.iter_mut() {
        match key.as_str() {
            "properties" => part.as_object_mut().into_iter().flat_map(|all| all.values_mut()).for_each(close),
            "items" | "additionalProperties" => close(part),
            _ => {}
        }
    }
}

#[test]
fn manifests_of_spinkube_fit_its_definitions() {
    let definitions = dev::root().join("../shared/data/spinkube");
    if !definitions.is_dir() {
        eprintln!("not checked: SpinKube's definitions aren't at ../shared/data/spinkube beside the project");
        return;
    }
    for (kind, file) in [("SpinApp", "spinapps"), ("SpinAppExecutor", "spinappexecutors")] {
        let definition = documents(&definitions.join(format!("core.spinkube.dev_{file}.yaml"))).remove(0);
        let version = &definition["spec"]["versions"][0];
        let mut schema: serde_json::Value =
            serde_json::to_value(&version["schema"]["openAPIV3Schema"]).expect("a schema");
        close(&mut schema);
        let schema = jsonschema::validator_for(&schema).expect("a schema");
        let found = of_kind(kind);
        assert!(!found.is_empty(), "no {kind}");
        for (file, manifest) in found {
            assert_eq!(
                manifest["apiVersion"],
                format!("core.spinkube.dev/{}", version["name"].as_str().expect("one")).as_str()
            );
            let manifest = serde_json::to_value(&manifest).expect("JSON");
            let wrong: Vec<String> =
                schema.iter_errors(&manifest).map(|error| format!("{}: {error}", error.instance_path)).collect();
            assert!(wrong.is_empty(), "{file}: {wrong:#?}");
            let mut misspelt = manifest.clone();
            misspelt["spec"]["imagee"] = "x".into();
            assert!(!schema.is_valid(&misspelt), "an unknown field is seen");
        }
    }
}

#[test]
fn every_app_but_that_of_pages_has_health_and_each_other_component_is_in_one_app() {
    let mut seen = BTreeSet::new();
    for (file, app) in of_kind("SpinApp") {
        let components = app["spec"]["components"].as_sequence().expect("components");
        let names: Vec<&str> = components.iter().filter_map(Value::as_str).collect();
        // That one has no dependency to be asked for.
        assert!(names == ["console"] || names.contains(&"health"), "{file}'s probe asks health");
        for name in names.into_iter().filter(|name| *name != "health") {
            assert!(dev::root().join("functions").join(name).is_dir(), "{file}: there is no component {name}");
            assert!(seen.insert(name.to_owned()), "{name} is in two apps");
        }
        assert_eq!(app["spec"]["executor"], "spintainer", "{file}: the shim embeds a Spin that is too old");
        // Kubernetes refuses a number beside an autoscaler.
        assert!(app["spec"]["replicas"].is_null() && app["spec"]["enableAutoscaling"] == true, "{file}");
    }
    let all = dev::routes::components(dev::root()).expect("components");
    let all: BTreeSet<String> = all.into_iter().map(|one| one.name).filter(|name| name != "health").collect();
    assert_eq!(seen, all);
}

#[test]
fn manifests_set_only_variables_that_are_settings() {
    let settings = settings();
    for (file, app) in of_kind("SpinApp") {
        for variable in app["spec"]["variables"].as_sequence().expect("variables") {
            let name = variable["name"].as_str().expect("a name");
            assert!(settings.contains(name), "{file}: {name} is no setting");
        }
    }
    let compose = compose();
    let environment = compose["services"]["app"]["environment"].as_mapping().expect("an environment");
    for name in environment.keys().filter_map(Value::as_str) {
        let setting = name.strip_prefix("SPIN_VARIABLE_").expect("a variable of Spin").to_lowercase();
        assert!(settings.contains(&*setting), "compose.yaml: {name} is no setting");
    }
}

#[test]
fn a_secret_setting_stands_in_no_manifest_and_its_key_is_in_the_example() {
    let secret: BTreeSet<&str> =
        dev::settings::all().filter(|setting| setting.secret).map(|setting| setting.name).collect();
    let (_, example) = of_kind("Secret").remove(0);
    for (file, app) in of_kind("SpinApp") {
        for variable in app["spec"]["variables"].as_sequence().expect("variables") {
            let name = variable["name"].as_str().expect("a name");
            let key = &variable["valueFrom"]["secretKeyRef"]["key"];
            assert!(!secret.contains(name) || key.is_string(), "{file}: {name} is a secret");
            if let Some(key) = key.as_str() {
                assert!(example["stringData"][key].is_string(), "secret.example.yaml has no {key}");
            }
        }
    }
    let compose = compose();
    for (name, value) in compose["services"]["app"]["environment"].as_mapping().expect("an environment") {
        let setting = name.as_str().expect("a name").trim_start_matches("SPIN_VARIABLE_").to_lowercase();
        if secret.contains(&*setting) {
            assert!(value.as_str().is_some_and(|value| value.contains("${")), "compose.yaml: {setting} is a secret");
        }
    }
}

#[test]
fn each_way_to_deploy_ticks_the_jobs_of_every_component() {
    let description = Description::get();
    let posts = description.operations().iter().filter(|one| one.method == "POST").map(|one| &*one.path);
    let ticks: Vec<&str> = posts.filter(|path| path.ends_with("/tick")).collect();
    assert!(ticks.len() >= 3, "{ticks:?}");
    let scheduler = text(&folder().join("spinkube/scheduler.yaml"));
    for tick in ticks {
        assert!(scheduler.contains(&format!("/api/v1{tick}\"")), "scheduler.yaml doesn't call {tick}");
    }
    let app = &compose()["services"]["app"]["environment"];
    assert!(app["SPIN_VARIABLE_JOBS_URL"].is_string(), "in compose.yaml the app calls its jobs itself");
}

#[test]
fn compose_mounts_files_that_exist_and_waits_for_services_that_it_has() {
    let compose = compose();
    let services = compose["services"].as_mapping().expect("services");
    for (name, service) in services {
        let name = name.as_str().expect("a name");
        let image = service["image"].as_str().expect(name);
        assert!(image.contains(':') && !image.ends_with(":latest"), "{name} names no version: {image}");
        for volume in service["volumes"].as_sequence().into_iter().flatten().filter_map(Value::as_str) {
            let source = volume.split(':').next().expect("a source");
            let exists = if source.starts_with('.') {
                folder().join(source).exists()
            } else {
                compose["volumes"].as_mapping().is_some_and(|volumes| volumes.contains_key(source))
            };
            assert!(exists, "{name} mounts {source}");
        }
        let waits: Vec<&str> = match &service["depends_on"] {
            Value::Sequence(names) => names.iter().filter_map(Value::as_str).collect(),
            Value::Mapping(names) => names.keys().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for other in waits {
            assert!(services.contains_key(other), "{name} waits for {other}");
        }
    }
}
