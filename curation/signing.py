"""Signatures of decisions by SSH keys, as git makes them: who may sign stands in data/allowed_signers of the workspace.

OpenSSH's `ssh-keygen -Y sign` and `-Y verify` (namespace `curation`); a line of allowed_signers is `name key-type key`.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from curation.errors import DeclarationError
from curation.store import Workspace

SIGNERS = "data/allowed_signers"
NAMESPACE = "curation"


def message(decision: str, dataset: str, digest: str) -> bytes:
    """What is signed: a decision about one digest, and nothing else."""
    return f"{decision} {dataset} {digest}\n".encode()


def sign(content: bytes, key: Path) -> str:
    """The signature of a private key, or of a public one whose private half an agent holds. Raises DeclarationError."""
    if not key.is_file():
        raise DeclarationError(f"--sign {key}: no such key; allowed: an SSH key file")
    done = _keygen(["-Y", "sign", "-n", NAMESPACE, "-f", str(key)], content)
    if done.returncode:
        raise DeclarationError(f"--sign {key}: {done.stderr.decode().strip().splitlines()[-1]}")
    return done.stdout.decode()


def key_of(workspace: Workspace, name: str, content: bytes, signature: str) -> str | None:
    """Fingerprint of the key that signed, if data/allowed_signers has it under exactly this name; a pattern names nobody."""
    signers = workspace.root / SIGNERS
    if not signers.is_file():
        return None
    lines = [line.split() for line in signers.read_text(encoding="utf-8").splitlines()]
    if not any(name in line[0].split(",") for line in lines if line and not line[0].startswith("#")):
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".sig") as file:
        file.write(signature)
        file.flush()
        done = _keygen(["-Y", "verify", "-f", str(signers), "-I", name, "-n", NAMESPACE, "-s", file.name], content)
    found = re.search(r"SHA256:\S+", done.stdout.decode())
    return found.group(0) if not done.returncode and found else None


def _keygen(arguments: list[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *arguments], input=content, capture_output=True, check=False)
    except FileNotFoundError:
        raise DeclarationError("signatures need OpenSSH's ssh-keygen: apt-get install openssh-client") from None
