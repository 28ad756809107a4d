//! The contract on a native Redis: the one that `REDIS_URL` names.

use cache_logic::contract::{self, damage};
use contract_tests::Native;

#[tokio::test]
async fn the_scripts_keep_the_contract_on_a_native_redis() {
    let url = std::env::var("REDIS_URL").expect("REDIS_URL names a Redis: scripts/services.sh starts one");
    let ports = Native::connect(&url, &format!("contract-{}:", uuid::Uuid::new_v4())).await;
    let mut found = contract::run(&ports).await;
    found.extend(damage::run(&ports).await);
    found.extend(contract::run_locks(&ports).await);
    found.extend(contract::run_write_through(&ports).await);
    assert!(found.len() > 15, "only {} checks ran", found.len());
    let broken: Vec<_> = found.into_iter().filter(|(_, outcome)| outcome.is_err()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
