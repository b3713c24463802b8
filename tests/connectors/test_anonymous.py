"""A form's trial: whoever fills it in borrows no login, no configuration and no private network of the machine that runs it."""

from pathlib import Path

import pytest

from curation import web
from curation.connectors import Asked, git, hub, package_index
from curation.declaration import parse
from curation.errors import DataError, DeclarationError
from curation.steps import ingest
from curation.store import Workspace
from tests.connectors.conftest import Site
from tests.connectors.test_connectors import declare
from tests.connectors.test_repositories import OPEN, _Backend, repository, served  # noqa: F401

TOKEN = "tok-3n-geheim"


def test_git_does_not_log_in(
    served: tuple[str, type[_Backend]],  # noqa: F811
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What ~/.netrc, a credential helper and an address rewritten open to this user stays closed to a form."""
    url, handler = served
    handler.token = TOKEN
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text(f"machine 127.0.0.1 login x-access-token password {TOKEN}\n")
    (home / ".netrc").chmod(0o600)
    inside = url.removesuffix("up.git")
    (home / ".gitconfig").write_text(
        f'[url "{inside}"]\n\tinsteadOf = "{inside}public/"\n'
        f'[credential]\n\thelper = "!f() {{ echo username=x-access-token; echo password={TOKEN}; }}; f"\n'
    )
    monkeypatch.setenv("HOME", str(home))
    for name, address in (("handbook", url), ("other", f"{inside}public/up.git")):
        declare(workspace, name, f"{{git: {{url: '{address}', paths: [docs], {OPEN}}}}}", "markdown")
        with pytest.raises(DataError, match=r"a login is needed|not found"):
            ingest.run(name, workspace, sample=5, anonymous=True)
        assert ingest.run(name, workspace, sample=5)["fetched"] > 1  # the user's own trial logs in


def test_git_writes_no_more_than_a_trial_may(
    repository: Path,  # noqa: F811
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pack that is too large ends as one line."""
    monkeypatch.setattr(git, "MOST_TRIAL", 300)
    declare(workspace, "handbook", "{git: {url: up.git, paths: [docs]}}", "markdown")
    with pytest.raises(DataError, match=r"too large") as caught:
        ingest.run("handbook", workspace, sample=5)
    assert "\n" not in str(caught.value)
    assert ingest.run("handbook", workspace)["fetched"] == 4


def test_the_index_is_asked_without_its_login(workspace: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the login of the configured index nor a private one."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{site.url.replace('//', '//robot:geheim@')}/simple")
    declare(workspace, "demo", '{package_index: {package: demo, version: "1.0"}}')
    with pytest.raises(DataError, match="plain http is not allowed") as caught:
        ingest.run("demo", workspace, sample=5, anonymous=True)
    assert not site.asked and "geheim" not in str(caught.value)
    page = b'<a href="/files/demo-1.0.tar.gz">demo-1.0.tar.gz</a>'
    site.pages["/simple/demo/"] = (200, {"Content-Type": "text/html"}, page)
    monkeypatch.setattr(package_index, "_limits", lambda *_: web.Limits(plain_http=True, private_addresses=True))
    with pytest.raises(DataError, match="404"):
        ingest.run("demo", workspace, sample=5, anonymous=True)
    assert len(site.asked) == 2 and not any("Authorization" in headers for _, headers in site.asked)


def test_packages_of_a_folder_are_the_users_own(
    workspace: Workspace, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{site.url}/simple")
    declare(workspace, "demo", '{package_index: {package: demo, version: "1.0"}}')
    with pytest.raises(DataError, match="the folder of packages has no"):
        ingest.run("demo", workspace, sample=5)
    with pytest.raises(DataError, match="plain http is not allowed"):
        ingest.run("demo", workspace, sample=5, anonymous=True)


@pytest.mark.parametrize(("key", "value"), [("package", "../../private/files"), ("package", "a/b"), ("version", "1/../2")])
def test_a_package_is_no_path(key: str, value: str) -> None:
    with pytest.raises(DeclarationError, match=key):
        parse(package_index.Options, {"package": "demo", "version": "1.0", key: value}, "here")


def test_the_hub_is_asked_without_the_stored_token(workspace: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token lies about for whoever runs this; a form's trial does not take it, nor a hub on a private address."""
    import huggingface_hub
    from huggingface_hub import constants

    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_geheim")
    monkeypatch.setattr(constants, "ENDPOINT", site.url)
    declare(workspace, "grid", "{hub: {id: org/grid}}", "jsonl")
    with pytest.raises(DataError, match="plain http is not allowed"):
        ingest.run("grid", workspace, sample=5, anonymous=True)
    assert not site.asked
    monkeypatch.setattr(web, "reachable", lambda *_: [])
    options = parse(hub.Options, {"id": "org/grid"}, "here")
    for anonymous in (True, False):
        with pytest.raises(DataError, match="org/grid"):
            next(hub.fetch(options, Asked(workspace.root, {}, None, None, sample=5, anonymous=anonymous)))  # type: ignore[arg-type]
        sent = [headers.get("authorization") or headers.get("Authorization") for _, headers in site.asked]
        assert any(sent) != anonymous and len(sent) >= 1


def test_a_trial_ends_at_its_bytes(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the number of objects alone: the one that reaches the sum is the last."""
    (tmp_path / "texts").mkdir()
    for number in range(6):
        (tmp_path / "texts" / f"{number}.txt").write_text("x" * 1000)
    declare(workspace, "big", "{local: {path: texts}}")
    monkeypatch.setattr(ingest, "TRIAL_BYTES", 2500)
    assert ingest.run("big", workspace, sample=100)["objects"] == 3
    assert ingest.run("big", workspace)["objects"] == 6
