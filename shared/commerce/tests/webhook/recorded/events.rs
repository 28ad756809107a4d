//! Recorded bodies of PayPal's events.

use commerce::webhook::event::ObjectKind;
use commerce::webhook::event::paypal::PayPalEvent;
use serde_json::Value;

use super::{file, read, text};

#[test]
fn every_recorded_event_names_its_resource_and_reads_as_one() {
    let Some(path) = file(None, "events/MANIFEST.json") else { return };
    for entry in read(&path).as_array().expect("a list") {
        let name = text(entry, "file").expect("a file");
        let body = std::fs::read(path.with_file_name(name)).expect(name);
        let event = PayPalEvent::parse(&body).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert_eq!(Some(event.id.as_str()), text(entry, "event_id"), "{name}");
        assert_eq!(Some(event.kind.as_str()), text(entry, "event_type"), "{name}");
        let resource = event.resource.expect(name);
        assert_eq!(Some(resource.id.as_str()), text(entry, "resource_id"), "{name}");
        let objects = resource.objects(&event.claimed).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        let [object] = &objects[..] else { panic!("{name}: {objects:?}") };
        let refund = event.kind.ends_with("REFUNDED") || event.kind.ends_with("REVERSED");
        assert_eq!(object.kind == ObjectKind::Refund, refund, "{name}");
        assert_eq!(object.reversal, event.kind.ends_with("REVERSED"), "{name}");
        let json = serde_json::to_value(object).expect("JSON");
        assert!(
            json.get("amount").and_then(Value::as_str).is_some_and(|amount| !amount.starts_with('-')),
            "{name}: {json}"
        );
    }
}
