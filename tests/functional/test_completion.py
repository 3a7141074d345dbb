"""What the shells complete: verbs, options, choices and the names of queries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.queries import descriptions

COSELL = Path(sys.executable).parent / "cosell"


def environment(**variables: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COSELL_")}
    return {**clean, "PATH": f"{COSELL.parent}:{clean['PATH']}", **variables}


def asked(words: str, shell: str) -> list[str]:
    """Ask as the shell's own script does, and return the lines of the answer."""
    variables = {"_COSELL_COMPLETE": f"complete_{shell}"}
    if shell == "bash":
        variables |= {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    else:
        variables |= {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    result = subprocess.run([COSELL], env=environment(**variables), capture_output=True, text=True, check=False)
    assert result.stderr == ""
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ("cosell ", "nightly status query report intake backup restore drift sandbox".split()),
        ("cosell s", ["status", "sandbox"]),
        ("cosell intake ", ["plan", "apply"]),
        ("cosell query fu", ["funnel"]),
        ("cosell query ", sorted(descriptions())),
        ("cosell query --fo", ["--format"]),
        ("cosell query --format ", ["table", "csv", "json", "parquet"]),
        ("cosell nightly --catalog ", ["AWS", "Sandbox"]),
        ("cosell status --ma", ["--max-age"]),
    ],
)
def test_what_may_follow(words: str, answers: list[str]) -> None:
    assert asked(words, "bash") == answers


def test_fish_and_zsh_show_what_each_means_in_one_line() -> None:
    assert asked("cosell query fu", "fish") == [f"funnel\t{descriptions()['funnel']}"]
    shown = asked("cosell query ", "zsh")
    assert len(shown) == len(descriptions())
    assert shown[0].startswith("""_arguments '*: :(("attribution":"What brought in""")


def test_bash_completes_with_the_script_that_it_shows(tmp_path: Path) -> None:
    """The script is sourced, then called as bash does when somebody presses the tab key."""
    script = tmp_path / "completion.bash"
    script.write_text(
        """
        source <(cosell --show-completion)
        COMP_WORDS=(cosell query st) COMP_CWORD=2
        _cosell_completion cosell
        printf '%s\\n' "${COMPREPLY[@]}"
        complete -p cosell
        """
    )
    result = subprocess.run(
        ["bash", "--norc", script], env=environment(HOME=str(tmp_path)), capture_output=True, text=True, check=False
    )
    assert result.stderr == ""
    assert result.stdout.splitlines() == ["stuck-deals", "complete -o default -F _cosell_completion cosell"]


def test_it_is_installed_for_the_user_alone(tmp_path: Path) -> None:
    script = 'cosell --install-completion; bash --norc -c ". ~/.bashrc; complete -p cosell"'
    result = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=environment(HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.splitlines()[-1] == "complete -o default -F _cosell_completion cosell"
    assert {path.name for path in tmp_path.iterdir()} == {".bashrc", ".bash_completions"}
