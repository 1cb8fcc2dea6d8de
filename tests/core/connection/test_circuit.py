from hypothesis import given
from hypothesis import strategies as st

from connectsmith.core.connection.circuit import FAILURES, Circuit

PAUSE = 20.0


def failed(times: int, *, now: float = 0.0, retry_after: float | None = None) -> Circuit:
    circuit = Circuit()
    for _ in range(times):
        circuit = circuit.failed(now, pause=PAUSE, retry_after=retry_after, fraction=0)
    return circuit


def test_fewer_failures_in_a_row_than_five_stop_nothing() -> None:
    assert failed(FAILURES - 1).wait(0) == 0
    assert not failed(FAILURES - 1).down


def test_fifth_failure_in_a_row_opens_it_for_twenty_seconds() -> None:
    circuit = failed(FAILURES)

    assert circuit.down
    assert circuit.wait(0) == 20
    assert circuit.wait(20) == 0


def test_answer_between_failures_begins_the_count_anew() -> None:
    circuit = failed(FAILURES - 1).answered()

    assert not circuit.failed(0, pause=PAUSE, retry_after=None, fraction=0).down


def test_probe_that_fails_opens_it_again_and_one_that_is_answered_closes_it() -> None:
    circuit = failed(FAILURES)

    assert circuit.failed(20, pause=PAUSE, retry_after=None, fraction=0).wait(20) == 20
    assert circuit.answered() == Circuit()


@given(st.floats(0, 1), st.floats(1, 3600))
def test_pause_that_was_asked_for_is_never_made_shorter(fraction: float, asked: float) -> None:
    circuit = Circuit().failed(100, pause=PAUSE, retry_after=asked, fraction=fraction)

    assert asked - 1e-6 <= circuit.wait(100, insist=True) <= asked * 1.1 + 1e-6
    assert circuit.answered().wait(100) == circuit.wait(100)


def test_person_who_insists_passes_an_open_circuit() -> None:
    assert failed(FAILURES).wait(0, insist=True) == 0
