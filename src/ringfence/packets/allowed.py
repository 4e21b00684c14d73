"""What may be started through a packet filter, as plain data, and the packets that belong to it."""

from dataclasses import dataclass
from typing import Final

from ringfence.packets.boxes import Box
from ringfence.packets.packet import IPV4, OPENING, STARTING, View, protocols, states
from ringfence.packets.spans import EVERY_ADDRESS, Spans

EVERY_PORT: Final = (0, 2**16 - 1)

_NEW: Final = states(frozenset({"new"}))
_UDP: Final = states(frozenset({"new", "untracked"}))
_LATER: Final = states(frozenset({"established"}))


@dataclass(frozen=True)
class Allowed:
    """Something that may be started: by whom, towards whom, on which ports.

    Without an interface any is meant. TCP may be started by first packets only. Without a
    protocol every packet is allowed, whatever its state, as inside a host. IPv6 is allowed where
    neither a protocol nor an address is named. ``invalid``: of UDP, so are packets that
    connection tracking takes for invalid.
    """

    name: str
    arriving: str | None = None
    leaving: str | None = None
    sources: Spans = EVERY_ADDRESS
    targets: Spans = EVERY_ADDRESS
    protocol: str | None = None
    ports: tuple[int, int] = EVERY_PORT
    invalid: bool = False

    def starts(self, view: View) -> Box | None:
        """The packets that may start it."""
        match self.protocol:
            case None:
                return self._box(view)
            case "tcp":
                return self._box(view, state=_NEW, opening=OPENING)
            case _:
                return self._box(view, state=STARTING if self.invalid else _UDP)

    def first(self, view: View) -> Box | None:
        """Those of them that have to pass."""
        if self.protocol is None:
            return self._box(view)
        return self._box(view, state=_NEW, opening=OPENING if self.protocol == "tcp" else None)

    def later(self, view: View) -> Box | None:
        """The packets that follow the first ones, the same way."""
        return self._box(view, state=_LATER)

    def replies(self, view: View) -> Box | None:
        """The packets that come back."""
        return view.space.box(
            arriving=view.interface(self.leaving),
            leaving=view.interface(self.arriving),
            source=self.targets,
            target=self.sources,
            source_port=(self.ports,),
            state=_LATER,
            **self._kind(),
        )

    def _box(self, view: View, **more: Spans | None) -> Box | None:
        return view.space.box(
            arriving=view.interface(self.arriving),
            leaving=view.interface(self.leaving),
            source=self.sources,
            target=self.targets,
            port=(self.ports,),
            **self._kind(),
            **more,
        )

    def _kind(self) -> dict[str, Spans | None]:
        any_family = self.protocol is None and self.sources == self.targets == EVERY_ADDRESS
        return {
            "protocol": None if self.protocol is None else protocols(self.protocol),
            "family": None if any_family else IPV4,
        }
