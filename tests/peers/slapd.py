"""Starts OpenLDAP's slapd over TLS in a directory of its own, with a few people and groups."""

import datetime
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/local/libexec")
SUFFIX = "dc=example,dc=com"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
READER = f"cn=reader,{SUFFIX}"
PATIENCE = 20.0  # seconds

_CONF = """
modulepath /usr/lib/ldap
moduleload back_mdb
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
pidfile {home}/pid
TLSCACertificateFile {home}/ca.pem
TLSCertificateFile {home}/cert.pem
TLSCertificateKeyFile {home}/key.pem
disallow bind_anon
database mdb
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw {root}
directory {home}/data
access to attrs=userPassword by anonymous auth by self write by * none
access to * by dn.exact="{reader}" read by * none
"""


@dataclass(frozen=True)
class Directory:
    """A running directory. Everybody's password is `password`; the reader's is `reader`."""

    ldaps: str
    ldap: str
    ca: str
    password: str
    reader: str
    root: str

    def settings(self, **more: str) -> dict[str, str]:
        """The variables behind AUTH_<NAME>_ that fit it."""
        return {
            "DRIVER": "ldap", "CLIENT_URL": self.ldaps, "TLS_CA": self.ca, "BIND_DN": READER,
            "BIND_PASSWORD": self.reader, "USER_DN": PEOPLE, "USER_ATTRIBUTE": "uid",
            "GROUP_DN": GROUPS, "VERIFIED_DOMAINS": "example.com", **more,
        }  # fmt: skip

    def modify(self, ldif: str) -> None:
        """Change the directory as its administrator."""
        done = subprocess.run(
            ["ldapmodify", "-x", "-H", self.ldap, "-D", f"cn=root,{SUFFIX}", "-w", self.root],
            input=ldif, text=True, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def missing() -> str | None:
    """Why no directory can be started here, or None."""
    return None if SLAPD and shutil.which("ldapmodify") else "there is no slapd"


@contextmanager
def running(home: Path) -> Iterator[Directory]:
    """A directory on free ports of 127.0.0.1 while the block lasts."""
    plain, secure = _free_ports()
    words = [token_urlsafe(12) for _ in range(3)]
    ldap, ldaps = f"ldap://127.0.0.1:{plain}", f"ldaps://127.0.0.1:{secure}"
    directory = Directory(ldaps, ldap, _certify(home), *words)
    (home / "data").mkdir()
    told = {"home": home, "suffix": SUFFIX, "reader": READER, "root": directory.root}
    (home / "slapd.conf").write_text(_CONF.format(**told))
    with (home / "log").open("wb") as complaints:
        process = subprocess.Popen(
            [SLAPD or "slapd", "-d", "0", "-f", home / "slapd.conf", "-h", f"{ldap} {ldaps}"],
            stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints,
        )  # fmt: skip
        try:
            _await(plain, process, home / "log")
            directory.modify(_ldif(directory))
            yield directory
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _ldif(directory: Directory) -> str:
    def add(dn: str, kind: str, **values: str) -> str:
        lines = [f"dn: {dn}", "changetype: add", f"objectClass: {kind}"]
        return "\n".join([*lines, *(f"{name}: {value}" for name, value in values.items())]) + "\n\n"

    def person(uid: str, first: str, last: str, **more: str) -> str:
        named = {"uid": uid, "cn": f"{first} {last}", "givenName": first, "sn": last}
        given = {**named, "mail": f"{uid}@example.com", "userPassword": directory.password, **more}
        return add(f"uid={uid},{PEOPLE}", "inetOrgPerson", **given)

    return "".join((
        add(SUFFIX, "dcObject\nobjectClass: organization", dc="example", o="Example"),
        add(PEOPLE, "organizationalUnit", ou="people"),
        add(GROUPS, "organizationalUnit", ou="groups"),
        add(READER, "organizationalRole\nobjectClass: simpleSecurityObject", cn="reader", userPassword=directory.reader),
        person("ada", "Ada", "Lovelace"),
        person("grace", "Grace", "Hopper"),
        person("renamed", "Re", "Named"),
        person("foreign", "For", "Eign", mail="for@elsewhere.example"),
        person("star*(x)\\y", "Star", "Name", mail="star@example.com").replace("uid=star*(x)\\y,", "uid=star*(x)\\\\y,"),
        add(f"cn=Staff,{GROUPS}", "groupOfNames", cn="Staff", member=f"uid=ada,{PEOPLE}"),
        add(f"cn=Others,{GROUPS}", "groupOfNames", cn="Others", member=f"uid=grace,{PEOPLE}"),
    ))  # fmt: skip


def _certify(home: Path) -> str:
    """Write a key, a certificate for 127.0.0.1 and its authority's; give that one."""
    subjects, keys = ["authority", "directory"], [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in subjects]
    at, made = datetime.datetime.now(datetime.UTC), []
    for place in range(2):
        made.append(
            x509.CertificateBuilder()
            .subject_name(names[place]).issuer_name(names[0]).public_key(keys[place].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - datetime.timedelta(days=1)).not_valid_after(at + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=place == 0, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(keys[0], hashes.SHA256())
        )  # fmt: skip
    authority = made[0].public_bytes(Encoding.PEM)
    (home / "ca.pem").write_bytes(authority)
    (home / "cert.pem").write_bytes(made[1].public_bytes(Encoding.PEM))
    (home / "key.pem").write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return authority.decode()


def _free_ports() -> tuple[int, int]:
    """Two ports that nobody had a moment ago: slapd does not tell which one it was given."""
    with socket.socket() as one, socket.socket() as other:
        for taken in (one, other):
            taken.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as asking:
            asking.settimeout(1)
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"slapd does not listen: {log.read_text()}")
