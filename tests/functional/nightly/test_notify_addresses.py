"""A URL that was mistyped is told from a command: a shell would print its secret as what it cannot find."""

from pathlib import Path

import pytest

from pipelines.errors import AwsError
from pipelines.notify import Hook

FAILURE = AwsError("no answer: check the network")


@pytest.mark.parametrize(
    "notify",
    [
        "htps://hooks.example.com/secret",
        "'\"https://hooks.example.com/secret\"'",
        '"https://hooks.example.com/secret',
        "<https://hooks.example.com/secret>",
        "url=https://hooks.example.com/secret",
        "slack://secret now",
        "hooks.example.com/secret",
        "hooks.example.com:443/secret",
        "HTTPS:/hooks.example.com/secret",
    ],
)
def test_an_address_that_is_no_webhooks_is_shown_neither_to_a_shell_nor_to_a_log(
    capfd: pytest.CaptureFixture[str], notify: str
) -> None:
    complaint = Hook(notify).tell(FAILURE, 4)
    assert complaint == "notify is an address without http:// or https:// in front: mend that, or write a command"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("notify", [" ", "''", '" "'])
def test_nobody_is_told_where_nobody_is_named(capfd: pytest.CaptureFixture[str], notify: str) -> None:
    assert Hook(notify).tell(FAILURE, 4) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "command", ["'echo' 'told'", "./on-call.d/tell told", "echo told https://hooks.example.com/x | cut -c -4"]
)
def test_a_command_with_quotes_a_path_or_a_url_in_it_is_a_command(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "on-call.d").mkdir()
    (tmp_path / "on-call.d" / "tell").symlink_to("/bin/echo")
    assert Hook(command).tell(FAILURE, 4) is None
    assert capfd.readouterr().err == "told\n"
