"""Letters that lie in a folder because no mail server is set."""

import asyncio
import stat
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from mail.contract import Pause, Sent
from mail.folder import Folder
from tests.post.letters import LINK, letter, message


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_a_letter_is_one_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data" / "outbox")
    outcome = await folder.send("anna@example.org", message())
    name = "20260205T151813Z-0190163d-8694-739b-aea5-966c26f8ad91.eml"
    assert outcome == Sent(f"laid into {name}")
    (file,) = (tmp_path / "data" / "outbox").iterdir()
    assert file.name == name
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    content = file.read_bytes()
    assert f"\n{LINK}\n".encode() in content
    read = message_from_bytes(content, policy=default)
    assert (read["To"], read["Message-ID"]) == ("anna@example.org", letter().message_id)


async def test_the_same_letter_again_replaces_its_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    await asyncio.gather(*(folder.send("anna@example.org", message()) for _ in range(5)))
    assert len(_names(tmp_path)) == 1


async def test_file_names_come_from_nobody_else(tmp_path: Path) -> None:
    held = letter(message_id="<../../etc/passwd@acme.example>")
    assert isinstance(await Folder(tmp_path / "in").send("anna@example.org", message(held)), Sent)
    assert _names(tmp_path) == ["in"]
    assert _names(tmp_path / "in") == ["20260205T151813Z-etcpasswd.eml"]


async def test_a_folder_that_cannot_be_written_stops_the_post(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file stands in the way")
    outcome = await Folder(tmp_path / "outbox").send("anna@example.org", message())
    assert isinstance(outcome, Pause)
    assert "cannot be written" in outcome.reason
    assert _names(tmp_path) == ["outbox"]
