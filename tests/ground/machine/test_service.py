"""The unit that starts a county with the machine: right for its account, never over another's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anlan.ground.errors import Refusal
from anlan.ground.machine import service
from anlan.ground.machine.site import DEFAULT_PORTS, Site


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    home = tmp_path / '县 100% "甲"'
    home.mkdir()
    for name in (*service.KEPT, "ANLAN_SMPP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    (home / "county.json").write_text(json.dumps({"code": "500231", "name": "垫江县"}))
    return Site(home, DEFAULT_PORTS, {"code": "500231", "name": "垫江县"})


def lines(own: Site, user: bool = False) -> list[str]:
    return service.unit(own, user).splitlines()


def test_the_system_unit_names_the_countys_own_account_and_the_users_names_none(own: Site) -> None:
    assert f"User={own.home.owner()}" in lines(own) and "WantedBy=multi-user.target" in lines(own)
    assert not [x for x in lines(own, user=True) if x.startswith("User=")]
    assert "WantedBy=default.target" in lines(own, user=True)
    assert f'ExecStart="{sys.executable}" -m anlan.ground.machine.processes' in lines(own)
    assert "KillMode=mixed" in lines(own) and "Restart=always" in lines(own)


def test_signs_that_mean_something_to_systemd_are_escaped(own: Site) -> None:
    home = next(x for x in lines(own) if x.startswith('Environment="ANLAN_HOME='))
    assert '100%% \\"甲\\"' in home


def test_settings_go_along_and_the_password_does_not(
    own: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANLAN_SMPP", "smsc.example:2775")
    monkeypatch.setenv("ANLAN_SMPP_PASSWORD", "Vier Boote ohne Ruder 4")
    text = service.unit(own, False)
    assert 'Environment="ANLAN_SMPP=smsc.example:2775"' in text and "Boote" not in text
    assert "service.env" in text


def test_another_unit_is_never_overwritten(own: Site, tmp_path: Path) -> None:
    path, text = tmp_path / "units" / service.name_of(own), service.unit(own, False)
    assert service.install(own, path, text) is True and path.read_text() == text
    assert service.install(own, path, text) is False
    path.write_text("[Unit]\nDescription=mine\n")
    with pytest.raises(Refusal) as caught:
        service.install(own, path, text)
    assert caught.value.code == "service-there" and path.read_text().endswith("mine\n")


def test_systemd_itself_takes_the_unit(own: Site, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        print("NOT RUN: apt-get install systemd")
        pytest.skip("NOT RUN: no systemd-analyze: apt-get install systemd")
    for user in (False, True):
        path = tmp_path / service.name_of(own)
        path.write_text(service.unit(own, user))
        mode = ["--user"] if user else []
        done = subprocess.run(["systemd-analyze", *mode, "verify", "--man=no", str(path)],
                              capture_output=True, text=True, check=False)  # fmt: skip
        ours = [x for x in done.stderr.splitlines() if path.name in x]
        assert ours == [], done.stderr
