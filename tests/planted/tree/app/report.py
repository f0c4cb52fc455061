import hashlib
import subprocess


def listing(words):
    return subprocess.call(words, shell=True)


def quiet(words):
    return subprocess.call(words, shell=True)  # nosemgrep


def short(text):
    return hashlib.md5(text).hexdigest()
