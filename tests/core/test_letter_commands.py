"""`idbridge project change` and `idbridge mail`: run as a person runs them, in front of real mail servers."""

import json
from pathlib import Path

from tests.core.prompt import folder, idbridge
from tests.post.servers import Scripted, Sink, scripted, sink

__all__ = ["folder"]

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
FROM = "no-reply@example.com"
TO = ("mail", "test", "--to", "ada@example.com")


async def test_a_project_gets_a_look_of_its_own_and_gives_it_back(folder: Path) -> None:
    (folder / "logo.png").write_bytes(PNG)
    (folder / "words.json").write_text(json.dumps({"invitation": {"subject": "Come to {project}"}}))
    look = ("--title", "Acme", "--colour", "#0a7d5a", "--support", "help@acme.example", "--language", "fr")
    files = ("--logo", "logo.png", "--wording", "words.json")
    changed = await idbridge(folder, "project", "change", "default", *look, *files)
    assert (changed.status, changed.out) == (0, ""), changed.err
    shown = await idbridge(folder, "mail", "preview", "invitation", "--language", "de")
    assert shown.status == 0, shown.err
    text, html = ((folder / name).read_text() for name in shown.out.split())
    assert text.startswith("Subject: Come to Acme\n")
    assert "help@acme.example" in text
    assert "#0a7d5a" in html and "cid:logo@letterhead" in html and 'lang="de"' in html
    taken = await idbridge(folder, "project", "change", "default", "--colour", "", "--logo", "")
    assert taken.status == 0, taken.err
    await idbridge(folder, "mail", "preview", "invitation")
    html = (folder / "preview" / "invitation.html").read_text()
    assert "#0a7d5a" not in html and "cid:" not in html


async def test_what_cannot_be_a_look_is_refused_in_a_sentence(folder: Path) -> None:
    (folder / "not.json").write_text("{")
    for arguments in (
        ("default", "--colour", "green"), ("default", "--language", "tlh"), ("default", "--support", "nobody"),
        ("default", "--logo", "not.json"), ("default", "--wording", "not.json"), ("default", "--logo", "gone.png"),
        ("nowhere", "--title", "x"),
    ):  # fmt: skip
        refused = await idbridge(folder, "project", "change", *arguments)
        assert (refused.status, refused.out, len(refused.err.splitlines())) == (1, "", 1), arguments


async def test_a_preview_is_written_for_each_kind_and_nothing_is_sent(folder: Path) -> None:
    shown = await idbridge(folder, "mail", "preview", "--out", "letters")
    assert shown.status == 0, shown.err
    names = sorted(Path(name).name for name in shown.out.split())
    kinds = ["email_changed", "invitation", "password_reset", "registration"]
    kinds += ["sign_in_linked", "sign_in_unlinked", "passkey_added", "passkey_removed", "suspended", "test"]
    kinds += ["password_changed", "app_added", "app_removed"]
    assert names == sorted(f"{kind}.{ending}" for kind in kinds for ending in ("html", "txt"))
    assert all((folder / "letters" / name).read_text() for name in names)
    assert not (folder / "data" / "outbox").exists()
    unknown = await idbridge(folder, "mail", "preview", "birthday")
    assert unknown.status == 1 and "invitation" in unknown.err


async def test_a_test_letter_arrives_or_the_server_s_words_are_told(folder: Path) -> None:
    async with sink(Sink()) as server:
        where = {"EMAIL_SMTP_HOST": "127.0.0.1", "EMAIL_SMTP_PORT": str(server.port), "EMAIL_FROM": FROM}
        sent = await idbridge(folder, *TO, **where)
        assert (sent.status, sent.out) == (0, ""), sent.err
        assert [one.rcpt_tos for one in server.envelopes] == [["ada@example.com"]]
    async with scripted(Scripted({"RCPT": "550 5.1.1 no such mailbox"})) as refusing:
        told = await idbridge(folder, *TO, **where | {"EMAIL_SMTP_PORT": str(refusing.port)})
    assert (told.status, told.out) == (1, "")
    assert "no such mailbox" in told.err and "5.1.1" in told.err
    away = await idbridge(folder, *TO, **where)
    assert away.status == 1 and "cannot be reached" in away.err
    assert "EMAIL_SMTP_PORT" in away.err
    async with scripted(Scripted({"MAIL": "553 5.7.1 not your address"})) as strict:
        refused = await idbridge(folder, *TO, **where | {"EMAIL_SMTP_PORT": str(strict.port)})
    assert "refuses our sender address (5.7.1)" in refused.err and "EMAIL_FROM" in refused.err


async def test_without_a_server_a_test_letter_is_laid_into_the_folder(folder: Path) -> None:
    laid = await idbridge(folder, *TO)
    assert laid.status == 0, laid.err
    (file,) = (folder / "data" / "outbox").glob("*.eml")
    assert b"To: ada@example.com" in file.read_bytes()
    nowhere = await idbridge(folder, "mail", "test", "--to", "nobody")
    assert nowhere.status == 1 and "cannot go there" in nowhere.err
