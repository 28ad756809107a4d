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
        CustomerCreateOutcome = "customer_create", CustomerPatchOutcome = "customer_patch",
        OrganizationCreateOutcome = "organization_create", OrganizationPatchOutcome = "organization_patch",
        ProviderAccountCreateOutcome = "provider_account_create",
        ProviderAccountPatchOutcome = "provider_account_patch",
        ShipmentCreateOutcome = "shipment_create", ShipmentPatchOutcome = "shipment_patch",
        InvoiceIssueOutcome = "invoice_issue", InvoiceCreditOutcome = "invoice_credit",
        SetStatusOutcome = "order_set_statuses", CheckoutOutcome = "checkout_order",
        CheckoutPutOutcome = "checkout_put", CheckoutPutOutcome = "checkout_put_kept",
        ProductCreateOutcome = "product_create", ProductPatchOutcome = "product_patch",
        ProductDeleteOutcome = "product_delete", ProductBulkDeleteOutcome = "product_bulk_delete",
        SchemaCreateOutcome = "schema_create", SchemaPatchOutcome = "schema_patch",
        SessionBeginOutcome = "session_begin", SessionApproveOutcome = "session_approve",
        SessionMoveOutcome = "session_move", RefundOutcome = "refund_request",
        RefundSettleOutcome = "refund_settle", ManualRecordOutcome = "manual_record",
        ManualCorrectOutcome = "manual_correct", ApprovalOutcome = "approval_begin",
        ApprovalRefusedOutcome = "approval_refused", CaptureOutcome = "capture_begin", ExportOutcome = "transaction_export_begin",
        ApplyOutcome = "payment_observed", RecordOutcome = "webhook_record", ApplyOutcome = "webhook_apply",
        ApplyOutcome = "webhook_deliver",
        ReplayOutcome = "webhook_replay", ReplayPageOutcome = "webhook_replay_page", BodyOutcome = "webhook_body", DismissOutcome = "webhook_dismiss", RenewOutcome = "cache_renew",
        StockCountOutcome = "stock_count", StockMoveOutcome = "stock_move", StockForgetOutcome = "stock_forget",
        HoldOutcome = "stock_hold_take", HoldOutcome = "stock_hold_begin", HoldOutcome = "stock_hold_begin_cart",
        HoldOutcome = "stock_hold_begin_change",
        InvalidateOutcome = "cache_invalidate", EventListOutcome = "event_list",
        GuestCheckoutOutcome = "guest_checkout_begin", CheckoutOutcome = "guest_checkout_order",
        UserSessionPutOutcome = "user_session_put", UserSessionDeleteOutcome = "user_session_delete"
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
fn a_change_that_is_not_made_says_why_with_the_status_of_its_answer() {
    let table = [
        ("updated", 200, ""),
        ("not_found", 404, ""),
        ("version_mismatch", 412, ""),
        ("not_allowed", 409, "shipped"),
        ("items_status", 409, "changed any more"),
        ("items_paid", 409, "money"),
        ("items_session", 409, "session"),
        ("items_invoiced", 409, "invoice"),
        ("items_shipped", 409, "shipment"),
        ("unknown_sku:1", 422, "items[1].sku"),
        ("no_price:2", 422, "items[2].sku"),
        ("bad_price:3", 422, "items[3].unitPrice"),
        ("total_too_large", 422, "items"),
        ("unreserved", 503, "held"),
    ];
    for (name, expected, word) in table {
        let (status, text) = match PatchOutcome::named(name).unwrap().check("shipped", Some(4), Some("pending")) {
            Ok(()) => (200, String::new()),
            Err(error @ Error::NotFound { .. }) => (404, error.to_string()),
            Err(error @ Error::Conflict { .. }) => (409, error.to_string()),
            Err(error @ Error::PreconditionFailed { .. }) => (412, error.to_string()),
            Err(error @ Error::Unprocessable(_)) => (422, error.to_string()),
            Err(error @ Error::Unavailable { .. }) => (503, error.to_string()),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(status, expected, "{name}");
        assert!(text.contains(word), "{name}: {text}");
    }
}

#[test]
fn what_is_anothers_already_is_named() {
    let named = |result: Result<(), Error>| match result {
        Err(Error::Taken(errors)) => errors[0].field.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(named(CustomerCreateOutcome::EmailTaken.check()), "email");
    assert_eq!(named(CustomerPatchOutcome::EmailTaken.check(Some(1))), "email");
    assert_eq!(named(OrganizationCreateOutcome::CuiTaken.check()), "cui");
    assert_eq!(named(OrganizationPatchOutcome::CuiTaken.check(Some(1))), "cui");
    assert_eq!(named(ShipmentCreateOutcome::TrackingTaken.check()), "trackingNumber");
    assert_eq!(named(ShipmentPatchOutcome::TrackingTaken.check("failed", Some("pending"))), "trackingNumber");
}

#[test]
fn an_invoice_is_new_or_was_there_or_says_why_there_is_none() {
    let statuses = ["issued", "found"].map(|name| InvoiceIssueOutcome::named(name).unwrap().status());
    assert_eq!(statuses, [Ok(201), Ok(200)]);
    assert!(matches!(InvoiceIssueOutcome::Cancelled.status(), Err(Error::Conflict { .. })));
    let field = |result: Result<(), Error>| match result {
        Err(Error::Unprocessable(errors)) => errors[0].field.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(InvoiceIssueOutcome::NoRate.status().map(drop)), "ronRate");
    for (name, expected) in [
        ("bad_amount", "amount"),
        ("unknown_line:1", "lines[1].position"),
        ("too_many:2", "lines[2].quantity"),
        ("mismatch", "Idempotency-Key"),
    ] {
        assert_eq!(field(InvoiceCreditOutcome::named(name).unwrap().check()), expected);
    }
}

#[test]
fn an_unknown_outcome_is_a_mistake_of_ours_that_names_function_and_word() {
    for (answer, word) in [(Some("lost"), "lost"), (None, "")] {
        let Err(Error::Internal { detail }) = PatchOutcome::read(answer) else { panic!("{answer:?}") };
        assert_eq!(detail, format!("order_patch gave the outcome {word:?}"));
    }
}
