"""``python -m bench.send_frames DEVICE SEED CORE``: sends mixed frames at a steady rate.

It prints how many it sent, and in how many seconds.
"""

import json
import os
import socket
import sys
import time
from typing import Final

from bench.one_sensor import RATE, SECONDS
from bench.traffic import Office, mixed

_A_MOMENT: Final = 0.002


def main(device: str, seed: int, core: int) -> dict[str, float]:
    """Send for the seconds that are asked for."""
    os.sched_setaffinity(0, {core})
    given = mixed(Office(), 20_000, seed)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as opened:
        opened.bind((device, 0))
        began = time.monotonic()
        sent = 0
        while sent < RATE * SECONDS:
            due = int((time.monotonic() - began) * RATE)
            for number in range(sent, min(due, RATE * SECONDS)):
                opened.send(given[number % len(given)])
            sent = max(sent, min(due, RATE * SECONDS))
            time.sleep(_A_MOMENT)
        return {"frames": sent, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))) + "\n")
