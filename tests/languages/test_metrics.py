"""`/metrics`, as Prometheus reads it: every family named, explained and typed, and its numbers true."""

import io
import re

from service.journal import TIMES, AccessLog
from tests.served import Served

SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"\\]*"\})? (-?[0-9.e+-]+)\Z')
BUCKET = "idbridge_http_request_duration_seconds_bucket"
KINDS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


async def scrape(house: Served) -> tuple[dict[str, str], dict[str, float]]:
    """Families with their types, and samples."""
    said = await house.ask("GET", "/metrics")
    assert said.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert said.text.endswith("\n")
    families: dict[str, str] = {}
    samples: dict[str, float] = {}
    for line in said.text.splitlines():
        if line.startswith("# HELP "):
            name, what = line.removeprefix("# HELP ").split(" ", 1)
            assert what.endswith("."), line
        elif line.startswith("# TYPE "):
            assert line.split()[2] == name
            families[name] = line.split()[3]
        else:
            found = SAMPLE.match(line)
            assert found and found[1].startswith(name), line
            assert f"{found[1]}{found[2] or ''}" not in samples
            samples[f"{found[1]}{found[2] or ''}"] = float(found[3])
    return families, samples


async def test_each_family_is_named_as_prometheus_would_have_it(house: Served) -> None:
    families, samples = await scrape(house)
    for name, kind in families.items():
        found = [sample.partition("{")[0] for sample in samples if sample.startswith(name)]
        assert (kind == "counter") == name.endswith("_total")
        assert all(sample.endswith(KINDS[kind]) for sample in found), name
    assert families["idbridge_http_requests_total"] == "counter"
    assert families["process_cpu_seconds_total"] == "counter"
    assert samples["process_resident_memory_bytes"] > 1 << 20
    assert samples["process_open_fds"] > 3
    assert f'idbridge_info{{version="{house.house.terms.version}"}}' in samples


async def test_requests_are_counted_by_the_status_of_their_answers(house: Served) -> None:
    _, before = await scrape(house)
    for _ in range(3):
        await house.ask("GET", "/users/me")
    await house.ask("GET", "/users/me", token="wrong")
    _, after = await scrape(house)

    def more(sample: str) -> float:
        return after.get(sample, 0) - before.get(sample, 0)

    assert more('idbridge_http_requests_total{code="200"}') == 4  # the first look counts, too
    assert more('idbridge_http_requests_total{code="401"}') == 1
    assert more("idbridge_http_request_duration_seconds_count") == 5
    assert more("idbridge_http_request_duration_seconds_sum") > 0
    buckets = [count for name, count in after.items() if name.startswith(BUCKET)]
    assert len(buckets) == len(TIMES) + 1
    assert buckets == sorted(buckets)  # each of them holds those before it
    assert buckets[-1] == after["idbridge_http_request_duration_seconds_count"]
    assert after["process_cpu_seconds_total"] >= before["process_cpu_seconds_total"]


async def test_an_answer_is_counted_where_its_time_ends() -> None:
    log = AccessLog(io.BytesIO())
    for seconds, status in (
        (0.004, 200),
        (0.005, 200),
        (0.0051, 200),
        (10.1, 200),
        (60.0, 1000),
    ):  # a socket's
        log.note(method="GET", path="/", status=status, seconds=seconds, client="", request="", user=None)
    log.flush()
    assert log.within == [2, 1, *[0] * (len(TIMES) - 2), 1]
