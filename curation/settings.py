"""A workspace's own settings: curation.yaml beside its dvc.yaml. A workspace without one keeps its data in `data/`."""

import urllib.parse
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from curation.credentials import AuthRef, find, without_password
from curation.declaration import Declared, load_yaml, parse
from curation.errors import DeclarationError

NAME = "curation.yaml"
SECRETS = ("key", "secret", "token", "password", "username")


class Storage(Declared):
    """Where the data lie: an fsspec URL, and options of its file system (such as client_kwargs: {endpoint_url: ...}).

    Who may read there is told by the environment ($AWS_ACCESS_KEY_ID and the like, or the machine's role), never here.
    """

    url: str
    options: dict[str, Any] = {}

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str) -> str:
        scheme, found, rest = url.partition("://")
        if not found or scheme in {"", "file", "local", "http", "https", "ftp"}:
            raise ValueError(f"{url}: allowed: a URL such as s3://bucket/folder; what lies on this machine lies in data/")
        if "@" in rest.split("/", 1)[0]:
            raise ValueError(
                "a URL must not contain a login; allowed: credentials in the environment, such as $AWS_ACCESS_KEY_ID"
            )
        return url.rstrip("/")

    @field_validator("options")
    @classmethod
    def _no_secrets(cls, options: dict[str, Any]) -> dict[str, Any]:
        if found := _secrets(options):
            raise ValueError(f"{found}: a secret must not lie in a file; allowed: the environment, such as $AWS_ACCESS_KEY_ID")
        return options


class Notify(Declared):
    """One place that is told: a webhook or a command of this machine, of some events or (default) of all.

    Chat programs put a secret into a webhook's path: `webhook_ref` names the environment variable (or Connection) that holds the address.
    """

    webhook: str | None = None
    webhook_ref: AuthRef | None = None
    command: list[str] | None = None
    auth_ref: AuthRef | None = None  # a token for the webhook, by name
    events: list[Literal["review_waits", "released", "alarm", "failed", "submitted"]] = []

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(map(bool, (self.webhook, self.webhook_ref, self.command))) != 1:
            raise ValueError("give one of webhook, webhook_ref, command")
        if self.webhook is not None:
            if not self.webhook.startswith(("https://", "http://")):
                raise ValueError(f"webhook: {self.webhook}: allowed: https://, http://")
            without_password(self.webhook)
        return self

    def address(self) -> str:
        """The webhook's address. Raises DeclarationError for a reference to what is not there or is no address."""
        held = find(self.webhook_ref, f"{NAME}: notify: webhook_ref")
        if held and not held.password.startswith(("https://", "http://")):
            raise DeclarationError(f"{NAME}: notify: webhook_ref: {self.webhook_ref}: allowed: an address, https:// or http://")
        return held.password if held else str(self.webhook)

    def place(self) -> str:
        """What logs call it: the host alone, since a path may be a secret."""
        if self.webhook:
            return urllib.parse.urlsplit(self.webhook).hostname or "webhook"
        return self.webhook_ref or (self.command or [""])[0]


class Settings(Declared):
    """What curation.yaml says."""

    storage: Storage | None = None
    organisation: str | None = None  # who runs this workspace: rights that are transferred to it are its own
    notify: list[Notify] = []
    controls: list[Literal["access_controlled", "encrypted", "isolated", "reads_logged"]] = []  # what the storage does


def read(root: Path) -> Settings:
    """The settings of a workspace. Raises DeclarationError."""
    file = root / NAME
    return parse(Settings, load_yaml(file, NAME), NAME) if file.exists() else Settings()


def _secrets(options: dict[str, Any]) -> str | None:
    for name, value in options.items():
        if any(word in name.lower() for word in SECRETS):
            return name
        if isinstance(value, dict) and (found := _secrets(value)):
            return f"{name}.{found}"
    return None
