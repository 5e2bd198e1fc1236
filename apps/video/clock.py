"""One clock for all streams of a file whose own starts anew: recordings joined, restarted or wrapped."""

from dataclasses import dataclass, field
from fractions import Fraction

STEP_BACK = Fraction(1, 2)
"""Seconds by which a stream must fall behind itself to count as a new beginning; less is disorder, not a new clock."""
LEAP = 10
"""Seconds by which a stream must run ahead to count as one, in formats whose clocks are known to jump."""
JUMPING = frozenset(["mpegts", "mpeg", "flv", "live_flv", "rm", "nut"])


@dataclass
class Clock:
    """Brings times onto one clock that only goes forward; ask it for every packet in the order of the file.

    When one stream falls behind itself, a new section begins where the longest stream has come to, and each of the
    other streams enters that section when it falls back too: what belonged together stays together.

    Attributes:
        jumps: whether running far ahead is a new beginning as well.
    """

    jumps: bool = False
    offsets: list[Fraction] = field(default_factory=lambda: [Fraction(0)])
    section: dict[int, int] = field(default_factory=dict)
    last: dict[int, Fraction] = field(default_factory=dict)
    end: Fraction = Fraction(0)

    def offset(self, stream: int, time: Fraction, duration: Fraction) -> Fraction:
        """Seconds to add to the times of a packet that has this time and duration by the file's own clock."""
        section = self.section.get(stream, 0)
        last = self.last.get(stream)
        if last is not None and self._begins_anew(time - last):
            section += 1
            if section == len(self.offsets):
                self.offsets.append(self.end - time)
            self.section[stream] = section
        self.last[stream] = time
        offset = self.offsets[section]
        self.end = max(self.end, time + offset + duration)
        return offset

    def _begins_anew(self, step: Fraction) -> bool:
        return step < -STEP_BACK or (self.jumps and step > LEAP)
