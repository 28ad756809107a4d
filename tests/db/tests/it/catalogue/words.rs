//! The words that products are found by: those of name and SKU, whichever program
//! changes a product.

use crate::database::Database;

/// The words of the product with this SKU.
async fn words(db: &Database, sku: &str) -> String {
    db.text(&format!(
        "SELECT coalesce(string_agg(w.word, ' ' ORDER BY w.word), '-') FROM product_words w JOIN products p ON p.id = w.product_id WHERE p.sku = '{sku}'"
    ))
    .await
}

#[tokio::test]
async fn words_are_cut_at_signs_without_accents_and_in_small_letters() {
    let db = Database::new().await;
    for (text, words) in [
        ("Cup", "{cup}"),
        ("Stoneware cup, blue glaze", "{blue,cup,glaze,stoneware}"),
        ("CUP-CER_01/x", "{01,cer,cup,x}"),
        ("Pălărie ȘTRUȚ Ünïcode ﬁne", "{fine,palarie,strut,unicode}"),
        ("cup CUP Cup", "{cup}"),
        (" -- !", "{}"),
        ("東京 タワー", "{東京,タワー}"),
    ] {
        let cut = db.client.query_one("SELECT search_words($1)::text", &[&text]).await.unwrap();
        let (cut, mut expected) =
            (cut.get::<_, String>(0), words.trim_matches(['{', '}']).split(',').collect::<Vec<_>>());
        expected.sort_unstable();
        assert_eq!(cut, format!("{{{}}}", expected.join(",")), "{text}");
    }
    let long = db.text(&format!("SELECT length((search_words('{}'))[1])", "x".repeat(100))).await;
    assert_eq!(long, "64");
}

#[tokio::test]
async fn words_follow_every_change_of_a_product() {
    let db = Database::new().await;
    assert_eq!(words(&db, "OLD").await, "any more not old sold");
    for (change, expected) in [
        ("UPDATE products SET price = 3 WHERE sku = 'JUG'", "jug"),
        ("UPDATE products SET name = 'Water jug' WHERE sku = 'JUG'", "jug water"),
        ("UPDATE products SET deleted_at = now() WHERE sku = 'JUG'", "-"),
        ("UPDATE products SET deleted_at = NULL WHERE sku = 'JUG'", "jug water"),
        (
            "BEGIN; UPDATE products SET name = 'x' WHERE sku = 'JUG'; UPDATE products SET name = 'y' WHERE sku = 'JUG'; COMMIT",
            "jug y",
        ),
        ("BEGIN; UPDATE products SET name = 'z' WHERE sku = 'JUG'; ROLLBACK", "jug y"),
        (
            "SET session_replication_role = replica; UPDATE products SET name = 'r' WHERE sku = 'JUG'; RESET session_replication_role",
            "jug r",
        ),
    ] {
        db.run(change).await;
        assert_eq!(words(&db, "JUG").await, expected, "{change}");
    }
    db.run("UPDATE products SET id = gen_random_uuid() WHERE sku = 'JUG'").await;
    assert_eq!(words(&db, "JUG").await, "jug r", "another id");
    let orphans = "SELECT count(*) FROM product_words w WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = w.product_id AND p.organization_id = w.organization_id)";
    assert_eq!(db.text(orphans).await, "0");
    db.run("DELETE FROM products WHERE sku = 'JUG'").await;
    assert_eq!(db.text(orphans).await, "0");
    db.run("TRUNCATE products").await;
    assert_eq!(db.text("SELECT count(*) FROM product_words").await, "0");
}

#[tokio::test]
async fn a_change_of_a_product_is_announced_by_its_own_tags_alone() {
    let db = Database::new().await;
    db.run("UPDATE products SET name = 'Water jug' WHERE sku = 'JUG'").await;
    let announced = db.announced().await;
    assert!(announced.len() == 1 && announced[0].iter().all(|tag| tag != "*"), "{announced:?}");
    db.run("UPDATE product_words SET word = 'mug' WHERE word = 'jug'").await;
    assert_eq!(db.announced().await, [["*"]], "by hand");
}

#[tokio::test]
async fn every_seeded_product_is_found_by_its_words() {
    let db = Database::seeded().await;
    let without = "SELECT count(*) FROM products p
        WHERE NOT EXISTS (SELECT FROM product_words w WHERE w.product_id = p.id)";
    assert_eq!(db.text(without).await, "0");
}
