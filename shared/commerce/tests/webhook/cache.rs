//! The certificates that an instance knows.

use commerce::webhook::certificates::{Certificates, KEPT};
use commerce::webhook::paypal::{PassedCertificate, Trust};

use crate::authority::{LIVE_NAME, Leaf, NOW, intermediate_pem, root_pem};

fn certificate() -> PassedCertificate {
    let trust = Trust::from_pem(root_pem().as_bytes(), intermediate_pem((-365, 365)).as_bytes()).unwrap();
    PassedCertificate::check(Leaf::default().pem().as_bytes(), &trust, LIVE_NAME, NOW).unwrap()
}

#[test]
fn the_sixteen_most_recently_used_are_kept() {
    let (mut cache, certificate) = (Certificates::default(), certificate());
    assert_eq!(cache.known("0"), None);
    for n in 0..KEPT {
        cache.keep(&n.to_string(), certificate.clone());
    }
    assert_eq!(cache.known("0"), Some(certificate.clone()));
    cache.keep("16", certificate.clone());
    assert_eq!(cache.known("0"), Some(certificate.clone()), "used lately");
    assert_eq!(cache.known("1"), None, "the one unused for longest");
    cache.keep("2", certificate.clone());
    assert!((2..=KEPT).all(|n| cache.known(&n.to_string()).is_some()), "kept again, it takes no second place");
}

#[test]
fn the_first_pinned_certificate_that_ends_is_told() {
    let bundle = format!("{}{}", root_pem(), intermediate_pem((-365, 365)));
    let trust = Trust::from_bundle(bundle.as_bytes()).unwrap();
    assert_eq!(trust.ends(), Some(NOW + 365 * 86_400));
}

#[test]
fn one_bundle_holds_roots_and_intermediates_in_any_order() {
    let (root, intermediate) = (root_pem(), intermediate_pem((-365, 365)));
    let leaf = Leaf::default().pem();
    let check = |bundle: &str| {
        let trust = Trust::from_bundle(bundle.as_bytes())?;
        PassedCertificate::check(leaf.as_bytes(), &trust, LIVE_NAME, NOW).map(drop)
    };
    assert_eq!(check(&format!("{root}{intermediate}")), Ok(()));
    assert_eq!(check(&format!("{intermediate}\n# the root\n{root}")), Ok(()));
    assert!(check(&root).is_err(), "the certificate's URL doesn't serve the intermediate");
    assert!(check(&intermediate).is_err(), "an intermediate alone is no root");
    assert!(check("").is_err() && check("nonsense").is_err());
}

#[test]
fn a_chain_that_held_is_known_for_a_while_and_no_longer_than_it_is_valid() {
    let trust = Trust::from_pem(root_pem().as_bytes(), intermediate_pem((-365, 365)).as_bytes()).unwrap();
    let (fresh, mut held) = (certificate(), certificate());
    held.held_at(&trust, NOW + 10);
    assert_ne!(fresh, held);
    let mut again = held.clone();
    for within in [NOW, NOW + 10, NOW + 3600] {
        again.held_at(&trust, within);
    }
    assert_eq!(again, held, "nothing new was learnt");
    // Near its end nothing is known beyond it.
    let end = (0..800).map(|day| NOW + day * 86_400).find(|at| fresh.valid_at(&trust, *at).is_err()).unwrap();
    let mut last = fresh.clone();
    last.held_at(&trust, end - 86_400);
    assert!(fresh.valid_at(&trust, end).is_err() && last.valid_at(&trust, end).is_err());
}
