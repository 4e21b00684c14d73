"""A lab that is cut off at any moment leaves nothing that `down` does not take away."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from office import SITE

RINGFENCE = Path(sys.executable).with_name("ringfence")
NAME = "cutoff"
PLACES = ("/run/ringfence", "/run/netns", "/var/lib/ringfence", "/dev/shm")  # noqa: S108 - only looked at


def ringfence(*words: str) -> subprocess.Popen[str]:
    # Whoever is started in the background is told to ignore interrupts.
    reset = ["env", "--default-signal=INT"]
    argv = [*reset, str(RINGFENCE), *words, str(SITE), "--name", NAME]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def finished(*words: str) -> tuple[int, str]:
    process = ringfence(*words)
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


def machine_state() -> dict[str, set[str]]:
    """What a lab could leave on the machine: files, mounts, namespaces and processes."""
    return {
        "files": {str(path) for place in PLACES for path in Path(place).rglob("*")},
        "mounts": set(Path("/proc/mounts").read_text().splitlines()),
        "processes": {line for line in processes() if "ringfence" in line or NAME in line},
    }


def processes() -> list[str]:
    """Every process but this one and its own, with what started it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "pytest" not in words:
            found.append(f"{path.parent.name} {words}")
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.4, 0.9, 1.4, 2.5])
def test_an_up_cut_off_is_taken_away_whole(number: signal.Signals, seconds: float) -> None:
    before = machine_state()
    process = ringfence("up")
    time.sleep(seconds)
    process.send_signal(number)
    process.communicate(timeout=30)

    code, said = finished("down")
    assert code == 0, said
    assert machine_state() == before


def test_down_cut_off_can_be_done_again() -> None:
    before = machine_state()
    assert finished("up")[0] == 0
    process = ringfence("down")
    time.sleep(0.45)
    process.kill()
    process.communicate(timeout=30)

    code, said = finished("down")
    assert code == 0, said
    assert machine_state() == before


def test_up_after_a_crash_needs_no_down() -> None:
    before = machine_state()
    process = ringfence("up")
    time.sleep(1.2)
    process.kill()
    process.communicate(timeout=30)

    try:
        code, said = finished("up")
        assert code == 0, said
        code, said = finished("status", "--json")
        assert code == 0, said
    finally:
        finished("down")
    assert machine_state() == before


def test_a_service_that_cannot_start_is_named_with_its_last_lines(tmp_path: Path) -> None:
    """The name server is given a line that it does not understand."""
    site = tmp_path / "site.yaml"
    site.write_text((SITE / "site.yaml").read_text().replace("phones.csv", "one.csv"))
    (tmp_path / "one.csv").write_text(
        "extension,name,mac,model\n301,One,02:00:5e:00:09:01,generic\n"
    )
    argv = [str(RINGFENCE), "up", str(tmp_path), "--name", "unready"]
    spoilt = (
        "import sys; from ringfence.render import unbound; "
        "from ringfence.cli.main import app; "
        "write = unbound._text; "
        "unbound._text = lambda *a: write(*a) + 'nonsense: yes\\n'; "
        f"sys.argv = {argv!r}; app()"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", spoilt], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "helper: unbound is not ready" in done.stderr
        assert "nonsense" in done.stderr
    finally:
        subprocess.run([*argv[:1], "down", *argv[2:]], check=True, capture_output=True)
