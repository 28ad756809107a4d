//! The cost of a hung Redis: reads go on at the pace of Postgres, and hits are back as soon as the
//! breaker looks again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use e2e::{App, eventually};

const CONNECTIONS: usize = 24;
/// The defaults of `redis_timeout_ms` and `redis_breaker_ms`.
const LIMIT: Duration = Duration::from_millis(100);
const BREAKER: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_hangs_few_reads_wait_for_it_and_hits_come_back_with_it() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let paths = crate::cached_reads(&app.sample);
    for path in &paths {
        app.warm(path).await;
    }
    let (over, hits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let readers: Vec<_> = (0..CONNECTIONS)
        .map(|reader| {
            let (client, paths, over, hits) = (app.client.clone(), paths.clone(), over.clone(), hits.clone());
            tokio::spawn(async move {
                let (mut at, mut times) = (reader, Vec::new());
                while !over.load(SeqCst) {
                    let begun = Instant::now();
                    let answer = client.get(&paths[at % paths.len()]).await.expect(200);
                    times.push((begun, begun.elapsed(), answer.header("cache-status").ends_with("redis-timeout")));
                    hits.fetch_add(u64::from(answer.is_hit()), SeqCst);
                    at += 1;
                }
                times
            })
        })
        .collect();
    let redis = app.redis.as_ref().expect("an own Redis");
    redis.hang();
    let hung = Instant::now();
    // A plain pause: Redis hangs for this time.
    tokio::time::sleep(BREAKER * 5).await;
    let resumed = Instant::now();
    redis.resume();
    let before = hits.load(SeqCst);
    eventually("hits are back", BREAKER * 5, || async { (hits.load(SeqCst) > before + 10).then_some(()) }).await;
    let back = resumed.elapsed();
    over.store(true, SeqCst);

    let (mut times, mut waited) = (Vec::new(), 0);
    for reader in readers {
        let read = reader.await.expect("only 200s");
        for (at, time, has_waited) in read {
            if at > hung + BREAKER && at < resumed - LIMIT {
                times.push(time);
                waited += usize::from(has_waited);
            }
        }
    }
    times.sort();
    let part = |of: usize| times[times.len() * of / 1000];
    let (p50, p90, p99, most) = (part(500), part(900), part(990), part(999));
    println!(
        "{} reads while Redis hung, {waited} waited for it: p50 {p50:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, p99.9 {most:.1?}; \
         hits back after {back:.1?}",
        times.len()
    );
    // Exact times need a quiet machine. On every machine a read that waits must be the exception.
    assert!(waited * 2 < times.len(), "{waited} of {} reads waited for Redis", times.len());
}
