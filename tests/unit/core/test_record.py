"""Test that a record takes new fields and keeps the others."""

from core.record import FieldRecord, ImageRecord, SyncRecord


def test_a_record_learns_new_fields_and_keeps_the_others() -> None:
    before = SyncRecord(
        1, "m", 7, "s", "/a", fields={"title": FieldRecord("a"), "tags": FieldRecord("b")}
    )

    after = before.with_fields({"title": FieldRecord("c")}).with_images(
        {"poster": ImageRecord("d")}
    )

    assert after.fields == {"title": FieldRecord("c"), "tags": FieldRecord("b")}
    assert after.images == {"poster": ImageRecord("d")}
    assert before.images == {}
