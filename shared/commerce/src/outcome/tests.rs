use std::collections::{HashMap, HashSet};

use strum::VariantNames;

use super::*;

#[test]
fn every_name_in_the_table_is_read_by_the_enum_of_its_function() {
    let mut read = HashMap::new();
    macro_rules! check {
        ($($type:ty = $function:literal),+) => {$(
            for (function, names) in OUTCOMES.iter().filter(|(function, _)| *function == $function) {
                for name in *names {
                    let answer = if name.ends_with(':') { format!("{name}3") } else { (*name).to_owned() };
                    assert!(<$type>::named(&answer).is_some(), "{function} {answer}");
                }
                *read.entry(*function).or_insert(0) += names.len();
            }
            for wrong in ["", "taken", "Created", "replay:1", " replay"] {
                assert_eq!(<$type>::named(wrong), None, "{} {wrong:?}", $function);
            }
        )+};
    }
    check! {
        CreateOutcome = "order_create", PatchOutcome = "order_patch", DeleteOutcome = "order_delete",
        SetStatusOutcome = "order_set_statuses", CheckoutOutcome = "checkout_order",
        InvalidateOutcome = "cache_invalidate", StockCountOutcome = "stock_count",
        StockForgetOutcome = "stock_forget", StockMoveOutcome = "stock_move",
        ProductCreateOutcome = "product_create", ProductPatchOutcome = "product_patch",
        ProductDeleteOutcome = "product_delete", ProductBulkDeleteOutcome = "product_bulk_delete",
        SchemaCreateOutcome = "schema_create", SchemaPatchOutcome = "schema_patch",
        SessionBeginOutcome = "session_begin", SessionApproveOutcome = "session_approve",
        SessionMoveOutcome = "session_move", RefundOutcome = "refund_request",
        RefundSettleOutcome = "refund_settle", ManualRecordOutcome = "manual_record",
        ManualCorrectOutcome = "manual_correct", ApprovalOutcome = "approval_begin",
        ApprovalRefusedOutcome = "approval_refused", CaptureOutcome = "capture_begin", ExportOutcome = "transaction_export_begin",
        ApplyOutcome = "payment_observed", RecordOutcome = "webhook_record", ApplyOutcome = "webhook_apply",
        ReplayOutcome = "webhook_replay", BodyOutcome = "webhook_body", DismissOutcome = "webhook_dismiss", RenewOutcome = "cache_renew",
        StockCountOutcome = "stock_count", StockMoveOutcome = "stock_move", StockForgetOutcome = "stock_forget",
        InvalidateOutcome = "cache_invalidate"
    }
    let functions: HashSet<_> = OUTCOMES.iter().map(|(function, _)| *function).collect();
    assert_eq!(read.keys().copied().collect::<HashSet<_>>(), functions);
    assert_eq!(read.values().sum::<usize>(), OUTCOMES.iter().map(|(_, names)| names.len()).sum::<usize>());
}

#[test]
fn an_outcome_with_an_index_is_read_with_it_or_not_at_all() {
    let table = [
        ("unknown_sku:0", Some(CreateOutcome::UnknownSku(0))),
        ("no_price:99", Some(CreateOutcome::NoPrice(99))),
        ("total_too_large", Some(CreateOutcome::TotalTooLarge)),
        ("unknown_sku:", None),
        ("unknown_sku", None),
        ("unknown_sku:-1", None),
        ("unknown_sku:x", None),
        ("created:1", None),
    ];
    for (name, expected) in table {
        assert_eq!(CreateOutcome::named(name), expected, "{name}");
        assert_eq!(CheckoutOutcome::named(name), expected.map(CheckoutOutcome::Order), "{name}");
    }
    assert!(CreateOutcome::VARIANTS.contains(&"unknown_sku:"));
}

#[test]
fn an_order_that_is_not_made_names_the_field_that_hinders_it() {
    let table = [
        ("created", None),
        ("replay", None),
        ("mismatch", Some("Idempotency-Key")),
        ("unknown_customer", Some("customerId")),
        ("unknown_sku:2", Some("items[2].sku")),
        ("no_price:0", Some("items[0].sku")),
        ("total_too_large", Some("items")),
    ];
    for (name, expected) in table {
        let field = match CreateOutcome::named(name).unwrap().check("EUR") {
            Ok(()) => None,
            Err(Error::Unprocessable(errors)) => errors.first().map(|error| error.field.clone()),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(field.as_deref(), expected, "{name}");
    }
}

#[test]
fn an_unknown_outcome_is_a_mistake_of_ours_that_names_function_and_word() {
    for (answer, word) in [(Some("lost"), "lost"), (None, "")] {
        let Err(Error::Internal { detail }) = PatchOutcome::read(answer) else { panic!("{answer:?}") };
        assert_eq!(detail, format!("order_patch gave the outcome {word:?}"));
    }
}
