//! Names beside codes: shown to everyone, kept by each instance for a while.

use std::time::Duration;

use e2e::{App, SOON, eventually};

#[tokio::test]
async fn currencies_and_countries_are_looked_up_by_every_caller() {
    let app = App::spawn().await;
    let countries = app.client.get("/lookups/countries").await.expect(200).items();
    assert!(countries.len() > 240, "{}", countries.len());
    assert!(countries.iter().any(|country| country["code"] == "RO" && country["name"] == "Romania"));
    let currencies = app.client.get("/lookups/currencies").await.expect(200).items();
    let digits = |code: &str| currencies.iter().find(|one| one["code"] == code).map(|one| one["minorDigits"].clone());
    assert_eq!((digits("JPY"), digits("KWD"), digits("BGN")), (Some(0.into()), Some(3.into()), None));
    app.client.get("/lookups/planets").await.expect_problem(404);
    app.client.get("/lookups/countries?code=RO").await.expect_problem_naming(400, "code");
    app.client.anonymous().get("/lookups/countries").await.expect_problem(401);
}

#[tokio::test]
async fn an_instance_answers_a_lookup_by_itself_and_looks_at_the_token_alone() {
    let app = App::spawn_alone().await;
    let path = "/lookups/countries";
    let known = app.warm(path).await;
    // One reads from Redis and keeps it, if the one that filled it hasn't.
    let near = eventually("an instance has the names", SOON, || async {
        let answer = app.client.get(path).await.expect(200);
        answer.header("cache-status").contains("detail=instance").then_some(answer)
    })
    .await;
    assert_eq!((&near.body, near.header("etag")), (&known.body, known.header("etag")));
    app.client.get_if_none_match(path, known.header("etag")).await.expect(304);
    let (mut log, before) = (app.redis_log().await, app.statements().await);
    log.take().await;
    let answer = app.client.get(path).await.expect(200);
    if answer.header("cache-status").contains("detail=instance") {
        let asked: Vec<_> = log.take().await.into_iter().filter(|command| !command.is_renewal()).collect();
        assert!(asked.len() <= 1 && asked.iter().all(|look| look.text.contains("gen:access:")), "{asked:#?}");
        assert_eq!(app.statements().await.since(&before), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_changed_name_shows_as_late_as_the_setting_says_and_no_later() {
    let Some(app) = App::private().variable("lookup_near_ms", "0").spawn().await else { return };
    app.warm("/lookups/countries").await;
    app.psql("UPDATE lookups SET name = 'Rumania' WHERE code = 'RO'").await;
    eventually("the new name is shown", Duration::from_secs(2), || async {
        let countries = app.client.get("/lookups/countries").await.expect(200).items();
        countries.iter().any(|country| country["name"] == "Rumania").then_some(())
    })
    .await;
}
