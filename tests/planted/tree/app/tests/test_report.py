import hashlib


def test_short():
    assert hashlib.md5(b"").hexdigest()
