"""The TLS listener: its certificate, and what old Envoys can speak."""

import ssl
import stat
import subprocess
import warnings
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from nutbridge.collector.serve.certificate import FILE, listener_context
from nutbridge.errors import ConfigError
from tests.collector.serve.collector import collector, serve_command
from tests.collector.serve.reports import report_body, request

LOCAL = ("--mode", "local", "--tls-listen", "127.0.0.1:0")


def client(version: ssl.TLSVersion, ciphers: str) -> ssl.SSLContext:
    """Return a context that speaks this version only, and verifies nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


#: As an Envoy: TLS 1.0, RSA key exchange.
OLD = (ssl.TLSVersion.TLSv1, "AES128-SHA:@SECLEVEL=0")
NEW = (ssl.TLSVersion.TLSv1_3, "DEFAULT")


def test_old_envoy_is_served_where_it_is_allowed(tmp_path: Path) -> None:
    with collector(tmp_path, *LOCAL, "--legacy-tls") as running:
        for version in (OLD, NEW):
            got = running.send_tls(request(report_body()), client(*version))
            assert got.status == 200
        pem = tmp_path / FILE
        assert stat.S_IMODE(pem.stat().st_mode) == 0o600
        first = pem.read_bytes()
    with collector(tmp_path, *LOCAL) as running:
        assert running.send_tls(request(report_body()), client(*NEW)).status == 200
        with pytest.raises((ssl.SSLError, OSError)):
            running.send_tls(request(report_body()), client(*OLD))
        running.says("need --legacy-tls")
        assert pem.read_bytes() == first


def test_plain_http_to_the_tls_listener(tmp_path: Path) -> None:
    """No answer, one line in the log, and the listener goes on."""
    with collector(tmp_path, *LOCAL) as running:
        for _ in range(2):
            with running.connect("https") as link:
                link.sendall(request(report_body()))
                assert b"HTTP/" not in link.recv(100)
        assert running.send_tls(request(report_body()), client(*NEW)).status == 200
        running.says("handshake failed")


def test_context_has_the_version_that_was_asked_for(tmp_path: Path) -> None:
    def forget(_: str) -> None:
        pass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old = listener_context(tmp_path, legacy=True, failed=forget)
        assert old.minimum_version == ssl.TLSVersion.TLSv1
    new = listener_context(tmp_path, legacy=False, failed=forget)
    assert new.minimum_version == ssl.TLSVersion.TLSv1_2
    names = {cipher["name"] for cipher in old.get_ciphers()}
    assert "AES128-SHA" in names
    assert not [name for name in names if "NULL" in name]


def test_key_must_be_private_and_usable(tmp_path: Path) -> None:
    def forget(_: str) -> None:
        pass

    listener_context(tmp_path, legacy=False, failed=forget)
    pem = tmp_path / FILE
    pem.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        listener_context(tmp_path, legacy=False, failed=forget)
    pem.chmod(0o600)
    pem.write_bytes(b"")
    with pytest.raises(ConfigError, match="no usable key"):
        listener_context(tmp_path, legacy=False, failed=forget)


def test_key_behind_a_password_is_told_not_asked_for(tmp_path: Path) -> None:
    listener_context(tmp_path, legacy=False, failed=lambda _: None)
    pem = tmp_path / FILE
    key = serialization.load_pem_private_key(pem.read_bytes(), None)
    certificate = pem.read_bytes().partition(b"-----BEGIN CERTIFICATE")
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"anything"),
    )
    pem.write_bytes(locked + certificate[1] + certificate[2])
    ended = subprocess.run(
        serve_command(*LOCAL, "--state", str(tmp_path)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        # No terminal that could be asked.
        start_new_session=True,
        check=False,
    )
    assert ended.returncode == 78
    assert ended.stderr.startswith("nutbridge: ")
    assert "no usable key" in ended.stderr
    assert ended.stderr.count("\n") == 1
