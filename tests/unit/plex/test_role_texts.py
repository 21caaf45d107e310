"""Which texts the roles of an item's actors get."""

import pytest

from core.role_texts import role_entry
from plex.role_texts import RoleEdit, lost_texts, plan_roles, restore_roles

MIA, HOST = role_entry("Mia", "33"), role_entry("mia", "Host")
ACTORS = ("Jon", "Mia")


def plan(
    desired: tuple[str, ...],
    present: tuple[str, ...] = (),
    sent: tuple[str, ...] = (),
    keeps_hand_edits: bool = False,
) -> RoleEdit | None:
    return plan_roles(desired, present, sent, ACTORS, keeps_hand_edits=keeps_hand_edits)


def test_an_edit_names_every_actor() -> None:
    assert plan((MIA,)) == RoleEdit(("Jon", MIA), keeps=False)


def test_no_text_is_no_edit() -> None:
    assert plan(()) is None
    assert plan((role_entry("Absent", "33"),)) is None


def test_what_is_shown_is_only_kept() -> None:
    shown = role_entry("MIA", "33")

    assert plan((MIA,), (shown,)) == RoleEdit(("Jon", MIA), keeps=True)
    assert plan((), (HOST,)) == RoleEdit(("Jon", role_entry("Mia", "Host")), keeps=True)


@pytest.mark.parametrize(
    ("sent", "keeps_hand_edits", "text"),
    [((), False, "33"), ((), True, "Host"), ((HOST,), True, "33")],
)
def test_only_a_text_by_hand_can_stay(
    sent: tuple[str, ...], keeps_hand_edits: bool, text: str
) -> None:
    edit = plan((MIA,), (HOST,), sent, keeps_hand_edits)

    assert edit == RoleEdit(("Jon", role_entry("Mia", text)), keeps=text == "Host")


def test_only_a_sent_text_is_taken_off() -> None:
    assert plan((), (MIA,), (MIA,)) == RoleEdit(("Jon", role_entry("Mia", "")), keeps=False)
    assert plan((), (MIA,), ()) == RoleEdit(("Jon", MIA), keeps=True)


def test_a_text_is_lost_only_with_its_actor_present() -> None:
    desired = (MIA, role_entry("Absent", "40"))

    assert lost_texts(desired, (), ACTORS) == (MIA,)
    assert lost_texts(desired, (role_entry("mia", "33"),), ACTORS) == ()


@pytest.mark.parametrize(
    ("before", "present", "returning", "text"),
    [
        ((), (MIA,), (), ""),
        ((HOST,), (MIA,), (), "Host"),
        ((HOST,), (), (), "Host"),
        ((HOST,), (), ("mia",), "Host"),
        ((HOST,), (role_entry("Mia", "By hand"),), (), "By hand"),
    ],
)
def test_a_role_gets_back_what_it_showed(
    before: tuple[str, ...], present: tuple[str, ...], returning: tuple[str, ...], text: str
) -> None:
    edit = restore_roles(before, present, (MIA,), ACTORS, returning)

    assert edit is not None
    assert edit.entries == ("Jon", role_entry("Mia", text))


def test_a_text_that_was_never_sent_is_not_restored() -> None:
    assert restore_roles((HOST,), (), (), ACTORS, ()) is None
