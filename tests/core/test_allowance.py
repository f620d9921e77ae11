"""The bound on what strangers can make us write down."""

from service.api.allowance import Allowance


def test_what_was_saved_is_spent_and_comes_back_with_time() -> None:
    now = [0.0]
    allowance = Allowance(each=2.0, at_once=3, clock=lambda: now[0])
    assert [allowance.allow() for _ in range(5)] == [True, True, True, False, False]
    now[0] += 4.0
    assert [allowance.allow() for _ in range(3)] == [True, True, False]
    now[0] += 1000.0
    assert [allowance.allow() for _ in range(4)] == [True, True, True, False]
