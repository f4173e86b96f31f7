"""Adds to each VTIMEZONE the wall times at which it is to be tried, and the instants that zoneinfo gives for them.

Standard input and output: one JSON object a line, { zone, vtimezone } and then also { points: [[wall time, seconds since 1970], …] }. Wall times
that come twice or not at all are left out: calendar programs do not agree on them.
"""
import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC, HOUR = timezone.utc, timedelta(hours=1)
BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)


def changes(zone):
    """The instants at which the offset changes, to the second."""
    at, offset = BEGIN, BEGIN.astimezone(zone).utcoffset()
    while at < END:
        after = at + 12 * HOUR
        now = after.astimezone(zone).utcoffset()
        if now != offset:
            low, high = at, after
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
            yield high
        at, offset = after, now


for line in sys.stdin:
    block = json.loads(line)
    zone = ZoneInfo(block["zone"])
    points = {BEGIN + 121 * n * HOUR for n in range((END - BEGIN) // (121 * HOUR))}
    for change in changes(zone):
        points.update(change + n * HOUR for n in range(-30, 31))
    block["points"] = []
    for at in sorted(points):
        wall = at.astimezone(zone)
        if wall.fold == 0 and wall.replace(fold=1).utcoffset() == wall.utcoffset():
            block["points"].append([wall.strftime("%Y-%m-%dT%H:%M:%S"), int(at.timestamp())])
    print(json.dumps(block))
