"""Whether the hours that a feed's descriptions name are right: of every meeting, in every city, by python's zoneinfo.

A rule's event says each city's hour and the dates from which it is another; one meeting's event says the hours of that meeting.
"""
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

AHEAD = timedelta(days=372)
HOUR = r"\d\d:\d\d(?: the next day| the day before)?"


def events(path):
    flat = open(path, "rb").read().decode("utf-8").replace("\r\n ", "")
    for event in re.findall(r"(?s)BEGIN:VEVENT\r\n(.*?)END:VEVENT", flat):
        lines = {re.split("[:;]", line, maxsplit=1)[0]: line for line in event.split("\r\n") if line}
        text = lines["DESCRIPTION"].split(":", 1)[1]
        text = re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], text)
        yield lines, text.split("\n")


def instant(line):
    value = datetime.strptime(line.rsplit(":", 1)[1].rstrip("Z"), "%Y%m%dT%H%M%S")
    zone = re.search(r"TZID=([^:;]+)", line)
    return value.replace(tzinfo=ZoneInfo(zone[1]) if zone else timezone.utc).astimezone(timezone.utc)


def claims(line, city):
    """The hours that a line names for a city: dates, the first of which is open, with the hour from then on. None if it names none."""
    match = re.fullmatch(rf"{re.escape(city)} ({HOUR})((?:, from \d+ \w+ \d{{4}} {HOUR})*)", line)
    if not match:
        return None
    found = [(datetime.min.date(), match[1])]
    for date, hour in re.findall(rf", from (\d+ \w+ \d{{4}}) ({HOUR})", match[2]):
        found.append((datetime.strptime(date, "%d %B %Y").date(), hour))
    return found


def said(local, date):
    days = (local.date() - date).days
    return local.strftime("%H:%M") + {0: "", 1: " the next day", -1: " the day before"}[days]


def check(path, agenda, cities, now):
    """How many hours were looked at, and those that are wrong as sentences."""
    looked, wrong = 0, []
    monday = (now - timedelta(days=now.weekday())).date()
    for lines, text in events(path):
        uid = lines["UID"][4:]
        if "RRULE" not in lines:
            start = instant(lines["DTSTART"])
            for city, zone in cities.items():
                local = start.astimezone(ZoneInfo(zone))
                day = "" if local.date() == start.date() else local.strftime("%a %-d %b ")
                looked += 1
                if f"{city} {day}{local:%H:%M}" not in text:
                    wrong.append(f"{path}: {uid} at {start}: {city} is {day}{local:%H:%M}: {text}")
            continue
        first = instant(lines["DTSTART"])
        zones = cities if lines["DTSTART"].endswith("Z") else {**cities, "UTC": "UTC"}
        for city, zone in zones.items():
            known = [found for found in (claims(line, city) for line in text) if found]
            if len(known) != 1:
                wrong.append(f"{path}: {uid} names {city} {len(known)} times")
                continue
            for row in agenda:
                start = datetime.fromisoformat(row["recurrence_id"])
                date = datetime.strptime(row["occurrence"], "%Y%m%dT%H%M").date()
                told = max(monday, first.date())
                if row["uid"] != uid or date < told or start.date() > told + AHEAD - timedelta(days=2):
                    continue
                local = start.astimezone(ZoneInfo(zone))
                claim = [hour for since, hour in known[0] if since <= local.date()]
                looked += 1
                if said(local, date) == claim[-1]:
                    continue
                # On the date of a change there can be two meetings in a city, at midnight and before it: the second has the new hour.
                twice = sum(datetime.fromisoformat(other["recurrence_id"]).astimezone(ZoneInfo(zone)).date() == local.date()
                            for other in agenda if other["uid"] == uid) == 2
                if not twice or said(local, date) not in claim[-2:]:
                    wrong.append(f"{path}: {uid} on {date}: {city} is {said(local, date)}, the feed says {claim[-1]}")
    return looked, wrong
