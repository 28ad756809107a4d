//! The contract of cache-logic's ports inside a component.

#[tokio::test]
async fn the_ports_keep_their_contract_on_the_runtime_s_redis() {
    let Some(found) = e2e::contract_on_the_runtime().await else { return };
    assert!(found.len() > 15, "only {} checks ran", found.len());
    let broken: Vec<_> = found.iter().filter(|(_, outcome)| *outcome != "ok").collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
