"""Test the table of fields."""

from core.fields import BY_NAME, EDIT_FIELDS, FIELDS, IMAGE_FIELDS


def test_every_field_has_one_name_and_one_kind() -> None:
    assert list(BY_NAME.values()) == list(FIELDS)
    assert sorted(EDIT_FIELDS + IMAGE_FIELDS, key=FIELDS.index) == list(FIELDS)
    assert all(field.sources[0] == "none" for field in FIELDS if field.sources)
