import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.probe.audio import (
    RATE,
    Samples,
    decode_g711,
    match,
    read_wav,
    signal,
    silence,
    write_wav,
)

SECONDS = 3.0
FRAME = 160
HEARD = 0.9
NOT_HEARD = 0.4

extensions = st.from_regex(r"[0-9]{2,8}", fullmatch=True)
offsets = st.integers(0, 4 * RATE)


def a_law(samples: Samples) -> bytes:
    """Encode by looking for the nearest value that decodes: slow, and not our own encoder."""
    values = decode_g711(bytes(range(256)), 8).astype(np.int32)
    order = np.argsort(values)
    middles = (values[order][1:] + values[order][:-1]) / 2
    return bytes(order[np.searchsorted(middles, samples)].astype(np.uint8))


@given(extension=extensions, before=offsets, after=offsets)
@settings(max_examples=20, deadline=None)
def test_a_signal_is_heard_wherever_it_lies(extension: str, before: int, after: int) -> None:
    sent = signal(extension, SECONDS)
    around = (np.zeros(before, np.int16), np.zeros(after, np.int16))
    heard = np.concatenate([around[0], decode_g711(a_law(sent), 8), around[1]])

    assert match(sent, heard) > 0.999


@given(pair=st.tuples(extensions, extensions).filter(lambda pair: pair[0] != pair[1]))
@settings(max_examples=40, deadline=None)
def test_the_signal_of_another_is_not_heard(pair: tuple[str, str]) -> None:
    mine, other = (signal(extension, SECONDS) for extension in pair)

    assert match(mine, other) < NOT_HEARD


@given(extension=extensions, seed=st.integers(0, 2**32 - 1), loudness=st.integers(1, 30000))
@settings(max_examples=20, deadline=None)
def test_noise_is_not_heard(extension: str, seed: int, loudness: int) -> None:
    noise = np.random.default_rng(seed).integers(-loudness, loudness, int(SECONDS * RATE))

    assert match(signal(extension, SECONDS), noise.astype(np.int16)) < NOT_HEARD


@given(
    extension=extensions,
    lost=st.sets(st.integers(0, int(SECONDS * RATE) // FRAME - 1), max_size=2),
    filled=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_a_few_lost_packets_cost_a_little(extension: str, lost: set[int], filled: bool) -> None:
    sent = signal(extension, SECONDS)
    frames = sent.reshape(-1, FRAME)
    kept = np.array([number not in lost for number in range(len(frames))])
    heard = np.where(kept[:, None], frames, 0).ravel() if filled else frames[kept].ravel()

    assert match(sent, heard.astype(np.int16)) > HEARD


@given(extension=extensions, share=st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_what_did_not_arrive_counts_as_nothing(extension: str, share: float) -> None:
    sent = signal(extension, SECONDS)
    heard = sent[: int(share * len(sent))]

    assert match(sent, heard) == pytest.approx(share, abs=0.12)


def test_silence_an_echo_and_a_mixture_are_not_what_was_sent() -> None:
    sent, own = signal("2002", SECONDS), signal("2001", SECONDS)
    steady = (9000 * np.sin(2 * np.pi * 440 * np.arange(len(sent)) / RATE)).astype(np.int16)

    assert match(sent, silence(SECONDS)) == 0.0
    assert match(sent, silence(0)) == 0.0
    assert match(sent, own) < NOT_HEARD
    assert match(sent, steady) < NOT_HEARD
    assert match(sent, sent[::-1].copy()) < NOT_HEARD
    assert match(sent, sent // 2 + own // 2) < HEARD


def test_a_signal_is_always_the_same_and_as_long_as_asked() -> None:
    assert np.array_equal(signal("2001", 1.25), signal("2001", 1.25))
    assert len(signal("2001", 1.25)) == 1.25 * RATE
    assert len(signal("2001", 0)) == 0


def test_loudness_does_not_count() -> None:
    sent = signal("2001", SECONDS)

    assert match(sent, sent // 300) > 0.99


def test_a_wav_file_is_read_back() -> None:
    sent = signal("2001", 0.5)

    assert np.array_equal(read_wav(write_wav(sent)), sent)


def test_a_wav_file_that_was_never_finished_is_read_to_its_end() -> None:
    sent = signal("2001", 0.5)
    data = write_wav(sent)
    unfinished = data[:40] + bytes(4) + data[44:] + b"\x01"

    assert np.array_equal(read_wav(unfinished), sent)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00WAVE",
        write_wav(silence(0.1))[:30],
        write_wav(silence(0.1)).replace(
            (8000).to_bytes(4, "little"), (16000).to_bytes(4, "little")
        ),
    ],
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="WAV"):
        read_wav(data)


def test_g711_decodes_the_values_of_the_standard() -> None:
    assert decode_g711(b"\xd5\x55\xaa\x2a", 8).tolist() == [8, -8, 32256, -32256]
    assert decode_g711(b"\xff\x7f\x80\x00", 0).tolist() == [0, 0, 32124, -32124]
