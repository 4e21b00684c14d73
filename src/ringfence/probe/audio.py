"""Test signals for calls, and how alike what was sent and what was heard are.

Samples are numpy arrays of 16-bit integers at 8000 Hz, mono, as G.711 carries speech.
"""

import hashlib
import io
import wave

import numpy as np
from numpy.typing import NDArray

RATE = 8000
"""Samples a second."""

Samples = NDArray[np.int16]

_CHIRP_SECONDS = 0.1
_BAND_HZ = (300.0, 3400.0)
_PEAK = 9000.0
"""About -11 dBFS: loud enough for G.711 to quantise finely, far from clipping."""

_BLOCK_SECONDS = 0.25
_DRIFT_SECONDS = 0.4
"""How far a block may lie from where the whole recording lines up: lost or late packets."""

_EPSILON = 1e-9


def signal(name: str, seconds: float) -> Samples:
    """Make the signal that belongs to a name, such as an extension: the same every time.

    It is a row of short chirps in the telephone band, whose ends are drawn from the name. Unlike
    a steady tone it lines up with itself in one place only, and signals of two names are not alike.
    """
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    draw = np.random.default_rng(seed)
    count = round(seconds * RATE)
    length = int(_CHIRP_SECONDS * RATE)
    ends = draw.uniform(*_BAND_HZ, (-(-count // length), 2))
    chirps = [_chirp(start, end, length) for start, end in ends]
    row = np.concatenate(chirps)[:count] if chirps else np.zeros(0)
    return (row * _PEAK).astype(np.int16)


def _chirp(start_hz: float, end_hz: float, length: int) -> NDArray[np.float64]:
    time = np.arange(length) / RATE
    sweep = (end_hz - start_hz) / _CHIRP_SECONDS
    phase = 2 * np.pi * (start_hz * time + sweep * time**2 / 2)
    fade = int(0.005 * RATE)
    envelope = np.ones(length)
    envelope[:fade] = np.linspace(0, 1, fade, endpoint=False)
    envelope[-fade:] = envelope[:fade][::-1]
    return np.asarray(np.sin(phase) * envelope)


def silence(seconds: float) -> Samples:
    """Make silence."""
    return np.zeros(round(seconds * RATE), np.int16)


def match(sent: Samples, heard: Samples) -> float:
    """Tell how much of what was sent was heard, and how faithfully: 0 (nothing) to 1 (all).

    The recording is first lined up with the signal as a whole. Then each quarter second of
    the signal is correlated, sample by sample, with the recording near the place where it should
    be, so that lost packets cost what they lost and no more. The result is the mean of these
    correlations, weighted by the energy sent: what never arrived counts as 0, loudness does not
    count, and another's signal, noise or an echo does not correlate.
    """
    wanted, got = _centred(sent), _centred(heard)
    energy = float(wanted @ wanted)
    if energy < _EPSILON or float(got @ got) < _EPSILON:
        return 0.0
    offset = int(np.argmax(_correlate(wanted, got))) - (len(wanted) - 1)
    block = int(_BLOCK_SECONDS * RATE)
    score = sum(
        float(part @ part) * _best(part, got, at + offset)
        for at in range(0, len(wanted), block)
        for part in (wanted[at : at + block],)
    )
    return min(1.0, max(0.0, score / energy))


def _best(part: NDArray[np.float64], got: NDArray[np.float64], expected: int) -> float:
    """The highest normalised correlation of a block with the recording near ``expected``."""
    drift = int(_DRIFT_SECONDS * RATE)
    low, high = expected - drift, expected + drift + len(part)
    near = np.zeros(high - low)
    first, last = max(low, 0), min(high, len(got))
    if first >= last:
        return 0.0
    near[first - low : last - low] = got[first:last]
    products = _correlate(part, near)[len(part) - 1 : len(near)]
    energies = np.convolve(near**2, np.ones(len(part)), "valid")
    scale = np.sqrt(float(part @ part) * np.maximum(energies, 0.0))
    floor = max(float(scale.max()) * 1e-6, _EPSILON)
    return float(np.max(products / np.maximum(scale, floor)))


def _correlate(pattern: NDArray[np.float64], inside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every full-overlap-or-less correlation of a pattern, by way of the frequency domain."""
    count = len(pattern) + len(inside) - 1
    size = 1 << (count - 1).bit_length()
    spectrum = np.fft.rfft(inside, size) * np.fft.rfft(pattern[::-1], size)
    return np.asarray(np.fft.irfft(spectrum, size)[:count])


def _centred(samples: Samples) -> NDArray[np.float64]:
    values = samples.astype(np.float64) / 32768
    return values - values.mean() if len(values) else values


def write_wav(samples: Samples) -> bytes:
    """Encode samples as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, len(samples), "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def read_wav(data: bytes) -> Samples:
    """Decode the samples of a 16-bit mono WAV file at 8000 Hz.

    The header's lengths are not trusted: softphones fill them in only when a call ends.

    Raises ``ValueError`` if the file is of another kind.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("this is no WAV file")
    at = 12
    form = b""
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"data":
            break
        if kind == b"fmt ":
            form = data[at + 8 : at + 24]
        at += 8 + size + size % 2
    if len(form) < 16:  # noqa: PLR2004 - the fixed part of a WAV format chunk
        raise ValueError("this WAV file does not say how it is encoded")
    encoding = int.from_bytes(form[0:2], "little")
    channels, rate = int.from_bytes(form[2:4], "little"), int.from_bytes(form[4:8], "little")
    bits = int.from_bytes(form[14:16], "little")
    if (encoding, channels, rate, bits) != (1, 1, RATE, 16):
        raise ValueError(f"this WAV file is not 16-bit mono at {RATE} Hz")
    body = data[at + 8 :]
    return np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.int16)


def decode_g711(payload: bytes, payload_type: int) -> Samples:
    """Decode G.711: payload type 0 is mu-law, 8 is A-law (RFC 3551)."""
    table = {0: _MU_LAW, 8: _A_LAW}[payload_type]
    return table[np.frombuffer(payload, np.uint8)]


def _mu_law_table() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    segment, step = (code >> 4) & 7, code & 15
    magnitude = ((2 * step.astype(np.int32) + 33) << segment) - 33
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude) * 4, np.int16)


def _a_law_table() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment, step = ((code >> 4) & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = np.where(
        segment == 0,
        2 * step + 1,
        (2 * step + 33) << np.maximum(segment - 1, 0),
    )
    return np.asarray(np.where(code & 0x80, magnitude, -magnitude) * 8, np.int16)


_MU_LAW = _mu_law_table()
_A_LAW = _a_law_table()
