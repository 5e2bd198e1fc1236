"""One clock for all streams of a file whose own starts anew: recordings joined, restarted or wrapped."""

from dataclasses import dataclass, field
from fractions import Fraction

STEP_BACK = Fraction(1, 2)
"""Seconds by which a stream must fall behind itself to count as a new beginning; less is disorder, not a new clock."""
LEAP = 10
"""Seconds by which a stream must run ahead to count as one, in formats whose clocks are known to jump."""
FAR = 1800
"""The same in all other formats, where it is damage: an MP4 cannot hold frames that are much further apart."""
JUMPING = frozenset(["mpegts", "mpeg", "flv", "live_flv", "rm", "nut"])


@dataclass(frozen=True)
class Times:
    """Seconds by the file's own clock: when a packet is decoded, when it is shown, and for how long."""

    decoded: Fraction
    shown: Fraction
    duration: Fraction


@dataclass
class Clock:
    """Brings times onto one clock that only goes forward; ask it for every packet in the order of the file.

    When one stream falls behind itself, a new section begins, and each of the other streams enters that section when it
    falls back too: what belonged together stays together. A section begins as early as it can without any stream
    running into what it had before, taking it that the streams begin as far apart as in the section before.

    Attributes:
        jumps: whether running ahead by little (LEAP, not FAR) is a new beginning as well.
    """

    jumps: bool = False
    offsets: list[Fraction] = field(default_factory=lambda: [Fraction(0)])
    section: dict[int, int] = field(default_factory=dict)
    last: dict[int, Fraction] = field(default_factory=dict)
    begins: dict[int, Fraction] = field(default_factory=dict)
    ends: dict[int, Fraction] = field(default_factory=dict)

    def offset(self, stream: int, times: Times) -> Fraction:
        """Seconds to add to the times of a packet."""
        section = self.section.get(stream, 0)
        last = self.last.get(stream)
        if last is None or self._begins_anew(stream, times.decoded):
            section += last is not None
            if section == len(self.offsets):
                self.offsets.append(self._next(stream, times.shown))
            self.section[stream], self.begins[stream] = section, times.shown
        self.last[stream] = times.decoded
        offset = self.offsets[section]
        end = times.shown + offset + times.duration
        self.ends[stream] = max(self.ends.get(stream, end), end)
        return offset

    def latest(self) -> Fraction:
        """The offset of the last section that has begun: that of streams which are too sparse to tell by themselves."""
        return self.offsets[-1]

    def _next(self, stream: int, begin: Fraction) -> Fraction:
        """The offset of a section in which this stream begins at `begin`, and the others as much later as before."""
        later = {other: time - self.begins[stream] for other, time in self.begins.items()}
        return max(end - (begin + later[other]) for other, end in self.ends.items())

    def _begins_anew(self, stream: int, time: Fraction) -> bool:
        step = time - self.last[stream]
        if step < -STEP_BACK:
            return True
        leap = LEAP if self.jumps else FAR
        if step <= leap:
            return False
        # A stream may also have had nothing to say for long; then the others have come there by themselves.
        follows = self.section[stream] + 1 < len(self.offsets)
        return follows or all(abs(time - last) > leap for last in self.last.values())
