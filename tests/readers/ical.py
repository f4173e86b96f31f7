"""Reads iCalendar files as python `icalendar` with `recurring-ical-events` does.

Standard input: one line a file, "PATH FROM TO". Standard output: one line a file, a JSON array of what it lists.
With --vtimezone every TZID is renamed to a name that no database has, so that the VTIMEZONEs of the file are believed; without, the
zones are those of the package `tzdata` (PYTHONTZPATH must be empty).
"""
import json
import re
import sys
from datetime import datetime, timedelta, timezone

import icalendar
import recurring_ical_events

UTC = timezone.utc


def rename(text):
    flat = re.sub(r"\r?\n[ \t]", "", text)
    flat = re.sub(r"(?m)^TZID:(.*?)\r?$", lambda m: f"TZID:x-forced-{m[1]}\r", flat)
    return re.sub(r";TZID=([^\";:]+)(?=[;:])", lambda m: f";TZID=x-forced-{m[1]}", flat)


def iso(value):
    if value.tzinfo is None:
        return "floating " + value.isoformat()
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text(component, name):
    value = component.get(name)
    return None if value is None else str(value)


def read(path, start, end, forced):
    with open(path, "rb") as file:
        words = file.read().decode("utf-8")
    calendar = icalendar.Calendar.from_ical(rename(words) if forced else words)
    rows = []
    for event in recurring_ical_events.of(calendar).between(start - timedelta(days=1), end + timedelta(days=1)):
        begin = event["DTSTART"].dt
        if begin.tzinfo is not None and not start <= begin < end:
            continue
        rows.append(dict(uid=text(event, "UID"), start=iso(begin), end=iso(event["DTEND"].dt), status=text(event, "STATUS"),
                         summary=text(event, "SUMMARY"), location=text(event, "LOCATION"), sequence=int(event.get("SEQUENCE", 0))))
    return rows


def main():
    forced = "--vtimezone" in sys.argv
    for line in sys.stdin:
        path, start, end = line.split()
        try:
            answer = read(path, datetime.fromisoformat(start), datetime.fromisoformat(end), forced)
        except Exception as error:  # a reader that fails is an answer, too
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


main()
