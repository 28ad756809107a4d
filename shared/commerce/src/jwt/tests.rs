use super::*;
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, Mac};
use rsa::pkcs1v15::SigningKey as RsaSigningKey;
use rsa::signature::SignatureEncoding as _;
use rsa::traits::PublicKeyParts;
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "edge-orders";
const EXPECTED: TrustedIssuer<'_> = TrustedIssuer { issuer: ISSUER, audience: None };
const SECRET: [u8; 32] = [7; 32];

fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "shop", "exp": NOW + 60, "org": Uuid::from_u128(1), "role": "service", "scope": "orders:price other"
    })
}

fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn mac(secret: &[u8], message: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

/// A token over any header and payload, signed as the closure says.
fn token(header: &Value, payload: &[u8], sign: impl FnOnce(&str) -> Vec<u8>) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(payload));
    let signature = encode(sign(&message));
    format!("{message}.{signature}")
}

fn hs256(payload: &Value) -> String {
    token(&json!({"alg": "HS256", "kid": "dev"}), payload.to_string().as_bytes(), |message| mac(&SECRET, message))
}

fn secret_set() -> KeySet {
    keys(json!([{"kty": "oct", "kid": "dev", "k": encode(SECRET)}]))
}

fn keys(keys: Value) -> KeySet {
    KeySet::parse(&json!({ "keys": keys }).to_string()).unwrap()
}

fn check(token: &str) -> Result<Caller, Error> {
    verify(token, &secret_set(), EXPECTED, NOW)
}

#[test]
fn an_audience_must_be_named_where_one_is_expected() {
    let expected = TrustedIssuer { audience: Some("orders"), ..EXPECTED };
    let table = [
        (json!("orders"), true),
        (json!(["shop", "orders"]), true),
        (json!("shop"), false),
        (json!(["shop"]), false),
        (json!([]), false),
        (json!(7), false),
    ];
    for (audience, taken) in table {
        let token = hs256(&with(json!({ "aud": audience })));
        assert_eq!(verify(&token, &secret_set(), expected, NOW).is_ok(), taken, "{audience}");
    }
    assert!(verify(&hs256(&claims()), &secret_set(), expected, NOW).is_err(), "for nobody");
    assert!(check(&hs256(&with(json!({ "aud": "shop" })))).is_ok(), "where none is expected it isn't looked at");
}

#[test]
fn a_good_token_becomes_its_caller() {
    let expected = Caller {
        organization: Uuid::from_u128(1),
        role: Role::Service,
        customer: None,
        scopes: vec!["orders:price".into(), "other".into()],
        subject: "shop".into(),
        token_id: None,
        issued_at: 0,
        expires_at: NOW + 60,
        not_before: None,
    };
    assert_eq!(check(&hs256(&claims())), Ok(expected));

    let customer =
        check(&hs256(&with(json!({"role": "customer", "customer": Uuid::from_u128(9), "nbf": NOW - 5})))).unwrap();
    assert_eq!((customer.role, customer.customer), (Role::Customer, Some(Uuid::from_u128(9))));
    assert_eq!(customer.not_before, Some(NOW - 5 - LEEWAY));
}

#[test]
fn times_are_kept_to_the_second_and_only_the_beginning_has_leeway() {
    let table = [
        (json!({"exp": NOW + 1}), true),
        (json!({"exp": NOW}), false),
        (json!({"exp": NOW as f64 + 0.9}), false),
        (json!({"exp": NOW as f64 + 1.5}), true),
        (json!({"exp": NOW - 1}), false),
        (json!({"exp": -1}), false),
        (json!({"exp": 1e300}), false),
        (json!({"exp": u64::MAX}), false),
        (json!({"exp": "never"}), false),
        (json!({"exp": null}), false),
        (json!({"nbf": NOW + LEEWAY}), true),
        (json!({"nbf": NOW + LEEWAY + 1}), false),
        (json!({"nbf": -9e15}), true),
        (json!({"nbf": "now"}), false),
    ];
    for (change, accepted) in table {
        assert_eq!(check(&hs256(&with(change.clone()))).is_ok(), accepted, "{change}");
    }
}

#[test]
fn wrong_claims_are_refused() {
    for name in ["iss", "sub", "exp", "org", "role"] {
        assert!(check(&hs256(&without(name))).is_err(), "without {name}");
    }
    let table = [
        json!({"iss": "another"}),
        json!({"iss": [ISSUER]}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"sub": "a\u{0}b"}),
        json!({"sub": "x".repeat(256)}),
        json!({"org": "1"}),
        json!({"org": null}),
        json!({"role": "admin"}),
        json!({"role": "Operator"}),
        json!({"role": ["operator"]}),
        json!({"role": "customer"}),
        json!({"role": "customer", "customer": "me"}),
        json!({"role": "customer", "customer": null}),
        json!({"scope": ["orders:price"]}),
    ];
    for change in table {
        let refused = check(&hs256(&with(change.clone())));
        assert!(matches!(refused, Err(Error::Unauthenticated { .. })), "{change}: {refused:?}");
    }
}

