"""A MiniStack that has changed is noticed, with the name of the gap."""

import types

import pytest

from redkite_emulator.patching import GapError, expect, replaces, substitute


def module(**functions):
    made = types.ModuleType("service")
    made.__dict__.update(functions)
    return made


def test_a_function_that_is_gone():
    with pytest.raises(GapError, match="gap naming: service.run is gone"):
        expect("naming", module(), "run")


def test_a_function_that_takes_other_parameters():
    with pytest.raises(GapError, match="gap naming: service.run takes"):
        replaces("naming", module(run=lambda a, b: None), "run", ("a",))


def test_a_function_that_left_its_action_map():
    service = module(run=lambda a: None)
    with pytest.raises(GapError, match="no longer in its action map"):
        replaces("naming", service, "run", ("a",), tables=({"Run": None},))(lambda original, a: None)


def test_source_that_changed():
    with pytest.raises(GapError, match="gap naming: expected 1 times"):
        substitute("naming", "one two", "three", "four")


def test_the_replacement_gets_the_original_and_stands_in_every_table():
    def run(a):
        return a

    service, table = module(run=run), {"Run": run}
    replaces("naming", service, "run", ("a",), tables=(table,))(lambda original, a: original(a) + 1)
    assert service.run(1) == 2
    assert table["Run"](1) == 2
