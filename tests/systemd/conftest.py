"""Machines for tests, and one on which merx was installed as README.md says."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import documents  # noqa: E402
import machine as machines  # noqa: E402


@pytest.fixture(scope="module")
def machine():
    """A machine as an operator has it before merx; of a file's own."""
    with machines.Machine() as one:
        yield one


@pytest.fixture(scope="module")
def watch(machine):
    """Watches the sites of the machine from the beginning."""
    return machines.Watch(machine)


@pytest.fixture(scope="module")
def installed(machine, watch):
    """The machine, with merx installed as README.md says."""
    for block in documents.blocks("README.md", "Into an existing nginx site"):
        documents.carry_out(machine, block)
    machine.keep_objects()
    return machine
