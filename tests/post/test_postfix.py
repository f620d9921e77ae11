"""From an invitation to a mailbox by way of a real mail server: Postfix, with a queue and an account of its own."""

import mailbox
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest

from tests.pages.invited import invite, name_project
from tests.post.servers import until
from tests.served import served

POSTFIX = shutil.which("postfix", path="/usr/sbin:/usr/bin")
MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.org
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = inline:{{ {{ anna@example.org = anna/ }} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtputf8_enable = yes
maillog_file = {home}/postfix.log
maillog_file_prefixes = {home}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def _postfix(home: Path) -> Iterator[int]:
    """An instance of its own on 127.0.0.1; gives its port."""
    assert POSTFIX is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    owner = pwd.getpwnam("postfix")
    for name in ("config", "queue", "data", "mail"):
        (home / name).mkdir()
    for name in ("data", "mail"):
        os.chown(home / name, owner.pw_uid, owner.pw_gid)
    facts = {"home": home, "port": port, "uid": owner.pw_uid, "gid": owner.pw_gid}
    (home / "config" / "main.cf").write_text(MAIN.format(**facts))
    (home / "config" / "master.cf").write_text(MASTER.format(**facts))
    command = [POSTFIX, "-c", str(home / "config")]
    subprocess.run([*command, "start"], check=True, capture_output=True, timeout=60)
    try:
        yield port
    finally:
        subprocess.run([*command, "stop"], check=True, capture_output=True, timeout=60)


@pytest.mark.skipif(
    POSTFIX is None or os.geteuid() != 0, reason="needs Debian's Postfix, and root to start it"
)
async def test_an_invitation_reaches_a_mailbox_by_way_of_postfix(
    sqlite_url: str, open_path: Path, tmp_path: Path
) -> None:
    home = open_path
    with _postfix(home) as port:
        variables = {
            "EMAIL_SMTP_HOST": "127.0.0.1",
            "EMAIL_SMTP_PORT": str(port),
            "EMAIL_SMTP_IGNORE_TLS": "true",
            "EMAIL_FROM": "no-reply@acme.example",
        }
        async with served(sqlite_url, tmp_path / "data", lambda _: variables, worker=True) as house:
            await name_project(house, "Größe & Co")
            await invite(house, "anna@example.org")
            await invite(house, "nobody@example.org")

            async def found() -> dict[str, dict[str, object]]:
                return {one["recipient"]: one for one in (await house.ask("GET", "/letters")).json()["data"]}

            box = home / "mail" / "anna"
            await until(lambda: (box / "new").is_dir() and any((box / "new").iterdir()), 60)
            states = await found()
            while states["nobody@example.org"]["status"] in {"queued", "sending"}:
                states = await found()
            assert states["anna@example.org"]["status"] == "sent"
            refused = states["nobody@example.org"]
            assert (refused["status"], refused["last_code"]) == ("dead", "5.1.1")
            assert "no such mailbox" in str(refused["last_reason"])
            (message,) = mailbox.Maildir(box, create=False)
            _check(message, str(states["anna@example.org"]["message_id"]), house.url)


def _check(message: Message, message_id: str, url: str) -> None:
    assert message["Message-ID"] == message_id
    text, html = message.get_payload()
    assert f"{url}/admin/accept-invite?token=" in text.get_payload(decode=True).decode()
    assert "Größe &amp; Co" in html.get_payload(decode=True).decode()
