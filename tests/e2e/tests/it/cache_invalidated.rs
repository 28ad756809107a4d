//! What an operator has made anew is served from before by nobody, whatever state Redis is in.

use std::time::{Duration, Instant};

use e2e::{App, Caller, SOON};
use serde_json::json;

#[tokio::test]
async fn an_operator_has_an_organisation_an_entity_or_a_tag_made_anew() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (org, order, operator) = (&app.sample.org, &app.sample.order, app.operator());
    let (one, list) = (format!("/orders/{order}"), "/orders?limit=5");
    // What is named, what is announced, and whether the order and the list are among it.
    let table = [
        (json!({"organization": org, "note": "a test"}), json!(["all", format!("tenant:{org}")]), [true, true]),
        (json!({"entity": {"kind": "order", "id": order}}), json!([format!("order:{org}/{order}")]), [true, false]),
        (json!({"tag": format!("org:{org}")}), json!([format!("lists:{org}"), format!("org:{org}")]), [false, true]),
        (json!({"tag": format!("counts:{org}")}), json!([format!("counts:{org}")]), [false, false]),
        (json!({"tag": "*"}), json!(["*"]), [true, true]),
    ];
    for (what, tags, gone) in table {
        app.warm(&one).await;
        app.warm(list).await;
        let answer = operator.invalidate_cache(&what).await.expect(200).json();
        assert_eq!(answer, json!({"status": "invalidated", "tags": tags}), "{what}");
        for (path, gone) in [&one[..], list].into_iter().zip(gone) {
            let answer = app.client.get(path).await.expect(200);
            assert_eq!(!answer.is_hit(), gone, "{what}: {path}: {}", answer.header("cache-status"));
        }
    }
    let audit = "SELECT string_agg(concat_ws(' ', actor, organization_id, after ->> 'note'), ', ' ORDER BY id)
        FROM payment_audit WHERE relation = 'cache_invalidations'";
    let audit = app.psql_value(audit).await;
    assert_eq!(audit.matches("operator::e2e-operator").count(), 5, "{audit}");
    assert!(audit.contains(&format!("{org} a test")), "{audit}");
}

#[tokio::test]
async fn only_operators_invalidate_and_every_mistake_is_named() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (org, operator) = (&app.sample.org, app.operator());
    let what = json!({"organization": org});
    for caller in [app.service(), Caller::customer(org, &app.sample.customer)] {
        app.as_caller(&caller).invalidate_cache(&what).await.expect_problem(403);
    }
    app.client.anonymous().invalidate_cache(&what).await.expect_problem(401);
    let unknown = json!({"organization": "0190a000-0000-7000-8000-00000000dead"});
    operator.invalidate_cache(&unknown).await.expect_problem(404);
    let table = [
        (json!({}), "body"),
        (json!({"organization": "mine"}), "organization"),
        (json!({"organization": org, "tag": "all"}), "tag"),
        (json!({"entity": {"kind": "cart", "id": org}}), "entity.kind"),
        (json!({"entity": {"kind": "order", "id": "1"}}), "entity.id"),
        (json!({"tag": "order"}), "tag"),
        (json!({"tag": "all", "note": ""}), "note"),
        (json!({"everything": true}), "everything"),
    ];
    for (what, field) in table {
        let problem = operator.invalidate_cache(&what).await.expect_problem(400);
        assert!(
            problem["errors"].as_array().is_some_and(|all| all.iter().any(|one| one["field"] == field)),
            "{problem}"
        );
    }
    let audit = "SELECT count(*)::text FROM payment_audit WHERE relation = 'cache_invalidations'";
    assert_eq!(app.psql_value(audit).await, "0", "what is refused isn't done");
}

#[tokio::test]
async fn an_invalidation_holds_although_redis_hung_while_it_was_asked_for() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let redis = app.redis.as_ref().expect("its own");
    redis.hang();
    let begun = Instant::now();
    app.operator().invalidate_cache(&json!({"organization": app.sample.org})).await.expect(200);
    assert!(begun.elapsed() > Duration::from_secs(1), "until no certificate of before lives: {:?}", begun.elapsed());
    redis.resume();
    let mut hits = 0;
    let mut missed = false;
    while hits < 3 {
        let answer = app.client.get(&path).await.expect(200);
        missed |= answer.header("cache-status").contains("fwd=miss");
        assert!(missed || !answer.is_hit(), "a hit of before: {}", answer.header("cache-status"));
        hits += usize::from(answer.is_hit());
        assert!(begun.elapsed() < SOON, "it is cached again");
    }
}
