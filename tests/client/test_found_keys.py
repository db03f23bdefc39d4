"""Keys of the official client: found, offered at the right address, left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskmon.client.found_keys import FoundKey, found_keys, own_key
from taskmon.core.connection import CLOUD


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".inductiva").mkdir()
    (tmp_path / ".inductiva/api_key").write_text("file-key\n")
    return tmp_path


def sources(url: str, environment: dict[str, str], home: Path) -> list[tuple[str, str]]:
    return [(found.source, found.key) for found in found_keys(url, environment, home)]


def test_the_variable_comes_before_the_file(home: Path) -> None:
    assert sources(CLOUD.url + "/", {"INDUCTIVA_API_KEY": "env-key"}, home) == [
        ("$INDUCTIVA_API_KEY", "env-key"),
        ("~/.inductiva/api_key", "file-key"),
    ]
    assert (home / ".inductiva/api_key").read_text() == "file-key\n"


def test_a_key_is_offered_to_no_other_address(home: Path) -> None:
    assert sources("https://evil.example", {"INDUCTIVA_API_KEY": "env-key"}, home) == []


def test_a_variable_that_belongs_to_another_address_is_not_offered_to_the_cloud(home: Path) -> None:
    environment = {"INDUCTIVA_API_KEY": "env-key", "INDUCTIVA_API_URL": "http://127.0.0.1:8400/"}
    assert sources(CLOUD.url, environment, home) == [("~/.inductiva/api_key", "file-key")]
    assert sources("http://127.0.0.1:8400", environment, home)[0] == ("$INDUCTIVA_API_KEY", "env-key")


def test_what_cannot_be_a_key_is_not_offered(tmp_path: Path) -> None:
    (tmp_path / ".inductiva/api_key").mkdir(parents=True)
    assert sources(CLOUD.url, {"INDUCTIVA_API_KEY": "no key"}, tmp_path) == []


def test_a_found_key_does_not_show_itself() -> None:
    assert "s3cret" not in repr(FoundKey("somewhere", "s3cret"))


def test_the_key_of_the_environment_goes_only_to_the_address_beside_it() -> None:
    beside = {"TASKMON_URL": "https://lab.example/", "TASKMON_API_KEY": " lab-key\n"}
    assert own_key("https://lab.example", beside) == "lab-key"
    assert own_key("https://other.example", beside) == ""
    assert own_key("https://other.example", {"TASKMON_API_KEY": "lab-key"}) == "lab-key"
    assert own_key("https://other.example", {}) == ""
