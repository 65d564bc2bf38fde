"""Gap snapshots: a table is added to while it is listed."""

import gc

import pytest
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict


@pytest.fixture
def added_to():
    """Whenever the garbage collector runs, somebody adds an entry: so do threads that a finalizer lets run."""
    tables = []
    running = False

    def add(phase, _info):
        nonlocal running
        if phase == "stop" and not running:
            running = True
            for table in tables:
                table[f"new {len(table)}"] = {}
            running = False

    thresholds = gc.get_threshold()
    gc.callbacks.append(add)
    gc.set_threshold(10)
    yield tables
    gc.set_threshold(*thresholds)
    gc.callbacks.remove(add)


@pytest.mark.parametrize("kind", [AccountScopedDict, AccountRegionScopedDict])
def test_a_table_is_listed_while_it_is_added_to(kind, added_to):
    from redkite_emulator.gaps import snapshots  # noqa: F401

    table = kind()
    for number in range(200):
        table[str(number)] = number
    added_to.append(table)
    before = len(table)
    assert list(range(200)) == table.values()[:200]
    assert [(str(n), n) for n in range(200)] == table.items()[:200]
    assert len(table) > before


def test_what_is_of_another_region_stays_out(added_to):
    from redkite_emulator.gaps import snapshots  # noqa: F401

    table = AccountRegionScopedDict()
    for number in range(200):
        table.set_scoped("1", "here" if number % 2 else "there", str(number), number)
    added_to.append(table)
    assert table.values_scoped("1", "here") == list(range(1, 200, 2))
    assert table.items_scoped("1", "there") == [(str(n), n) for n in range(0, 200, 2)]