#[test]
fn a_scope_that_is_no_text_is_named() {
    let Err(Error::Unauthenticated { detail }) = check(&hs256(&with(json!({"scope": ["orders:price"]})))) else {
        panic!("a list is no scope");
    };
    assert!(detail.contains("scope must be one text"), "{detail}");
}

#[test]
fn a_claim_given_twice_is_refused() {
    let twice = claims().to_string().replacen('{', r#"{"role":"operator","#, 1);
    let token = token(&json!({"alg": "HS256"}), twice.as_bytes(), |message| mac(&SECRET, message));
    assert!(check(&token).is_err());
}

#[test]
fn what_is_not_signed_by_the_key_is_refused() {
    let payload = claims().to_string();
    let signed = |header: Value| token(&header, payload.as_bytes(), |message| mac(&SECRET, message));
    let good = hs256(&claims());
    let (head, _) = good.rsplit_once('.').unwrap();
    let forged = token(&json!({"alg": "HS256", "kid": "dev"}), payload.as_bytes(), |message| mac(&[8; 32], message));
    let (_, forged_signature) = forged.rsplit_once('.').unwrap();
    let table = [
        ("no algorithm", token(&json!({"alg": "none"}), payload.as_bytes(), |_| vec![])),
        ("the name of no algorithm in other letters", signed(json!({"alg": "NONE"}))),
        ("no alg", signed(json!({"kid": "dev"}))),
        ("an algorithm of other keys", signed(json!({"alg": "RS256", "kid": "dev"}))),
        ("an unknown algorithm", signed(json!({"alg": "HS512", "kid": "dev"}))),
        ("an unknown key", signed(json!({"alg": "HS256", "kid": "other"}))),
        ("a critical extension", signed(json!({"alg": "HS256", "crit": ["b64"]}))),
        ("an unencoded payload", signed(json!({"alg": "HS256", "b64": false}))),
        ("another secret", forged.clone()),
        ("another token's signature", format!("{head}.{forged_signature}")),
        ("an empty signature", format!("{head}.")),
        ("no signature", head.to_owned()),
        ("a signature cut short", good[..good.len() - 4].to_owned()),
        ("a fourth part", format!("{good}.x")),
        ("padding", format!("{good}=")),
        ("blanks", format!(" {good}")),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("no base64", "ä.ö.ü".to_owned()),
        ("a token beyond the limit", format!("{good}{}", "A".repeat(MAX_TOKEN))),
    ];
    for (what, token) in table {
        let refused = check(&token);
        assert!(matches!(refused, Err(Error::Unauthenticated { .. })), "{what}: {refused:?}");
    }
}

#[test]
fn every_changed_byte_breaks_a_token() {
    let good = hs256(&claims());
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(check(std::str::from_utf8(&bytes).unwrap()).is_err(), "byte {at}");
    }
}

#[test]
fn every_algorithm_verifies_with_its_own_key_and_no_other() {
    let ed = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let p256 = p256::ecdsa::SigningKey::from_slice(&[5; 32]).unwrap();
    let private = rsa::RsaPrivateKey::new(&mut rand::thread_rng(), 2048).unwrap();
    let (n, e) = (private.n().to_bytes_be(), private.e().to_bytes_be());
    let rsa = RsaSigningKey::<Sha256>::new(private);
    let point = p256.verifying_key().to_encoded_point(false);
    let jwks = [
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "x": encode(ed.verifying_key().as_bytes())}),
        json!({"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "x": encode(point.x().unwrap()), "y": encode(point.y().unwrap())}),
        json!({"kty": "RSA", "kid": "rsa", "key_ops": ["verify"], "n": encode(&n), "e": encode(e)}),
        json!({"kty": "oct", "kid": "dev", "k": encode(SECRET)}),
    ];
    let payload = claims().to_string();
    let sign = |alg: &str, header: Value| {
        token(&header, payload.as_bytes(), |message| match alg {
            "EdDSA" => ed.sign(message.as_bytes()).to_vec(),
            "ES256" => {
                let signature: p256::ecdsa::Signature = p256.sign(message.as_bytes());
                signature.to_vec()
            }
            "RS256" => rsa.sign(message.as_bytes()).to_vec(),
            _ => mac(&SECRET, message),
        })
    };
    let algorithms = [("EdDSA", "ed"), ("ES256", "ec"), ("RS256", "rsa"), ("HS256", "dev")];
    for (index, (alg, kid)) in algorithms.into_iter().enumerate() {
        for header in [json!({"alg": alg, "kid": kid}), json!({ "alg": alg })] {
            let token = sign(alg, header);
            for (at, jwk) in jwks.iter().enumerate() {
                let verified = verify(&token, &keys(json!([jwk])), EXPECTED, NOW);
                assert_eq!(verified.is_ok(), at == index, "{alg} with key {at}: {verified:?}");
            }
            verify(&token, &keys(json!(jwks)), EXPECTED, NOW).unwrap();
        }
    }
    // The classic confusion: a public key taken for a secret.
    let confused = token(&json!({"alg": "HS256", "kid": "rsa"}), payload.as_bytes(), |message| mac(&n, message));
    assert!(verify(&confused, &keys(json!([jwks[2]])), EXPECTED, NOW).is_err());
}

