"""Compares what an import became with what the tool gave from which it came.

Standard input: one JSON object a line, {"name", "ours": PATH, "theirs": PATH, "zone"}; "theirs" is a feed, or a calendar of rust-lang/calendar
(.toml), which is expanded here by dateutil. Standard output: one JSON object a line, {"name", "ours", "theirs", "equal", "days", "groups": [
{"summary", "only", "count", "first"} ], "places"}: how many meetings each has from 2024 to 2027, how many have the same start, end and title,
and the others by title. Zones are evaluated by their IANA names (PYTHONTZPATH must be empty, so that those of the package tzdata count).
"""
import json
import os
import re
import sys
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

UTC = timezone.utc
FROM, TO = datetime(2024, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def plain(text):
    """The feed with IANA names for zones, and without its own descriptions of them."""
    flat = re.sub(r"\r?\n[ \t]", "", text)
    flat = re.sub(r"(TZID=\"?)(?:/ics\.py/[^/]+/|fedocal_)", r"\1", flat)
    described = r"(?ms)^BEGIN:VTIMEZONE\r?\n.*?^END:VTIMEZONE\r?\n"
    keep = lambda block: block[0] if "TZID:UTC" in block[0] else ""
    return re.sub(described, keep, flat)


def written(value):
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    return value.isoformat()


def day(value):
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)


def of_feed(path):
    text = open(path, encoding="utf-8", newline="").read()
    raw = "toml-to-ical" in text
    if raw:
        # This tool escapes nothing but line ends: what stands there is what is meant.
        text = re.sub(r"(?m)^((?:SUMMARY|LOCATION|DESCRIPTION):)(.*)$", lambda m: m[1] + m[2].replace(",", "\\,").replace(";", "\\;"), plain(text))
    rows, places = Counter(), {}
    for calendar in icalendar.Calendar.from_ical(plain(text), multiple=True):
        for event in recurring_ical_events.of(calendar, skip_bad_series=False).between(FROM - timedelta(days=2), TO + timedelta(days=2)):
            begin = event["DTSTART"].dt
            at = day(begin)
            if not FROM <= (at if at.tzinfo else at.replace(tzinfo=UTC)) < TO:
                continue
            title = " ".join(str(event.get("SUMMARY", "")).split())
            rows[(written(begin), written(event["DTEND"].dt), title)] += 1
            places.setdefault(title, set()).add(" ".join(str(event.get("LOCATION", "")).split()))
    return rows, places


def of_toml(path, seen=None):
    """A calendar of rust-lang/calendar at a commit that its own generator here cannot read."""
    import tomllib
    seen = set() if seen is None else seen
    rows, places = Counter(), {}
    if os.path.realpath(path) in seen:
        return rows, places
    seen.add(os.path.realpath(path))

    def older(block):
        words = re.sub(r"#.*", "", block[0]).replace("\n", " ")
        return re.sub(r",\s*}", " }", re.sub(r",\s*]", " ]", words))

    tree = tomllib.loads(re.sub(r"(?ms)^exceptions = \{.*?^\}", older, open(path, encoding="utf-8").read()))
    for event in tree.get("events", []):
        begin, zone = instant(event["start"])
        finish = instant(event["end"])[0] if "end" in event else begin + timedelta(days=1)
        gone = set()
        listed = event.get("exceptions", [])
        if isinstance(listed, dict):
            gone = {datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(listed["timezone"])).astimezone(UTC) for text in listed["dates"]}
        else:
            gone = {datetime.fromisoformat(text).astimezone(UTC) for text in listed}
        for start in meetings(event, begin, zone):
            if isinstance(start, datetime):
                local = start.replace(tzinfo=zone)
                span = finish.replace(tzinfo=zone).astimezone(UTC) - begin.replace(tzinfo=zone).astimezone(UTC)
                at = local.astimezone(UTC)
                end = at + span
            else:
                at, end = day(start), start + (finish - begin)
            if FROM <= at < TO and at not in gone:
                title = " ".join(event["title"].split())
                rows[(written(at if isinstance(start, datetime) else start), written(end), title)] += 1
                places.setdefault(title, set()).add(" ".join(event.get("location", "").split()))
    for name in tree.get("meta", {}).get("includes", []):
        more, where = of_toml(os.path.join(os.path.dirname(path), name), seen)
        rows += more
        for title, found in where.items():
            places.setdefault(title, set()).update(found)
    return rows, places


def instant(value):
    if isinstance(value, dict):
        return datetime.fromisoformat(value["date"]).replace(tzinfo=None), ZoneInfo(value["timezone"])
    if len(value) == 10:
        return date.fromisoformat(value), None
    return datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None), UTC


def meetings(event, begin, zone):
    rules = event.get("recurrence_rules", [])
    if not rules:
        return [begin]
    naive = begin if isinstance(begin, datetime) else datetime(begin.year, begin.month, begin.day)
    found = set()
    for rule in rules:
        parts = [f"FREQ={rule['frequency'].upper()}"]
        parts += [f"{key.replace('_', '').upper()}={rule[key]}" for key in ("interval", "count") if key in rule]
        parts += [f"{key.replace('_', '').upper()}={','.join(map(str, rule[key]))}" for key in ("by_hour", "by_minute", "by_month_day", "by_month") if key in rule]
        if "by_day" in rule:
            parts.append("BYDAY=" + ",".join(f"{one.get('num', '')}{one['day'][:2].upper()}" for one in rule["by_day"]))
        if "until" in rule:
            until = datetime.fromisoformat(rule["until"]).astimezone(zone or UTC)
            parts.append("UNTIL=" + until.strftime("%Y%m%dT%H%M%S"))
        found.update(rrulestr(";".join(parts), dtstart=naive).between(datetime(2023, 12, 1), datetime(2028, 2, 1), inc=True))
    return sorted(at if isinstance(begin, datetime) else at.date() for at in found)


def main():
    for line in sys.stdin:
        job = json.loads(line)
        try:
            theirs, where = of_toml(job["theirs"]) if job["theirs"].endswith(".toml") else of_feed(job["theirs"])
            ours, here = of_feed(job["ours"]) if job["ours"] else (Counter(), {})
        except Exception as error:  # a reader that fails is an answer, too
            print(json.dumps({"name": job["name"], "error": repr(error)}), flush=True)
            continue
        # A day without hours is written as from 00:00 UTC to 00:00 UTC: the one difference that is ours by decision.
        left, whole = theirs - ours, Counter()
        for (start, end, title), count in left.items():
            if "T" not in start:
                whole[(f"{start}T00:00Z", f"{end}T00:00Z", title)] += count
        days = whole & (ours - theirs)
        ours -= days
        theirs -= Counter({(start[:10], end[:10], title): count for (start, end, title), count in days.items()})
        groups = {}
        for only, rows in (("ours", ours - theirs), ("theirs", theirs - ours)):
            for (start, end, title), count in sorted(rows.items()):
                group = groups.setdefault((title, only), {"summary": title, "only": only, "count": 0, "first": f"{start} to {end}"})
                group["count"] += count
        both = sorted(set(where) & set(here))
        places = [[title, sorted(where[title])[0], sorted(here[title])[0]] for title in both if where[title] != here[title]]
        print(json.dumps({"name": job["name"], "ours": sum((ours + days).values()), "theirs": sum((theirs + days).values()),
                          "equal": sum((ours & theirs).values()), "days": sum(days.values()), "groups": list(groups.values()), "places": places}), flush=True)


main()
