//! Every example holds what it asserts.

#[path = "../examples/declared_cache.rs"]
mod declared_cache;
#[path = "../examples/idempotent_operation.rs"]
mod idempotent_operation;
#[path = "../examples/lock_with_fence.rs"]
mod lock_with_fence;
#[path = "../examples/rate_limit.rs"]
mod rate_limit;
#[path = "../examples/reference_data.rs"]
mod reference_data;

#[test]
fn a_declared_cache_serves_the_written_row() {
    declared_cache::main();
}

#[test]
fn an_operation_sent_twice_is_done_once() {
    idempotent_operation::main();
}

#[test]
fn a_late_holder_of_a_lock_overwrites_nothing() {
    lock_with_fence::main();
}

#[test]
fn a_rate_limit_admits_by_all_windows_or_refuses() {
    rate_limit::main();
}

#[test]
fn reference_data_near_costs_no_round_trip() {
    reference_data::main();
}

#[test]
fn every_example_is_run_by_this_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    for name in names {
        let line = format!("#[path = \"../examples/{}\"]", name.to_string_lossy());
        assert!(include_str!("examples.rs").contains(&line), "{line} is missing");
    }
}