#[test]
fn without_a_kid_every_fitting_key_is_tried() {
    let set = keys(
        json!([{"kty": "oct", "kid": "new", "k": encode([1; 32])}, {"kty": "oct", "kid": "dev", "k": encode(SECRET)}]),
    );
    let token = token(&json!({"alg": "HS256"}), claims().to_string().as_bytes(), |message| mac(&SECRET, message));
    assert!(verify(&token, &set, EXPECTED, NOW).is_ok());
}

#[test]
fn a_key_that_cannot_be_used_is_passed_over_and_named_without_its_value() {
    let secret = encode([9; 16]);
    let padded = base64ct::Base64Url::encode_string(&SECRET);
    let table = [
        (json!({"kty": "oct", "kid": "other", "k": padded}), "keys[0].k: "),
        (json!({"kty": "oct", "k": secret}), "keys[0].k: "),
        (json!({"kty": "oct"}), "keys[0].k: is missing"),
        (json!({"kty": "EC", "crv": "P-256", "x": encode(SECRET)}), "keys[0].y: is missing"),
        (json!({"kty": "EC", "crv": "P-256", "x": encode(SECRET), "y": encode(SECRET)}), "keys[0].x, y: "),
        (json!({"kty": "RSA", "n": encode([255; 128]), "e": "AQAB"}), "keys[0].n: must have at least 2048 bits"),
        (json!({"kty": "oct", "kid": 5, "k": encode(SECRET)}), "keys[0].kid: must be a text"),
        (json!({"kty": ["oct"], "k": encode(SECRET)}), "keys[0].kty: must be a text"),
        (json!({"kty": "oct", "key_ops": "verify", "k": encode(SECRET)}), "keys[0].key_ops: "),
        (json!({"kid": "no kind"}), "keys[0].kty: is missing"),
        (json!("a text"), "keys[0].kty: is missing"),
        (json!(null), "keys[0].kty: is missing"),
    ];
    let good = json!({"kty": "oct", "kid": "dev", "k": encode(SECRET)});
    for (bad, named) in table {
        let set = keys(json!([bad, good]));
        let [unusable] = set.unusable() else { panic!("{bad}: {:?}", set.unusable()) };
        assert!(unusable.starts_with(named), "{bad}: {unusable}");
        assert!(!unusable.contains(&secret) && !unusable.contains(&padded), "{unusable}");
        assert!(verify(&hs256(&claims()), &set, EXPECTED, NOW).is_ok(), "the other key verifies: {bad}");
        let alone = KeySet::parse(&json!({ "keys": [bad] }).to_string());
        assert!(alone.is_err_and(|wrong| wrong.contains(named)), "{bad}");
    }
    assert!(secret_set().unusable().is_empty());
    assert!(keys(json!([good, {"kty": "new"}, {"kty": "oct", "use": "enc"}])).unusable().is_empty(), "no mistakes");
}

#[test]
fn a_bad_key_set_is_a_configuration_error_that_shows_no_key() {
    let secret = encode([9; 16]);
    let table = [
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("{{\"keys\":[\"{secret}\"]}}"),
        json!({"keys": []}).to_string(),
        json!({"keys": [{"kty": "oct", "k": secret}]}).to_string(),
        json!({"keys": [{"kty": "oct", "k": "!"}]}).to_string(),
        json!({"keys": [{"kty": "oct"}]}).to_string(),
        json!({"keys": [{"kty": "oct", "use": "enc", "k": encode(SECRET)}]}).to_string(),
        json!({"keys": [{"kty": "oct", "alg": "HS512", "k": encode(SECRET)}]}).to_string(),
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": secret}]}).to_string(),
        json!({"keys": [{"kty": "OKP", "crv": "X25519", "x": encode(SECRET)}]}).to_string(),
        json!({"keys": [{"kty": "EC", "crv": "P-256", "x": encode(SECRET), "y": encode(SECRET)}]}).to_string(),
        json!({"keys": [{"kty": "RSA", "n": encode([255; 128]), "e": "AQAB"}]}).to_string(),
        json!({"keys": [{"kty": "RSA", "n": encode([255; 1024]), "e": "AQAB"}]}).to_string(),
        json!({"keys": [{"kty": "new"}]}).to_string(),
    ];
    for text in table {
        let refused = KeySet::parse(&text).expect_err(&text);
        assert!(!refused.contains(&secret), "{text}: {refused}");
    }
    assert!(!format!("{:?}", secret_set()).contains('7'), "a secret in the debug output");
}
