"""Reads each half hour of 2000 to 2044 with zoneinfo and compares: RFC 5545 section 3.3.5 is PEP 495's fold=0, the first of two wall times,
and the offset before a gap.

Standard input: where a wall time's kind (o once, g gap, f fold) or its offset in minutes changes, one line: zone, wall time, kind, offset.
"""
import sys
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

HALF = timedelta(minutes=30)
END = datetime(2045, 1, 1)

zones = defaultdict(list)
for line in sys.stdin:
    name, wall, kind, minutes = line.split()
    zones[name].append((datetime.fromisoformat(wall), kind, timedelta(minutes=int(minutes))))

compared = different = 0
for name, runs in zones.items():
    zone = ZoneInfo(name)
    wall, said = datetime(2000, 1, 1, tzinfo=zone), (None, None)
    for until, kind, offset in chain(runs, [(END, None, None)]):
        until = until.replace(tzinfo=zone)
        while wall < until:
            first = wall.utcoffset()
            second = wall.replace(fold=1).utcoffset()
            read = ("o" if first == second else "f" if first > second else "g", first)
            compared += 1
            if read != said:
                different += 1
                print(name, wall, "we say", said, "zoneinfo", read, flush=True)
            wall += HALF
        said = (kind, offset)
print(f"{len(zones)} zones, {compared} wall times, {different} different")
