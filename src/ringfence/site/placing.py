"""Which device is plugged into which switch port: as stated, else the next free port.

Devices that state a port come first, so that the others go around them; then those that state
only a switch, then the rest, each on the switches of its location in their order.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ringfence.site.findings import Finding, Place
from ringfence.site.model import Phone, Server, Site, Switch, phone_host_name
from ringfence.site.problems import did_you_mean


class Seat(NamedTuple):
    """A port of a switch."""

    switch: str
    port: int


class Placing(NamedTuple):
    """Where every device sits, by host name, and what stands in the way of the rest."""

    seats: dict[str, Seat]
    findings: list[Finding]


def place(site: Site) -> Placing:
    """Give every phone, and every server that states one, a switch port; linear in devices.

    A site without switches has no seats. The ports of ``computers`` are taken, and not listed.
    """
    if not site.switches:
        return Placing({}, list(_without_switches(site)))
    return _Placer(site).place()


class _Placer:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._switches: Mapping[str, Switch] = {each.name: each for each in site.switches}
        self._taken: dict[Seat, Place] = {}
        self._seats: dict[str, Seat] = {}
        self._findings: list[Finding] = []

    def place(self) -> Placing:
        for index, switch in enumerate(self._site.switches):
            for port in switch.computers:
                self._take(None, switch, port, ("switches", index, "computers", str(port)))
        for index, server in enumerate(self._site.servers):
            self._place_server(index, server)
        self._place_phones()
        return Placing(self._seats, self._findings)

    def _place_server(self, index: int, server: Server) -> None:
        if server.switch is None and server.port is None:
            return
        if server.switch is None or server.port is None or server.mac is None:
            message = (
                "a server on a switch states switch, port and mac, for the port takes no other"
            )
            self._findings.append(Finding(("servers", index), message))
            return
        switch = self._named(server.switch, ("servers", index, "switch"))
        if switch is not None:
            self._take(server.name, switch, server.port, ("servers", index, "port"))

    def _place_phones(self) -> None:
        anywhere: list[tuple[int, Phone, tuple[Switch, ...]]] = []
        by_location = self._by_location()
        first = self._first_location
        for index, phone in enumerate(self._site.phones):
            if phone.switch is None:
                if phone.port is not None:
                    message = "a port is stated and no switch; state 'switch' as well"
                    self._findings.append(Finding(("phones", index, "port"), message))
                anywhere.append((index, phone, by_location.get(phone.at or first, ())))
                continue
            switch = self._named(phone.switch, ("phones", index, "switch"))
            if switch is None:
                continue
            if phone.port is None:
                anywhere.append((index, phone, (switch,)))
            else:
                name = phone_host_name(phone.extension)
                self._take(name, switch, phone.port, ("phones", index, "port"))
        free: dict[tuple[str, ...], Iterator[Seat]] = {}
        for _, phone, switches in sorted(anywhere, key=lambda each: each[1].switch is None):
            key = ("switch", phone.switch) if phone.switch else ("at", phone.at or first or "")
            if key not in free:
                free[key] = self._free(switches)
            seat = next(free[key], None)
            if seat is not None:
                self._seats[phone_host_name(phone.extension)] = seat
                self._taken[seat] = ()
        self._findings += _no_room(self._site, anywhere, self._seats)

    def _named(self, name: str, place: Place) -> Switch | None:
        if name not in self._switches:
            hint = did_you_mean(name, self._switches)
            self._findings.append(Finding(place, f"no switch {name!r}; {hint}"))
        return self._switches.get(name)

    def _take(self, host: str | None, switch: Switch, port: int, place: Place) -> None:
        seat = Seat(switch.name, port)
        if port not in switch.device_ports:
            message = f"port {port} of {switch.name!r} {_why_not(switch, port)}"
            self._findings.append(Finding(place, message))
        elif seat in self._taken:
            message = f"port {port} of {switch.name!r} is used already"
            self._findings.append(Finding(place, message, self._taken[seat]))
        else:
            self._taken[seat] = place
            if host is not None:
                self._seats[host] = seat

    def _free(self, switches: tuple[Switch, ...]) -> Iterator[Seat]:
        """The free ports of some switches; what was passed is never looked at again."""
        for switch in switches:
            for port in switch.device_ports:
                seat = Seat(switch.name, port)
                if seat not in self._taken:
                    yield seat

    @property
    def _first_location(self) -> str | None:
        return self._site.locations[0].name if self._site.locations else None

    def _by_location(self) -> dict[str | None, tuple[Switch, ...]]:
        found: dict[str | None, list[Switch]] = {}
        for each in self._site.switches:
            found.setdefault(each.location or self._first_location, []).append(each)
        return {location: tuple(switches) for location, switches in found.items()}


def _without_switches(site: Site) -> Iterator[Finding]:
    stated = [
        *((("servers", index), each.switch, each.port) for index, each in enumerate(site.servers)),
        *((("phones", index), each.switch, each.port) for index, each in enumerate(site.phones)),
    ]
    for place_, switch, port in stated:
        if switch is not None or port is not None:
            key = "port" if switch is None else "switch"
            yield Finding((*place_, key), "the site states no switches")


def _why_not(switch: Switch, port: int) -> str:
    fit = f"devices go on ports 1 to {len(switch.device_ports)}"
    return f"is an uplink; {fit}" if port <= switch.ports else f"is not there; {fit}"


def _no_room(
    site: Site,
    wanted: list[tuple[int, Phone, tuple[Switch, ...]]],
    seats: Mapping[str, Seat],
) -> Iterator[Finding]:
    """One finding for each set of switches that phones did not fit on, at the first such phone."""
    left: dict[tuple[str, ...], list[int]] = {}
    for index, phone, switches in wanted:
        if phone_host_name(phone.extension) not in seats:
            left.setdefault(tuple(each.name for each in switches), []).append(index)
    for names, indices in left.items():
        where = site.phones[indices[0]].at or (site.locations[0].name if site.locations else "")
        at = f" at {where!r}" if where else ""
        message = (
            f"no free port is left on {', '.join(names)} for this phone and {len(indices) - 1} "
            "more; declare another switch there"
            if names
            else f"no switch is declared{at}, where this phone and {len(indices) - 1} more are; "
            "declare the switches of every location, or none"
        )
        yield Finding(("phones", indices[0]), message)
