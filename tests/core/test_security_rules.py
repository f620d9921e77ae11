"""Each of the forty rules of security has a test under its number, which shows the attack being refused."""

import re
from pathlib import Path

_NAMED = re.compile(r"def test_rule_(\d+)(?:_and_(\d+))?_")


def test_every_rule_has_a_test_of_its_own() -> None:
    tests = Path(__file__).parents[1]
    texts = [
        path.read_text()
        for room in ("core", "languages", "pages", "faults", "sign_on")
        for path in (tests / room).glob("test_*.py")
    ]
    proven = {int(number) for text in texts for found in _NAMED.findall(text) for number in found if number}
    assert proven == set(range(1, 41))
