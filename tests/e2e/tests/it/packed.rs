//! Large bodies are kept as gzip; clients get the same contents either way.

use e2e::{Answer, App};
use reqwest::Method;

const LARGE: &str = "/orders?limit=100";

/// Unpacks a body: gzip with a header of ten bytes and a trailer of eight (RFC 1952).
fn unpack(body: &[u8]) -> Vec<u8> {
    assert_eq!(body[..4], [0x1f, 0x8b, 8, 0], "gzip without flags");
    miniz_oxide::inflate::decompress_to_vec(&body[10..body.len() - 8]).expect("DEFLATE")
}

async fn get(app: &App, accept: &str, known: Option<&str>) -> Answer {
    let request = app.client.request(Method::GET, LARGE).header("accept-encoding", accept);
    app.client
        .send(match known {
            Some(etag) => request.header("if-none-match", etag),
            None => request,
        })
        .await
}

#[tokio::test]
async fn clients_that_take_gzip_get_the_kept_bytes_and_others_the_same_ones_plain() {
    let app = App::spawn().await;
    let plain = app.warm(LARGE).await;
    assert!(plain.body.len() > 16_384 && plain.headers.get("content-encoding").is_none(), "the seed has large lists");
    for (accept, takes) in [("gzip", true), ("br, gzip;q=0.5", true), ("gzip;q=0", false), ("identity", false)] {
        let answer = get(&app, accept, None).await.expect(200);
        assert!(answer.is_hit(), "{accept}");
        assert_eq!(answer.headers.contains_key("content-encoding"), takes, "{accept}");
        assert!(answer.header("vary").to_lowercase().contains("accept-encoding"), "{accept}");
        let body = if takes { unpack(&answer.body) } else { answer.body.to_vec() };
        assert!(body == plain.body, "{accept}: the same bytes");
        assert!(!takes || answer.body.len() * 3 < plain.body.len(), "{accept}: {} bytes", answer.body.len());
    }
}

#[tokio::test]
async fn no_strong_tag_names_two_sequences_of_bytes_and_either_tag_is_known_again() {
    let app = App::spawn().await;
    let plain = app.warm(LARGE).await;
    let packed = get(&app, "gzip", None).await.expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("etag"), format!("W/{}", plain.header("etag")));
    for accept in ["gzip", "identity"] {
        for tag in [plain.header("etag"), packed.header("etag")] {
            let answer = get(&app, accept, Some(tag)).await.expect(304);
            assert!(answer.headers.get("content-encoding").is_none() && answer.body.is_empty());
        }
    }
}

#[tokio::test]
async fn packed_lists_are_made_anew_when_packing_is_off_and_small_ones_stay_plain() {
    let app = App::spawn().await;
    app.warm("/orders?limit=1").await;
    let request = app.client.request(Method::GET, "/orders?limit=1").header("accept-encoding", "gzip");
    let small = app.client.send(request).await.expect(200);
    assert!(small.is_hit() && small.headers.get("content-encoding").is_none());
    let Some(app) = App::private().variable("compress_min_bytes", "0").spawn().await else { return };
    app.warm(LARGE).await;
    let answer = get(&app, "gzip", None).await.expect(200);
    assert!(answer.is_hit() && answer.headers.get("content-encoding").is_none());
    assert_eq!(answer.header("vary"), "Authorization");
}
